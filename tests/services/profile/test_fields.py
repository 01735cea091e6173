"""Custom fields: declared, held to, changed and retired; never deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.catalogue.customers import Choice
from libs.events.decider import Invalid
from services.profile.domain.fields import Field, check
from tests.services.house import House

FIELDS = "/v1/customers/fields"
SHOE: dict[str, Any] = {"key": "shoe", "type": "number", "label": {"en": "Shoe size", "vi": "Cỡ giày"}}
CHOICES = [{"code": "gold", "label": {"en": "Gold"}}, {"code": "tin", "label": {"en": "Tin", "zh": "锡"}}]
CARD: dict[str, Any] = {"key": "card", "type": "choice", "label": {"en": "Card"}, "choices": CHOICES}
GOOD: dict[str, list[Any]] = {
    "text": ["x", "đ" * 4000], "number": [1, 2.5, -0.0], "integer": [0, 2**53 - 1], "boolean": [True, False],
    "date": ["2026-02-28"], "choice": ["gold"], "choices": [[], ["tin", "gold"]],
}  # fmt: skip
BAD: dict[str, list[Any]] = {
    "text": ["", 1, ["x"], "x" * 4001], "number": ["1", True, {}], "integer": [1.0, "1", False, 2**53],
    "boolean": [0, "true"], "date": ["2026-2-28", "2026-02-30", 20260228, "20260228"],
    "choice": ["silver", ["gold"], 1],
    "choices": ["gold", ["gold", "gold"], ["silver"], [1]],
}  # fmt: skip


def field(kind: str, **more: Any) -> Field:
    choices = tuple(Choice(code=code, label={"en": code}) for code in ("gold", "tin")) if "choice" in kind else ()
    return Field(key="f", type=kind, label={"en": "F"}, choices=choices, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_a_field_takes_values_of_its_type(kind: str, value: Any) -> None:
    check({"f": value}, {"f": field(kind)}, whole=True)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_a_field_takes_nothing_else(kind: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        check({"f": value}, {"f": field(kind)})
    assert (refused.value.code, refused.value.pointer) == ("bad_field_value", "/custom/f")


@given(st.sampled_from(sorted(GOOD)), st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
       lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4))  # fmt: skip
def test_any_value_is_taken_or_refused(kind: str, value: Any) -> None:
    try:
        check({"f": value}, {"f": field(kind)})
    except Invalid:
        return
    assert value is None or kind in ("text", "number", "integer", "boolean", "date", "choice", "choices")


async def declared(house: House, *fields: dict[str, Any]) -> None:
    for each in fields:
        await house.post(FIELDS, each)


async def test_a_field_is_declared_read_and_listed(house: House) -> None:
    shown = await house.post(FIELDS, SHOE)
    assert shown == SHOE | {
        "label": {"en": "Shoe size", "vi": "Cỡ giày", "zh": None}, "choices": [], "required": False, "personal": True,
        "retired": False,
    }  # fmt: skip
    assert await house.post(FIELDS, SHOE, 200) == shown
    told = await house.refused(FIELDS, SHOE | {"type": "text"}, 409, "field_exists")
    assert "key" not in told, "nothing of the caller's is echoed"
    await house.post(FIELDS, CARD)
    assert await house.get(f"{FIELDS}/shoe") == shown
    listed = await house.get(FIELDS)
    assert ([f["key"] for f in listed["items"]], listed["next_cursor"]) == (["card", "shoe"], None)
    assert (await house.http.get(f"{FIELDS}/nothing")).json()["code"] == "unknown_field"
    await house.follow()
    assert (await house.get("/v1/customers"))["items"] == []


@pytest.mark.parametrize("key", ["history", "contacts", "stages"])
async def test_a_field_may_be_called_like_a_part_of_a_customer(house: House, key: str) -> None:
    await house.post(FIELDS, SHOE | {"key": key})
    assert (await house.get(f"{FIELDS}/{key}"))["key"] == key
    customer = await house.post("/v1/customers", {"kind": "external"})
    assert (await house.get(f"/v1/customers/{customer['id']}/{key}"))["items"] is not None


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        ({"key": "Shoe size"}, "bad_format", "/key"),
        ({"type": "colour"}, "not_allowed", "/type"),
        ({"label": {"vi": "x"}}, "required", "/label/en"),
        ({"choices": CHOICES}, "bad_choices", "/choices"),
        ({"type": "choice"}, "bad_choices", "/choices"),
        ({"type": "choice", "choices": [*CHOICES, CHOICES[0]]}, "duplicate", "/choices"),
    ],
)
async def test_unsound_declarations(house: House, wrong: dict[str, Any], code: str, pointer: str) -> None:
    await house.refused(FIELDS, SHOE | wrong, 422, code, pointer)


async def test_a_record_is_held_to_what_is_declared(house: House) -> None:
    await declared(house, SHOE, CARD)
    new = {"kind": "external", "refs": ["pos:1"]}
    problem = await house.refused(
        "/v1/customers", new | {"custom": {"secret name": 1}}, 422, "unknown_field", "/custom"
    )
    assert "secret" not in str(problem)
    await house.refused("/v1/customers", new | {"custom": {"shoe": "38"}}, 422, "bad_field_value", "/custom/shoe")
    await house.refused(
        "/v1/customers/upsert", {"ref": "pos:1", "custom": {"card": "x"}}, 422, "bad_field_value", "/custom/card"
    )
    made = await house.post("/v1/customers", new | {"custom": {"shoe": 38.5, "card": "gold"}})
    assert made["custom"] == {"shoe": 38.5, "card": "gold"}
    path, any_version = f"/v1/customers/{made['id']}", {"If-Match": "*"}
    for wrong in ({"shoe": True}, {"hat": 1}):
        assert (await house.http.patch(path, json={"custom": wrong}, headers=any_version)).status_code == 422
    changed = await house.http.patch(path, json={"custom": {"shoe": None, "card": "tin"}}, headers=any_version)
    assert changed.json()["custom"] == {"card": "tin"}
    upserted = await house.post("/v1/customers/upsert", {"ref": "pos:1", "custom": {"shoe": 40}}, 200)
    assert upserted["custom"] == {"card": "tin", "shoe": 40}  # each field is stated by itself


async def test_what_is_required_must_be_there(house: House) -> None:
    await declared(house, SHOE | {"required": True})
    await house.refused("/v1/customers", {"kind": "external"}, 422, "field_required", "/custom")
    made = await house.post("/v1/customers", {"kind": "external", "custom": {"shoe": 38}})
    path = f"/v1/customers/{made['id']}"
    cleared = await house.http.patch(path, json={"custom": {"shoe": None}}, headers={"If-Match": "*"})
    assert cleared.json()["invalid_params"][0]["code"] == "field_required"
    await house.post("/v1/customers/upsert", {"ref": "pos:2"})  # who states a part need not state all


async def test_a_field_is_changed_and_retired_and_its_values_stay(house: House) -> None:
    await declared(house, SHOE, CARD)
    made = await house.post("/v1/customers", {"kind": "external", "custom": {"card": "tin"}})
    tag = (await house.http.get(f"{FIELDS}/card")).headers["etag"]
    patch = {"choices": CHOICES[:1], "label": {"en": "Loyalty card"}}
    assert (await house.http.patch(f"{FIELDS}/card", json=patch)).status_code == 428
    changed = await house.http.patch(f"{FIELDS}/card", json=patch, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["label"]["en"]) == (200, "Loyalty card")
    assert (await house.http.patch(f"{FIELDS}/card", json=patch, headers={"If-Match": tag})).status_code == 412
    fresh = {"If-Match": changed.headers["etag"]}
    wrongs: list[dict[str, Any]] = [{"type": "text"}, {"label": None}, {"choices": []}]
    for wrong in wrongs:
        assert (await house.http.patch(f"{FIELDS}/card", json=wrong, headers=fresh)).status_code == 422
    await house.refused(
        "/v1/customers", {"kind": "external", "custom": {"card": "tin"}}, 422, "bad_field_value", "/custom/card"
    )
    await house.http.patch(f"{FIELDS}/card", json={"retired": True}, headers=fresh)
    await house.refused(
        "/v1/customers", {"kind": "external", "custom": {"card": "gold"}}, 422, "retired_field", "/custom/card"
    )
    path = f"/v1/customers/{made['id']}"
    assert (await house.get(path))["custom"] == {"card": "tin"}
    answer = await house.http.patch(path, json={"custom": {"card": None}}, headers={"If-Match": "*"})
    assert answer.json()["custom"] is None
    assert (await house.http.patch(f"{FIELDS}/hat", json={}, headers={"If-Match": "*"})).status_code == 404


async def test_an_event_is_held_to_it_too(house: House) -> None:
    told = {"ref": "pos:1", "kind": "external", "custom": {"shoe": 38}}
    refused = (await house.publish("customer.recorded", told)).refusal
    assert refused
    assert (refused.status, refused.refusal.code if refused.refusal else "") == ("invalid", "unknown_field")
    await declared(house, SHOE)
    assert (await house.publish("customer.recorded", told)).refusal is None


async def test_merged_records_share_their_custom_fields(house: House) -> None:
    await declared(house, SHOE, CARD)
    one, other = [
        await house.post("/v1/customers/upsert", {"ref": f"pos:{n}", "custom": custom, "at": f"2026-03-0{n}T09:00:00Z"})
        for n, custom in ((1, {"shoe": 38, "card": "tin"}), (2, {"shoe": 40}))
    ]
    made = await house.post("/v1/merges", {"survivor": one["id"], "merged": other["id"]})
    await house.follow()
    house.clock.advance(timedelta(minutes=1))
    path = f"/v1/customers/{one['id']}"
    assert (await house.get(path))["custom"] == {"shoe": 40, "card": "tin"}
    changed = await house.http.patch(path, json={"custom": {"shoe": None}}, headers={"If-Match": "*"})
    assert changed.json()["custom"] == {"card": "tin"}
    history = (await house.get(f"{path}/history"))["items"]
    assert history[-1]["changes"] == [
        {"field": "custom", "before": {"card": "tin", "shoe": 40}, "after": {"card": "tin"}}
    ]
    await house.post(f"/v1/merges/{made['id']}/undo", {}, 200)
    await house.follow()
    assert (await house.get(f"/v1/customers/{other['id']}"))["custom"] == {"shoe": 40}
