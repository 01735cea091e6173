"""Two ids are said to be one person, and that is taken back: every service follows both ways."""

from __future__ import annotations

from tests.stories.teller import Json, Teller, day, money, rated, until


def merged(tell: Teller, survivor: str, other: str, **more: object) -> str:
    """A merge of two ids."""
    return str(tell.post("/v1/merges", {"survivor": survivor, "merged": other, **more}).json()["id"])


def undone(tell: Teller, merge: str) -> None:
    tell.post(f"/v1/merges/{merge}/undo", {}, want=200)


def people(tell: Teller, *ids: str) -> list[set[str]]:
    """Whom each id stands for, to scoring."""
    scores = [tell.score(customer) for customer in ids]
    return [{s["customer"], *s["merged_from"]} for s in scores]


def listed(tell: Teller, customer: str) -> Json:
    """Whose deliveries and complaints a customer's lists show, to care and complaints."""
    return {
        path: sorted(item["customer"] for item in tell.get(path, customer=customer)["items"])
        for path in ("/v1/deliveries", "/v1/complaints")
    }


def test_a_chain_of_merges_comes_apart_in_another_order(tell: Teller) -> None:
    survey = tell.survey()
    a, b, c = ids = [tell.customer(which, name=f"Lan {which}", owner=which) for which in "abc"]
    for n, customer in enumerate(ids, start=1):
        tell.post(f"/v1/customers/{customer}/purchases", {"order": f"o{n}", "amount": money("10.00"), "at": day(n)})
        tell.answer(survey, customer, items=[rated("kept", n, 5)], at=day(n))
        tell.complaint(customer, at=day(n, 12))
        tell.post("/v1/deliveries", {"customer": customer, "programme": "gift", "at": day(n, 13)})
    for customer in ids:
        tell.scored(customer, "the purchase", lambda s: s["loyalty"]["recency_days"] is not None)
        tell.scored(customer, "all four", lambda s: s["complaints"]["open"] and s["applied"]["care"] >= 2)
        until("care and complaints list it", lambda who=customer: all(listed(tell, who).values()))  # type: ignore[misc]
    before = {customer: tell.score(customer, as_of=day(20)) for customer in ids}

    lower, upper = merged(tell, b, a), merged(tell, c, b)
    until("one person", lambda: people(tell, *ids) == [{a, b, c}] * 3)
    scores = [tell.score(customer, as_of=day(20)) for customer in ids]
    assert scores[0] == scores[1] == scores[2]
    assert (scores[0]["customer"], scores[0]["merged_from"]) == (c, sorted([a, b]))
    assert (scores[0]["satisfaction"]["overall"]["n"], scores[0]["complaints"]["open"]) == (3, 3)
    assert scores[0]["loyalty"]["frequency"] == 2
    want = {"/v1/deliveries": [c] * 3, "/v1/complaints": [c] * 3}
    until("their lists are one", lambda: [listed(tell, who) for who in ids] == [want] * 3)
    assert tell.get(f"/v1/customers/{a}")["id"] == c
    # bought while they were one: it stays with the id that it was addressed to
    tell.post(f"/v1/customers/{a}/purchases", {"order": "o9", "amount": money("10.00"), "at": day(9)})

    undone(tell, lower)  # first what was said first
    until("the lowest is apart", lambda: people(tell, *ids) == [{a}, {b, c}, {b, c}])
    undone(tell, upper)
    until("all are apart", lambda: people(tell, *ids) == [{a}, {b}, {c}])
    after = {customer: tell.score(customer, as_of=day(20)) for customer in ids}
    for customer in (b, c):
        assert after[customer]["state_hash"] == before[customer]["state_hash"]
        assert after[customer]["loyalty"] == before[customer]["loyalty"]
    assert (after[a]["state_hash"] != before[a]["state_hash"], after[a]["loyalty"]["frequency"]) == (True, 1)
    own = {who: {"/v1/deliveries": [who], "/v1/complaints": [who]} for who in ids}
    until("everybody has their own lists", lambda: {who: listed(tell, who) for who in ids} == own)
    assert [tell.get(f"/v1/customers/{who}")["owner"] for who in ids] == ["a", "b", "c"]
    tell.refused(tell.call("POST", f"/v1/merges/{upper}/undo", {}), 409, "already_undone")


def test_what_was_known_at_a_moment_stays_what_was_known(tell: Teller) -> None:
    a, b = tell.customer("a", name="An"), tell.customer("b", name="Bình")
    for n, customer in enumerate((a, b), start=1):
        tell.post(f"/v1/customers/{customer}/purchases", {"order": f"o{n}", "amount": money("10.00"), "at": day(n)})
    for customer in (a, b):
        tell.scored(customer, "the purchase", lambda s: s["loyalty"]["recency_days"] is not None)
    merge = merged(tell, a, b, choices={"name": "merged"})
    # whoever merged two customers looks at them next: profile answers once that shows both
    assert tell.get(f"/v1/customers/{a}")["merged_from"] == [b]
    until("one person", lambda: people(tell, a, b) == [{a, b}] * 2)
    shown = tell.get(f"/v1/customers/{a}/history")["items"]
    (told,) = [item for item in shown if item["merge"] == merge]
    assert told["by"]
    undone(tell, merge)
    assert tell.get(f"/v1/customers/{a}")["merged_from"] == []
    until("two again", lambda: people(tell, a, b) == [{a}, {b}])
    # as it was known between the two
    assert tell.score(b, known_at=told["recorded"])["customer"] == a
    assert (tell.get(f"/v1/customers/{a}")["name"], tell.get(f"/v1/customers/{b}")["name"]) == ("An", "Bình")
