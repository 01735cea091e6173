"""Windows of time by the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.profile.domain.windows import start

END = datetime(2026, 3, 31, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "begins"),
    [
        ("P12M", datetime(2025, 3, 31, 15, tzinfo=UTC)),
        ("P1Y", datetime(2025, 3, 31, 15, tzinfo=UTC)),
        ("P1M", datetime(2026, 2, 28, 15, tzinfo=UTC)),
        ("P25M", datetime(2024, 2, 29, 15, tzinfo=UTC)),
        ("P3M", datetime(2025, 12, 31, 15, tzinfo=UTC)),
        ("P1M1D", datetime(2026, 2, 27, 15, tzinfo=UTC)),
        ("P2W", datetime(2026, 3, 17, 15, tzinfo=UTC)),
        ("PT36H", datetime(2026, 3, 30, 3, tzinfo=UTC)),
        ("P1DT1M1S", datetime(2026, 3, 30, 14, 58, 59, tzinfo=UTC)),
    ],
)
def test_months_are_those_of_the_calendar(window: str, begins: datetime) -> None:
    assert start(window, END) == begins


@pytest.mark.parametrize(
    "window", ["", "P", "PT", "P0M", "12M", "P-1M", "P1.5M", "P1H", "PT1D", "P1M2Y", "P9999Y", "P१M"]
)
def test_what_is_no_window_is_refused(window: str) -> None:
    with pytest.raises(ValueError, match=r"duration|empty|calendar"):
        start(window, END)
