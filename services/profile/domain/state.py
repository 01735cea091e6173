"""What is remembered of one customer id: the shape of its state (see `evolve` for how facts make it)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from libs.events.catalogue import customers as facts
from libs.events.catalogue.classifications import ClassificationCompleted, ClassificationStarted
from libs.events.catalogue.customers import Stage, ValueClass
from libs.events.catalogue.segments import SegmentDefined
from services.profile.domain.consents import Consent
from services.profile.domain.fields import Field as CustomField
from services.profile.domain.records import First, Said, Whole
from services.profile.domain.stages import Move, Replay, replay


class Acquisition(BaseModel):
    """How the customer was won, last."""

    model_config = ConfigDict(frozen=True)

    channel: str
    cost: dict[str, str] | None
    at: datetime
    key: str = ""


class Run(BaseModel):
    """A classification run: what was asked, and what it found once it is done."""

    model_config = ConfigDict(frozen=True)

    asked: ClassificationStarted
    found: ClassificationCompleted | None = None


class Membership(BaseModel):
    """Being in a segment; `vip`: its members are VIPs."""

    model_config = ConfigDict(frozen=True)

    name: str
    vip: bool = False
    since: datetime


class Segment(BaseModel):
    """A segment as it is defined; `removed`: it is no more."""

    model_config = ConfigDict(frozen=True)

    defined: SegmentDefined
    removed: bool = False


class Customer(BaseModel):
    """One customer id. Some subjects are nobody, and have nothing else to them: a classification run, which is in
    `run`, a segment, in `segment`, a year's rates of two currencies, in `rates`, and the declarations of custom fields,
    in `fields`.

    `version` is the number of the last fact that changed what the record shows (the stage and the class among it);
    `touched` tells for which moment each member was last stated, `first` where each reference was first stated,
    `wholes` the lists that were last stated as all there is of a person with several ids; `since` when the first fact
    happened; `classified_at` and `classified_by` for which moment, under which key, the class was.
    `bare`: a record is there only because something else was heard. `merged_into`: the id whose person this one belongs
    to, by which `merge`, and whose values somebody chose then; `parted`: ids that it was merged into once.
    `refunds`: what was taken back, by order.
    """

    model_config = ConfigDict(frozen=True)

    known: bool = False
    bare: bool = False
    version: int = 0
    since: datetime | None = None
    record: dict[str, Any] = Field(default_factory=dict)
    touched: dict[str, Said] = Field(default_factory=dict)
    first: dict[str, First] = Field(default_factory=dict)
    wholes: dict[str, Whole] = Field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    value_class: ValueClass | None = None
    classified_at: datetime | None = None
    classified_by: str = ""
    acquisition: Acquisition | None = None
    merged_into: str | None = None
    merge: str | None = None
    merged_at: datetime | None = None
    choices: dict[str, facts.Side] = Field(default_factory=dict)
    parted: tuple[str, ...] = ()
    consents: dict[str, Consent] = Field(default_factory=dict)
    segments: dict[str, Membership] = Field(default_factory=dict)
    run: Run | None = None
    rates: dict[str, tuple[str, str]] = Field(default_factory=dict)
    segment: Segment | None = None
    fields: dict[str, CustomField] = Field(default_factory=dict)
    refunds: dict[str, Decimal] = Field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """Whether somebody stated a record."""
        return self.known and not self.bare

    @property
    def kind(self) -> facts.Kind:
        """External unless stated otherwise."""
        stated: facts.Kind | None = self.record.get("kind")
        return stated or "external"

    @property
    def start(self) -> Stage:
        """Where the stage begins: a colleague is served from the first, everybody else may yet become a customer."""
        return "active" if self.kind == "internal" else "prospect"

    @property
    def is_vip(self) -> bool:
        """As somebody said by hand, else whether a segment of VIPs has them."""
        stated: bool | None = self.record.get("vip")
        return any(of.vip for of in self.segments.values()) if stated is None else stated

    def played(self, until: datetime | None = None) -> Replay:
        """The stage and what it came from, up to `until`."""
        return replay(self.moves, self.start, until)

    @property
    def stage(self) -> Stage:
        """The present stage."""
        return self.played().stage
