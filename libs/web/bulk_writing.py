"""How HTTP routes change many things in one call: each item is a call at the desk, with a result of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.requests import Request

from libs.events.desk import Asked
from libs.events.doors import Caller
from libs.events.service import Platform
from libs.events.strict_json import NotStrict
from libs.events.together import NONE_DONE, all_or_none
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.bulk import Bulk, IdOf, refusal, result
from libs.web.invalid import body_problems
from libs.web.problems import Problem
from libs.web.refusals import of_refusal
from libs.web.remembering import POSITION, once
from libs.web.writing import caller_of

T = TypeVar("T", bound=BaseModel)
Asking = Callable[[Sequence[tuple[T, Caller]]], Awaitable[Sequence[Asked[Any]]]]
"""Makes calls of valid items, in order; each with its caller, whose key tells it from the other items'."""


def subject_of(verdicts: Sequence[Verdict]) -> str | None:
    """The usual id: whom the item was about."""
    return verdicts[0].position.subject if verdicts[0].position else None


async def write_all(
    request: Request, platform: Platform, item: type[T], asking: Asking[T], *, id_of: IdOf = subject_of
) -> Answered:
    """Performs the items of a bulk body, in order. One that is not of the form of `item` is *invalid* and leaves the
    others good, unless all or none was asked for. Raises `Problem`."""
    body, flaws = await bodies.read_items(request, Bulk[Any], "items")
    caller, done = caller_of(request), True

    async def make() -> Answered:
        nonlocal done
        results, valid = _validated(item, body.items, flaws)
        if body.all_or_none and results:
            done = False
            none_done = of_refusal(NONE_DONE)
            results |= {i: refusal(i, "conflict", none_done) for i in valid}
        elif valid:
            keys = [Caller(caller.scope, f"{caller.raw} {i}" if caller.raw else "") for i in valid]
            asked = await asking(list(zip(valid.values(), keys, strict=True)))
            perform = all_or_none(platform, asked) if body.all_or_none else platform.desk.perform_all(asked)
            outcomes = await perform
            done = not (body.all_or_none and any(outcome.refusal for outcome in outcomes))
            results |= {i: result(i, outcome, id_of) for i, outcome in zip(valid, outcomes, strict=True)}
        told = [results[i] for i in range(len(body.items))]
        last = next((r["position"] for r in reversed(told) if r.get("position")), None)
        return answer({"results": told}, headers=[(POSITION, last.encode("ascii"))] if last else [])

    return await once(request, make, worth=lambda: done)


def _validated(
    item: type[T], items: Sequence[Any], flaws: Mapping[int, NotStrict]
) -> tuple[dict[int, dict[str, Any]], dict[int, T]]:
    """The results of items that do not have the form asked for, and the others; pointers are into the item."""
    refused: dict[int, dict[str, Any]] = {}
    valid: dict[int, T] = {}
    for i, value in enumerate(items):
        try:
            valid[i] = item.model_validate_json(to_json(value))
        except ValidationError as error:
            params = body_problems(item, error)
            refused[i] = refusal(i, "invalid", bodies.malformed(*params))
        except ValueError:  # what JSON has no text for, such as half a surrogate pair
            refused[i] = refusal(i, "invalid", Problem(422, "invalid", "the item is not well-formed"))
        if i in valid and i in flaws:
            refused[i] = refusal(i, "invalid", bodies.not_strict(flaws[i]))
            del valid[i]
    return refused, valid
