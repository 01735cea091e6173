"""What scoring keeps of a record: its bytes as they are, unless there is something in them that it must not keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.events.consuming.decoding import Arrival, decode
from libs.events.log import Record
from services.scoring.app import SERVICE
from services.scoring.projections.tables import facts
from tests.services.house import open_house
from tests.services.scoring.domain.given import day, event, item
from tests.support.facts import outgoing

ANSWER = {"answer": "a", "survey": "s", "form": 1, "items": [item("empathy", 4.0)]}
SEALED = {"comment": {"sealed": "c2VhbGVk"}}


@pytest.mark.parametrize("told", [ANSWER, ANSWER | SEALED, ANSWER | {"answer": "\U0001f600"}])
async def test_data_is_kept_as_it_came_without_what_is_sealed(tmp_path: Path, told: dict[str, Any]) -> None:
    made = outgoing(event("care", "survey.answered", day(1), told))
    spaced = made.value.replace(b'"survey"', b' "survey"')
    arrival = decode(Record("t", 0, 0, made.key, spaced, dict(made.headers)))
    assert isinstance(arrival, Arrival)
    async with open_house(SERVICE, tmp_path) as house:
        await house.fold([arrival.event])
        async with house.platform.database.read() as reader:
            [(data,)] = await reader.select_in(facts, "service", ["care"], columns=("data",))
    assert orjson.loads(data) == {name: value for name, value in told.items() if name != "comment"}
    assert (bytes(data) == spaced) == ("comment" not in told)
