"""The one way in which HTTP routes change anything: a call at the desk, and its outcome as a response."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from libs.events.desk import Asked
from libs.events.doors import Caller, Door
from libs.events.service import Platform
from libs.events.units import Answer, Outcome, Position, Receipt, Verdict
from libs.web.answers import Answered, to_json
from libs.web.bodies import raw_of
from libs.web.etags import IfMatch, stale
from libs.web.exchange import exchange, route_path
from libs.web.idempotency import InFlight, key_of, reused
from libs.web.refusals import STALE, of_verdict

B = TypeVar("B", bound=BaseModel)
Render = Callable[[Sequence[Verdict]], dict[str, Any]]
Version = Callable[[Sequence[Verdict]], int | None]
_in_flight = InFlight()


def subject_version(verdicts: Sequence[Verdict]) -> int | None:
    """The usual version of the thing: the number of its subject's last fact (unknown where nothing was appended)."""
    last = verdicts[-1]
    return last.position.sequence if last.status == "appended" and last.position else None


async def write(
    request: Request,
    platform: Platform,
    door: Door[B],
    body: B,
    *,
    render: Render,
    customer: str = "",
    path: Mapping[str, str] | None = None,
    created: int = 201,
    already: int = 200,
    version: Version | None = subject_version,
    if_match: IfMatch | None = None,
    status_of: Callable[[Sequence[Verdict]], int] | None = None,
) -> Answered:
    """Performs one call and answers it.

    `render` makes the answer's members of the verdicts: pure and fast, it runs inside the append's transaction where
    an `Idempotency-Key` was given. `customer` and `path` are what the path names. The status is `created` where
    anything was appended, else `already`, unless `status_of` says otherwise. Raises `Problem`.
    """
    caller = caller_of(request)
    asked = Asked(door, body, caller, customer, path or {})

    def made(verdicts: Sequence[Verdict]) -> Answer:
        if status_of:
            status = status_of(verdicts)
        else:
            status = created if any(v.status == "appended" for v in verdicts) else already
        number = version(verdicts) if version else None
        return Answer(status, to_json(render(verdicts)), f'"{number}"' if number is not None else "")

    if not caller.raw:
        return respond(await platform.desk.perform(asked), made, if_match)
    name = caller.name()
    receipt = Receipt(name, hashlib.sha256(raw_of(request.scope)).digest(), made)
    with _in_flight.hold(id(platform.desk), name):
        outcome = await platform.desk.perform(Asked(door, body, caller, customer, path or {}, receipt))
    return respond(outcome, made, if_match)


def caller_of(request: Request) -> Caller:
    """Who asks and under which key. Raises `Problem` (422) for a malformed `Idempotency-Key`."""
    scope = request.scope
    return Caller(f"http {exchange(scope).caller} {scope['method']} {route_path(scope)}", key_of(request))


def respond(outcome: Outcome, made: Callable[[Sequence[Verdict]], Answer], if_match: IfMatch | None = None) -> Answered:
    """An outcome as a response. Raises `Problem` where it says no."""
    if outcome.mismatch:
        raise reused()
    if refused := outcome.refusal:
        if if_match and refused.refusal and refused.refusal.code == STALE:
            raise stale(refused.refusal.extra.get("current"), if_match)
        raise of_verdict(refused)
    answer = outcome.answer or made(outcome.verdicts)
    headers = []
    if position := outcome.position or _last(outcome.verdicts):
        headers.append((b"event-position", position.token().encode("ascii")))
    if answer.etag:
        headers.append((b"etag", answer.etag.encode("ascii")))
    if outcome.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return Answered(answer.body, answer.status, headers)


def _last(verdicts: Sequence[Verdict]) -> Position | None:
    return next((v.position for v in reversed(verdicts) if v.position), None)
