"""One person behind several ids: lists show all of theirs under the id that answers today, and follow both ways."""

from __future__ import annotations

from datetime import timedelta

import pytest

from libs.events.catalogue.customers import CustomerAcquired, CustomerClassified, CustomerMerged, CustomerUnmerged
from tests.services.care.office import LAN, MINH, NOW, Office

THIRD = "0d1b4c3e-1111-8222-8333-aaaabbbbcccc"


async def seen(office: Office, customer: str) -> list[str]:
    return [item["customer"] for item in (await office.get("/v1/deliveries", customer=customer))["items"]]


async def test_a_merge_joins_what_was_done_and_its_undoing_parts_it(office: Office) -> None:
    for customer in (LAN, MINH, THIRD):
        await office.post("/v1/deliveries", {"customer": customer, "programme": "gift"})
    await office.follow()
    await office.hear(MINH, CustomerMerged(merge="m1", survivor=LAN), "profile")
    await office.hear(LAN, CustomerMerged(merge="m2", survivor=THIRD), "profile")
    assert await seen(office, MINH) == [THIRD] * 3
    assert await seen(office, THIRD) == [THIRD] * 3

    await office.hear(LAN, CustomerUnmerged(merge="m2", survivor=THIRD), "profile")
    assert await seen(office, MINH) == [LAN] * 2
    assert await seen(office, THIRD) == [THIRD]


async def test_the_due_list_tells_the_class_of_the_person(office: Office) -> None:
    await office.hear(MINH, CustomerAcquired(channel="shop"), "profile")
    await office.hear(LAN, CustomerClassified(value_class="A"), "profile")
    await office.hear(MINH, CustomerMerged(merge="m1", survivor=LAN), "profile")
    await office.follow()
    (due,) = (await office.get("/v1/due", until="2026-04-01"))["items"]
    assert (due["customer"], due["value_class"]) == (LAN, "A")


async def test_the_class_of_the_latest_moment_counts_whichever_was_told_last(office: Office) -> None:
    await office.hear(LAN, CustomerAcquired(channel="shop"), "profile")
    await office.hear(LAN, CustomerClassified(value_class="A"), "profile", NOW)
    await office.hear(LAN, CustomerClassified(value_class="C"), "profile", NOW - timedelta(days=90))
    await office.follow()
    assert [d["value_class"] for d in (await office.get("/v1/due", until="2026-04-01"))["items"]] == ["A"]


@pytest.mark.parametrize("edges", [[(LAN, MINH), (MINH, LAN)]])
async def test_a_ring_of_merges_ends(office: Office, edges: list[tuple[str, str]]) -> None:
    await office.post("/v1/deliveries", {"customer": LAN, "programme": "gift"})
    await office.follow()
    for n, (merged, survivor) in enumerate(edges):
        await office.hear(merged, CustomerMerged(merge=f"m{n}", survivor=survivor), "profile")
    assert len(await seen(office, MINH)) == 1
