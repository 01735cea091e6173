"""What can be asked of care. Ids and times were put in from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from libs.events.catalogue.care import CarePlanned, Direction, Served, SurveyAnswered, SurveyInvited, SurveyPublished
from libs.events.decider import Plain
from libs.events.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Plain):
    """Care falls due."""

    data: CarePlanned

    def unique(self, subject: str) -> tuple[str, ...]:
        return (f"delivery:{self.data.delivery}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver(Plain):
    """Care was given. `keeps`: `delivery` is a plan, which this delivery keeps; `on_time` None: not stated."""

    delivery: str
    served: Served
    keeps: bool = False
    on_time: bool | None = None
    cost: Money | None = None

    def unique(self, subject: str) -> tuple[str, ...]:
        return (f"delivered:{self.delivery}",) if self.keeps else ()

    def needs(self, subject: str) -> tuple[str, ...]:
        return (f"delivery:{self.delivery}",) if self.keeps else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss(Plain):
    """Planned care was not given in time."""

    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise made in a contact."""

    id: str
    what: str
    due: datetime
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch(Plain):
    """There was a contact with the customer, in which promises may have been made."""

    touchpoint: str
    staff: str
    channel: str
    department: str | None = None
    direction: Direction | None = None
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Plain):
    """A promise was kept."""

    promise: str

    def unique(self, subject: str) -> tuple[str, ...]:
        return (f"kept:{self.promise}",)

    def needs(self, subject: str) -> tuple[str, ...]:
        return (f"promise:{self.promise}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break(Plain):
    """A promise ran out."""

    promise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Plain):
    """A survey's form is published; its number is the next one, whatever `data.form` says."""

    data: SurveyPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Plain):
    """The customer is asked to answer a survey."""

    data: SurveyInvited

    def unique(self, subject: str) -> tuple[str, ...]:
        return (f"invitation:{self.data.invitation}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Plain):
    """Somebody answered a survey; the answer has been judged against its form."""

    data: SurveyAnswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Plain):
    """The person asked to be forgotten. There is nothing to tell: the store shreds the subject's keys."""


CareCommand = Plan | Deliver | Miss | Touch | Keep | Break | Publish | Invite | Answer | Forget
