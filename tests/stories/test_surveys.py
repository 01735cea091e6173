"""Surveys in several scales, what their answers come to, and promises kept and late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stories.teller import Json, Teller, day, item, rated, until


def test_scales_of_any_kind_come_to_the_same_points(tell: Teller) -> None:
    customer = tell.customer()
    survey = tell.survey(
        items=[
            item("five", "reliability", 1, 5),
            item("ten", "reliability", 0, 10),
            item("hundred", "tangibles", 0, 100),
            item("swing", "empathy", -3, 3),
            item("percent", "assurance", 0, 1),
        ]
    )
    items = [
        rated("five", 4, 5),
        rated("ten", 5, 10),
        rated("hundred", 50, 75),
        rated("swing", 0, -3),
        rated("percent", 1, 1),
    ]
    after = tell.answer(survey, customer, items=items, at=day(1)).headers["event-position"]
    score = tell.score(customer, after=after, as_of=day(2))
    found = {
        name: (d["perception"], d["expectation"], d["gap"], d["n"])
        for name, d in score["satisfaction"]["dimensions"].items()
    }
    assert found == {
        "reliability": (pytest.approx(62.5), 100, pytest.approx(-37.5), 1),  # one answer, its two items averaged first
        "tangibles": (50, 75, -25, 1),
        "empathy": (50, 0, 50, 1),
        "assurance": (100, 100, 0, 1),
    }
    assert score["satisfaction"]["overall"] == {"gap": pytest.approx((-37.5 - 25 + 50) / 4), "level": "met", "n": 1}


def test_without_an_expectation_the_customers_own_latest_one_counts_else_none(tell: Teller) -> None:
    customer = tell.customer()
    both = tell.survey()
    alone = tell.survey(asks=["perception"])
    tell.answer(alone, customer, items=[rated("kept", 3)], at=day(1))
    tell.answer(both, customer, items=[rated("kept", 5, 4)], at=day(3))
    after = tell.answer(alone, customer, items=[rated("kept", 2), rated("kind", 5)], at=day(5)).headers[
        "event-position"
    ]
    first = tell.score(customer, after=after, as_of=day(2))["satisfaction"]
    assert first["overall"] == {"gap": None, "level": None, "n": 0}
    assert first["dimensions"] == {"reliability": {"perception": 50, "expectation": None, "gap": None, "n": 1}}
    second = tell.score(customer, as_of=day(4))["satisfaction"]
    assert second["dimensions"]["reliability"]["gap"] == pytest.approx(25)
    third = tell.score(customer, as_of=day(6))["satisfaction"]
    # 2 of 5 is 25 points against the 75 that were expected before: a gap of -50, decayed with the 25 of two days ago
    weights = [2 ** (-3 / 180), 2 ** (-1 / 180)]
    expected = (25 * weights[0] - 50 * weights[1]) / sum(weights)
    assert third["dimensions"]["reliability"]["gap"] == pytest.approx(expected, abs=1e-6)
    assert third["dimensions"]["empathy"]["gap"] is None


def test_an_explanation_adds_up(tell: Teller) -> None:
    customer = tell.customer()
    survey = tell.survey(asks=["perception", "expectation", "importance"])
    for n, (p, e) in enumerate([(4, 5), (1, 5), (5, 3), (3, 3)], 1):
        items = [rated("kept", p, e, importance=n), rated("quick", e, p, importance=2)]
        after = tell.answer(survey, customer, items=items, at=day(3 * n)).headers["event-position"]
    for as_of in (day(4), day(8), day(20)):
        score = tell.score(customer, as_of=as_of, after=after)
        why = tell.get(f"/v1/scores/customers/{customer}/explanation", as_of=as_of, after=after)
        assert sum(c["contribution"] for c in why["contributions"]) == pytest.approx(
            score["satisfaction"]["overall"]["gap"], abs=1e-9
        )
        assert {c["type"].removeprefix("careledger.") for c in why["contributions"]} == {"survey.answered"}
        assert {c["dimension"] for c in why["contributions"]} == {"reliability", "responsiveness"}
        assert all(c["at"] < as_of for c in why["contributions"])
        assert why["overall"] == score["satisfaction"]["overall"]
    assert len({c["event"] for c in why["contributions"]}) == 4


def test_two_clocks(tell: Teller) -> None:
    """`as_of` asks what had happened, `known_at` what we knew."""
    customer, survey = tell.customer(), tell.survey()
    first = tell.answer(survey, customer, items=[rated("kept", 5, 5)], at=day(10)).headers["event-position"]
    tell.score(customer, after=first)
    recorded = tell.get("/v1/scores/customers/" + customer, as_of=day(11))["state_hash"]
    knew = (datetime.now(UTC) + timedelta(milliseconds=1)).isoformat()
    late = tell.answer(survey, customer, items=[rated("kept", 1, 5)], at=day(5)).headers["event-position"]
    assert tell.score(customer, after=late, as_of=day(6))["satisfaction"]["overall"]["gap"] == pytest.approx(-100)
    assert tell.score(customer, as_of=day(4))["satisfaction"]["overall"] == {"gap": None, "level": None, "n": 0}
    assert tell.score(customer, as_of=day(11))["satisfaction"]["overall"]["n"] == 2
    then = tell.score(customer, as_of=day(11), known_at=knew)
    assert then["satisfaction"]["overall"] == {"gap": 0, "level": "met", "n": 1}
    assert then["state_hash"] == recorded
    nothing = tell.score(customer, known_at="2020-01-01T00:00:00Z")
    assert nothing["satisfaction"] == {
        "overall": {"gap": None, "level": None, "n": 0},
        "dimensions": {},
        "nps_answer": None,
        "csat": None,
        "ces": None,
    }
    assert nothing["applied"] == {"customers": 0, "care": 0, "complaints": 0}


def test_a_report_is_of_what_happened_from_a_moment_to_before_another(say: Teller) -> None:
    survey, customer, desk = say.survey(), say.customer(), f"window {say.tag}"
    for n in (2, 4, 6):
        last = say.answer(survey, customer, items=[rated("kept", 4, 5)], staff=desk, at=day(n))
    said = {"customer": customer, "summary": "late", "severity": "minor", "spotted_by": {"role": "customer"}}
    told = say.post("/v1/complaints", {**said, "staff": desk, "at": day(4)})
    say.get("/v1/reports/satisfaction", after=last.headers["event-position"])
    say.get("/v1/reports/complaints", after=told.headers["event-position"])

    def found(report: str, **window: Any) -> list[Json]:
        return [g for g in say.get(f"/v1/reports/{report}", by="staff", **window)["groups"] if g["key"] == desk]

    assert [g["answers"] for g in found("satisfaction")] == [3]
    assert [g["answers"] for g in found("satisfaction", **{"from": day(4)})] == [2]
    assert [g["answers"] for g in found("satisfaction", to=day(4))] == [1]
    assert [g["answers"] for g in found("satisfaction", **{"from": day(4), "to": day(6)})] == [1]
    assert [g["spotted"] for g in found("complaints", to=day(5))] == [1]
    assert found("complaints", to=day(4)) == []
    for report in ("satisfaction", "complaints"):
        say.refused(say.call("GET", f"/v1/reports/{report}", params={"to": "tomorrow"}), 422, "invalid")


def test_few_anonymous_answers_are_withheld(say: Teller) -> None:
    survey, slice = say.survey(nps=True), f"desk {say.tag}"

    def group() -> Json | None:
        found = say.get("/v1/reports/satisfaction", by="staff")["groups"]
        return next((g for g in found if g["key"] == slice), None)

    for n in range(4):
        say.answer(survey, None, items=[rated("kept", 4, 5)], nps=9, staff=slice, at=day(1 + n))
    last = say.answer(survey, None, items=[rated("kept", 4, 5)], nps=9, staff="elsewhere").headers["event-position"]
    say.get("/v1/reports/satisfaction", after=last)
    few = group()
    assert few is None or few.get("withheld"), few
    assert "-25" not in str(few)
    say.answer(survey, None, items=[rated("kept", 4, 5)], nps=9, staff=slice, at=day(5))
    shown = until("the fifth", lambda: g if (g := group()) and not g.get("withheld") else None)
    gap = shown["gap"]
    assert gap["value"] == pytest.approx(-25)
    assert gap["n"] == 5
    assert len(gap["interval"]) == 2


def test_answers_must_fit_their_form(say: Teller) -> None:
    customer, survey = say.customer(), say.survey(csat={"lowest": 1, "highest": 5}, nps=True)
    path = f"/v1/surveys/{survey}/answers"
    wrong: list[Json] = [
        {"items": [rated("kept", 6, 5)]},
        {"items": [rated("kept", 4, 0)]},
        {"items": [rated("nobody", 4, 5)]},
        {"items": [rated("kept", 4, 5), rated("kept", 3, 5)]},
        {"items": [], "nps": 11},
        {"items": [], "nps": 5.5},
        {"items": [], "csat": 6},
        {"items": [], "ces": 4},
        {"items": [rated("kept", 4, 5, importance=-1)]},
        {"items": []},
        {"items": [rated("kept", 4, 5)], "about": {"touchpoint": "x", "delivery": "y"}},
    ]
    for bad in wrong:
        problem = say.refused(say.call("POST", path, {"customer": customer, **bad}), 422)
        assert problem["invalid_params"], bad
    say.refused(say.call("POST", "/v1/surveys/no-such/answers", {"customer": customer, "items": []}), 404)


def test_versions_of_a_form_stay(say: Teller) -> None:
    survey = say.survey()
    changed = {
        "name": "after care",
        "dimension_set": "rater",
        "asks": ["perception"],
        "items": [item("other", "empathy", 0, 10)],
    }
    assert say.post(f"/v1/surveys/{survey}/versions", changed).json() == {"id": survey, "version": 2}
    assert [i["key"] for i in say.get(f"/v1/surveys/{survey}")["items"]] == ["other"]
    assert len(say.get(f"/v1/surveys/{survey}", version=1)["items"]) == 3
    customer = say.customer()
    say.answer(survey, customer, form=1, items=[rated("kept", 4, 5)])
    say.answer(survey, customer, items=[rated("other", 4)])
    say.refused(say.call("POST", f"/v1/surveys/{survey}/answers", {"items": [rated("kept", 4)]}), 422)


def test_promises_are_kept_or_late(tell: Teller) -> None:
    customer = tell.customer()
    promises = [{"what": w, "due": day(4), "owner": "lan"} for w in ("call", "write", "visit")]
    contact = {"customer": customer, "staff": "lan", "channel": "phone", "promises": promises, "at": day(3)}
    made = [p["id"] for p in tell.post("/v1/touchpoints", contact).json()["promises"]]
    assert len(set(made)) == 3
    early = tell.post(f"/v1/promises/{made[0]}/kept", {"at": day(4, 8)}, want=200)
    again = tell.post(f"/v1/promises/{made[0]}/kept", {"at": day(5)}, want=200)  # kept once, it stays kept
    assert again.headers["event-position"] == early.headers["event-position"]
    last = tell.post(f"/v1/promises/{made[1]}/kept", {"at": day(4, 10)}, want=200).headers["event-position"]
    found = [tell.get(f"/v1/promises/{p}") for p in made]
    assert [(p["state"], p["late"]) for p in found] == [("kept", False), ("kept", True), ("open", None)]
    assert [p["what"] for p in found] == ["call", "write", "visit"]
    listed = tell.get("/v1/promises", customer=customer, state="kept", after=last)["items"]
    assert {p["id"] for p in listed} == set(made[:2])
    tell.refused(tell.call("POST", f"/v1/promises/{made[0][:-4]}0000/kept", {}), 404)
