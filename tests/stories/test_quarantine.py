"""What is published and cannot be taken: in quarantine with its reason, nothing lost, nobody held up, nothing told."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

from tests.stories.holdings import tables
from tests.stories.publisher import BATCH, STRUCTURED, Kafka, event
from tests.stories.teller import Json, Teller, day, money, until
from tests.support.product import Product

WORD = "zq-quarantine-9917"
"""Stands in everything bad that is published."""


def bought(who: str, id: str, **more: Any) -> Json:
    return event(id, "customer.purchased", who, day(1), {"order": id, "amount": money("1.00")}, **more)


def records(tag: str) -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """Bad records by the reason they must be given."""
    who = f"pos:{tag}"

    def structured(which: str, **odd: Any) -> tuple[bytes, dict[str, bytes]]:
        return json.dumps({**bought(who, f"{tag} {which}"), **odd}).encode(), {"content-type": STRUCTURED.encode()}

    def binary(id: str, data: bytes) -> tuple[bytes, dict[str, bytes]]:
        one = bought(who, f"{tag} {id}")
        headers = {f"ce_{n}": str(v).encode() for n, v in one.items() if n != "data"}
        return data, {**headers, "content-type": b"application/json"}

    deep = b'{"x":' * 20_000 + b"1" + b"}" * 20_000
    money_of = b'{"order": "%s", "amount": {"amount": %s, "currency": "USD"}}'
    return {
        "malformed: no JSON": (b"{" + WORD.encode(), {"content-type": STRUCTURED.encode()}),
        "malformed: nothing": (b"", {}),
        "malformed: bytes": (b"\x00\xff\xfe" * 9, {}),
        "malformed: no id": structured("no id", id=None),
        "malformed: NUL": structured("NUL", id=f"{WORD}\0"),
        "malformed: half a surrogate": (b'{"id": "\\ud800"}', {"content-type": STRUCTURED.encode()}),
        "malformed: NaN": binary("NaN", money_of % (WORD.encode(), b"NaN")),
        "malformed: 1e999": binary("1e999", money_of % (WORD.encode(), b"1e999")),
        "malformed: huge": binary("huge", money_of % (WORD.encode(), b"9" * 5000)),
        "malformed: deep": binary("deep", deep),
        "malformed: twice": binary("twice", b'{"order": "a", "order": "b"}'),
        "malformed: header": (b"{}", {"ce_id": b"\xff", "ce_specversion": b"1.0"}),
        "malformed: time": structured("time", time="yesterday"),
        "too_large": binary("large", b'{"order": "' + b"x" * 300_000 + b'"}'),
        "unknown_type": structured("type", type=f"careledger.{WORD}"),
        "wrong_version": structured("version", dataschema="/v1/schemas/events/careledger.customer.purchased/9"),
        "wrong_specversion": structured("specversion", specversion="0.3"),
        "wrong_content_type": structured("content", datacontenttype="text/csv"),
        "invalid: unknown member": structured("member", data={"order": "o", "amount": money("1.00"), WORD: 1}),
        "invalid: negative": structured("negative", data={"order": WORD, "amount": money("-1.00")}),
        "invalid: type": structured("type of field", data={"order": 7, "amount": [WORD]}),
        "in_future": structured("future", time="2999-01-01T00:00:00Z"),
        "customer_missing": structured("nobody", subject=None),
        "bad_customer": structured("nonsense", subject=WORD),
        "other_customer": structured("two", data={"customer": "pos:x", "order": "o", "amount": money("1.00")}),
    }


async def test_whatever_is_published_wrong(distributed: Product) -> None:
    tell = Teller(distributed)
    publisher = Kafka(distributed, random.Random(4))
    bad = records(tell.tag)
    before = sum(listed(distributed).values())
    good = [bought(tell.ref("good"), f"{tell.tag} good {n}") for n in range(len(bad))]
    for one, (value, headers) in zip(good, bad.values(), strict=True):
        publisher.binary(one)
        publisher.raw("customers", value, headers)
    # one bad in a batch of 64: the others are taken
    batch = [bought(tell.ref("batch"), f"{tell.tag} batch {n}") for n in range(64)]
    batch[40]["data"]["amount"]["currency"] = WORD
    publisher.raw("customers", json.dumps(batch).encode(), {"content-type": BATCH.encode()})
    publisher.flush()

    for one in [*good, *batch[:40], *batch[41:]]:
        until(one["id"], lambda one=one: status(tell, one["id"])["status"] == "appended" or None)  # type: ignore[misc]
    until("the last in quarantine", lambda: status(tell, f"{tell.tag} batch 40")["status"] == "quarantined" or None)
    wanted = before + len(bad) + 1
    until("all in quarantine", lambda: sum(listed(distributed).values()) >= wanted, within=60)
    found = listed(distributed)
    assert sum(found.values()) == wanted, f"each once, and nothing else: {found}"
    reasons = {name.split(":")[0] for name in bad}
    assert reasons <= set(found), reasons - set(found)
    for name in ("member", "negative", "version", "two", "large"):
        told = status(tell, f"{tell.tag} {name}")
        assert told["status"] == "quarantined", name
        assert told["reason"] in reasons
    assert status(tell, f"{tell.tag} batch 40")["status"] == "quarantined"
    # neither in the open on disk, nor in logs, nor shown unless asked for
    assert WORD.encode() not in distributed.logs()
    for name, raw in await tables(distributed):
        assert WORD.encode() not in raw, name
    listing = distributed.command("quarantine", "list", "--service", "profile", "--limit", "1000")
    assert WORD not in listing.stdout + listing.stderr


def test_the_operator_looks_and_decides(distributed: Product) -> None:
    """What is against the rules for good is in quarantine; the operator sees why, and gives it up in the end."""
    tell, publisher = Teller(distributed), Kafka(distributed, random.Random(5))
    ref = f"desk:{tell.tag}"
    complaint = tell.complaint(tell.customer(), ref=ref, at=day(1))
    tell.step(complaint, "withdrawal", at=day(2))
    said = {"complaint": ref, "action": "x", "agreed": True, "by": "y"}
    late = event(f"{tell.tag} late", "complaint.corrected", None, day(3), said)
    publisher.binary(late)
    publisher.flush()

    def fate() -> Json:
        found: Json = tell.get("/v1/events/complaints", source="/desk", id=late["id"])
        return found

    until("given up", lambda: fate()["status"] == "quarantined" or None)
    assert fate()["reason"] == "out_of_order"
    mine = ("--service", "complaints")
    rows = [line.split() for line in distributed.command("quarantine", "list", *mine).stdout.splitlines()]
    entry = next(row[0] for row in rows if "out_of_order" in row)
    shown = distributed.command("quarantine", "show", entry, *mine)
    assert "out_of_order" in shown.stdout, shown.stderr
    assert distributed.command("quarantine", "retry", entry, *mine).returncode == 0
    assert distributed.command("quarantine", "discard", entry, *mine, "--yes").returncode == 0
    until("discarded", lambda: fate()["status"] == "unknown" or None)
    assert tell.get(f"/v1/complaints/{complaint}")["state"] == "withdrawn"


def listed(product: Product) -> dict[str, int]:
    """What `careledger quarantine list` says of profile's inbound events, counted by reason."""
    done = product.command("quarantine", "list", "--service", "profile", "--limit", "1000")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines
    if "empty" in lines[0]:
        return {}
    at = lines[0].index("reason")
    return dict(Counter(line[at:].split()[0] for line in lines[1:]))


def status(tell: Teller, id: str) -> Json:
    found: Json = tell.get("/v1/events/customers", source="/desk", id=id)
    return found
