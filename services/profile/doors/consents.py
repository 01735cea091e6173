"""The doors of consent: what a customer allows, purpose by purpose."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from libs.events.catalogue.customers import CustomerConsented
from libs.events.doors import Call, Door
from libs.events.units import Unit
from libs.events.values import Body, Label, Moment, Text
from services.profile.domain.commands import StateConsent
from services.profile.doors.bodies import Named
from services.profile.doors.purchases import named_by, unknown_is_new

PURPOSE_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
Purpose = Annotated[str, StringConstraints(pattern=PURPOSE_PATTERN)]
"""What somebody may be contacted or looked at for: a code of the vocabulary `consent_purposes`, or one's own."""


class ConsentBody(Body):
    """The customer allowed something at `at`, or refused it; until `until`, where they set an end. `source`: where they
    said so; `evidence`: their words, or what proves it."""

    granted: bool
    until: Moment | None = None
    source: Label | None = None
    evidence: Text | None = None
    at: Moment | None = None


class Consented(ConsentBody):
    """The same, as other systems tell it."""

    purpose: Purpose
    customer: Named | None = None


def consent(call: Call[Consented]) -> Unit:
    """A consent is stated, of whoever was addressed."""
    body = call.body
    told: dict[str, Any] = {"until": body.until, "source": body.source, "evidence": body.evidence, "by": call.by}
    given = {name: value for name, value in told.items() if value}
    data = CustomerConsented(purpose=body.purpose, granted=body.granted, **given)
    return call.unit(
        StateConsent(
            at=call.at, data=data, keyed=call.keyed, dated=body.at is not None, published=call.published,
            create=unknown_is_new(call), ref=named_by(call),
        )
    )  # fmt: skip


CONSENTED = Door("customer.consented", Consented, consent)
