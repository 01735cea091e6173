"""Profile's doors: how what is asked, by HTTP or by an event, becomes a unit of work. `bodies` says what callers send;
`DOORS` are those that events may use, too."""

from __future__ import annotations

from typing import Any

from libs.events.doors import Door
from services.profile.doors.consents import CONSENTED
from services.profile.doors.published import ERASURE_TOLD, MERGE_TOLD, UNDO_TOLD
from services.profile.doors.purchases import PURCHASED
from services.profile.doors.records import ACQUIRED, LOST, RECORDED, UPDATED, WON_BACK

DOORS: tuple[Door[Any], ...] = (
    RECORDED, UPDATED, ACQUIRED, PURCHASED, LOST, WON_BACK, CONSENTED, MERGE_TOLD, UNDO_TOLD, ERASURE_TOLD,
)  # fmt: skip
