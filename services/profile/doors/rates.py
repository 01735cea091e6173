"""The door of exchange rates: they are the company's to state; none is fetched from anywhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from libs.events.catalogue.classifications import RATES, RateStated
from libs.events.doors import Call, Door
from libs.events.units import Unit
from libs.events.values import Body, Day, Label
from services.profile.domain.grouping import StateRate


def _positive(rate: str) -> str:
    if not Decimal(rate):
        raise PydanticCustomError("out_of_range", "a rate is more than nothing")
    return format(Decimal(rate).normalize(), "f")


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$"), AfterValidator(_positive)]
"""A decimal as text, so that nothing is rounded on its way."""


class RateBody(Body):
    """One unit of `currency` is worth `rate` of `into`, from `day` on until a later day's rate, as `source` says."""

    currency: Currency
    into: Currency
    day: Day
    rate: Rate
    source: Label

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.currency == self.into:
            raise PydanticCustomError("same_currency", "a currency is worth itself")
        return self


def state(call: Call[RateBody]) -> Unit:
    """The rate of a pair on a day."""
    body = call.body
    data = RateStated.model_validate(body.model_dump() | ({"by": call.by} if call.by else {}))
    subject = f"{RATES}{body.currency}:{body.into}:{body.day.year}"
    return Unit((call.request(subject, StateRate(at=call.now, data=data)),))


def _nobody(body: object) -> None:
    return


STATED = Door("", RateBody, state, customer=_nobody, anonymous=True)
