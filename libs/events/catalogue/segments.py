"""Facts about segments, owned by profile and told on `careledger.customers`: what a segment is, in the words of its
rule, and who enters and leaves it. The subject of the former is `segment:<id>`, of the latter the customer."""

from __future__ import annotations

from typing import Any, Literal

from libs.events.catalogue.customers import TOPIC
from libs.events.catalogue.registry import event
from libs.events.values import Data

SUBJECT = "segment:"
"""What stands before a segment's id in its subject."""
Passage = Literal["entered", "left"]


@event("segment.defined", TOPIC)
class SegmentDefined(Data):
    """A segment was made or changed: this is the whole of it from now on. `vip`: its members are VIPs."""

    name: str
    rule: dict[str, Any]
    description: str | None = None
    vip: bool = False
    by: str | None = None


@event("segment.removed", TOPIC)
class SegmentRemoved(Data):
    """A segment is no more."""

    by: str | None = None


@event("customer.segmented", TOPIC)
class CustomerSegmented(Data):
    """The customer entered or left a segment: what is known of them began or ceased to fulfil its rule, and why. `vip`:
    its members are VIPs. Concluded from other facts, and so no part of what `state_hash` is made of."""

    segment: str
    name: str
    vip: bool
    change: Passage
    reason: str
