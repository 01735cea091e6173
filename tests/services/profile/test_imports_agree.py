"""Whatever happens between imports and their undoing, scoring comes to the stage that profile shows."""

from __future__ import annotations

import random
from typing import Any

import pytest

from services.scoring.domain.fact import Fact
from services.scoring.domain.stage import stage_of
from tests.services.house import House
from tests.services.profile.test_imports import JULY, JUNE, MAY, paid, tell, undo
from tests.services.profile.test_imports_whole import subject

REFS, IMPORTS = ("pos:1", "pos:2"), ("", "a", "b", "c")
STEPS = 22


async def step(house: House, dice: random.Random, came: set[str]) -> str:
    """Something happens, by an import or not, possible or not; or one of the imports that `came` is taken back."""
    what = dice.choice(("order", "refund", "active", "internal", "external", "lost", "undo", "undo"))
    ref, by, at, order = dice.choice(REFS), dice.choice(IMPORTS), dice.choice((MAY, JUNE, JULY)), dice.choice("opq")
    if what == "undo":
        if by in came:
            await undo(house, by)
        return f"undo {by}"
    told: dict[str, tuple[str, dict[str, Any]]] = {
        "order": ("purchased", paid(order, "5.00")),
        "refund": ("purchased", paid(f"r{dice.randrange(3)}", "2.50", refund_of=order)),
        "lost": ("lost", {"reason": "moved"}),
        "active": ("recorded", {"ref": ref, "stage": "active"}),
    }
    type, data = told.get(what, ("recorded", {"ref": ref, "kind": what}))
    by = "" if what == "lost" else by
    if await tell(house, type, ref, at, by, **data) == "appended" and by:
        came.add(by)
    return f"{what} {ref} {by} {at} {order}"


@pytest.mark.parametrize("seed", range(10))
async def test_of_one_accord(house: House, seed: int) -> None:
    dice, came, steps = random.Random(seed), set[str](), list[str]()
    for _ in range(STEPS):
        steps.append(await step(house, dice, came))
        await house.follow()
        shown = (await house.post_read("/v1/customers/resolve", {"customers": [*REFS]}))["items"]
        facts = [Fact.of(event) for event in await house.facts()]
        for ref, item in zip(REFS, shown, strict=True):
            concluded = stage_of(fact for fact in facts if fact.subject == subject(house, ref))
            assert concluded == item.get("stage", "prospect"), (ref, steps)
