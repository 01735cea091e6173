"""What becomes of a wish about a complaint: given, when, then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from libs.events.catalogue import complaints as facts
from libs.events.catalogue.complaints import Severity
from libs.events.decider import NotYet
from libs.events.testing import Given, fold, given, happened, hour
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
    fact = facts.ComplaintCorrected(complaint=ID, action="new kettle", agreed=True, by="minh", promptly=True)
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
    decider = ComplaintsDecider(strict)
    then = given(decider, spotted()).when(take("correction", hour(3)))
    assert then.events[0].data.model_dump()["promptly"] is False
    assert strict.prompt("serious", hour(0), hour(1), "A")
    assert not strict.prompt("serious", hour(0), hour(1.5), "A")
    assert strict.prompt("minor", hour(0), hour(70), "A")
