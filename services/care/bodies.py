"""What callers send: the bodies of care's calls. Inbound events carry the same, with what a path would say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from libs.events.catalogue.care import Direction
from libs.events.values import Body, Label, Moment, Money, Text

Figure = Annotated[float, Field(ge=-1e9, le=1e9)]
Share = Annotated[float, Field(ge=0, le=1e9)]
Code = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$")]
"""A short code or an id of ours."""


class Where(Body):
    """By whom, where and how the customer was served: what figures are seen by."""

    staff: Label | None = None
    department: Label | None = None
    channel: Label | None = None


class DeliveryEvent(Where):
    """Care was given, as other systems tell it: the event's subject may say to whom. `planned`: the planned delivery it
    keeps; `on_time`: as seen by the caller, else the plan's due date decides, else it is not known; `cost`: what it
    cost us."""

    customer: Text | None = None
    programme: Label
    on_time: bool | None = None
    cost: Money | None = None
    planned: Code | None = None
    at: Moment | None = None


class DeliveryBody(DeliveryEvent):
    """Care was given. `planned`: the planned delivery it keeps; `on_time`: as seen by the caller, else the plan's due
    date decides, else it is not known; `cost`: what it cost us."""

    customer: Text


class PromiseBody(Body):
    """A promise: what, by when, and the one person who owns it."""

    what: Text
    due: Moment
    owner: Label


class TouchpointEvent(Body):
    """A contact, as other systems tell it: the event's subject may say with whom."""

    customer: Text | None = None
    staff: Label
    channel: Label
    department: Label | None = None
    direction: Direction | None = None
    promises: list[PromiseBody] = Field(default_factory=list, max_length=50)
    at: Moment | None = None


class TouchpointBody(TouchpointEvent):
    """A contact between the customer and a member of staff. `direction`: who sought it, the customer (`in`) or we."""

    customer: Text


class KeptBody(Body):
    """A promise was kept at `at`."""

    at: Moment | None = None


class KeptEvent(KeptBody):
    """The same, as other systems tell it."""

    promise: Code


class ScaleBody(Body):
    """The lowest and the highest answer that a question allows."""

    lowest: Figure
    highest: Figure


class Wording(Body):
    """A question in the languages that the product speaks."""

    en: Text
    vi: Text | None = None
    zh: Text | None = None


class ItemBody(Body):
    """One question. `weight` counts where an answer states no importance (default: all items alike)."""

    key: Code
    dimension: Label
    scale: ScaleBody
    text: Wording
    weight: Annotated[float, Field(gt=0, le=1e6)] | None = None


class SurveyBody(Body):
    """A survey's form. `dimension_set`: `rater`, `qscv` or a company's own; `asks`: what every item asks for;
    `nps`, `csat` (with its scale) and `ces` ask those questions, too. Free text is always welcome."""

    name: Label
    dimension_set: Code
    items: Annotated[list[ItemBody], Field(max_length=200)]
    asks: Annotated[list[Literal["perception", "expectation", "importance"]], Field(min_length=1, max_length=3)]
    nps: bool = False
    csat: ScaleBody | None = None
    ces: bool = False
    at: Moment | None = None


class AnswerItemBody(Body):
    """One answered question: perception and expectation on its scale, importance in any unit of 0 or more, since only
    the shares of one answer's importances count."""

    item: Code
    perception: Figure
    expectation: Figure | None = None
    importance: Share | None = None


class AboutBody(Body):
    """The one thing that the answer is about."""

    touchpoint: Code | None = None
    delivery: Code | None = None
    complaint: Code | None = None


class AnswersBody(Where):
    """Somebody answered a survey; without `customer` the answer is anonymous, and shares nothing with any other.
    `form`: the version that was answered (default: the latest). `had_problem`, `told_us`: did you have a problem,
    did you tell us?"""

    customer: Text | None = None
    form: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    items: list[AnswerItemBody] = Field(default_factory=list, max_length=200)
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    csat: Figure | None = None
    ces: Annotated[int, Field(ge=1, le=7)] | None = None
    had_problem: bool | None = None
    told_us: bool | None = None
    comment: Text | None = None
    about: AboutBody | None = None
    programme: Label | None = None
    at: Moment | None = None


class AnswersEvent(AnswersBody):
    """The same, as other systems tell it."""

    survey: Code
