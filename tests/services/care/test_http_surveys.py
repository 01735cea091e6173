"""Surveys and their answers, as callers meet them."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.units import Position
from services.care.standard import standard_surveys
from tests.services.care.office import LAN, Office


def item(key: str, dimension: str) -> dict[str, Any]:
    return {"key": key, "dimension": dimension, "scale": {"lowest": 1, "highest": 5}, "text": {"en": key}}


FORM: dict[str, Any] = {
    "name": "after care", "dimension_set": "rater", "asks": ["perception", "expectation"], "nps": True,
    "csat": {"lowest": 1, "highest": 5}, "items": [item("kept", "reliability"), item("kind", "courtesy")],
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "customer": LAN, "items": [{"item": "kept", "perception": 4, "expectation": 5}, {"item": "kind", "perception": 5}],
    "nps": 0, "csat": 4, "comment": "slow", "staff": "lan", "at": "2026-03-10T09:00:00Z",
}  # fmt: skip


async def test_a_survey_is_published_read_and_listed(office: Office) -> None:
    made = await office.post("/v1/surveys", FORM, key="s")
    assert made["version"] == 1
    assert await office.post("/v1/surveys", FORM, key="s") == made
    one = await office.get(f"/v1/surveys/{made['id']}")
    assert (one["name"], one["version"], one["items"][1]["dimension"]) == ("after care", 1, "assurance")
    await office.follow()
    assert [s["id"] for s in (await office.get("/v1/surveys"))["items"]] == [made["id"]]
    assert (await office.http.get("/v1/surveys/none")).status_code == 404


async def test_answers_count_for_the_version_they_answered(office: Office) -> None:
    survey = (await office.post("/v1/surveys", FORM))["id"]
    revised = FORM | {"items": [item("quick", "responsiveness")]}
    assert await office.post(f"/v1/surveys/{survey}/versions", revised) == {"id": survey, "version": 2}
    await office.refused(f"/v1/surveys/{survey}/answers", ANSWER, 422, "unknown_item", "/items/0/item")
    old = await office.post(f"/v1/surveys/{survey}/answers", ANSWER | {"form": 1})
    assert (await office.get(f"/v1/surveys/{survey}/answers/{old['id']}"))["form"] == 1
    assert (await office.get(f"/v1/surveys/{survey}", version=1))["items"][0]["key"] == "kept"
    await office.refused(f"/v1/surveys/{survey}/answers", ANSWER | {"form": 3}, 404, "unknown_survey")
    await office.refused("/v1/surveys/none/versions", FORM, 404, "not_found")
    await office.follow()
    assert [(s["id"], s["version"]) for s in (await office.get("/v1/surveys"))["items"]] == [(survey, 2)]


async def test_an_answer_carries_what_it_needs_to_be_scored(office: Office) -> None:
    survey = (await office.post("/v1/surveys", FORM))["id"]
    response = await office.http.post(f"/v1/surveys/{survey}/answers", json=ANSWER, headers={"Idempotency-Key": "a"})
    again = await office.http.post(f"/v1/surveys/{survey}/answers", json=ANSWER, headers={"Idempotency-Key": "a"})
    assert (response.status_code, again.json()) == (201, response.json())

    position = Position.parse(response.headers["event-position"])
    assert position.subject == LAN
    (fact,) = await office.platform.store.history(LAN)
    scale = {"lowest": 1.0, "highest": 5.0}
    assert fact.data["items"] == [
        {"item": "kept", "dimension": "reliability", "scale": scale, "perception": 4.0, "expectation": 5.0},
        {"item": "kind", "dimension": "assurance", "scale": scale, "perception": 5.0},
    ]
    assert (fact.data["nps"], fact.data["csat_scale"], fact.data["comment"]) == (0, scale, "slow")
    shown = await office.get(f"/v1/surveys/{survey}/answers/{response.json()['id']}")
    assert (shown["customer"], shown["comment"], shown["nps"]) == (LAN, "slow", 0)
    assert (await office.http.get(f"/v1/surveys/other/answers/{response.json()['id']}")).status_code == 404


async def test_anonymous_answers_share_nothing_with_one_another(office: Office) -> None:
    survey = (await office.post("/v1/surveys", FORM))["id"]
    nobody = {k: v for k, v in ANSWER.items() if k != "customer"}
    tokens = []
    for _ in range(2):
        response = await office.http.post(f"/v1/surveys/{survey}/answers", json=nobody)
        tokens.append(Position.parse(response.headers["event-position"]))
        shown = await office.get(f"/v1/surveys/{survey}/answers/{response.json()['id']}")
        assert shown["customer"] is None
    assert tokens[0].subject != tokens[1].subject
    assert all(token.subject.startswith("anonymous:") and token.sequence == 1 for token in tokens)


async def test_the_standard_surveys_are_there_once_however_often_it_starts(office: Office) -> None:
    for _ in range(2):
        outcomes = await office.platform.desk.perform_all(standard_surveys())
        assert all(outcome.refusal is None for outcome in outcomes)
    assert (await office.get("/v1/surveys/recovery"))["version"] == 1
    assert (await office.get("/v1/surveys/lost"))["version"] == 1
    await office.post("/v1/surveys/recovery/answers", {"customer": LAN, "ces": 7})


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": [{"item": "kept", "perception": 6}]}, "/items/0/perception"),
        ({"items": [{"item": "kept", "perception": "4"}]}, "/items/0/perception"),
        ({"items": [{"item": "kept"}]}, "/items/0/perception"),
        ({"nps": 11}, "/nps"),
        ({"nps": 9.5}, "/nps"),
        ({"ces": 4}, "/ces"),
        ({"csat": 0}, "/csat"),
        ({"customer": "nobody"}, "/customer"),
        ({"about": {"touchpoint": "a", "delivery": "b"}}, "/about"),
        ({"about": {}}, "/about"),
        ({"mood": "good"}, ""),
        ({"survey": "x"}, ""),
    ],
)
async def test_an_answer_that_cannot_be_is_refused_where_it_is_at_fault(
    office: Office, change: dict[str, Any], pointer: str
) -> None:
    survey = (await office.post("/v1/surveys", FORM))["id"]
    response = await office.http.post(f"/v1/surveys/{survey}/answers", json=ANSWER | change)
    assert response.status_code == 422, response.text
    assert pointer in [param["pointer"] for param in response.json()["invalid_params"]], response.json()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": [item("a", "reliability"), item("a", "empathy")]}, "/items/1/key"),
        ({"items": [item("a", "speed")]}, "/items/0/dimension"),
        ({"items": [item("a", "empathy") | {"scale": {"lowest": 5, "highest": 1}}]}, "/items/0/scale"),
        ({"items": [item("a", "empathy") | {"text": {"fr": "a"}}]}, "/items/0/text"),
        ({"asks": []}, "/asks"),
        ({"asks": ["expectation"]}, "/asks"),
        ({"csat": {"lowest": 1, "highest": 1}}, "/csat"),
        ({"nps": "yes"}, "/nps"),
    ],
)
async def test_an_unsound_form_is_refused_where_it_is_at_fault(
    office: Office, change: dict[str, Any], pointer: str
) -> None:
    response = await office.http.post("/v1/surveys", json=FORM | change)
    assert response.status_code == 422, response.text
    assert pointer in [param["pointer"] for param in response.json()["invalid_params"]], response.json()


async def test_an_answer_needs_its_survey_and_something_to_say(office: Office) -> None:
    await office.refused("/v1/surveys/none/answers", ANSWER, 404, "unknown_survey")
    survey = (await office.post("/v1/surveys", FORM))["id"]
    await office.refused(f"/v1/surveys/{survey}/answers", {"customer": LAN, "items": []}, 422, "empty_answer", "")
