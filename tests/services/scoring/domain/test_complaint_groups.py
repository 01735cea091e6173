"""The complaints report."""

from __future__ import annotations

import pytest

from services.scoring.domain.complaint_groups import BY, By, complaints_report
from services.scoring.domain.complaints import ComplaintRow, complaints
from tests.services.scoring.domain.given import day, step


def rows() -> list[ComplaintRow]:
    return complaints([
        step("spotted", day(1), 1, complaint="a", staff="lan", cause="slow"),
        step("corrected", day(1, 19), 2, complaint="a", promptly=True),
        step("spotted", day(2), 3, complaint="b", staff="lan", severity="minor"),
        step("corrected", day(3), 4, complaint="b", promptly=True),
        step("reopened", day(4), 5, complaint="b"),
        step("corrected", day(5), 6, complaint="b", promptly=False),
        step("spotted", day(6), 7, complaint="c", staff="lan"),
        step("spotted", day(7), 8, complaint="d"),
        step("withdrawn", day(8), 9, complaint="d"),
    ])  # fmt: skip


def test_what_became_of_them() -> None:
    report = complaints_report(rows(), "staff")
    lan, nobody = report["groups"]
    assert [group["key"] for group in report["groups"]] == ["lan", None]
    assert (lan["spotted"], lan["open"], lan["corrected"], lan["withdrawn"]) == (3, 1, 2, 0)
    assert lan["corrected_promptly"]["value"] == 0.5
    assert lan["reopened"]["value"] == 0.5
    assert lan["hours_to_correction"]["value"] == pytest.approx((10 + 72) / 2)
    assert (nobody["withdrawn"], nobody["hours_to_correction"]["value"]) == (1, None)
    assert report["total"]["spotted"] == 4


def test_by_when_they_were_spotted() -> None:
    assert complaints_report(rows(), "period", since=day(2), until=day(7))["total"]["spotted"] == 2


def test_by_who_complained() -> None:
    told = [
        *complaints([step("spotted", day(1), 1, complaint="a")], "lan", "A", ("regulars", "vips")),
        *complaints([step("spotted", day(2), 1, complaint="b")], "minh", "B", ("regulars",)),
        *complaints([step("spotted", day(3), 1, complaint="c")], "hoa"),
        *complaints([step("spotted", day(4), 1, complaint=c) for c in "de"], "anonymous:1"),
    ]
    whole: list[tuple[By, dict[str | None, int]]] = [
        ("segment", {"regulars": 2, "vips": 1, None: 3}),
        ("value_class", {"A": 1, "B": 1, None: 3}),
        ("customer", {"anonymous": 2, "hoa": 1, "lan": 1, "minh": 1}),
    ]
    for by, counted in whole:
        report = complaints_report(told, by)
        assert {group["key"]: group["spotted"] for group in report["groups"]} == counted
        assert report["total"]["spotted"] == 5, "whoever is in two segments complained once"


@pytest.mark.parametrize("by", BY)
def test_the_shape_is_whole(by: By) -> None:
    empty = complaints_report([], by)
    assert empty["groups"] == []
    for group in complaints_report(rows(), by)["groups"]:
        assert set(group) == set(empty["total"])
