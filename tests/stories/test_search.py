"""A clerk finds customers by whatever they are told, and the list follows what happens to them."""

from __future__ import annotations

from tests.stories.publisher import event
from tests.stories.teller import Json, Teller, day, money, until


def search(tell: Teller, q: str, after: str = "", **asked: object) -> list[str]:
    """The ids that are found."""
    params = {"after": after} if after else {}
    found: Json = tell.post("/v1/customers/search", {"q": q, **asked}, want=200, params=params).json()
    assert found["next_cursor"] is None or len(found["items"]) == asked.get("limit", 50)
    return [item["id"] for item in found["items"]]


def test_customers_are_found_by_whatever_is_known(tell: Teller) -> None:
    word = "q" + tell.tag.translate(str.maketrans("0123456789", "ghijklmnop"))  # nobody else's, and no digits in it
    phone = f"09{int(tell.tag, 16) % 10**8:08d}"
    record: Json = {"kind": "external", "name": f"Nguyễn Thị {word}", "owner": tell.tag, "phones": [f"+84 {phone[1:]}"]}
    first = tell.post("/v1/customers", {**record, "emails": [f"{word}@Example.com"], "refs": [tell.ref("one")]})
    one, after = first.json()["id"], first.headers["event-position"]
    for q in (f"nguyen {word}", f"{word[:8].upper()} thi", phone, f"+84{phone[1:]}", f"{phone[:4]} {phone[4:]}",
              f"{word}@example.com", tell.ref("one"), f"thi {phone} {tell.ref('one')}", one):  # fmt: skip
        assert search(tell, q, after) == [one], q
    assert search(tell, f"tran {word}", after) == []

    # somebody else tells of the same person under another name, and of another one
    record = {"kind": "external", "name": f"长城 {word}"}
    told = event(f"{tell.tag} 1", "customer.recorded", tell.ref("other"), day(1), record)
    content = {"Content-Type": "application/cloudevents+json"}
    assert tell.call("POST", "/v1/events/customers", told, headers=content).status_code == 200
    until("both are found", lambda: len(search(tell, word)) == 2)
    found = search(tell, word)
    (other,) = set(found) - {one}
    assert search(tell, f"长城 {word}") == search(tell, f"zhangcheng {word}") == [other]
    assert found == search(tell, word, sort="created")[::-1]
    assert search(tell, word, owner=tell.tag) == [one]
    assert search(tell, word, owner=None) == [other]

    # what they buy moves them in the lists; pages are stable
    bought = tell.post(f"/v1/customers/{one}/purchases", {"order": "o", "amount": money("1.00")})
    assert search(tell, word, bought.headers["event-position"], stage="active") == [one]
    assert search(tell, word, sort="stage") == [other, one]
    page = tell.post("/v1/customers/search", {"q": word, "limit": 1, "total": True}, want=200).json()
    rest = tell.post("/v1/customers/search", {"q": word, "limit": 1, "cursor": page["next_cursor"]}, want=200).json()
    assert [p["items"][0]["id"] for p in (page, rest)] == found
    assert (page["total"], rest["next_cursor"]) == (2, None)

    # one person is found by either name, once; and two again by their own
    merged = tell.post("/v1/merges", {"survivor": one, "merged": other})
    after = merged.headers["event-position"]
    assert search(tell, f"长城 nguyen {word}", after) == search(tell, word, after) == [one]
    undone = tell.post(f"/v1/merges/{merged.json()['id']}/undo", {}, want=200).headers["event-position"]
    assert search(tell, f"长城 {word}", undone) == [other]

    changed = tell.post("/v1/customers/upsert", {"ref": tell.ref("one"), "name": f"Mai {word}"}, want=200)
    assert search(tell, f"nguyen {word}", changed.headers["event-position"]) == []
    assert search(tell, f"mai {word}") == [one]
    tell.post(f"/v1/customers/{one}/erasure", {"reason": "request"}, want=202)
    until("who is forgotten is not found", lambda: search(tell, word) == [other] and not search(tell, phone))


def test_questions_are_not_remembered_and_readers_may_ask(tell: Teller) -> None:
    many = " ".join("abcdefghijklmnopqrstuvwxyz0123456789")
    tell.refused(tell.call("POST", "/v1/customers/search", {"q": many}), 422, "invalid")
    tell.refused(tell.call("POST", "/v1/customers/search", {"name": "x"}), 422, "invalid")
    tell.refused(tell.call("GET", "/v1/customers/search"), 422)  # a path's last part would be an id
    assert tell.call("POST", "/v1/customers/search", {"q": "Unfindablename"}).json()["items"] == []
    assert b"nfindablename" not in tell.product.logs()
