"""Given an import, when it was taken back, then a customer is what they were without it, in whatever order that is
heard of."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from services.scoring.domain.fact import Fact, state_hash
from services.scoring.domain.person import admitted
from services.scoring.domain.score import picture
from services.scoring.domain.stage import stage_of
from services.scoring.domain.taken_back import standing
from tests.services.scoring.domain.given import ME, bought, day, fact

NOW = day(28)
OPENED = fact("profile", "customer.recorded", day(1), {"kind": "external"}, sequence=1)


def stated(sequence: int, imported: str | None = "bad", **told: Any) -> Fact:
    told |= {"imported": imported} if imported else {}
    return fact("profile", "customer.updated", day(2), told, sequence=sequence)


def restored(sequence: int, imported: str = "bad", **more: Any) -> Fact:
    """What profile tells when an import's statements are taken back."""
    return fact("profile", "customer.restored", NOW, {"imported": imported, "parts": {}, **more}, sequence=sequence)


def order(sequence: int, name: str = "o", amount: str = "10.00", number: int = 3, **more: Any) -> Fact:
    return bought(day(number), name, amount, sequence=sequence, key=f"k{sequence}", **more)


def annulled(sequence: int, name: str = "o", number: int = 3) -> Fact:
    return order(sequence, f"undo:bad:{name}", number=number, refund_of=name, annuls=True, imported="bad")


def given_back(sequence: int, name: str = "x", of: str = "o", amount: str = "9.00", number: int = 3) -> Fact:
    return order(sequence, f"undo:bad:{name}", amount, number, restores=of, imported="bad")


LOST = fact("profile", "customer.lost", day(5), {"reason": "moved"}, sequence=3)
BAD = order(2, imported="bad")
STAGES: dict[str, tuple[list[Fact], str]] = {
    "an order alone made them active": ([OPENED, BAD, annulled(3), restored(4, starts=[])], "prospect"),
    "it is annulled first": ([OPENED, BAD, annulled(3)], "prospect"),
    "others sold to them, too": ([OPENED, BAD, order(3, "o2"), annulled(4), restored(5)], "active"),
    "it comes again": ([OPENED, BAD, annulled(3), restored(4, starts=[]), order(5, imported="good")], "active"),
    "a refund is given back, and no purchase": ([OPENED, restored(2), given_back(3)], "prospect"),
    "a statement made them active": ([OPENED, stated(2, stage="active"), restored(3, starts=[])], "prospect"),
    "somebody else stated it": (
        [OPENED, stated(2, stage="active"), stated(3, imported=None, stage="active"), restored(4)], "active",
    ),
    "another import stated it": (
        [OPENED, stated(2, stage="active"), stated(3, imported="other", stage="active"), restored(4)], "active",
    ),
    "it states it once more": ([OPENED, restored(2), stated(3, stage="active")], "active"),
    "who was a colleague": ([OPENED, stated(2, kind="internal"), restored(3)], "prospect"),
    "who left since": ([OPENED, BAD, LOST, annulled(4), restored(5, starts=[])], "lost"),
    "who is no more": ([stated(1, stage="active"), BAD, annulled(3), restored(4, withdrawn=True)], "prospect"),
}  # fmt: skip


@pytest.mark.parametrize("case", STAGES)
def test_the_stage(case: str) -> None:
    facts, stage = STAGES[case]
    assert {stage_of(told) for told in permutations(facts)} == {stage}


def bought_by(facts: list[Fact]) -> set[tuple[int, Any, Any]]:
    """Frequency, mean value and last purchase, in whatever order the facts are heard of."""
    habits = [picture(admitted(told, NOW)).habit for told in permutations(facts)]
    return {(h.frequency, h.monetary, h.last) for h in habits}


def test_an_order_taken_back_is_none() -> None:
    facts = [OPENED, BAD, order(3, "x", "4.00", 4, refund_of="o", imported="bad"), annulled(4), restored(5)]
    assert bought_by(facts) == {(0, None, None)}


def test_a_refund_taken_back_never_was() -> None:
    before = [OPENED, order(2, "first", "1.00", 1), order(3)]
    refund = order(4, "x", "9.00", 9, refund_of="o", imported="bad")
    assert bought_by([*before, refund, given_back(5)]) == bought_by(before) == {(1, ("10.00", "USD"), day(3))}
    for when in (day(4), day(9), NOW):
        assert picture(admitted([*before, refund, given_back(5)], when)).habit.monetary == ("10.00", "USD")


def test_a_refund_taken_back_may_come_again() -> None:
    before = [order(1), order(2, "x", "10.00", 9, refund_of="o", imported="bad"), given_back(3, amount="10.00")]
    again = order(4, "x", "10.00", 9, refund_of="o", imported="good")
    assert bought_by([*before, again]) == {(0, None, None)}


def test_an_order_goes_with_a_refund_that_was_given_back_before() -> None:
    refund = order(2, "x", "9.00", 9, refund_of="o", imported="other")
    back = order(3, "undo:other:x", "9.00", restores="o", imported="other")
    assert bought_by([order(1, imported="bad"), refund, back, annulled(4)]) == {(0, None, None)}


def test_what_another_id_of_the_person_bought_stays() -> None:
    theirs = bought(day(3), "o", "7.00", sequence=1, subject="22222222-2222-8222-8222-222222222222")
    (left,) = standing([BAD, theirs, annulled(3)])
    assert (left.subject == ME, Decimal(left.data["amount"]["amount"])) == (False, Decimal(7))


def test_the_hash_of_what_was_there_is_what_it_was() -> None:
    before = [OPENED, BAD, stated(3, stage="active")]
    digest = "f78d0a8f048317780ef22e2a73de41a50006b372aa88408e3e50d36687267964"
    assert state_hash(before) == digest
    assert [f.canonical for f in standing(before)] == [f.canonical for f in before]
