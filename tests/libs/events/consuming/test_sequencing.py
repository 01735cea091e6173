"""Sequencing: whatever comes in whatever order, each fact is taken once, in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from libs.events.consuming.sequencing import Mark, Sequencer
from libs.events.envelope import Event
from tests.support.facts import fact


@dataclass(eq=False)
class Carried:
    event: Event


def carried(sequence: int, *, epoch: int = 0, other: str = "") -> Carried:
    event = fact("c1", sequence, epoch=epoch)
    return Carried(fact("c1", sequence, epoch=epoch, id=f"{event.id}{other}"))


def numbers(taken: list[Carried]) -> list[int]:
    return [c.event.sequence for c in taken]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    """A subject's facts 1..n, each at least once, shuffled and cut into batches."""
    n = draw(st.integers(1, 12))
    extra = draw(st.lists(st.integers(1, n), max_size=10))
    order = draw(st.permutations([*range(1, n + 1), *extra]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=4)))
    edges = [0, *cuts, len(order)]
    return n, [list(order[a:b]) for a, b in pairwise(edges)]


@given(deliveries())
def test_any_interleaving_and_repetition_is_taken_once_in_order(case: tuple[int, list[list[int]]]) -> None:
    n, batches = case
    mark, kept, taken = Mark(), list[Carried](), list[int]()
    for batch in batches:
        sequencer: Sequencer[Carried] = Sequencer(mark)
        sequencer.offer_all(carried(s) for s in batch)
        sequencer.offer_all(kept)
        taken += numbers(sequencer.ready)
        mark, kept = sequencer.mark(len(sequencer.ready)), list(sequencer.ahead.values())
        assert not sequencer.forks
        assert not sequencer.ended
    assert taken == list(range(1, n + 1))
    assert mark.sequence == n
    assert not kept


@given(st.sets(st.integers(1, 20)), st.integers(1, 20))
def test_nothing_is_taken_beyond_a_gap(others: set[int], missing: int) -> None:
    there = others - {missing}
    sequencer: Sequencer[Carried] = Sequencer()
    sequencer.offer_all(carried(s) for s in sorted(there, reverse=True))
    reached = next(n for n in range(21) if n + 1 not in there)
    assert numbers(sequencer.ready) == list(range(1, reached + 1))
    assert sorted(c.event.sequence for c in sequencer.ahead.values()) == sorted(s for s in there if s > reached)


def test_a_taken_number_with_another_id_is_a_fork() -> None:
    sequencer: Sequencer[Carried] = Sequencer(Mark(2, carried(2).event.id))
    sequencer.offer_all([carried(2, other="x"), carried(3), carried(4), carried(3, other="y"), carried(4)])
    assert numbers(sequencer.ready) == [3, 4]
    assert [c.event.id[-1] for c in sequencer.forks] == ["x", "y"]
    assert numbers(sequencer.duplicates) == [4]


def test_two_that_wait_for_one_place_are_a_fork_once_it_is_reached() -> None:
    sequencer: Sequencer[Carried] = Sequencer()
    sequencer.offer_all([carried(2), carried(2, other="x"), carried(1)])
    assert numbers(sequencer.ready) == [1, 2]
    assert len(sequencer.forks) == 1


def test_what_was_recorded_after_the_mark_is_not_what_was_taken_before_it() -> None:
    """The ids of numbers long passed are not kept; that recorded times never go back within a subject tells as much."""
    last = carried(9)
    sequencer: Sequencer[Carried] = Sequencer(Mark(9, last.event.id, 0, last.event.recorded))
    again, other = carried(4), carried(5, other="x")
    other.event = replace(other.event, recorded=last.event.recorded + timedelta(hours=1))
    sequencer.offer_all([again, other, last])
    assert sequencer.duplicates == [again, last]
    assert sequencer.forks == [other]


def test_a_new_life_goes_on_from_where_the_restored_store_stood() -> None:
    sequencer: Sequencer[Carried] = Sequencer(Mark(10, "c1-10-0"))
    sequencer.offer_all([carried(8, epoch=1), carried(9, epoch=1), carried(9), carried(10), carried(8, epoch=1)])
    assert numbers(sequencer.ready) == [8, 9]
    assert sequencer.mark(2)[:3] == (9, "c1-9-1", 1)
    assert numbers(sequencer.ended) == [9, 10]
    assert numbers(sequencer.duplicates) == [8]


def test_a_new_life_does_not_jump_over_what_is_missing() -> None:
    sequencer: Sequencer[Carried] = Sequencer(Mark(5, "c1-5-0"))
    sequencer.offer_all([carried(8, epoch=1), carried(7), carried(6)])
    assert [(c.event.epoch, c.event.sequence) for c in sequencer.ready] == [(0, 6), (0, 7), (1, 8)]


def test_thousands_that_waited_are_taken_at_once() -> None:
    sequencer: Sequencer[Carried] = Sequencer()
    sequencer.offer_all(carried(s) for s in range(5000, 0, -1))
    assert len(sequencer.ready) == 5000
