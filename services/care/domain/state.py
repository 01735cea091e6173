"""What the rules must know of one subject: for a customer what is still open, for a survey its forms.

Whatever is done with is left out, so that a customer with thousands of deliveries has a small state.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from libs.events.catalogue.care import Asked, FormItem, Scale
from libs.events.values import Moment


class Promised(BaseModel):
    """A promise that has not been kept; `broken`: that has been declared. It can still be kept, late."""

    model_config = ConfigDict(frozen=True)

    due: Moment
    broken: bool = False


class Planned(BaseModel):
    """Planned care that has not been given; `missed`: that has been declared. It can still be given, late."""

    model_config = ConfigDict(frozen=True)

    due: Moment
    programme: str | None = None
    about: str | None = None
    missed: bool = False


class Form(BaseModel):
    """One version of a survey's form: what its answers are judged by."""

    model_config = ConfigDict(frozen=True)

    name: str
    dimension_set: str
    items: list[FormItem]
    asks: list[Asked]
    nps: bool = False
    csat: Scale | None = None
    ces: bool = False
    at: Moment


class CareState(BaseModel):
    """The state of one subject. `forms` counts from 1; a published form never changes."""

    model_config = ConfigDict(frozen=True)

    promises: dict[str, Promised] = {}
    plans: dict[str, Planned] = {}
    forms: dict[int, Form] = {}

    @property
    def latest(self) -> int:
        """The number of the survey's newest form; 0 where none was published."""
        return max(self.forms, default=0)
