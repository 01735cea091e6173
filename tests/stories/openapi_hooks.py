"""What Schemathesis is told beside the documents: real ids, and what a valid form may be refused for."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis

IDS: dict[str, str] = json.loads(os.environ.get("STORY_IDS", "{}"))
FORM = {
    "wrong_type",
    "required",
    "unknown_member",
    "too_short",
    "too_long",
    "not_allowed",
    "malformed_json",
    "bad_amount",
}
"""Problems that say that a request does not have the documented form."""


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Ids that exist in place of made up ones, where ids are to be valid; not where somebody would be erased."""
    if _valid(case) and not case.operation.path.endswith("/erasure"):
        for name in case.path_parameters or {}:
            if name in IDS:
                case.path_parameters[name] = IDS[name]


@schemathesis.check
def refused_for_its_meaning_only(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """What has the documented form may be refused for what it means (a moment ahead, an unknown reference), with a
    problem that says so; never for its form."""
    if _valid(case) and response.status_code == 422:
        refused = response.json().get("invalid_params", [])
        # to JSON Schema 5.0 is a whole number; to us it is one with a fraction
        codes = {param["code"] for param in refused if param["message"] != "must be a whole number"}
        assert not codes & FORM, f"a documented form was refused: {codes & FORM}"


def _valid(case: schemathesis.Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE
