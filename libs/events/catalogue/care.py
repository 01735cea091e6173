"""Facts about care, owned by care and told on `careledger.care`."""

from __future__ import annotations

from typing import Literal

from libs.events.catalogue.customers import ValueClass
from libs.events.catalogue.registry import event
from libs.events.values import Data, Generated, Moment, Money, Personal

TOPIC = "careledger.care"

Direction = Literal["in", "out"]
Asked = Literal["perception", "expectation", "importance"]


class Scale(Data):
    """The lowest and highest answer a question allows."""

    lowest: float
    highest: float


class FormItem(Data):
    """One question of a form, tied to one dimension."""

    key: str
    dimension: str
    scale: Scale
    text: dict[str, str]
    weight: float | None = None


class AnswerItem(Data):
    """One answered question, with what its form said of it, so that the answer can be scored by itself."""

    item: str
    dimension: str
    scale: Scale
    perception: float
    expectation: float | None = None
    importance: float | None = None
    weight: float | None = None


class Served(Data):
    """Who served, where and how: what figures are seen by."""

    programme: str | None = None
    staff: str | None = None
    department: str | None = None
    channel: str | None = None


@event("care.planned", TOPIC)
class CarePlanned(Served):
    """An act of care is due at `due`; `why` says what calls for it. `value_class`: the class whose standard set
    the date, as far as the customer was known to be in one."""

    delivery: Generated[str]
    due: Moment
    why: str
    about: Generated[str | None] = None
    value_class: Generated[ValueClass | None] = None


@event("care.delivered", TOPIC)
class CareDelivered(Served):
    """An act of care was given; `on_time` null: not known. `planned` names the plan it keeps, if any."""

    delivery: Generated[str]
    planned: Generated[str | None] = None
    on_time: bool | None = None
    cost: Money | None = None


@event("care.missed", TOPIC)
class CareMissed(Data):
    """A planned act of care was not given in time."""

    delivery: Generated[str]
    due: Moment


@event("touchpoint.recorded", TOPIC)
class TouchpointRecorded(Data):
    """A contact between the customer and a member of staff."""

    touchpoint: Generated[str]
    staff: str
    channel: str
    department: str | None = None
    direction: Direction | None = None


@event("promise.made", TOPIC)
class PromiseMade(Data):
    """A named person promised something by a time."""

    promise: Generated[str]
    touchpoint: Generated[str]
    what: Personal[str]
    due: Moment
    owner: str
    staff: str | None = None
    department: str | None = None


@event("promise.kept", TOPIC)
class PromiseKept(Data):
    """A promise was kept; `late`: after it was due."""

    promise: Generated[str]
    late: bool


@event("promise.broken", TOPIC)
class PromiseBroken(Data):
    """A promise ran out unkept."""

    promise: Generated[str]


@event("survey.published", TOPIC)
class SurveyPublished(Data):
    """A form was published; its subject is `survey:<id>`."""

    survey: Generated[str]
    form: int
    name: str
    dimension_set: str
    items: list[FormItem]
    asks: list[Asked]
    nps: bool = False
    csat: Scale | None = None
    ces: bool = False


@event("survey.invited", TOPIC)
class SurveyInvited(Data):
    """The customer is asked to answer a survey."""

    invitation: Generated[str]
    survey: Generated[str]
    why: str
    about: Generated[str | None] = None


@event("survey.answered", TOPIC)
class SurveyAnswered(Served):
    """Somebody answered a survey; the items carry what is needed to score them."""

    answer: Generated[str]
    survey: Generated[str]
    form: int
    items: list[AnswerItem]
    nps: int | None = None
    csat: float | None = None
    csat_scale: Scale | None = None
    ces: int | None = None
    had_problem: bool | None = None
    told_us: bool | None = None
    comment: Personal[str | None] = None
    about: Generated[dict[str, str] | None] = None
