"""What care's answers look like, for the documentation of its API."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from libs.events.catalogue.care import AnswerItem, Asked, Direction, FormItem, Scale
from libs.events.values import Moment, Money

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None


class Made(BaseModel):
    """What a call made."""

    id: str


class MadeContact(Made):
    """A contact and the promises made in it, in the order of the request."""

    promises: list[Made]


class MadeSurvey(Made):
    """A survey and the number of the form that was published."""

    version: int


class KeptPromise(Made):
    """A promise that is kept now."""

    state: Literal["kept"]


class Served(BaseModel):
    """Whom it was for (null: nobody knows), and by whom and where."""

    id: str
    customer: str | None
    staff: str | None
    department: str | None


class DeliveryShape(Served):
    """An act of care. `why`: the fact that called for it; `on_time` null: not known."""

    state: Literal["planned", "delivered", "missed"]
    programme: str | None
    channel: str | None
    due: Moment | None
    why: str | None
    about: str | None
    at: Moment | None
    on_time: bool | None
    cost: Money | None


class DueShape(DeliveryShape):
    """An act of care that is to be given."""

    value_class: Literal["A", "B", "C"] | None
    overdue: bool


class TouchpointShape(Served):
    """A contact."""

    channel: str
    direction: Direction | None
    at: Moment


class PromiseShape(Served):
    """A promise; `what` null: not known any more."""

    state: Literal["open", "kept", "broken"]
    touchpoint: str
    what: str | None
    owner: str
    due: Moment
    at: Moment
    kept_at: Moment | None
    late: bool | None


class SurveyShape(BaseModel):
    """A survey in a list; `version`: its newest form."""

    id: str
    version: int
    name: str
    dimension_set: str
    at: Moment


class FormShape(SurveyShape):
    """A survey with everything that it asks."""

    items: list[FormItem]
    asks: list[Asked]
    nps: bool
    csat: Scale | None
    ces: bool


class AnswerShape(BaseModel):
    """One answer; what was not answered is left out."""

    id: str
    customer: str | None
    survey: str
    form: int
    at: Moment
    items: list[AnswerItem]
    nps: int | None = None
    csat: float | None = None
    csat_scale: Scale | None = None
    ces: int | None = None
    had_problem: bool | None = None
    told_us: bool | None = None
    comment: str | None = None
    about: dict[str, str] | None = None
    programme: str | None = None
    staff: str | None = None
    department: str | None = None
    channel: str | None = None


class InvitationShape(BaseModel):
    """An invitation; `answered_at` null: not answered yet. `refused`: the customer does not want to be asked."""

    id: str
    customer: str | None
    survey: str
    why: str
    about: str | None
    at: Moment
    answered_at: Moment | None
    refused: bool
