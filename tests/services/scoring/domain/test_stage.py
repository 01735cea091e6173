"""Prospect, active, lost, won back."""

from __future__ import annotations

import pytest

from services.scoring.domain.fact import Fact
from services.scoring.domain.stage import stage_of
from tests.services.scoring.domain.given import bought, day, fact

RECORDED = fact("profile", "customer.recorded", day(1), {"kind": "external", "stage": "prospect"})
INTERNAL = fact("profile", "customer.recorded", day(2), {"kind": "internal"})
LOST = fact("profile", "customer.lost", day(5), {"reason": "moved"}, sequence=3)
WON_BACK = fact("profile", "customer.won_back", day(6), {"by": "lan"}, sequence=4)


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ([], "prospect"),
        ([RECORDED], "prospect"),
        ([RECORDED, bought(day(2), "a", "1")], "active"),
        ([RECORDED, bought(day(2), "r", "1", refund_of="a")], "prospect"),
        ([RECORDED, LOST], "lost"),
        ([RECORDED, LOST, bought(day(6), "r", "1", refund_of="a")], "lost"),
        ([RECORDED, LOST, bought(day(6), "b", "1")], "lost"),
        ([RECORDED, LOST, WON_BACK], "won_back"),
        ([RECORDED, LOST, WON_BACK, bought(day(7), "b", "1")], "won_back"),
        ([RECORDED, WON_BACK], "prospect"),
        ([RECORDED, fact("profile", "customer.updated", day(2), {"stage": "active"})], "active"),
        ([INTERNAL], "active"),
        ([INTERNAL, LOST], "lost"),
        ([INTERNAL, fact("profile", "customer.updated", day(3), {"kind": "external"}, sequence=2)], "prospect"),
        ([INTERNAL, fact("profile", "customer.updated", day(3), {"owner": "lan"}, sequence=2)], "active"),
        ([INTERNAL, fact("profile", "customer.recorded", day(1), {"kind": "external"}, sequence=2)], "active"),
        ([LOST, bought(day(5), "a", "1")], "lost"),
    ],
)
def test_stages(facts: list[Fact], stage: str) -> None:
    assert stage_of(facts) == stage
    assert stage_of(reversed(facts)) == stage
