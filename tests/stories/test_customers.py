"""Who a customer is: references, merges by reference, bare records, resolving, listing, leaving and coming back."""

from __future__ import annotations

import uuid

from tests.stories.teller import Json, Teller, day, money, rated, until


def test_upsert_changes_only_what_is_said(tell: Teller) -> None:
    body = {"ref": tell.ref(), "kind": "external", "name": "An", "emails": ["an@example.com"], "owner": "lan"}
    first = tell.post("/v1/customers/upsert", body)
    assert first.json()["created"] is True
    assert first.json()["refs"] == [tell.ref()]
    again = tell.post("/v1/customers/upsert", body, want=200)
    assert again.json()["created"] is False
    assert again.headers["event-position"] == first.headers["event-position"]
    assert again.headers["etag"] == first.headers["etag"]
    changed = tell.post("/v1/customers/upsert", {"ref": tell.ref(), "owner": "hoa"}, want=200)
    assert changed.json()["id"] == first.json()["id"]
    assert changed.headers["event-position"] != first.headers["event-position"]
    found = tell.get(f"/v1/customers/{first.json()['id']}")
    assert (found["name"], found["emails"], found["owner"], found["stage"]) == (
        "An",
        ["an@example.com"],
        "hoa",
        "prospect",
    )


def test_a_new_customer_is_new_once(tell: Teller) -> None:
    body = {"kind": "external", "name": "Binh", "refs": [tell.ref()]}
    first = tell.post("/v1/customers", body)
    assert tell.post("/v1/customers", body, want=200).json()["id"] == first.json()["id"]
    problem = tell.refused(tell.call("POST", "/v1/customers", {**body, "name": "Other"}), 409)
    assert "Other" not in str(problem)
    one, two = (tell.post("/v1/customers", {"kind": "external"}).json()["id"] for _ in range(2))
    assert one != two


def test_a_reference_is_an_id_everywhere(tell: Teller) -> None:
    """Care and complaints hear of somebody first; the customer is known later, under the same id."""
    ref = tell.ref()
    delivery = tell.post("/v1/deliveries", {"customer": ref, "programme": "welcome", "at": day(1)}).json()["id"]
    cid = tell.get(f"/v1/deliveries/{delivery}")["customer"]
    complaint = tell.complaint(ref, at=day(2))
    assert tell.get(f"/v1/complaints/{complaint}")["customer"] == cid
    bare = until("a bare record", lambda: _known(tell, cid))
    assert (bare["bare"], bare["kind"], bare["stage"]) == (True, "external", "prospect")
    until("it lists", lambda: cid in _listed(tell))
    assert tell.post("/v1/customers/resolve", {"customers": [ref]}, want=200).json()["items"][0]["id"] == cid
    told = tell.post("/v1/customers/upsert", {"ref": ref, "kind": "external", "name": "Chi"})
    assert (told.json()["id"], told.json()["created"], told.json()["bare"]) == (cid, True, False)
    score = tell.scored(cid, "all three", lambda s: all(s["applied"].values()))
    assert score["complaints"]["open"] == 1
    assert tell.customer() == cid


def test_paths_take_only_ids(say: Teller) -> None:
    for path in ("/v1/customers/{}", "/v1/scores/customers/{}", "/v1/scores/customers/{}/explanation"):
        problem = say.refused(say.call("GET", path.format(say.ref())), 422)
        assert say.tag not in str(problem)
    say.refused(say.call("POST", f"/v1/customers/{say.ref()}/purchases", {"order": "o", "amount": money("1.00")}), 422)


def test_who_is_not_known(say: Teller) -> None:
    nobody = str(uuid.uuid4())
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/purchases", {"order": "o", "amount": money("1.00")}),
        ("POST", "/loss", {"reason": "moved"}),
        ("POST", "/acquisition", {"channel": "shop"}),
        ("POST", "/erasure", {"reason": "request"}),
        ("POST", "/win-back", {"approach": "x", "by": "y", "outcome": "z"}),
    ):
        say.refused(say.call(method, f"/v1/customers/{nobody}{path}", body), 404, "unknown_customer")
    say.refused(say.call("PATCH", f"/v1/customers/{nobody}", {"name": "x"}, headers={"If-Match": "*"}), 404)
    say.refused(say.call("GET", f"/v1/scores/customers/{nobody}"), 404)
    # care and complaints take any well-formed id or reference, and none that is not
    say.post("/v1/deliveries", {"customer": nobody, "programme": "welcome"})
    for bad in ("nobody", "POS:1", "pos:", ":1", "survey:1", "anonymous:1", f"{nobody}0", "pos: x"):
        for path, body in (
            ("/v1/deliveries", {"customer": bad, "programme": "welcome"}),
            ("/v1/complaints", {"customer": bad, "summary": "x", "severity": "minor", "spotted_by": {"role": "staff"}}),
            ("/v1/customers/upsert", {"ref": bad, "kind": "external"}),
        ):
            problem = say.refused(say.call("POST", path, body), 422)
            assert problem["invalid_params"][0]["pointer"] in ("/customer", "/ref")


def test_two_references_of_one_person_are_one_person(tell: Teller) -> None:
    card, shop = f"card:{tell.tag}", tell.ref()
    survey = tell.survey()
    other = tell.customer(name="Dung", owner="lan")
    tell.answer(survey, shop, items=[rated("kept", 4, 5)], at=day(1))
    tell.post(f"/v1/customers/{other}/purchases", {"order": "o1", "amount": money("10.00"), "at": day(1)})
    told = tell.post("/v1/customers", {"kind": "external", "name": "Dũng", "refs": [card, shop]})
    cid, merged = told.json()["id"], told.headers["event-position"]
    assert cid != other
    tell.post(f"/v1/customers/{cid}/purchases", {"order": "o2", "amount": money("20.00"), "at": day(3)})

    found = tell.get(f"/v1/customers/{other}", after=merged)
    assert (found["id"], found["merged_from"], set(found["refs"])) == (cid, [other], {card, shop})
    assert (found["name"], found["owner"], found["stage"]) == ("Dũng", "lan", "active")
    assert tell.get(f"/v1/customers/{cid}", after=merged) == found
    score = tell.scored(other, "both halves", lambda s: s["customer"] == cid and s["loyalty"]["frequency"] == 1)
    assert score["merged_from"] == [other]
    assert score["satisfaction"]["overall"]["n"] == 1
    assert tell.score(cid)["state_hash"] == score["state_hash"]
    why = tell.get(f"/v1/scores/customers/{other}/explanation")
    assert (why["customer"], len(why["contributions"])) == (cid, 1)
    # it says who somebody always was: at every as_of
    assert tell.score(other, as_of=day(1, 10))["customer"] == cid
    asked = [card, shop, cid, other]
    items = tell.post("/v1/customers/resolve", {"customers": asked}, want=200).json()["items"]
    assert [(i["asked"], i["id"], i["name"]) for i in items] == [(a, cid, "Dũng") for a in asked]
    until("one line in the list", lambda: other not in _listed(tell))
    assert cid in _listed(tell)
    # commands to the merged id go on working, and count for the person
    tell.complaint(other, at=day(4))
    tell.scored(cid, "the complaint", lambda s: s["complaints"]["open"] == 1)
    listed = tell.get("/v1/complaints", customer=cid)["items"]
    assert [c["customer"] for c in listed] == [cid]
    # the same again changes nothing
    again = tell.post("/v1/customers", {"kind": "external", "name": "Dũng", "refs": [card, shop]}, want=200)
    assert again.json()["id"] == cid


def test_resolve_answers_in_order_and_says_who_is_unknown(say: Teller) -> None:
    cid = say.customer(name="Em")
    nobody = str(uuid.uuid4())
    asked = ["nonsense", say.ref(), nobody, cid, say.ref("-unknown")]
    items = say.post("/v1/customers/resolve", {"customers": asked}, want=200).json()["items"]
    assert [i["asked"] for i in items] == asked
    assert [i.get("id") for i in items] == [None, cid, None, cid, None]
    assert [i["problem"]["status"] for i in items if "problem" in i] == [422, 404, 404]


def test_customers_are_listed_page_by_page(tell: Teller) -> None:
    owner = f"owner {tell.tag}"
    made = [tell.customer(str(n), owner=owner, stage=("active" if n % 2 else "prospect")) for n in range(7)]
    last = tell.post("/v1/customers/upsert", {"ref": tell.ref("last"), "owner": owner, "kind": "internal"})
    seen: list[str] = []
    cursor: Json = {}
    pages = 0
    while True:
        page = tell.get("/v1/customers", owner=owner, limit=3, after=last.headers["event-position"], **cursor)
        seen += [c["id"] for c in page["items"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 3
        cursor = {"cursor": page["next_cursor"]}
    assert (seen, pages) == ([*made, last.json()["id"]], 3)
    active = [c["id"] for c in tell.get("/v1/customers", owner=owner, stage="active")["items"]]
    assert active == [*made[1::2], last.json()["id"]]  # colleagues are served from the first
    internal = tell.get("/v1/customers", owner=owner, kind="internal")["items"]
    assert [c["id"] for c in internal] == [last.json()["id"]]
    assert tell.get("/v1/customers", owner=f"{owner}x") == {"items": [], "next_cursor": None}
    tell.refused(tell.call("GET", "/v1/customers", params={"stage": "gone"}), 422)
    tell.refused(tell.call("GET", "/v1/deliveries", params={"cursor": cursor["cursor"]}), 422)


def test_the_same_order_is_bought_once(tell: Teller) -> None:
    cid = tell.customer()
    path = f"/v1/customers/{cid}/purchases"
    first = tell.post(path, {"order": "o", "amount": money("10.00"), "at": day(1)})
    assert first.json()["stage"] == "active"
    again = tell.post(path, {"order": "o", "amount": money("10.00"), "at": day(1)}, want=200)
    assert again.headers["event-position"] == first.headers["event-position"]
    tell.post(path, {"order": "o2", "amount": money("30.00"), "at": day(2)})
    tell.post(path, {"order": "o3", "amount": money("7.00"), "at": day(3)})
    tell.post(path, {"order": "r3", "amount": money("7.00"), "refund_of": "o3", "at": day(4)})
    last = tell.post(path, {"order": "o4", "amount": money("20.00"), "at": day(5)}).headers["event-position"]
    tell.refused(tell.call("POST", path, {"order": "r", "amount": money("1.00"), "refund_of": "none"}), 409)
    tell.refused(tell.call("POST", path, {"order": "r", "amount": money("1.00"), "refund_of": "r"}), 422)
    loyalty = tell.score(cid, after=last, as_of=day(9))["loyalty"]
    assert loyalty["frequency"] == 2  # the days of o2 and o4: what was taken back was no purchase
    assert float(loyalty["monetary"]["amount"]) == 25


def test_leaving_and_coming_back(tell: Teller) -> None:
    cid = tell.customer()
    path = f"/v1/customers/{cid}"
    back = {"approach": "a visit", "by": "lan", "outcome": "stays"}
    problem = tell.refused(tell.call("POST", f"{path}/win-back", back), 409, "out_of_order")
    assert (problem["state"], problem["possible"]) == ("prospect", ["loss"])
    tell.post(f"{path}/purchases", {"order": "o", "amount": money("10.00"), "at": day(1)})
    assert tell.post(f"{path}/loss", {"reason": "indifference", "at": day(5)}).json()["stage"] == "lost"
    problem = tell.refused(tell.call("POST", f"{path}/loss", {"reason": "moved"}), 409)
    assert (problem["state"], problem["possible"]) == ("lost", ["win-back"])
    tell.scored(cid, "lost", lambda s: s["loyalty"]["tier"] == "lost")
    last = tell.post(f"{path}/win-back", {**back, "at": day(8)})
    assert last.json()["stage"] == "won_back"
    assert tell.score(cid, after=last.headers["event-position"])["loyalty"]["tier"] != "lost"
    assert tell.score(cid, as_of=day(6))["loyalty"]["tier"] == "lost"
    until("it lists", lambda: cid in [c["id"] for c in tell.get("/v1/customers", stage="won_back", limit=200)["items"]])


def _known(tell: Teller, cid: str) -> Json | None:
    answer = tell.call("GET", f"/v1/customers/{cid}")
    return answer.json() if answer.status_code == 200 else None


def _listed(tell: Teller) -> set[str]:
    """The ids on all pages."""
    seen: set[str] = set()
    cursor: Json = {}
    while True:
        page = tell.get("/v1/customers", limit=200, **cursor)
        seen |= {c["id"] for c in page["items"]}
        if page["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["next_cursor"]}
