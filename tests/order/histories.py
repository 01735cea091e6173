"""Any history of a few people, told by the services' own rules: bought, refunded, lost, cared for, asked, complained,
merged and parted again, forgotten; late news and reactions among it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from libs.events.catalogue import complaints as told
from libs.events.catalogue.care import AnswerItem, CarePlanned, Scale, Served, SurveyAnswered
from libs.events.catalogue.complaints import ComplaintSpotted
from libs.events.values import Money
from services.care.domain.commands import Answer, Deliver, Miss, Plan, Promise, Touch
from services.care.domain.lean import lean
from services.complaints.domain.commands import Spot, Take
from services.profile.domain.commands import Acquire, Erase, Link, Lose, Purchase, Record, WinBack
from tests.order.telling import Teller

PEOPLE = tuple(f"{n}0000000-0000-8000-8000-00000000000{n}" for n in range(1, 5))
DIMENSIONS = ("reliability", "assurance", "tangibles", "empathy", "responsiveness")
STEPS: dict[str, Any] = {
    "acknowledgement": told.ComplaintAcknowledged(complaint="", by="lan"),
    "assignment": told.ComplaintAssigned(complaint="", owner="lan"),
    "correction": told.ComplaintCorrected(complaint="", action="new one", agreed=True, by="lan"),
    "report": told.ComplaintReported(complaint="", root_cause="haste", prevention="checklist"),
    "reopening": told.ComplaintReopened(complaint="", reason="again"),
    "withdrawal": told.ComplaintWithdrawn(complaint="", reason="mistaken"),
}
Draw = st.DrawFn
Wish = Callable[[Draw, Teller, str, Any], None]
grades = st.integers(1, 5)
maybe = st.none() | grades


def buys(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    order, back = draw(st.sampled_from("abcdef")), draw(st.none() | st.sampled_from("abcdef"))
    money = Money(amount=Decimal(draw(st.integers(1, 90))), currency=draw(st.sampled_from(["USD", "USD", "VND"])))
    name = f"back-{order}" if back else order
    teller.ask("profile", who, Purchase(at=at, order=name, amount=money, refund_of=back, create=True))


def is_recorded(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    stated = {"kind": "external", "owner": draw(st.sampled_from(["lan", "minh"])), "name": "Mai"}
    if draw(st.booleans()):
        stated["stage"] = "active"
    teller.ask("profile", who, Record(at=at, members=stated, subject=who))


def comes_or_goes(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    match draw(st.integers(0, 2)):
        case 0:
            teller.ask("profile", who, Acquire(at=at, channel="shop", create=True))
        case 1:
            teller.ask("profile", who, Lose(at=at, subject=who, reason="moved", create=True))
        case _:
            back = WinBack(at=at, subject=who, approach="called", by="lan", outcome="stays", create=True)
            teller.ask("profile", who, back)


def is_served(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    n, served = len(teller.events), Served(programme="welcome", staff="lan")
    match draw(st.integers(0, 3)):
        case 0:
            teller.ask("care", who, Deliver(at=at, delivery=f"d{n}", served=served, on_time=draw(st.booleans())))
        case 1:
            promise = Promise(id=f"p{n}", what="call back", due=at + timedelta(days=1), owner="lan")
            touch = Touch(at=at, touchpoint=f"t{n}", staff="lan", channel="phone", promises=(promise,))
            teller.ask("care", who, touch)
        case 2:
            # a reaction's fact: it is folded, and nobody's hash knows it
            plan = CarePlanned(delivery=f"d{n}", programme="recovery", due=at + timedelta(hours=1), why="complaint")
            teller.ask("care", who, Plan(at=at, data=lean(plan)), cause=f"cause-{n}")
        case _:
            plans = teller.states.get(("care", who))
            for delivery in plans.plans if plans else ():
                teller.ask("care", who, Miss(at=at, delivery=delivery), cause=f"cause-{n}")


def answers(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    n, expects = len(teller.events), draw(st.booleans())
    items = [
        AnswerItem(
            item=f"i{k}", dimension=dimension, scale=Scale(lowest=1, highest=5), perception=draw(grades),
            expectation=draw(maybe) if expects else None, importance=draw(maybe),
        )
        for k, dimension in enumerate(draw(st.lists(st.sampled_from(DIMENSIONS), max_size=3)))
    ]  # fmt: skip
    data = SurveyAnswered(
        answer=f"a{n}", survey="s", form=1, items=[lean(i) for i in items], nps=draw(st.none() | st.integers(0, 10)),
        csat=draw(maybe), ces=draw(st.none() | st.integers(1, 7)), comment=draw(st.none() | st.just("slow")),
    )  # fmt: skip
    by = f"anonymous:{n}" if draw(st.integers(0, 7)) == 7 else who
    teller.ask("care", by, Answer(at=at, data=lean(data)))


def complains(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    data = ComplaintSpotted(complaint=f"k{len(teller.events)}", summary="late", severity="serious", role="customer")
    teller.ask("complaints", who, Spot(at=at, spotted=data))


def takes_a_step(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    known = teller.states.get(("complaints", who))
    if known and (open_ones := sorted(c.id for c in known.complaints.values())):
        step: Any = draw(st.sampled_from(sorted(STEPS)))
        complaint = draw(st.sampled_from(open_ones))
        teller.ask("complaints", who, Take(at=at, complaint=complaint, step=step, told=STEPS[step]))


def merges(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    other = draw(st.sampled_from([p for p in PEOPLE if p != who]))
    teller.ask("profile", who, Link(at=at, survivor=other, merge=f"m{len(teller.events)}"))


def parts(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    teller.undo(who)


def is_forgotten(draw: Draw, teller: Teller, who: str, at: Any) -> None:
    if draw(st.integers(0, 3)) == 3:
        teller.ask("profile", who, Erase(at=teller.now, reason="request"), erases=True)


SINGLE: tuple[Wish, ...] = (
    buys, buys, is_recorded, comes_or_goes, is_served, answers, answers, complains, takes_a_step, takes_a_step
)  # fmt: skip
TOGETHER: tuple[Wish, ...] = (*SINGLE, *SINGLE, merges, merges, parts, is_forgotten)


@st.composite
def tellers(draw: Draw, wishes: tuple[Wish, ...] = TOGETHER, most: int = 24) -> Teller:
    """Someone who has told such a history; news comes up to 40 days late, and time may stand still in between."""
    teller = Teller()
    for _ in range(draw(st.integers(1, most))):
        teller.wait(draw(st.sampled_from([0, 0, 1, 30, 24 * 20])))
        late = draw(st.sampled_from([0, 0, 0, 1, 24, 24 * 40]))
        wish, who = draw(st.sampled_from(wishes)), draw(st.sampled_from(PEOPLE))
        wish(draw, teller, who, teller.now - timedelta(hours=late))
    return teller
