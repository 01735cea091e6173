"""The doors of records: a customer opened, stated, changed, won, lost and won back.

HTTP addresses a customer by a path, `path["id"]`, and only one who is known; an event may be the first thing that is
heard of a customer, and then opens a bare record.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from libs.events.catalogue.customers import LossReason
from libs.events.decider import Invalid
from libs.events.doors import Call, Door
from libs.events.identities import as_id
from libs.events.units import Unit
from libs.events.values import Body
from services.profile.domain.commands import Acquire, Lose, Patch, Record, WinBack
from services.profile.domain.fields import SUBJECT
from services.profile.domain.stages import Move
from services.profile.doors import bodies, days, fields
from services.profile.doors.bodies import NewBody, PatchBody, RecordedBody
from services.profile.doors.merges import links, onward, others
from services.profile.doors.purchases import named_by, unknown_is_new


def open_record(call: Call[NewBody]) -> Unit:
    """A new customer, under the id of the first reference, or a random one."""
    fields.check(call, call.body, whole=True)
    days.check(call, call.body)
    members = call.body.stated()
    refs = call.body.refs or []
    subject = call.subject or call.made_id("customer")
    record = call.request(subject, Record(at=call.at, members=members, subject=subject, anew=True, by=call.by))
    return Unit((record, *links(call, subject, refs)))


def upsert(call: Call[RecordedBody]) -> Unit:
    """The customer of a reference, made or changed."""
    body = call.body
    if not call.subject:
        raise Invalid("required", "say who it is, by ref or by the event's subject", pointer="/ref")
    fields.check(call, body)
    days.check(call, body)
    members = body.stated()
    named = body.ref or (call.named if not as_id(call.named) else "")  # an event's subject may be the reference
    refs = [*([named] if named else []), *(body.refs or [])]
    if refs:
        members["refs"] = list(dict.fromkeys(refs))
    stated = Record(
        at=call.at, members=members, subject=call.subject, keyed=call.keyed, dated=body.at is not None,
        published=call.published, by=call.by,
    )  # fmt: skip
    record = call.request(call.subject, stated)
    return Unit((record, *links(call, call.subject, refs)))


def further(call: Call[Any]) -> tuple[str, ...]:
    """Who else is looked at before references are joined; nobody where there is only one."""
    refs = [*([ref] if (ref := getattr(call.body, "ref", None)) else []), *(call.body.refs or [])]
    found = others(call, call.subject, refs) if call.subject else []
    return (call.subject, *found) if found else ()


def acquire(call: Call[bodies.Acquisition]) -> Unit:
    """The customer was won."""
    body = call.body
    return call.unit(
        Acquire(at=call.at, channel=body.channel, cost=body.cost, create=unknown_is_new(call), ref=named_by(call))
    )


LEARNT = ("way", "cause", "handed_by", "missed")
"""What may be told of a win-back beside who, how and what came of it."""


class PersonLost(bodies.Loss):
    """A loss of somebody who is known under several ids."""

    elsewhere: tuple[Move, ...] = ()


class PersonWonBack(bodies.WinBack):
    """A win-back of somebody who is known under several ids."""

    elsewhere: tuple[Move, ...] = ()


def elsewhere(body: object) -> tuple[Move, ...]:
    """What is known of the person under other ids."""
    return body.elsewhere if isinstance(body, PersonLost | PersonWonBack) else ()


def lose(call: Call[bodies.Loss]) -> Unit:
    """The customer left."""
    reason: LossReason = call.body.reason
    return call.unit(
        Lose(
            at=call.at, subject=call.subject, reason=reason, note=call.body.note, elsewhere=elsewhere(call.body),
            create=unknown_is_new(call), ref=named_by(call),
        )
    )  # fmt: skip


def win_back(call: Call[bodies.WinBack]) -> Unit:
    """The customer was approached, and came back unless the result says otherwise."""
    body = call.body
    learnt = {n: told for n in LEARNT if (told := getattr(body, n)) is not None}
    result = None if body.result is None or body.result == "won_back" else body.result
    return call.unit(
        WinBack(
            at=call.at, subject=call.subject, approach=body.approach, by=body.by, outcome=body.outcome,
            result=result, learnt=learnt, elsewhere=elsewhere(body), create=unknown_is_new(call),
            ref=named_by(call),
        )
    )  # fmt: skip


class Change(Body):
    """A merge patch, with the version that its caller has seen (None: any), and what they saw: where several ids are
    one person (`across` these merges) that is more than the record of the one that is changed."""

    patch: PatchBody
    versions: frozenset[int] | None
    seen: dict[str, tuple[Any, datetime]]
    across: tuple[str, ...] = ()

    @property
    def at(self) -> datetime | None:
        """When it changed."""
        return self.patch.at


def change(call: Call[Change]) -> Unit:
    """The record is patched."""
    asked = call.body
    fields.check(call, asked.patch)
    days.check(call, asked.patch)
    return call.unit(
        Patch(
            at=call.at, patch=asked.patch.stated(), versions=asked.versions, seen=asked.seen, across=asked.across,
            by=call.by,
        )
    )  # fmt: skip


def nobody(body: object) -> None:
    """The path alone says who is meant."""
    return


NEW = Door(
    "", NewBody, open_record, customer=lambda body: body.refs[0] if body.refs else None, anonymous=True,
    loads=lambda body: (SUBJECT,), follows=further, onward=onward,
)  # fmt: skip
RECORDED = Door(
    "customer.recorded", RecordedBody, upsert, customer=lambda body: body.customer or body.ref,
    loads=fields.where_custom, follows=further, onward=onward,
)  # fmt: skip
UPDATED = replace(RECORDED, event="customer.updated")
"""What another system tells as a change is a statement, too: it has not seen the record that it changes."""
ACQUIRED = Door("customer.acquired", bodies.Acquisition, acquire)
LOST = Door("customer.lost", bodies.Loss, lose)
WON_BACK = Door("customer.won_back", bodies.WinBack, win_back)
CHANGED = Door("", Change, change, customer=nobody, loads=lambda body: fields.where_custom(body.patch))
