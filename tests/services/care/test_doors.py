"""The same doors for events: what came too early waits for what it needs; the caller's key makes the ids."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from libs.events.decider import NotYet
from libs.events.desk import Asked
from libs.events.doors import Caller, Door
from libs.events.units import Outcome
from services.care.domain.state import CareState
from services.care.doors import ANSWERED, DELIVERED, DOORS, KEPT, PUBLISHED, TOUCHED
from services.care.standard import standard_surveys
from tests.services.care.office import LAN, Office


async def publish(office: Office, door: Door[Any], body: dict[str, Any], identity: str = "1", **path: str) -> Outcome:
    """What becomes of an event with this data."""
    model: type[BaseModel] = door.body
    read = model.model_validate_json(model.model_validate(body, strict=False).model_dump_json(exclude_unset=True))
    return await office.platform.desk.perform(Asked(door, read, Caller("event", f"shop {identity}"), path=path))


def test_every_inbound_event_of_care_has_its_door() -> None:
    assert [door.event for door in DOORS] == [
        "care.delivered", "touchpoint.recorded", "promise.kept", "survey.published", "survey.answered",
    ]  # fmt: skip
    assert [door.event for door in DOORS if not door.anonymous] == ["care.delivered", "touchpoint.recorded"]


@pytest.mark.parametrize(
    ("door", "body", "waits_for"),
    [
        (KEPT, {"promise": "p"}, "promise:p"),
        (ANSWERED, {"survey": "s", "nps": 9}, "survey:s:1"),
        (ANSWERED, {"survey": "s", "nps": 9, "form": 3}, "survey:s:3"),
        (DELIVERED, {"customer": LAN, "programme": "gift", "planned": "d"}, "delivery:d"),
    ],
)
async def test_what_came_before_its_precondition_waits_for_it(
    office: Office, door: Door[Any], body: dict[str, Any], waits_for: str
) -> None:
    refusal = (await publish(office, door, body)).refusal
    assert refusal is not None
    assert refusal.status == "parked"
    assert isinstance(refusal.refusal, NotYet)
    assert refusal.refusal.waits_for == waits_for


async def test_what_waited_for_a_survey_is_woken_by_the_name_it_takes(office: Office) -> None:
    await office.platform.desk.perform_all(standard_surveys())
    assert await office.platform.store.find(["survey:recovery:1"])
    assert (await publish(office, ANSWERED, {"survey": "recovery", "nps": 9})).refusal is None


async def test_a_survey_may_be_published_under_an_id_of_the_publishers_own(office: Office) -> None:
    form = {"name": "card", "dimension_set": "qscv", "items": [], "asks": ["perception"], "nps": True}
    first = await publish(office, PUBLISHED, form, survey="card-7")
    again = await publish(office, PUBLISHED, form, survey="card-7")
    assert first.position == again.position
    state = (await office.platform.store.load(["survey:card-7"]))["survey:card-7"].state
    assert isinstance(state, CareState)
    assert state.latest == 1


async def test_a_repeated_event_makes_the_same_contact(office: Office) -> None:
    promise = {"what": "call", "due": "2026-03-14T09:00:00Z", "owner": "lan"}
    contact = {"customer": "pos:1", "staff": "lan", "channel": "phone", "promises": [promise]}
    first, again = await publish(office, TOUCHED, contact), await publish(office, TOUCHED, contact)
    assert [v.status for v in (*first.verdicts, *again.verdicts)] == ["appended", "already"]
    assert [e.data for e in first.verdicts[0].events] == [e.data for e in again.verdicts[0].events]


async def test_an_answer_after_its_remembered_answer_was_dropped_tells_the_same_ids(office: Office) -> None:
    from sqlalchemy import delete

    from libs.events.store import schema

    promise = {"what": "call", "due": "2026-03-14T09:00:00Z", "owner": "lan"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/v1/touchpoints", {"customer": LAN, "staff": "lan", "channel": "phone", "promises": [promise]}),
        ("/v1/deliveries", {"customer": LAN, "programme": "gift"}),
        ("/v1/surveys", {"name": "n", "dimension_set": "rater", "items": [], "asks": ["perception"], "nps": True}),
    ]
    first = [await office.post(path, body, key="k") for path, body in calls]
    answers = f"/v1/surveys/{first[2]['id']}/answers"
    answered = await office.post(answers, {"customer": LAN, "nps": 9}, key="k")
    async with office.platform.database.begin() as tx:
        await tx.conn.execute(delete(schema.receipts))
    assert [await office.post(path, body, 200, key="k") for path, body in calls] == first
    assert await office.post(answers, {"customer": LAN, "nps": 9}, 200, key="k") == answered


async def test_the_api_is_described(office: Office) -> None:
    document = await office.get("/openapi.json")
    paths = document["paths"]
    assert {p.split("/")[2] for p in paths if p.startswith("/v1/")} >= {
        "deliveries", "due", "touchpoints", "promises", "surveys", "invitations",
    }  # fmt: skip
    assert "requestBody" in paths["/v1/surveys/{survey}/answers"]["post"]
