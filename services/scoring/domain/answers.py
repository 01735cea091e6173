"""A survey answer as figures need it: one rating for each dimension, on 0 to 100, with its weight in the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from math import fsum
from typing import Any, NamedTuple, Self

from services.scoring.domain.fact import Fact

ANSWERED = "survey.answered"
ANONYMOUS = "anonymous:"


class Rating(NamedTuple):
    """What one answer says of one dimension; several items of it are averaged first.

    `expectation` is None where the answer states none (until `with_expectations` found an earlier one); `weight` is the
    dimension's share of the answer's importances.
    """

    dimension: str
    perception: float
    expectation: float | None
    weight: float

    @property
    def gap(self) -> float | None:
        """Satisfaction: perception minus expectation, in points (Davidoff's second law of service, domain §4)."""
        return None if self.expectation is None else self.perception - self.expectation


class AnswerRow(NamedTuple):
    """One answer, whose it is and what it can be grouped by.

    `person` is the id of the person whose it is, or the anonymous subject; `key` orders what came in one moment.
    """

    event: str
    at: datetime
    key: str
    person: str
    survey: str
    ratings: tuple[Rating, ...]
    programme: str | None = None
    staff: str | None = None
    department: str | None = None
    channel: str | None = None
    value_class: str | None = None
    segments: tuple[str, ...] = ()
    nps: int | None = None
    csat: float | None = None
    csat_lowest: float | None = None
    csat_highest: float | None = None
    ces: int | None = None
    had_problem: bool | None = None
    told_us: bool | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows whose answer it is."""
        return self.person.startswith(ANONYMOUS)

    @classmethod
    def of(cls, fact: Fact, person: str, value_class: str | None = None, segments: tuple[str, ...] = ()) -> Self:
        """The row of a `survey.answered` fact."""
        data = fact.data
        scale = data.get("csat_scale") or {}
        return cls(
            fact.id, fact.time, fact.key, person, data["survey"], ratings(data["items"]),
            data.get("programme"), data.get("staff"), data.get("department"), data.get("channel"),
            value_class, segments,
            data.get("nps"), data.get("csat"), scale.get("lowest"), scale.get("highest"), data.get("ces"),
            data.get("had_problem"), data.get("told_us"),
        )  # fmt: skip


def ratings(items: Iterable[dict[str, Any]]) -> tuple[Rating, ...]:
    """The ratings of an answer's items, by dimension. An item whose scale has no width says nothing and is left out."""
    by_dimension: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        if item["scale"]["lowest"] != item["scale"]["highest"]:
            by_dimension.setdefault(item["dimension"], []).append(item)
    weights = _weights(by_dimension)
    return tuple(_rating(name, group, weights[name]) for name, group in sorted(by_dimension.items()))


def _rating(dimension: str, items: list[dict[str, Any]], weight: float) -> Rating:
    if len(items) == 1:  # most forms ask one question of each dimension, and most time goes here
        (item,) = items
        scale, stated = item["scale"], item.get("expectation")
        expectation = None if stated is None else _normal(stated, scale)
        return Rating(dimension, _normal(item["perception"], scale), expectation, weight)
    seen = [_normal(item["perception"], item["scale"]) for item in items]
    expected = [_normal(stated, item["scale"]) for item in items if (stated := item.get("expectation")) is not None]
    return Rating(dimension, _mean(seen), _mean(expected) if expected else None, weight)


def with_expectations(rows: Iterable[AnswerRow]) -> list[AnswerRow]:
    """The rows in order of time, expectations filled in where an answer states none (domain §4).

    The one taken is the person's own latest stated for that dimension at or before the answer; where there is none it
    stays None: satisfaction is not invented. To be called with whole histories, before any slicing.
    """
    latest: dict[tuple[str, str], float] = {}
    filled: list[AnswerRow] = []
    for _, batch in groupby(sorted(rows, key=lambda row: (row.at, row.key, row.event)), key=lambda row: row.at):
        together = list(batch)
        for row in together:
            latest |= {(row.person, r.dimension): r.expectation for r in row.ratings if r.expectation is not None}
        filled += [_filled(row, latest) for row in together]
    return filled


def _filled(row: AnswerRow, latest: dict[tuple[str, str], float]) -> AnswerRow:
    if all(r.expectation is not None for r in row.ratings):
        return row
    return row._replace(ratings=tuple(
        r if r.expectation is not None else r._replace(expectation=latest.get((row.person, r.dimension)))
        for r in row.ratings
    ))  # fmt: skip


def _normal(rating: float, scale: dict[str, float]) -> float:
    # Multiplied first: one rounding instead of two, and whole results where they are due (55, not 55.00000000000001).
    return 100 * (rating - scale["lowest"]) / (scale["highest"] - scale["lowest"])


def _weights(by_dimension: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Each dimension's share: of the importances stated, else of the form's weights, else equal.

    A dimension without one where others have one gets their mean, so that silence neither raises nor lowers it.
    """
    for name in ("importance", "weight"):
        given: dict[str, list[float]] = {}
        for dimension, items in by_dimension.items():
            for item in items:
                if (value := item.get(name)) is not None:
                    given.setdefault(dimension, []).append(value)
        stated = {dimension: _mean(values) for dimension, values in given.items()}
        if stated and fsum(stated.values()) > 0:
            usual = _mean(list(stated.values()))
            whole = fsum(stated.get(dimension, usual) for dimension in by_dimension)
            return {dimension: stated.get(dimension, usual) / whole for dimension in by_dimension}
    return dict.fromkeys(by_dimension, 1 / len(by_dimension)) if by_dimension else {}


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if len(values) > 1 else float(values[0])
