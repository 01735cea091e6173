"""The ids that a write made, as its answer tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request

from libs.events.doors import Call
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web.writing import caller_of
from services.care.bodies import KeptBody


def ids_of(request: Request, platform: Platform) -> Callable[[str], str]:
    """The ids that this request's key stands for, by label: what a repeated call made long ago, after its remembered
    answer was dropped, since then the facts are not at hand."""
    caller, now = caller_of(request), platform.clock.now()
    call = Call(
        body=KeptBody(), subject="", at=now, now=now, name=caller.name(), key="",
        identities=platform.identities, keyed=True,
    )  # fmt: skip
    return call.made_id


def told(verdicts: Sequence[Verdict], kind: str, member: str) -> list[Any]:
    """A member of the facts of one type that the call made."""
    return [event.data[member] for verdict in verdicts for event in verdict.events if event.type == kind]
