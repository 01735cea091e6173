"""Two records of one person: looked at beforehand, made one, and taken apart again, in every service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.teller import Json, Teller, day, money, rated, until


def two(tell: Teller) -> tuple[str, str]:
    """A person with an answer and a purchase, and the same person elsewhere with a complaint and two purchases."""
    survey = tell.survey()
    one = tell.customer("one", name="Giang", owner="lan", phones=["0912 345 678"])
    other = tell.customer("other", name="Giang N.", department="shop", phones=["+84 912 345 678", "028 3829 5189"])
    tell.answer(survey, one, items=[rated("kept", 4, 5)], at=day(2))
    for who, order, date in ((one, "o1", 1), (other, "o2", 3), (other, "o3", 5)):
        last = tell.post(f"/v1/customers/{who}/purchases", {"order": order, "amount": money("10.00"), "at": day(date)})
    tell.complaint(other, at=day(4))
    # what the services tell comes on topics of their own, in any order between them
    tell.scored(one, "all of one", lambda s: whole(s) == (1, 0, 0) and s["loyalty"]["recency_days"] is not None)
    tell.scored(other, "all of the other", lambda s: whole(s) == (0, 1, 1))
    assert last.headers["event-position"]
    return one, other


def whole(score: Json) -> tuple[int, int, int]:
    """What of both there is: answers, repeat purchase days, open complaints."""
    return score["satisfaction"]["overall"]["n"], score["loyalty"]["frequency"], score["complaints"]["open"]


def test_a_merge_is_followed_everywhere_both_ways(tell: Teller) -> None:
    one, other = two(tell)
    alone = {who: tell.score(who, as_of=day(20))["state_hash"] for who in (one, other)}
    assert (whole(tell.score(one)), whole(tell.score(other))) == ((1, 0, 0), (0, 1, 1))

    preview = tell.post("/v1/merges", {"survivor": one, "merged": tell.ref("other"), "dry_run": True}, want=200)
    assert {c["field"] for c in preview.json()["changes"]} >= {"name", "department"}
    assert tell.get(f"/v1/customers/{other}")["id"] == other

    merged = tell.post("/v1/merges", {"survivor": one, "merged": tell.ref("other")}, key=f"{tell.tag} merge")
    again = tell.post("/v1/merges", {"survivor": one, "merged": tell.ref("other")}, key=f"{tell.tag} merge")
    assert again.json() == merged.json()
    after = merged.headers["event-position"]
    record = tell.get(f"/v1/customers/{other}", after=after)
    assert (record["id"], record["merged_from"], record["owner"], record["department"]) == (one, [other], "lan", "shop")
    assert record["phones"] == ["0912 345 678", "028 3829 5189"], "each knew one that the other did not"
    for who in (one, other):
        score = tell.score(who, after=after)
        assert (score["customer"], score["merged_from"], whole(score)) == (one, [other], (1, 2, 1))
    joined = tell.score(one, as_of=day(20))["state_hash"]
    assert joined not in alone.values()
    # it says who somebody always was: at every as_of, limited by known_at alone
    assert tell.score(other, as_of=day(1, 12))["customer"] == one
    before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert tell.score(other, known_at=before)["customer"] == other
    until("their complaints are one list", lambda: [c["customer"] for c in listed(tell, one)] == [one] or None)
    for merge in (
        {"survivor": one, "merged": one},
        {"survivor": one, "merged": other},
        {"survivor": other, "merged": one},
    ):
        tell.refused(tell.call("POST", "/v1/merges", merge), 409)

    path = f"/v1/merges/{merged.json()['id']}"
    undone = tell.post(f"{path}/undo", {}, want=200)
    tell.refused(tell.call("POST", f"{path}/undo", {}), 409)
    after = undone.headers["event-position"]
    assert (tell.get(path)["state"], tell.get(f"/v1/customers/{other}", after=after)["id"]) == ("undone", other)
    for who in (one, other):
        score = tell.score(who, as_of=day(20), after=after)
        assert (score["customer"], score["merged_from"], score["state_hash"]) == (who, [], alone[who])
    until("each has their own list", lambda: (not listed(tell, one) and len(listed(tell, other)) == 1) or None)
    # and once more, the other way round: the same person, the same history
    tell.post("/v1/merges", {"survivor": other, "merged": one})
    score = tell.scored(one, "merged again", lambda s: s["customer"] == other, as_of=day(20))
    assert score["state_hash"] == joined


def test_chains_of_merges_are_one_person(tell: Teller) -> None:
    ids = [tell.customer(str(n), name=f"N{n}") for n in range(4)]
    for n, who in enumerate(ids):
        tell.post(f"/v1/customers/{who}/purchases", {"order": "o", "amount": money("10.00"), "at": day(1 + n)})
    first = tell.post("/v1/merges", {"survivor": ids[1], "merged": ids[0]}).json()["id"]
    tell.post("/v1/merges", {"survivor": ids[3], "merged": ids[2]})
    last = tell.post("/v1/merges", {"survivor": ids[2], "merged": ids[1]})
    after = last.headers["event-position"]
    for who in ids:
        score = tell.scored(who, "all four", lambda s: s["loyalty"]["frequency"] == 3, after=after)
        assert (score["customer"], set(score["merged_from"])) == (ids[3], set(ids[:3]))
        assert tell.get(f"/v1/customers/{who}", after=after)["id"] == ids[3]
    tell.post(f"/v1/merges/{first}/undo", {}, want=200)
    tell.scored(ids[0], "the first alone", lambda s: s["customer"] == ids[0] and s["loyalty"]["frequency"] == 0)
    tell.scored(ids[3], "the others", lambda s: s["loyalty"]["frequency"] == 2)


@pytest.mark.parametrize("end", ["survivor", "merged"])
def test_who_is_not_there_is_not_merged(say: Teller, end: str) -> None:
    here, gone = say.customer("here"), say.customer("gone")
    say.post(f"/v1/customers/{gone}/erasure", {"reason": "request"}, want=202)
    for who, statuses in ((gone, (409, 410)), (say.ref("never"), (404,)), ("nonsense", (422,))):
        body = {"survivor": here, "merged": here, end: who}
        answer = say.call("POST", "/v1/merges", body)
        assert answer.status_code in statuses, f"{who}: {answer.status_code} {answer.text}"
        say.refused(answer, answer.status_code)
    say.refused(say.call("POST", f"/v1/merges/{here}/undo", {}), 404)
    say.refused(say.call("GET", "/v1/merges", params={"customer": ""}), 422)


def test_erasing_a_person_erases_all_of_them(tell: Teller) -> None:
    one, other = tell.customer("one", name="Hoa"), tell.customer("other", name="Hoa N.")
    tell.post("/v1/merges", {"survivor": one, "merged": other})
    tell.post(f"/v1/customers/{other}/erasure", {"reason": "request"}, want=202)
    for who in (one, other):
        tell.refused(tell.call("GET", f"/v1/customers/{who}"), 410, "erased")
        path = f"/v1/scores/customers/{who}"
        until("the score is gone", lambda path=path: tell.call("GET", path).status_code == 410 or None)  # type: ignore[misc]


def listed(tell: Teller, customer: str) -> list[Json]:
    found: list[Json] = tell.get("/v1/complaints", customer=customer)["items"]
    return found
