"""Consent: for each purpose what the customer said last, and whether that allows anything on a given day.

Of several statements about one purpose the latest counts, whichever was heard first and whichever id of the person it
was made for. Nobody has consented to what they were never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from libs.events.catalogue.customers import CustomerConsented
from libs.events.decider import Invalid, NewEvent
from services.profile.domain.commands import StateConsent
from services.profile.domain.records import Said, just_after

Standing = Literal["granted", "refused", "expired"]


class Consent(BaseModel):
    """What was said of one purpose, and which statement that was."""

    model_config = ConfigDict(frozen=True)

    granted: bool
    said: Said
    until: datetime | None = None
    source: str | None = None
    evidence: str | None = None

    def standing(self, moment: datetime) -> Standing:
        """What it comes to at a moment."""
        if self.until and self.until <= moment:
            return "expired"
        return "granted" if self.granted else "refused"


Consents = Mapping[str, Consent]


def state_consent(command: StateConsent, known: Consents) -> list[NewEvent]:
    """A consent or refusal is stated. Without key and moment of its own, what is so already is no news."""
    data = command.data
    if data.until and data.until <= command.at:
        raise Invalid("bad_until", "what is said ends after it was said", pointer="/until")
    before = known.get(data.purpose)
    same = before is not None and before == of(data, before.said)
    if same and before and not command.keyed and (not command.dated or before.said.at == command.at):
        return []
    stated = [before.said.at] if before and not same and not command.published else []
    return [NewEvent(data, at=just_after(command.at, stated))]


def of(data: CustomerConsented, said: Said) -> Consent:
    """The consent that a fact states."""
    return Consent(
        granted=data.granted, said=said, until=data.until, source=data.source, evidence=data.evidence
    )  # fmt: skip


def heard(known: Consents, data: CustomerConsented, said: Said) -> dict[str, Consent]:
    """All consents after one more fact."""
    before = known.get(data.purpose)
    return {**known} if before and said < before.said else {**known, data.purpose: of(data, said)}


def together(several: Iterable[Consents]) -> dict[str, Consent]:
    """Those of one person, of all their ids."""
    found: dict[str, Consent] = {}
    for each in several:
        for purpose, consent in each.items():
            if purpose not in found or consent.said > found[purpose].said:
                found[purpose] = consent
    return found
