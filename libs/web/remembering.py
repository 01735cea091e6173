"""`Idempotency-Key` for calls that are no single unit of work: the answer is remembered once it was given.

What such a call does must be safe to repeat by itself (an event's source and id see to that): between doing and
remembering lies a moment, and whoever asks again after a crash in it is answered anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request

from libs.events.service import Platform
from libs.events.units import Answer, Position, Receipt, Unit
from libs.web.answers import Answered
from libs.web.bodies import read_raw
from libs.web.idempotency import InFlight, key_of, reused
from libs.web.writing import caller_of

POSITION = b"event-position"
_in_flight = InFlight()


async def once(
    request: Request, make: Callable[[], Awaitable[Answered]], *, worth: Callable[[], bool] = lambda: True
) -> Answered:
    """The answer that `make` gives, or the one it gave the first time; `worth`: whether it is to be remembered, asked
    afterwards. Raises `Problem`."""
    if not key_of(request):
        return await make()
    platform: Platform = request.app.state.platform
    name = caller_of(request).name()
    fingerprint = hashlib.sha256(await read_raw(request)).digest()
    with _in_flight.hold(id(platform.desk), name):
        earlier = await platform.store.answered(Receipt(name, fingerprint, lambda _: Answer(200, b"")))
        if earlier is not None:
            if earlier.mismatch or earlier.answer is None:
                raise reused()
            replayed = [(b"idempotent-replayed", b"true")]
            if earlier.position:
                replayed.append((POSITION, earlier.position.token().encode("ascii")))
            return Answered(earlier.answer.body, earlier.answer.status, replayed)
        made = await make()
        if not worth():
            return made
        answer = Answer(made.status_code, bytes(made.body))
        token = next((value for key, value in made.raw_headers if key == POSITION), None)
        position = Position.parse(token.decode("ascii")) if token else None
        await platform.store.execute(Unit((), Receipt(name, fingerprint, lambda _: answer, position)))
        return made
