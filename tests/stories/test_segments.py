"""A segment is defined, customers enter and leave it as things happen, and everybody else hears of it."""

from __future__ import annotations

from tests.stories.teller import Teller, money, until


def test_a_segment_follows_what_happens(tell: Teller) -> None:
    lan, minh = tell.customer("lan", department=tell.tag), tell.customer("minh", department=tell.tag)
    frequent = {"field": "purchases.count", "gte": 2, "window": "P90D"}
    rule = {"all": [{"field": "department", "eq": tell.tag}, frequent]}
    segment = str(tell.post("/v1/segments", {"name": "regulars", "rule": rule}).json()["id"])

    def members() -> list[str]:
        return [m["customer"] for m in tell.get(f"/v1/segments/{segment}/members")["items"]]

    for customer, order in ((lan, "o1"), (minh, "o1"), (lan, "o2")):
        tell.post(f"/v1/customers/{customer}/purchases", {"order": order, "amount": money("10.00")})
    until("who bought twice is in it", lambda: members() == [lan])
    (member,) = tell.get(f"/v1/segments/{segment}/members")["items"]
    assert "purchases.count in P90D 2 (≥ 2: yes)" in member["reason"]
    assert tell.get(f"/v1/customers/{lan}")["segments"] == [{"id": segment, "name": "regulars"}]

    # two ids of one person have bought twice together
    twin = tell.customer("twin")
    merge = tell.post("/v1/merges", {"survivor": minh, "merged": twin}).json()["id"]
    tell.post(f"/v1/customers/{twin}/purchases", {"order": "o9", "amount": money("10.00")})
    until("the person is in it", lambda: members() == sorted([lan, minh]))
    tell.post(f"/v1/merges/{merge}/undo", {}, want=200)
    until("apart they are not", lambda: members() == [lan])

    tag = tell.call("GET", f"/v1/segments/{segment}").headers["etag"]
    narrower = {"rule": {"all": [{"field": "department", "eq": tell.tag}, frequent | {"gte": 3}]}}
    changed = tell.call("PATCH", f"/v1/segments/{segment}", narrower, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    until("nobody has bought three times", lambda: members() == [])
    assert tell.get(f"/v1/customers/{lan}")["segments"] == []
    # what was concluded is no part of what happened
    score = tell.scored(lan, "scoring has heard of both purchases", lambda s: s["loyalty"]["recency_days"] == 0)
    assert score["state_hash"]
