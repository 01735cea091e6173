"""What becomes of a wish about a complaint: given, when, then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from libs.events.catalogue import complaints as facts
from libs.events.catalogue.complaints import Severity
from libs.events.catalogue.customers import ValueClass
from libs.events.decider import NotYet
from libs.events.testing import Given, Then, fold, given, happened, hour
from services.complaints.domain.commands import Forget, Spot, Take, by_step
from services.complaints.domain.decide import ComplaintsDecider
from services.complaints.domain.machine import StepName
from services.complaints.domain.standards import Standards
from services.complaints.domain.state import Complaints

ID = "c1"
DECIDER = ComplaintsDecider()
TOLD: dict[StepName, facts.Step] = {
    "acknowledgement": facts.ComplaintAcknowledged(complaint="", by="minh"),
    "assignment": facts.ComplaintAssigned(complaint="", owner="minh"),
    "escalation": facts.ComplaintEscalated(complaint="", to="chief", reason="too long"),
    "correction": facts.ComplaintCorrected(complaint="", action="new kettle", agreed=True, by="minh"),
    "report": facts.ComplaintReported(complaint="", root_cause="bad batch", prevention="withdrawn"),
    "reopening": facts.ComplaintReopened(complaint="", reason="leaks again"),
    "withdrawal": facts.ComplaintWithdrawn(complaint="", reason="mistake"),
}  # fmt: skip


def spotted(severity: Severity = "serious", **more: Any) -> Any:
    fact = facts.ComplaintSpotted(complaint=ID, summary="leaks", severity=severity, role="customer", **more)
    return happened(fact, hour(0))


def told(step: StepName, at: datetime, **more: Any) -> Any:
    return happened(TOLD[step].model_copy(update={"complaint": ID, **more}), at)


def take(step: StepName, at: datetime, complaint: str = ID) -> Take:
    return Take(at=at, complaint=complaint, step=step, told=TOLD[step])


def story(*steps: tuple[StepName, float]) -> Given[Complaints]:
    return given(DECIDER, spotted(), *(told(step, hour(at)) for step, at in steps))


def test_spotting_makes_a_complaint_that_is_found_by_id_and_reference() -> None:
    fact = facts.ComplaintSpotted(complaint=ID, summary="leaks", severity="minor", role="staff", ref="pos:7")
    then = given(DECIDER).when(Spot(at=hour(0), spotted=fact)).then(fact)
    assert then.events[0].names == ("complaint:c1", "complaint-ref:pos:7")
    assert then.state.find("pos:7") == then.state.find(ID)


def test_a_correction_needs_only_an_open_complaint() -> None:
    fact = facts.ComplaintCorrected(
        complaint=ID, action="new kettle", agreed=True, by="minh", promptly=True, due=hour(24)
    )
    story().when(take("correction", hour(5))).then(fact)


def test_a_step_may_name_the_publishers_reference() -> None:
    start = given(DECIDER, spotted(ref="pos:7"))
    fact = facts.ComplaintAssigned(complaint=ID, owner="minh")
    start.when(take("assignment", hour(1), complaint="pos:7")).then(fact)


def test_a_report_before_the_correction_waits_for_it() -> None:
    refusal = story().when(take("report", hour(2))).refused("out_of_order", state="open")
    assert isinstance(refusal, NotYet)
    assert refusal.waits_for == by_step(ID, "correction", 1)
    assert not refusal.absent
    assert "correction" in refusal.extra["possible"]
    assert "report" not in refusal.extra["possible"]


def test_a_second_correction_waits_for_a_reopening() -> None:
    refusal = story(("correction", 1)).when(take("correction", hour(2))).refused("out_of_order", state="corrected")
    assert isinstance(refusal, NotYet)
    assert refusal.waits_for == by_step(ID, "reopening", 1)
    assert refusal.extra["possible"] == ["report", "reopening"]


@pytest.mark.parametrize("step", ["acknowledgement", "assignment", "escalation", "correction", "report", "reopening"])
def test_nothing_follows_a_withdrawal(step: StepName) -> None:
    refusal = story(("withdrawal", 1)).when(take(step, hour(2))).refused("out_of_order", state="withdrawn", possible=[])
    assert not isinstance(refusal, NotYet)


@pytest.mark.parametrize("steps", [(("correction", 1),), (("correction", 1), ("report", 2))])
def test_a_reopening_follows_correction_and_report(steps: tuple[tuple[StepName, float], ...]) -> None:
    then = story(*steps).when(take("reopening", hour(3)))
    complaint = then.state.complaints[ID]
    assert complaint.played.state == "open"


def test_one_acknowledgement_is_enough_and_owners_may_change() -> None:
    known = story(("acknowledgement", 1), ("assignment", 1))
    known.when(take("acknowledgement", hour(2))).nothing()
    assert take("acknowledgement", hour(2)).unique("x") == (by_step(ID, "acknowledgement", 1),)
    known.when(take("assignment", hour(2))).then(facts.ComplaintAssigned(complaint=ID, owner="minh"))


def test_the_owner_is_the_latest_by_time_not_by_arrival() -> None:
    late = [told("assignment", hour(5), owner="second"), told("assignment", hour(2), owner="first")]
    assert fold(DECIDER, [spotted(), *late]).complaints[ID].owner == "second"


def test_nothing_happens_before_the_spotting() -> None:
    story().when(take("assignment", hour(-1))).refused("out_of_order", state="open")


def test_unknown_complaints_are_absent() -> None:
    given(DECIDER).when(take("assignment", hour(1))).refused("unknown_complaint")


def test_forgetting_makes_no_fact() -> None:
    story().when(Forget(at=hour(9))).nothing()


@pytest.mark.parametrize(
    ("severity", "hours", "prompt"),
    [("serious", 24, True), ("serious", 24.01, False), ("minor", 72, True), ("minor", 72.01, False)],
)
def test_promptly_is_within_the_standard_for_the_severity(severity: Severity, hours: float, prompt: bool) -> None:
    then = given(DECIDER, spotted(severity)).when(take("correction", hour(hours)))
    assert then.events[0].data.model_dump()["promptly"] is prompt


def test_promptly_counts_from_the_reopening() -> None:
    then = story(("correction", 1), ("reopening", 100)).when(take("correction", hour(110)))
    assert then.events[0].data.model_dump()["promptly"] is True


def test_standards_are_parameters() -> None:
    strict = Standards.model_validate({"serious": 2, "by_class": {"A": {"serious": 1}}})
    then = given(ComplaintsDecider(strict), spotted()).when(take("correction", hour(3)))
    assert judged(then) == (False, hour(2), None)
    assert strict.due("serious", hour(0), "A") == hour(1)
    assert strict.due("serious", hour(0), "B") == hour(2), "a class without an entry has the severity's"
    assert strict.due("minor", hour(0), "A") == hour(72)


@pytest.mark.parametrize(("value_class", "due"), [("A", 8), ("B", 24), (None, 24)])
@pytest.mark.parametrize("after", [7, 8, 8.01, 24, 25])
def test_promptly_is_what_the_class_known_at_the_decision_is_owed(
    value_class: ValueClass | None, due: float, after: float
) -> None:
    decider = ComplaintsDecider(Standards(by_class={"A": {"serious": 8}}))
    asked = replace(take("correction", hour(after)), value_class=value_class)
    then = given(decider, spotted()).when(asked)
    assert judged(then) == (after <= due, hour(due), value_class)


def test_what_was_decided_stays_so_under_other_standards_and_another_class() -> None:
    then = given(ComplaintsDecider(Standards(by_class={"A": {"serious": 8}})), spotted())
    decided = then.when(replace(take("correction", hour(9)), value_class="A"))
    (new,) = decided.events
    lenient = fold(ComplaintsDecider(Standards(serious=100)), [spotted(), happened(new.data, hour(9))])
    assert lenient == decided.state
    assert lenient.complaints[ID].steps[0].told["promptly"] is False


def judged(then: Then[Complaints]) -> tuple[bool | None, datetime | None, str | None]:
    """Whether it was prompt, by when it had to be put right, and as owed to which class."""
    (new,) = then.events
    assert isinstance(new.data, facts.ComplaintCorrected)
    return new.data.promptly, new.data.due, new.data.value_class
