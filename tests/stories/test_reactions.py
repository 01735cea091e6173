"""The loop closes: what happens to a customer calls for care, and care knows why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.stories.holdings import holdings
from tests.stories.teller import Json, Teller, money, rated, until


def due(tell: Teller, customer: str, programme: str) -> Json | None:
    """What is planned of a programme for a customer."""
    items = tell.get("/v1/due", customer=customer, programme=programme, until="2100-01-01T00:00:00Z")["items"]
    assert len(items) < 2, "planned once"
    return items[0] if items else None


def test_a_corrected_complaint_is_followed_up_and_asked_about(tell: Teller) -> None:
    customer = tell.customer()
    complaint = tell.complaint(customer)
    tell.step(complaint, "correction", by="minh")
    found = until("the follow-up", lambda: due(tell, customer, "complaint_follow_up"))
    assert found is not None
    assert (found["why"], found["about"], found["staff"], found["state"]) == (
        "complaint.corrected",
        complaint,
        "minh",
        "planned",
    )
    invited = until("the invitation", lambda: tell.get("/v1/invitations", customer=customer)["items"])
    assert [(i["survey"], i["why"], i["about"], i["answered_at"]) for i in invited] == [
        ("recovery", "complaint.corrected", complaint, None)
    ]
    # what is done about it keeps the plan, and the answer the invitation
    kept = tell.post(
        "/v1/deliveries", {"customer": customer, "programme": "complaint_follow_up", "planned": found["id"]}
    )
    assert kept.json()["id"] == found["id"]
    until("the plan was kept", lambda: due(tell, customer, "complaint_follow_up") is None)
    tell.answer("recovery", customer, items=[rated("quick", 5, 4)], about={"complaint": complaint})
    until("the invitation was answered", lambda: not tell.get("/v1/invitations", customer=customer, open=True)["items"])


def test_dissatisfaction_calls_for_recovery_care(tell: Teller) -> None:
    customer, survey = tell.customer(), tell.survey()
    tell.answer(survey, customer, items=[rated("kept", 5, 5)])
    tell.scored(customer, "met", lambda s: s["satisfaction"]["overall"]["level"] == "met")
    assert due(tell, customer, "recovery_care") is None
    tell.answer(survey, customer, items=[rated("kept", 1, 5)])
    tell.scored(customer, "not met", lambda s: s["satisfaction"]["overall"]["level"] == "not_met")
    found = until("recovery care", lambda: due(tell, customer, "recovery_care"))
    assert found is not None
    assert found["why"] == "satisfaction.changed"
    assert found["due"] >= datetime.now(UTC).isoformat()[:10]


def test_the_acquired_are_welcomed_and_the_lost_are_asked_why(tell: Teller) -> None:
    customer = tell.customer()
    tell.post(f"/v1/customers/{customer}/acquisition", {"channel": "fair", "cost": money("3.00")})
    welcome = until("welcome", lambda: due(tell, customer, "welcome"))
    assert welcome is not None
    assert welcome["why"] == "customer.acquired"
    tell.post(f"/v1/customers/{customer}/loss", {"reason": "quality"})
    invited = until("the question", lambda: tell.get("/v1/invitations", customer=customer)["items"])
    assert [(i["survey"], i["why"]) for i in invited] == [("lost", "customer.lost")]


def test_a_birthday_that_is_near_is_on_the_due_list_and_on_no_topic(tell: Teller) -> None:
    today = datetime.now(UTC).date()
    birthday, wedding = next_(today + timedelta(days=3), 1988), next_(today + timedelta(days=5), 2012)
    customer = tell.customer(birthday=birthday, special_dates=[{"occasion": "wedding day", "on": wedding}])
    found = until("a visit or gift", lambda: both(due_all(tell, customer)))
    assert [(item["programme"], item["why"]) for item in found] == [("occasion", "customer.occasion_neared")] * 2
    assert [item["due"][:10] for item in found] == [str(today + timedelta(days=ahead)) for ahead in (4, 6)]
    near = tell.get(f"/v1/customers/{customer}/occasions")["items"]
    assert [(item["occasion"], item["name"], item["first"], item["near"]) for item in near] == [
        ("birthday", None, birthday, True),
        ("special_date", "wedding day", wedding, True),
    ]
    for place, held in holdings(tell.product):
        assert not any(word.encode() in held for word in (birthday, wedding, "wedding day")), place


def due_all(tell: Teller, customer: str) -> list[Json]:
    """All that is planned for a customer."""
    items: list[Json] = tell.get("/v1/due", customer=customer, until="2100-01-01T00:00:00Z")["items"]
    return items


def both(items: list[Json]) -> list[Json] | None:
    return items if len(items) == 2 else None


def next_(day: date, year: int) -> str:
    """The same day of a leap year long ago."""
    return str(day.replace(year=year))


def test_what_is_long_past_triggers_nothing(tell: Teller) -> None:
    customer = tell.customer()
    old = tell.complaint(customer, at="2026-01-01T09:00:00Z")
    tell.step(old, "correction", at="2026-01-02T09:00:00Z")
    new = tell.complaint(customer)
    tell.step(new, "correction")
    found = until("the follow-up of the new one", lambda: due(tell, customer, "complaint_follow_up"))
    assert found is not None
    assert found["about"] == new


def test_nobody_in_particular_is_not_invited(say: Teller) -> None:
    say.step(say.complaint(None), "correction")
    customer = say.customer()
    say.step(say.complaint(customer), "correction")
    until("the named one's", lambda: due(say, customer, "complaint_follow_up"))
    everybody = say.get("/v1/due", programme="complaint_follow_up", until="2100-01-01T00:00:00Z", limit=200)["items"]
    assert all(item["customer"] for item in everybody)
