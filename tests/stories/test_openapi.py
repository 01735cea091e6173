"""The four OpenAPI documents and what answers under them agree, in what they allow and in what they do not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.teller import Teller, day, rated

HERE = Path(__file__).parent


def ids(say: Teller) -> dict[str, str]:
    """A thing of every kind that paths name."""
    customer, survey = say.customer(), say.survey()
    promises = [{"what": "x", "due": day(4), "owner": "lan"}]
    touch = {"customer": customer, "staff": "lan", "channel": "phone", "promises": promises}
    touchpoint = say.post("/v1/touchpoints", touch).json()
    say.field("a_text", "text")
    contact = say.post(f"/v1/customers/{customer}/contacts", {"kind": "phone", "value": "+84901234567"})
    return {
        "customer": customer,
        "contact": contact.json()["id"],
        "purpose": "survey",
        "key": "a_text",
        "survey": survey,
        "answer": say.answer(survey, customer, items=[rated("kept", 4, 5)]).json()["id"],
        "touchpoint": touchpoint["id"],
        "promise": touchpoint["promises"][0]["id"],
        "delivery": say.post("/v1/deliveries", {"customer": customer, "programme": "x"}).json()["id"],
        "complaint": say.complaint(customer),
    }


@pytest.mark.parametrize("service", ["profile", "care", "complaints", "scoring"])
def test_the_document_and_the_service_agree(say: Teller, service: str, tmp_path: Path) -> None:
    for name in ("schemathesis.toml", "openapi_hooks.py"):
        shutil.copy(HERE / name, tmp_path)
    process = say.product.processes[0]
    key = say.product.client.headers["Authorization"]
    command = ["run", f"{process.url}/{service}/openapi.json", "--url", process.url, "--include-path-regex", "^/v1"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *command, "--header", f"Authorization: {key}", "--no-color"],
        cwd=tmp_path,
        env={**os.environ, "STORY_IDS": json.dumps(ids(say))},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert b'"status":500' not in say.product.logs()
