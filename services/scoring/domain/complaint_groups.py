"""The complaints report: how many were spotted, and what became of them, by what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from services.scoring.domain import figures
from services.scoring.domain.answers import ANONYMOUS
from services.scoring.domain.complaints import ComplaintRow
from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from services.scoring.domain.slices import Key, grouped, month, within

By = Literal[
    "dimension", "severity", "cause", "staff", "department", "programme", "channel", "value_class", "segment", "period",
    "customer",
]  # fmt: skip
BY: tuple[str, ...] = get_args(By)
HOUR = timedelta(hours=1)


def complaints_report(
    rows: Iterable[ComplaintRow],
    by: By,
    since: datetime | None = None,
    until: datetime | None = None,
    settings: ScoringSettings = DEFAULTS,
) -> dict[str, Any]:
    """`{by, groups, total}` of the complaints spotted in [since, until), standing as their rows were folded."""
    spotted = [row for row in rows if within(row.spotted_at, since, until, None)]
    slices = grouped(spotted, lambda row: [(key, row) for key in _KEYS[by](row)])
    return {
        "by": by,
        "groups": [complaint_group(key, part, settings) for key, part in slices.items()],
        "total": complaint_group(None, spotted, settings),
    }


def complaint_group(key: Key, rows: Sequence[ComplaintRow], settings: ScoringSettings = DEFAULTS) -> dict[str, Any]:
    """The figures of one slice of complaints.

    `corrected_promptly`: of those corrected and judged, the share within their standard; `reopened`: of those ever
    corrected, the share reopened at least once; `hours_to_correction`: from spotting to the correction that holds, by
    the clock on the wall (the standards of the complaints service run on business hours, these figures do not).
    """
    judged = [row for row in rows if row.corrected and row.promptly is not None]
    tried = [row for row in rows if row.ever_corrected]
    hours = [(row.corrected_at - row.spotted_at) / HOUR for row in rows if row.corrected_at is not None]
    return {
        "key": key,
        "spotted": len(rows),
        "open": sum(row.state == "open" for row in rows),
        "corrected": sum(row.corrected for row in rows),
        "withdrawn": sum(row.state == "withdrawn" for row in rows),
        "corrected_promptly": figures.share(sum(row.promptly is True for row in judged), len(judged), settings).json(),
        "reopened": figures.share(sum(row.reopenings > 0 for row in tried), len(tried), settings).json(),
        "hours_to_correction": figures.mean(hours, 0.0, None, settings).json(),
    }


_KEYS: dict[By, Callable[[ComplaintRow], Sequence[Key]]] = {
    "dimension": lambda row: [row.dimension],
    "severity": lambda row: [row.severity],
    "cause": lambda row: [row.cause],
    "staff": lambda row: [row.staff],
    "department": lambda row: [row.department],
    "programme": lambda row: [row.programme],
    "channel": lambda row: [row.channel],
    "value_class": lambda row: [row.value_class],
    "segment": lambda row: row.segments or [None],
    "period": lambda row: [month(row.spotted_at)],
    "customer": lambda row: [ANONYMOUS.rstrip(":") if row.anonymous else row.person],
}
