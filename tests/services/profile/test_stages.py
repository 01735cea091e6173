"""The stage machine: prospect, active, lost, won back."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.catalogue.customers import Stage
from libs.events.testing import hour
from services.profile.domain.stages import LEADS_TO, Move, MoveName, added, replay

MOVES: tuple[MoveName, ...] = ("stated_active", "purchase", "loss", "win_back")


@given(st.lists(st.sampled_from(MOVES)))
def test_against_a_model_read_by_hand(names: list[MoveName]) -> None:
    bought = lost = came_back = False
    for name in names:
        match name:
            case "purchase" | "stated_active":
                bought = bought or not lost
            case "loss":
                lost, bought, came_back = True, True, False
            case "win_back" if lost:
                lost, came_back = False, True
    model: Stage = "lost" if lost else "won_back" if came_back else "active" if bought else "prospect"
    assert replay(Move(move=m, at=hour(n)) for n, m in enumerate(names)).stage == model


@settings(max_examples=300)
@given(st.lists(st.sampled_from(MOVES), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(names: list[MoveName], chance: random.Random) -> None:
    moves = [Move(move=m, at=hour(n)) for n, m in enumerate(names)]
    arriving = moves[:]
    chance.shuffle(arriving)
    known: tuple[Move, ...] = ()
    for move in arriving:
        known = added(known, move)
    assert replay(known).stage == replay(moves).stage


@pytest.mark.parametrize("starting", ["purchase", "stated_active"])
def test_only_the_first_start_is_kept(starting: MoveName) -> None:
    known: tuple[Move, ...] = ()
    for n in (5, 3, 9):
        known = added(known, Move(move=starting, at=hour(n)))
    assert [m.at for m in known] == [hour(3)]


def test_stating_undoes_nothing() -> None:
    assert [start for start, move in LEADS_TO if move == "stated_active"] == ["prospect"]
