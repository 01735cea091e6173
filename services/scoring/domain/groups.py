"""The satisfaction report: figures of many answers, by what they have in common (domain §4).

Of a group, `gap` is the plain mean over its answers and `gap_by_customer` the mean over its customers beside it, each
customer's being the one of the score (their own answers in the slice, fading). A report's period is chosen by whoever
asks, so within it a group's answers count alike; `as_of` says up to when facts are looked at and fades nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from services.scoring.domain import figures
from services.scoring.domain.answers import ANONYMOUS, AnswerRow, with_expectations
from services.scoring.domain.figures import Figure
from services.scoring.domain.satisfaction import ROUNDING, Rated, level_of, satisfaction, whole
from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from services.scoring.domain.slices import Key, grouped, month, shown, within

By = Literal[
    "dimension", "programme", "staff", "department", "channel", "value_class", "segment", "period", "customer", "survey"
]
BY: tuple[str, ...] = get_args(By)


def satisfaction_report(
    rows: Iterable[AnswerRow],
    by: By,
    since: datetime | None = None,
    until: datetime | None = None,
    as_of: datetime | None = None,
    settings: ScoringSettings = DEFAULTS,
) -> dict[str, Any]:
    """`{by, groups, total, most_common_dissatisfaction}` of the answers given in [since, until), at most `as_of`.

    `rows` are whole histories, not only the period's: expectations stated earlier are looked up in them.
    """
    answers = [row for row in with_expectations(rows) if within(row.at, since, until, as_of)]
    groups = [group(key, part, settings) for key, part in grouped(answers, _KEYS[by]).items()]
    return {
        "by": by,
        "groups": groups,
        "total": group(None, answers, settings),
        "most_common_dissatisfaction": most_common_dissatisfaction(groups, settings),
    }


def group(key: Key, answers: Sequence[AnswerRow], settings: ScoringSettings = DEFAULTS) -> dict[str, Any]:
    """The figures of one slice of answers (from `with_expectations`).

    `withheld` counts anonymous answers too few to show; `not_met` is the share of answers whose own gap is below the
    tolerance, `ces_easy` the share of 5–7.
    """
    answers, withheld = shown(answers, settings.anonymous_minimum)
    customers: dict[str, list[AnswerRow]] = {}
    for row in answers:
        if not row.anonymous:
            customers.setdefault(row.person, []).append(row)
    one_by_one = [gap for own in customers.values() if (gap := satisfaction(own, settings).gap) is not None]
    rated = _rated((whole(row) for row in answers), settings)
    effort, easy = figures.ces((row.ces for row in answers if row.ces is not None), settings)
    promoters = figures.nps((row.nps for row in answers if row.nps is not None), settings)
    content = ((row.csat, row.csat_lowest, row.csat_highest) for row in answers if row.csat is not None)
    return {
        "key": key,
        "answers": len(answers),
        "customers": len(customers),
        "withheld": withheld,
        "level": level_of(rated["gap"].value, settings.tolerance),
        **{name: figure.json() for name, figure in rated.items()},
        "gap_by_customer": figures.mean(one_by_one, -100.0, 100.0, settings).json(),
        "nps": promoters.json(),
        "csat": figures.csat(content, settings).json(),
        "ces": effort.json(),
        "ces_easy": easy.json(),
        "dimensions": _dimensions(answers, settings),
    }


def most_common_dissatisfaction(
    groups: Iterable[dict[str, Any]], settings: ScoringSettings = DEFAULTS
) -> list[dict[str, Any]]:
    """Where most answers fall below expectation: (group, dimension) by number of such answers, then by their share.

    The texts' question "where is the most common dissatisfaction": counts come first, because a share of few is rare.
    """
    places = [
        (round(share["value"] * share["n"]), share["value"], of["key"], dimension, rated["gap"], share)
        for of in groups
        for dimension, rated in of["dimensions"].items()
        if (share := rated["not_met"])["value"]
    ]
    places.sort(key=lambda place: (-place[0], -place[1], place[2] or "", place[3]))
    return [
        {"key": key, "dimension": dimension, "answers": count, "gap": gap, "not_met": share}
        for count, _, key, dimension, gap, share in places[: settings.most_common]
    ]


class _Part(NamedTuple):
    """What one answer says of one dimension."""

    anonymous: bool
    rated: Rated


def _dimensions(answers: Iterable[AnswerRow], settings: ScoringSettings) -> dict[str, Any]:
    parts: dict[str, list[_Part]] = {}
    for row in answers:
        for rating in row.ratings:
            part = _Part(row.anonymous, (rating.perception, rating.expectation, rating.gap))
            parts.setdefault(rating.dimension, []).append(part)
    found = {}
    for dimension in sorted(parts):
        rated = _rated((part.rated for part in shown(parts[dimension], settings.anonymous_minimum)[0]), settings)
        found[dimension] = {"level": level_of(rated["gap"].value, settings.tolerance)} | {
            name: figure.json() for name, figure in rated.items()
        }
    return found


def _rated(answers: Iterable[Rated], settings: ScoringSettings) -> dict[str, Figure]:
    given = list(answers)
    gaps = [gap for _, _, gap in given if gap is not None]
    below = sum(gap < -settings.tolerance - ROUNDING for gap in gaps)
    return {
        "gap": figures.mean(gaps, -100.0, 100.0, settings),
        "perception": figures.mean([seen for seen, _, _ in given if seen is not None], 0.0, 100.0, settings),
        "expectation": figures.mean([due for _, due, _ in given if due is not None], 0.0, 100.0, settings),
        "not_met": figures.share(below, len(gaps), settings),
    }


Keys = Callable[[AnswerRow], list[tuple[Key, AnswerRow]]]


def _by_dimension(row: AnswerRow) -> list[tuple[Key, AnswerRow]]:
    return [(rating.dimension, row._replace(ratings=(rating,))) for rating in row.ratings]


_KEYS: dict[By, Keys] = {
    "dimension": _by_dimension,
    "programme": lambda row: [(row.programme, row)],
    "staff": lambda row: [(row.staff, row)],
    "department": lambda row: [(row.department, row)],
    "channel": lambda row: [(row.channel, row)],
    "value_class": lambda row: [(row.value_class, row)],
    "segment": lambda row: [(segment, row) for segment in row.segments] or [(None, row)],
    "period": lambda row: [(month(row.at), row)],
    # Anonymous answers are nobody's: one group, so that none of them stands alone.
    "customer": lambda row: [(ANONYMOUS.rstrip(":") if row.anonymous else row.person, row)],
    "survey": lambda row: [(row.survey, row)],
}
