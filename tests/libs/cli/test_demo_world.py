"""The demo's world: the real data as it is, and generated care that is always the same, labelled, and well told."""

import hashlib
from collections import Counter
from datetime import UTC, datetime

import orjson
import pytest
from pydantic import BaseModel

from libs.cli.demo.answers import form
from libs.cli.demo.cdnow import END, orders
from libs.cli.demo.label import GENERATED, REAL, Told
from libs.cli.demo.world import World, world
from services.care.bodies import AnswersEvent, DeliveryBody, SurveyBody, TouchpointBody
from services.care.domain.dimensions import RATER
from services.complaints.domain.machine import Told as Step
from services.complaints.domain.machine import replay
from services.complaints.doors import DOORS as COMPLAINTS
from services.profile.doors.bodies import Purchase

DIGEST = "ac6cd1ef569266a3"
STEPS = {
    "complaint.acknowledged": "acknowledgement", "complaint.assigned": "assignment",
    "complaint.corrected": "correction",
    "complaint.reported": "report", "complaint.reopened": "reopening", "complaint.withdrawn": "withdrawal",
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> World:
    return world()


def events(made: World) -> list[Told]:
    waves = [step for wave in made.complaints.waves for step in wave]
    contacts = [p.contact for p in made.promised]
    return [*made.purchases, *made.deliveries, *made.contacts, *contacts, *made.answers, *waves]


def test_the_real_part_is_the_published_data() -> None:
    real = orders()
    assert len(real) == 6919
    assert len({o.customer for o in real}) == 2357
    assert sum(float(o.amount) for o in real) == pytest.approx(244_091.94)
    assert min(o.at for o in real) == datetime(1997, 1, 1, 12, tzinfo=UTC)
    assert max(o.at.date() for o in real) == END.date()


def test_orders_of_one_day_are_told_apart_and_stay_on_their_day() -> None:
    real = orders(["1 1 19970101 1 1.00", " 1 1 19970101 2 2.00", "", "1 1 19970102 1 0.00", "2 2 19970101 1 3.00"])
    assert [(o.number, o.at.day, o.at.hour, o.at.minute) for o in real] == [
        (1, 1, 12, 0),
        (2, 1, 12, 1),
        (3, 2, 12, 0),
        (4, 1, 12, 0),
    ]
    assert len({(o.customer, o.at) for o in orders()}) == 6919


def test_the_world_is_the_same_everywhere_and_every_time(made: World) -> None:
    told = b"\n".join(e.encode() for e in events(made)) + repr([p.kept for p in made.promised]).encode()
    assert hashlib.sha256(told).hexdigest()[:16] == DIGEST
    assert world() == made


def test_no_two_events_share_an_id(made: World) -> None:
    assert not [name for name, times in Counter((e.source, e.id) for e in events(made)).items() if times > 1]
    assert len({p.key for p in made.promised}) == len(made.promised)


def test_everything_generated_says_so(made: World) -> None:
    assert all(e.source == REAL and b"generated" not in e.encode() for e in made.purchases)
    for event in events(made)[len(made.purchases) :]:
        assert event.source == GENERATED
        for name in ("staff", "department", "programme", "summary", "owner", "by", "action", "root_cause", "reason"):
            assert "(generated)" in event.data.get(name, "(generated)")
    assert "(generated)" in form()["name"]


def test_nothing_happens_before_the_first_purchase_or_after_the_data_ends(made: World) -> None:
    assert all(datetime(1997, 1, 1, tzinfo=UTC) < e.at <= END for e in events(made))
    assert all(p.kept is None or p.contact.at < p.kept <= END for p in made.promised)


def test_the_services_take_every_body(made: World) -> None:
    SurveyBody.model_validate_json(orjson.dumps(form()))
    bodies: dict[str, type[BaseModel]] = {
        "customer.purchased": Purchase, "care.delivered": DeliveryBody, "touchpoint.recorded": TouchpointBody,
        "survey.answered": AnswersEvent, **{door.event: door.body for door in COMPLAINTS},
    }  # fmt: skip
    for event in events(made):
        data = dict(event.data)
        if event.type == "survey.answered":
            data["survey"] = "s"
        bodies[event.type].model_validate_json(orjson.dumps(data))
        assert event.door in ("customers", "care", "complaints")


def test_the_survey_asks_for_all_five_dimensions(made: World) -> None:
    assert {item["dimension"] for item in form()["items"]} == set(RATER)
    asked = {item["key"] for item in form()["items"]}
    assert all({i["item"] for i in a.data["items"]} == asked for a in made.answers)
    assert 0 < sum(not a.subject for a in made.answers) < len(made.answers) / 5


def test_every_step_of_every_complaint_is_possible_and_comes_after_its_wave(made: World) -> None:
    waves = made.complaints.waves
    spotted = {e.data["ref"]: e.at for e in waves[0]}
    known: dict[str, list[Step]] = {ref: [] for ref in spotted}
    for wave in waves[1:]:
        for event in wave:
            known[event.data["complaint"]].append(Step(STEPS[event.type], event.at))  # type: ignore[arg-type]
        for ref, steps in known.items():
            assert not replay(spotted[ref], steps).passed
    states = Counter(replay(spotted[ref], steps).state for ref, steps in known.items())
    assert set(states) >= {"open", "corrected", "reported"}


def test_rates_are_plausible(made: World) -> None:
    kept = [p for p in made.promised if p.kept]
    assert 0.8 < len(kept) / len(made.promised) < 1
    assert any(p.kept and p.kept > datetime.fromisoformat(p.contact.data["promises"][0]["due"]) for p in kept)
    serious = sum(e.data["severity"] == "serious" for e in made.complaints.spotted)
    assert 0.1 < serious / len(made.complaints.spotted) < 0.45
    own = sum(e.data["spotted_by"]["role"] == "customer" for e in made.complaints.spotted)
    assert 0 < own < len(made.complaints.spotted) / 2
