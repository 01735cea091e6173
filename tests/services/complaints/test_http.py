"""Complaints over HTTP, and by other systems' events through the same doors."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.events.catalogue.customers import CustomerClassified, CustomerErased, CustomerMerged
from libs.events.desk import Asked
from libs.events.doors import Caller
from services.complaints.app import SERVICE
from tests.services.house import NOW, House, open_house

LAN = "0d1b4c3e-1111-8222-8333-444455556666"
MINH = "0d1b4c3e-1111-8222-8333-777788889999"
SPOT = {"summary": "the kettle leaks", "severity": "serious", "spotted_by": {"role": "staff", "who": "lan"}}
CORRECTION = {"action": "new kettle", "agreed": True, "by": "minh"}
REPORT = {"root_cause": "bad batch", "prevention": "batch withdrawn"}


def day(n: int, hour: int = 9) -> str:
    return f"2026-03-{n:02d}T{hour:02d}:00:00Z"


async def spot(house: House, **more: Any) -> str:
    answer = await house.post("/v1/complaints", SPOT | more)
    found: str = answer["id"]
    return found


async def test_a_complaint_from_spotting_to_report(house: House) -> None:
    answer = await house.post(
        "/v1/complaints", SPOT | {"customer": LAN, "dimension": "tangibles", "wants": ["compensation"], "at": day(11)}
    )
    assert answer["state"] == "open"
    assert answer["customer"] == LAN
    assert "correction" in answer["possible"]
    assert "kettle" not in str(answer)
    path = f"/v1/complaints/{answer['id']}"
    await house.post(f"{path}/acknowledgement", {"by": "minh", "at": day(11, 10)})
    assert (await house.post(f"{path}/assignment", {"owner": "minh", "at": day(11, 11)}))["owner"] == "minh"
    await house.post(f"{path}/escalation", {"to": "chief", "reason": "angry", "at": day(11, 12)})
    corrected = await house.post(f"{path}/correction", CORRECTION | {"at": day(11, 15)})
    assert (corrected["state"], corrected["possible"]) == ("corrected", ["report", "reopening"])
    await house.post(f"{path}/report", REPORT | {"at": day(12)})
    whole = await house.get(path)
    assert whole["state"] == "reported"
    assert whole["summary"] == "the kettle leaks"
    assert whole["promptly"] is True
    assert whole["wants"] == ["compensation"]
    assert [h["step"] for h in whole["history"]] == [
        "acknowledgement", "assignment", "escalation", "correction", "report",
    ]  # fmt: skip
    assert whole["history"][3]["action"] == "new kettle"
    assert all(h["counts"] for h in whole["history"])


async def test_a_step_out_of_order_tells_state_and_what_is_possible(house: House) -> None:
    path = f"/v1/complaints/{await spot(house)}"
    problem = await house.refused(f"{path}/report", REPORT, 409, "out_of_order")
    assert problem["state"] == "open"
    assert "correction" in problem["possible"]
    await house.post(f"{path}/withdrawal", {"reason": "mistake"})
    problem = await house.refused(f"{path}/correction", CORRECTION, 409, "out_of_order")
    assert (problem["state"], problem["possible"]) == ("withdrawn", [])


async def test_the_same_reference_is_the_same_complaint(house: House) -> None:
    first = await house.http.post("/v1/complaints", json=SPOT | {"ref": "crm:1", "customer": LAN})
    again = await house.http.post("/v1/complaints", json=SPOT | {"ref": "crm:1", "customer": MINH, "summary": "other"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["customer"] == LAN
    assert again.headers["event-position"] == first.headers["event-position"]
    # also once more has happened since
    await house.post(f"/v1/complaints/{first.json()['id']}/correction", CORRECTION)
    later = await house.http.post("/v1/complaints", json=SPOT | {"ref": "crm:1", "customer": LAN})
    assert later.status_code == 200
    assert later.json()["state"] == "corrected"
    assert later.headers["event-position"] == first.headers["event-position"]


async def test_acknowledging_twice_is_already_so(house: House) -> None:
    path = f"/v1/complaints/{await spot(house)}"
    await house.post(f"{path}/acknowledgement", {"by": "minh"})
    await house.post(f"{path}/assignment", {"owner": "minh"})
    again = await house.post(f"{path}/acknowledgement", {"by": "lan"}, 200)
    assert again["owner"] == "minh"


async def test_idempotency_keys_make_repeats_safe(house: House) -> None:
    first = await house.post("/v1/complaints", SPOT, key="k1")
    assert await house.post("/v1/complaints", SPOT, key="k1") == first
    path = f"/v1/complaints/{first['id']}/assignment"
    await house.post(path, {"owner": "minh"}, key="k2")
    await house.post(path, {"owner": "minh"}, key="k2")
    assert len((await house.get(f"/v1/complaints/{first['id']}"))["history"]) == 1
    await house.post(path, {"owner": "lan"}, 422, key="k2")


async def test_anonymous_complaints_share_nothing(house: House) -> None:
    one, other = await spot(house), await spot(house)
    subjects = {e.subject for e in await house.facts()}
    assert len(subjects) == 2
    assert all(s.startswith("anonymous:") for s in subjects)
    assert (await house.get(f"/v1/complaints/{one}"))["customer"] is None
    assert one != other


async def test_unknown_complaints_are_404(house: House) -> None:
    await house.refused(f"/v1/complaints/{LAN}/correction", CORRECTION, 404, "unknown_complaint")
    assert (await house.http.get(f"/v1/complaints/{LAN}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (SPOT | {"surprise": 1}, "unknown_member", ""),
        (SPOT | {"severity": "grave"}, "not_allowed", "/severity"),
        ({**SPOT, "spotted_by": {"role": "staff", "x": 1}}, "unknown_member", "/spotted_by"),
        (SPOT | {"summary": ""}, "too_short", "/summary"),
        (SPOT | {"summary": 7}, "wrong_type", "/summary"),
        (SPOT | {"ref": "no reference"}, "bad_format", "/ref"),
        (SPOT | {"customer": "not a customer"}, "bad_customer", "/customer"),
        (SPOT | {"wants": ["moon"]}, "not_allowed", "/wants/0"),
        (SPOT | {"at": "2026-03-13T12:06:00Z"}, "in_future", "/at"),
        (SPOT | {"at": "yesterday"}, "bad_moment", "/at"),
        ({"severity": "minor"}, "required", "/summary"),
    ],
)
async def test_bad_bodies(house: House, body: dict[str, Any], code: str, pointer: str) -> None:
    await house.refused("/v1/complaints", body, 422, code, pointer)


async def test_bad_steps(house: House) -> None:
    path = f"/v1/complaints/{await spot(house)}"
    await house.refused(f"{path}/correction", CORRECTION | {"complaint": "x"}, 422, "unknown_member", "")
    minus = CORRECTION | {"compensation": {"amount": "-1", "currency": "USD"}}
    await house.refused(f"{path}/correction", minus, 422, "out_of_range", "/compensation/amount")
    await house.refused(f"{path}/assignment", {}, 422, "required", "/owner")


async def test_the_class_of_the_person_is_told_to_the_decision_also_inside_a_transaction(house: House) -> None:
    await house.hear(MINH, CustomerClassified(value_class="B"), "profile")
    await house.hear(MINH, CustomerMerged(merge="m", survivor=LAN), "profile")
    one, two, nobodys = [await spot(house, **who) for who in ({"customer": LAN}, {"customer": LAN}, {})]
    for complaint in (one, nobodys):
        await house.post(f"/v1/complaints/{complaint}/correction", CORRECTION)
    door = next(d for d in SERVICE.doors if d.event == "complaint.corrected")
    asked = Asked(door, door.body(**CORRECTION, complaint=two), Caller("event", "crm 1"))
    async with house.platform.database.begin() as tx:
        await house.platform.desk.within(tx).perform(asked)
    known = [(await house.get(f"/v1/complaints/{c}"))["history"][0].get("value_class") for c in (one, two, nobodys)]
    assert known == ["B", "B", None]


async def test_lists_filter_and_page(house: House) -> None:
    await house.hear(LAN, CustomerClassified(value_class="A"), "profile")
    past = NOW - timedelta(days=90)
    await house.hear(LAN, CustomerClassified(value_class="C"), "profile", past)  # told last, of a day long before
    for n in range(3):
        await spot(house, customer=LAN, severity="minor", at=day(1 + n))
    other = await spot(house, customer=MINH, at=day(5))
    await house.post(f"/v1/complaints/{other}/assignment", {"owner": "minh", "at": day(5)})
    await house.follow()
    listed = await house.get("/v1/complaints")
    assert [c["spotted_at"] for c in listed["items"]] == [day(5), day(3), day(2), day(1)]
    assert listed["next_cursor"] is None
    assert {c["value_class"] for c in listed["items"]} == {"A", None}
    assert [c["id"] for c in (await house.get("/v1/complaints", owner="minh"))["items"]] == [other]
    assert len((await house.get("/v1/complaints", customer=LAN, severity="minor", state="open"))["items"]) == 3
    assert (await house.get("/v1/complaints", customer=LAN, state="corrected"))["items"] == []
    first = await house.get("/v1/complaints", limit=3)
    rest = await house.get("/v1/complaints", limit=3, cursor=first["next_cursor"])
    assert [c["id"] for c in first["items"] + rest["items"]] == [c["id"] for c in listed["items"]]
    assert (await house.http.get("/v1/complaints?customer=pos:1")).status_code == 422


async def test_lists_follow_merges(house: House) -> None:
    await spot(house, customer=LAN)
    await house.follow()
    await house.hear(LAN, CustomerMerged(merge="m1", survivor=MINH), "profile")
    for asked in (LAN, MINH):
        found = (await house.get("/v1/complaints", customer=asked))["items"]
        assert [c["customer"] for c in found] == [MINH]


async def test_the_forgotten_are_gone(house: House) -> None:
    complaint = await spot(house, customer=LAN)
    kept = await spot(house, customer=MINH)
    await house.follow()
    before = NOW
    await house.hear(LAN, CustomerErased(reason="request", before=before), "profile")
    assert (await house.http.get(f"/v1/complaints/{complaint}")).status_code == 410
    assert (await house.http.post("/v1/complaints", json=SPOT | {"customer": LAN})).status_code == 410
    await house.post(f"/v1/complaints/{complaint}/correction", CORRECTION, 410)
    assert [c["id"] for c in (await house.get("/v1/complaints"))["items"]] == [kept]
    (sealed,) = [e for e in await house.facts() if e.data["complaint"] == complaint]
    assert (await house.platform.store.history(sealed.subject))[0].data["summary"] is None


async def test_free_text_leaves_only_sealed(house: House) -> None:
    path = f"/v1/complaints/{await spot(house, customer=LAN, ref='crm:9')}"
    await house.post(f"{path}/correction", CORRECTION)
    text = b"".join(orjson.dumps(e.structured()) for e in await house.facts())
    for secret in (b"kettle", b"crm:9", b'"lan"'):
        assert secret not in text


EVENTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("complaint.spotted", SPOT | {"ref": "crm:5", "customer": "pos:5"}, "", day(1)),
    ("complaint.assigned", {"complaint": "crm:5", "owner": "lan"}, "", day(2)),
    ("complaint.corrected", CORRECTION | {"complaint": "crm:5"}, "", day(3)),
    ("complaint.reported", REPORT | {"complaint": "crm:5"}, "", day(4)),
    ("complaint.reopened", {"complaint": "crm:5", "reason": "again"}, "", day(5)),
    ("complaint.assigned", {"complaint": "crm:5", "owner": "minh"}, "", day(6)),
    ("complaint.corrected", CORRECTION | {"complaint": "crm:5"}, "", day(7)),
    ("complaint.reported", REPORT | {"complaint": "crm:5"}, "", day(8)),
]


async def test_events_in_any_order_come_to_the_same(tmp_path: Path) -> None:
    orders = [list(EVENTS), list(reversed(EVENTS))]
    orders += [random.Random(n).sample(EVENTS, len(EVENTS)) for n in range(8)]
    told = []
    for n, order in enumerate(orders):
        folder = tmp_path / str(n)
        folder.mkdir()
        async with open_house(SERVICE, folder) as house:
            await house.publish_all(order)
            await house.follow()
            (listed,) = (await house.get("/v1/complaints"))["items"]
            whole = await house.get(f"/v1/complaints/{listed['id']}")
            facts = sorted((e.type, e.time) for e in await house.facts())
            history = [(h["step"], h["at"], h["counts"]) for h in whole["history"]]
            told.append((listed["state"], listed["owner"], whole["state"], whole["owner"], history, facts))
    assert told[0][0] == "reported"
    assert told[0][1] == "minh"
    for one, other in itertools.pairwise(told):
        assert one == other


async def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await house.publish_all(reversed(EVENTS))
        await house.follow()
        (listed,) = (await house.get("/v1/complaints", state="reported", owner="minh", limit=1))["items"]
        subject = listed["customer"]
        await house.hear(subject, CustomerMerged(merge="m1", survivor=LAN), "profile")
        assert (await house.get(f"/v1/complaints/{listed['id']}"))["customer"] == LAN
        await house.hear(subject, CustomerErased(reason="request", before=NOW), "profile")
        assert (await house.get("/v1/complaints"))["items"] == []
