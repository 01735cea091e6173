"""The whole customer record: own fields, contacts, consent, stages; and one record in whatever order news come."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

from tests.stories.publisher import event
from tests.stories.teller import Json, Teller, day, money, until
from tests.support.product import Product


def test_a_record_of_the_companys_own_making(tell: Teller) -> None:
    label = {"en": "Card", "vi": "Thẻ", "zh": "卡"}
    choices = [{"code": code, "label": {"en": code}} for code in ("gold", "tin")]
    tell.call("POST", "/v1/customers/fields", {"key": "card", "type": "choice", "label": label, "choices": choices})
    body = {"kind": "external", "party": "company", "name": "Minh Long", "custom": {"card": "gold"}}
    made = tell.post("/v1/customers", {**body, "refs": [tell.ref()], "phones": ["+84 28 3829 5189"]}).json()
    assert made["custom"] == {"card": "gold"}
    told = tell.refused(tell.call("POST", "/v1/customers", {**body, "custom": {"card": "paper"}}), 422)
    assert told["invalid_params"][0]["pointer"] == "/custom/card"
    own = f"/v1/customers/{made['id']}"
    buyer = {"kind": "person", "value": "Lan", "role": "buyer", "phone": "+84 90 123 45 67", "primary": True}
    tell.post(f"{own}/contacts", buyer)
    mobile = tell.post(f"{own}/contacts", {"kind": "phone", "value": "090 123 45 67", "label": "mobile"}).json()
    tag = tell.call("GET", f"{own}/contacts/{mobile['id']}").headers["etag"]
    first = tell.call("PATCH", f"{own}/contacts/{mobile['id']}", {"primary": True}, headers={"If-Match": tag})
    assert first.status_code == 200, first.text
    shown = tell.get(own, after=first.headers["event-position"])
    assert shown["phones"] == ["090 123 45 67", "+84 28 3829 5189"]
    assert [c["kind"] for c in tell.get(f"{own}/contacts")["items"]] == ["phone", "phone", "person"]
    gone = tell.call("DELETE", f"{own}/contacts/{mobile['id']}")
    assert (gone.status_code, tell.get(own)["phones"]) == (200, ["+84 28 3829 5189"])


def test_who_refuses_surveys_is_not_on_the_list_of_those_to_ask(tell: Teller) -> None:
    asked, refusing = tell.customer("a"), tell.customer("b")
    said = tell.call("PUT", f"/v1/customers/{refusing}/consents/survey", {"granted": False, "source": "phone"})
    assert said.status_code == 201, said.text
    for customer in (asked, refusing):
        tell.post(f"/v1/customers/{customer}/loss", {"reason": "quality"})

    def invited(customer: str) -> list[Json]:
        items: list[Json] = tell.get("/v1/invitations", customer=customer)["items"]
        return items

    until("both are invited", lambda: invited(asked) and invited(refusing) and invited(refusing)[0]["refused"])
    assert invited(asked)[0]["refused"] is False
    assert len(tell.get("/v1/invitations", customer=asked, open=True)["items"]) == 1
    assert tell.get("/v1/invitations", customer=refusing, open=True)["items"] == []
    assert tell.get(f"/v1/customers/{refusing}/stages")["items"][-1]["reason"] == "quality"


def test_news_in_any_order_come_to_one_record_and_one_hash(started: Callable[[str], Product]) -> None:
    """The same story under the same keys on two pairs of engines: only the order in which it is told differs."""
    stated: list[Json] = [
        {"kind": "external", "owner": "lan", "name": "An", "stage": "prospect"},
        {"owner": "minh", "source": "fair"},
        {"owner": "lan", "name": None, "stage": "active"},
        {"owner": "lan", "department": "shop"},
        {"owner": "hoa"},
    ]
    tag, came = uuid.uuid4().hex[:10], []
    for engines in ("embedded", "distributed"):
        tell = Teller(started(engines), tag)
        news = [
            event(f"{tag} {n}", "customer.recorded", tell.ref(), day(n + 1), body) for n, body in enumerate(stated)
        ]
        bought = {"order": "o", "amount": money("10.00")}
        news.append(event(f"{tag} p", "customer.purchased", tell.ref(), day(9), bought))
        random.Random(engines).shuffle(news)
        for one in news:
            answer = tell.post("/v1/events/customers", one, want=200)
            assert answer.json()["results"][0]["status"] == "appended", answer.text
        (found,) = tell.post("/v1/customers/resolve", {"customers": [tell.ref()]}, want=200).json()["items"]
        told = hash_after(tell, found["id"], answer.json()["results"][0]["position"])
        names = ("owner", "name", "source", "department", "stage", "stage_since", "stage_cause", "known_since")
        came.append(({name: found[name] for name in names}, told))
    assert came[0] == came[1]
    assert (came[0][0]["owner"], came[0][0]["stage_since"]) == ("hoa", day(3))


def hash_after(tell: Teller, customer: str, position: str) -> str:
    """The hash of a customer's facts, once scoring knows those up to a position."""
    path, after = f"/v1/scores/customers/{customer}", {"after": position}
    until("everything told", lambda: tell.call("GET", path, params=after).status_code == 200)
    return str(tell.score(customer)["state_hash"])
