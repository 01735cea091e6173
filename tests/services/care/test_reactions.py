"""What care does about others' facts: each effect once, keyed by its cause; nobody is cared for who has no name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from libs.events.catalogue.complaints import ComplaintCorrected
from libs.events.catalogue.customers import (
    CustomerAcquired,
    CustomerClassified,
    CustomerConsented,
    CustomerErased,
    CustomerLost,
    CustomerMerged,
    CustomerOccasionNeared,
)
from libs.events.catalogue.scores import LoyaltyChanged, SatisfactionChanged
from libs.events.values import Data
from services.care.domain.standards import Standards
from tests.services.care.office import LAN, MINH, NOW, Office

CORRECTED = ComplaintCorrected(complaint="k", action="new kettle", agreed=True, by="minh")


def satisfaction(level: str) -> SatisfactionChanged:
    stated: Any = level
    return SatisfactionChanged(level=stated, previous=None, gap=-20, n=3, caused_by="e", caused_at=NOW)


def loyalty(tier: str) -> LoyaltyChanged:
    stated: Any = tier
    return LoyaltyChanged(tier=stated, previous=None, reasons=[], caused_by="e", caused_at=NOW)


@pytest.mark.parametrize(
    ("service", "cause", "programme", "due"),
    [
        ("profile", CustomerAcquired(channel="shop"), "welcome", "2026-03-16T12:00:00Z"),
        ("profile", CustomerOccasionNeared(occasion="birthday", days_ahead=7), "occasion", "2026-03-21T00:00:00Z"),
        ("complaints", CORRECTED, "complaint_follow_up", "2026-03-15T12:00:00Z"),
        ("scoring", satisfaction("not_met"), "recovery_care", "2026-03-14T12:00:00Z"),
        ("scoring", loyalty("at_risk"), "retention_care", "2026-03-15T12:00:00Z"),
    ],
)  # fmt: skip
async def test_care_is_planned_for_what_calls_for_it(
    office: Office, service: str, cause: Data, programme: str, due: str
) -> None:
    await office.hear(LAN, cause, service)
    await office.follow()
    (planned,) = (await office.get("/v1/due", until="2026-04-01"))["items"]
    assert (planned["programme"], planned["due"], planned["customer"]) == (programme, due, LAN)


@pytest.mark.parametrize(
    ("told_first", "due", "value_class"),
    [(True, "2026-03-13T18:00:00Z", "A"), (False, "2026-03-15T12:00:00Z", None)],
)
async def test_care_falls_due_by_the_class_known_when_it_is_planned(
    office: Office, monkeypatch: pytest.MonkeyPatch, told_first: bool, due: str, value_class: str | None
) -> None:
    monkeypatch.setenv("CARELEDGER_CARE_DAYS", '{"complaint_follow_up": {"A": 0.25, "any": 2}}')
    class_a = CustomerClassified(value_class="A")
    if told_first:  # of another of their ids
        await office.hear(MINH, class_a, "profile")
        await office.hear(MINH, CustomerMerged(merge="m", survivor=LAN), "profile")
    await office.hear(LAN, CORRECTED, "complaints")
    if not told_first:
        await office.hear(LAN, class_a, "profile")
    await office.follow()
    (planned,) = (await office.get("/v1/due", until="2026-04-01"))["items"]
    assert planned["due"] == due
    fact = next(f for f in await office.platform.store.history(LAN) if f.type == "care.planned")
    assert fact.data.get("value_class") == value_class


@pytest.mark.parametrize(
    ("service", "fact"),
    [("scoring", satisfaction("met")), ("scoring", loyalty("loyal")), ("profile", CustomerLost(reason="died"))],
)
async def test_what_is_well_or_past_help_calls_for_nothing(office: Office, service: str, fact: Data) -> None:
    assert await office.hear(LAN, fact, service) == []


async def test_a_corrected_complaint_is_followed_up_by_who_corrected_it_and_asked_about(office: Office) -> None:
    await office.hear(LAN, CORRECTED, "complaints")
    await office.follow()
    (planned,) = (await office.get("/v1/due", until="2026-04-01", staff="minh"))["items"]
    assert (planned["about"], planned["why"]) == ("k", "complaint.corrected")
    (invited,) = (await office.get("/v1/invitations", customer=LAN))["items"]
    assert (invited["survey"], invited["about"], invited["answered_at"]) == ("recovery", "k", None)


async def test_an_invitation_is_answered_by_an_answer_that_came_after_it(office: Office) -> None:
    from services.care.standard import standard_surveys

    await office.platform.desk.perform_all(standard_surveys())
    early = {"customer": LAN, "nps": 9, "at": "2026-03-12T09:00:00Z"}
    await office.post("/v1/surveys/recovery/answers", early)
    await office.hear(LAN, CORRECTED, "complaints")
    await office.follow()
    assert len((await office.get("/v1/invitations", open=True))["items"]) == 1
    await office.post("/v1/surveys/recovery/answers", {"customer": LAN, "nps": 9})
    await office.follow()
    assert (await office.get("/v1/invitations", open=True))["items"] == []
    assert (await office.get("/v1/invitations"))["items"][0]["answered_at"] is not None


async def test_who_refuses_surveys_is_not_asked_while_that_holds(office: Office) -> None:
    for customer in (LAN, MINH):
        await office.hear(customer, CORRECTED, "complaints")
    refused = CustomerConsented(purpose="survey", granted=False, until=NOW + timedelta(days=30))
    await office.hear(MINH, CustomerConsented(purpose="phone", granted=False), "profile")
    await office.hear(LAN, refused, "profile")
    await office.hear(LAN, CustomerConsented(purpose="survey", granted=True), "profile", NOW - timedelta(days=1))
    await office.follow()
    told = {i["customer"]: i["refused"] for i in (await office.get("/v1/invitations"))["items"]}
    assert told == {LAN: True, MINH: False}
    assert [i["customer"] for i in (await office.get("/v1/invitations", open=True))["items"]] == [MINH]
    await office.hear(MINH, CustomerMerged(merge="m", survivor=LAN), "profile")
    assert (await office.get("/v1/invitations", open=True))["items"] == []
    office.clock.advance(timedelta(days=31))
    assert len((await office.get("/v1/invitations", open=True))["items"]) == 2


async def test_the_same_cause_heard_twice_has_one_effect_that_names_it(office: Office) -> None:
    cause = office.fact(LAN, CORRECTED, "complaints")
    outcomes = [*await office.react(cause), *await office.react(cause)]
    assert [v.status for o in outcomes for v in o.verdicts] == ["appended", "appended", "already", "already"]
    assert {fact.cause for fact in await office.platform.store.history(LAN)} == {cause.id}


async def test_nobody_follows_up_who_has_no_name(office: Office) -> None:
    assert await office.hear("anonymous:6f0d", CORRECTED, "complaints") == []


async def test_a_company_sets_its_own_standards() -> None:
    standards = Standards({"welcome": {"A": 1, "any": 5}})
    start = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
    assert standards.due("welcome", start).day == 6
    assert standards.due("welcome", start, "A").day == 2
    assert standards.due("recovery_care", start).day == 2, "what is not set keeps its default"
    assert Standards({"welcome": {"A": 1}}).due("welcome", start, "B").day == 4, "nor is it for the other classes"


async def test_the_erased_are_forgotten_here_too(office: Office) -> None:
    promise = {"what": "call Mrs Đỗ", "due": "2026-03-14T09:00:00Z", "owner": "lan"}
    contact = {"customer": LAN, "staff": "lan", "channel": "phone", "promises": [promise]}
    made = await office.post("/v1/touchpoints", contact)
    kept = f"/v1/promises/{made['promises'][0]['id']}"
    await office.hear(LAN, CustomerAcquired(channel="shop"), "profile")
    await office.follow()
    await office.hear(LAN, CustomerErased(reason="asked", before=NOW), "profile")
    await office.follow()

    assert (await office.get("/v1/promises"))["items"][0]["what"] is None
    assert (await office.get("/v1/due", until="2026-04-01"))["items"] == []
    for path in (f"/v1/touchpoints/{made['id']}", kept, f"/v1/deliveries?customer={LAN}"):
        assert (await office.http.get(path)).status_code == 410
    await office.refused(f"{kept}/kept", {}, 410, "erased")
