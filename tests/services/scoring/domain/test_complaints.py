"""Spot, Correct, Report: the state of a complaint as of a day."""

from __future__ import annotations

import pytest

from services.scoring.domain.complaints import ComplaintCounts, complaints, counts
from services.scoring.domain.fact import Fact
from tests.services.scoring.domain.given import day, step

SPOTTED = step("spotted", day(1), 1)
PROMPT = step("corrected", day(2), 2, agreed=True, by="lan", promptly=True)
REPORTED = step("reported", day(3), 3)
REOPENED = step("reopened", day(4), 4)
LATE = step("corrected", day(6), 5, agreed=True, by="lan", promptly=False)
WITHDRAWN = step("withdrawn", day(7), 6)


@pytest.mark.parametrize(
    ("steps", "stands"),
    [
        ([], ComplaintCounts()),
        ([SPOTTED], ComplaintCounts(open=1)),
        ([SPOTTED, PROMPT], ComplaintCounts(corrected=1, corrected_promptly=1)),
        ([SPOTTED, PROMPT, REPORTED], ComplaintCounts(corrected=1, corrected_promptly=1)),
        ([SPOTTED, PROMPT, REPORTED, REOPENED], ComplaintCounts(open=1)),
        ([SPOTTED, PROMPT, REOPENED, LATE], ComplaintCounts(corrected=1)),
        ([SPOTTED, WITHDRAWN], ComplaintCounts()),
        ([PROMPT], ComplaintCounts()),
    ],
)
def test_states(steps: list[Fact], stands: ComplaintCounts) -> None:
    assert counts(complaints(steps)) == stands
    assert counts(complaints(reversed(steps))) == stands


def test_steps_of_one_moment_follow_their_nature() -> None:
    steps = [step("reported", day(1), 3), step("spotted", day(1), 1), step("corrected", day(1), 2, promptly=True)]
    assert complaints(steps)[0].state == "reported"


def test_a_second_correction_told_with_the_time_of_the_reopening_finds_its_place() -> None:
    again = step("corrected", day(4), 7, agreed=True, by="lan", promptly=False)
    row = complaints([again, REOPENED, PROMPT, SPOTTED])[0]
    assert (row.state, row.corrected_at, row.promptly, row.reopenings) == ("corrected", day(4), False, 1)


def test_a_step_that_is_not_possible_is_passed_over() -> None:
    assert counts(complaints([SPOTTED, REPORTED, WITHDRAWN, REOPENED, LATE])) == ComplaintCounts(corrected=1)
    row = complaints([SPOTTED, PROMPT, LATE])[0]  # the reopening between them has not come yet
    assert (row.corrected_at, row.promptly) == (day(2), True)


def test_a_row_keeps_what_came_undone() -> None:
    row = complaints([SPOTTED, PROMPT, REOPENED, LATE])[0]
    assert (row.state, row.corrected_at, row.promptly, row.reopenings) == ("corrected", day(6), False, 1)
    undone = complaints([SPOTTED, PROMPT, REOPENED])[0]
    assert (undone.ever_corrected, undone.corrected_at, undone.promptly) == (True, None, None)


def test_complaints_are_told_apart() -> None:
    other = [step("spotted", day(2), 7, complaint="l"), step("withdrawn", day(3), 8, complaint="l")]
    assert counts(complaints([SPOTTED, PROMPT, *other])) == ComplaintCounts(corrected=1, corrected_promptly=1)
