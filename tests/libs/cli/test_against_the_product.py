"""The command line against the running product, on either pair of engines: what it says is what became of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from libs.cli.demo.cdnow import orders
from tests.engines.process import free_port
from tests.libs.cli.conftest import Careledger
from tests.support.product import Product, fresh, together

PATIENCE = 20.0
NAME = "Nguyễn Thị Đỗ"


@pytest.fixture(scope="module", params=["embedded", "distributed"])
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with fresh(request.param) as engines:
        running = together(engines)
        try:
            yield running.start()
        finally:
            running.close()


@pytest.fixture
def call(product: Product, careledger: Careledger, monkeypatch: pytest.MonkeyPatch) -> Careledger:
    """The command line as the operator of that product has it."""
    monkeypatch.delenv("CARELEDGER_KEY")
    for name, value in {**product.settings, "PORT": str(product.processes[0].port)}.items():
        monkeypatch.setenv(name, value)
    return careledger


def until(probe: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := probe()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)
    return found


def counts(output: str) -> dict[str, int]:
    """The summary of an import: rows by status."""
    words = [line.split() for line in output.splitlines()]
    statuses = ("appended", "already", "parked", "erased", "conflict", "invalid")
    return {w[0]: int(w[1].replace(",", "")) for w in words if len(w) > 1 and w[0] in statuses and w[1] != "0"}


def resolved(product: Product, reference: str) -> dict[str, Any]:
    item: dict[str, Any] = product.client.post("/v1/customers/resolve", json={"customers": [reference]}).json()[
        "items"
    ][0]
    return item


def score(product: Product, reference: str) -> dict[str, Any]:
    found = resolved(product, reference)
    answer: dict[str, Any] = product.client.get(f"/v1/scores/customers/{found.get('id')}").json()
    return answer


def test_purchases_come_to_a_score_and_count_once(product: Product, call: Careledger, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("customer,order,amount,at\n1,a,10.00,2026-03-02\n1,b,30.00,2026-03-05\n2,a,5.00,2026-03-05\n")
    arguments = ("import", file, "--kind", "purchases", "--system", "till", "--currency", "USD")
    assert counts(call(*arguments, "--dry-run").output) == {"appended": 3}
    assert "problem" in resolved(product, "till:1")
    for status in ("appended", "already"):
        result = call(*arguments)
        assert result.exit_code == 0, result.output
        assert counts(result.output) == {status: 3}
    loyalty = until(lambda: (s := score(product, "till:1").get("loyalty")) and s["frequency"] and s)
    assert loyalty["monetary"] == {"amount": "30.00", "currency": "USD"}


def test_customers_are_known_and_the_services_judge(product: Product, call: Careledger, tmp_path: Path) -> None:
    file, report = tmp_path / "people.csv", tmp_path / "bad.jsonl"
    product.client.post("/v1/customers/fields", json={"key": "shoe", "type": "number", "label": {"en": "Shoe size"}})
    rows = f"8;{NAME};a@example.com;có;38.5\n9;{NAME};{'x' * 321};no;39\n"
    file.write_text(f"customer;name;email;paying;custom.shoe\n{rows}")
    result = call("import", file, "--kind", "customers", "--system", "till", "--report", report, "--keep-going")
    assert result.exit_code == 1, result.output
    assert counts(result.output) == {"appended": 1, "invalid": 1}
    assert until(lambda: resolved(product, "till:8").get("name")) == NAME
    assert resolved(product, "till:8")["custom"] == {"shoe": 38.5}
    (bad,) = [orjson.loads(line) for line in report.read_bytes().splitlines()]
    assert (bad["row"], bad["status"], bad["problems"][0]["pointer"]) == (2, "invalid", "/data/emails/0")
    assert NAME not in result.output + report.read_text()


def test_answers_of_anybody(product: Product, call: Careledger, tmp_path: Path) -> None:
    five = {"lowest": 1, "highest": 5}
    item = {"key": "kept", "dimension": "reliability", "scale": five, "text": {"en": "kept"}}
    form = {
        "name": "cards",
        "dimension_set": "rater",
        "items": [item],
        "asks": ["perception", "expectation"],
        "nps": True,
    }
    survey = product.client.post("/v1/surveys", json=form).json()["id"]
    file = tmp_path / "cards.csv"
    file.write_text("customer,items.kept,items.kept.expectation,nps\ntill:3,4,5,9\n,3,,\n,3,,\n,,,11\n")
    result = call("import", file, "--kind", "answers", "--survey", survey, "--keep-going")
    assert counts(result.output) == {"appended": 3, "invalid": 1}, result.output
    again = call("import", file, "--kind", "answers", "--survey", survey, "--keep-going")
    assert counts(again.output) == {"already": 3, "invalid": 1}
    overall = until(lambda: (s := score(product, "till:3").get("satisfaction")) and s["overall"]["n"] and s["overall"])
    assert overall == {"gap": -25.0, "level": "not_met", "n": 1}


def test_the_demo_tells_its_story_once(product: Product, call: Careledger, monkeypatch: pytest.MonkeyPatch) -> None:
    some = orders()[:300]
    monkeypatch.setattr("libs.cli.demo.world.orders", lambda: some)
    for status, other in (("appended", "already"), ("already", "appended")):
        result = call("demo")
        assert result.exit_code == 0, result.output
        told = result.output.partition("What was told")[2].partition("\n\n")[0].splitlines()
        assert told[1].split() == ["event", status], (other, told)
        assert "customer.purchased 300" in " ".join(" ".join(told).split())
    for title in ("Satisfaction as of 1998-06-30", "Complaints as of", "stand out", "overall gap", "/scoring/docs"):
        assert title in result.output


def test_the_demo_runs_a_server_of_its_own_where_none_answers(
    careledger: Careledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = orders()[:60]
    monkeypatch.setattr("libs.cli.demo.world.orders", lambda: some)
    monkeypatch.setenv("PORT", str(port := free_port()))
    result = careledger("demo")
    assert "No server answers" in result.output
    assert (tmp_path / "data" / "development.key").exists()
    assert "stand out" in result.output, result.output
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_events_are_published_and_watched(product: Product, call: Careledger, tmp_path: Path) -> None:
    told = {"recorded": {"name": NAME}, "purchased": {"order": 1}, "lost": {"reason": "moved"}}
    common = {"specversion": "1.0", "source": "/till", "subject": "till:5"}
    events = [{**common, "id": k, "type": f"careledger.customer.{k}", "data": data} for k, data in told.items()]
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(e) for e in events))
    assert call("events", "publish", file).exit_code == 0

    def became(event: str) -> str:
        told: dict[str, Any] = product.client.get(
            "/v1/events/customers", params={"source": "/till", "id": event}
        ).json()
        return str(told["status"])

    assert until(lambda: became("lost") != "unknown" and became("lost")) == "appended"
    assert until(lambda: became("purchased") != "unknown" and became("purchased")) == "quarantined"
    who = resolved(product, "till:5")["id"]
    lines = until(lambda: [x for x in tail(call) if x["subject"] == who and x["type"] == "careledger.customer.lost"])
    assert lines[0]["data"] == {"reason": "moved"}
    recorded = next(x for x in tail(call) if x["subject"] == who and x["type"] == "careledger.customer.recorded")
    assert recorded["data"]["name"].keys() == {"sealed"}
    entry = next(w[0] for line in call("quarantine", "list", "--service", "profile").stdout.splitlines()
                 if "customer.purchased" in line and (w := line.split()))  # fmt: skip
    shown = call("quarantine", "show", entry, "--service", "profile")
    assert "till:5" not in shown.output
    assert "till:5" in call("quarantine", "show", entry, "--service", "profile", "--reveal").output
    assert call("quarantine", "discard", entry, "--service", "profile", "--yes").exit_code == 0
    until(lambda: entry not in call("quarantine", "list", "--service", "profile").output)


def tail(call: Careledger) -> list[dict[str, Any]]:
    result = call("events", "tail", "--topic", "customers", "--from-start")
    assert result.exit_code == 0, result.output
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_a_key_works_until_it_is_revoked(product: Product, call: Careledger) -> None:
    key = call("keys", "create", "partner", "--scope", "events").stdout.strip()
    url = product.processes[0].url + "/v1/events/care?source=/x&id=1"

    def status() -> int:
        return httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code

    until(lambda: status() == 200)
    assert call("keys", "revoke", "partner").exit_code == 0
    until(lambda: status() == 401)


def test_an_import_is_taken_back_and_the_corrected_file_comes_in(
    product: Product, call: Careledger, tmp_path: Path
) -> None:
    def brought(rows: str, *more: str) -> str:
        path = tmp_path / "file.csv"
        path.write_text(rows)
        kind = "purchases" if "order" in rows else "customers"
        result = call("import", path, "--kind", kind, "--system", "stall", *more)
        assert result.exit_code == 0, result.output
        until(lambda: any(i["id"].startswith(f"{kind}-stall-") for i in listed()))
        return str(result.output)

    def listed() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = product.client.get("/v1/customers/imports").json()["items"]
        return items

    def score(reference: str) -> Any:
        customer = resolved(product, reference)["id"]
        answer = product.client.get(f"/v1/scores/customers/{customer}")
        return answer.json()["loyalty"]["monetary"] if answer.status_code == 200 else None

    brought("ref,name,owner\n1,An,lan\n", "--at", "2025-01-01", "--name", "first")
    brought("ref,name,owner\n1,Xx,\n2,Yy,\n", "--at", "2025-02-01", "--name", "bad")
    wrong = "customer,order,amount,currency,at\n1,a,5.00,EUR,2025-01-03\n1,b,5.00,EUR,2025-02-03\n"
    assert counts(brought(wrong, "--name", "bad")) == {"appended": 2}
    until(lambda: score("stall:1") == {"amount": "5.00", "currency": "EUR"})
    rehearsed = call("imports", "undo", "purchases-stall-bad", "--dry-run")
    assert (rehearsed.exit_code, "would" in rehearsed.output) == (0, True)
    for name in ("purchases-stall-bad", "customers-stall-bad"):
        done = call("imports", "undo", name, "--yes")
        assert done.exit_code == 0, done.output
    assert "2" in done.output
    assert resolved(product, "stall:1")["name"] == "An"
    assert resolved(product, "stall:2")["problem"]["status"] == 404
    right = wrong.replace("EUR", "USD").replace("5.00", "7.00")
    until(lambda: sum(i["taken_back"] for i in listed()) >= 4)
    assert counts(brought(right, "--name", "good")) == {"appended": 2}
    assert counts(brought(right, "--name", "good")) == {"already": 2}
    until(lambda: score("stall:1") == {"amount": "7.00", "currency": "USD"})
    shown = call("imports", "list")
    assert all(name in shown.output for name in ("customers-stall-first", "purchases-stall-good"))
    assert call("imports", "undo", "purchases-stall-none", "--yes").exit_code == 2


def told(output: str) -> dict[str, str]:
    """What an undoing tells that there is of each thing, and of what stays, with the reason."""
    lines = (re.split(r" {2,}", line.strip(), maxsplit=1) for line in output.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and words[1] != "0" and words[1][0].isdigit()}


def test_an_undoing_tells_what_it_took_back_and_what_stays(product: Product, call: Careledger, tmp_path: Path) -> None:
    def brought(kind: str, name: str, rows: str) -> None:
        path = tmp_path / "file.csv"
        path.write_text(rows)
        result = call("import", path, "--kind", kind, "--system", "kiosk", "--name", name, "--at", "2025-02-01")
        assert result.exit_code == 0, result.output

    def undone(name: str, customers: int) -> dict[str, str]:
        """What is told of it: beforehand the same as afterwards."""
        rehearsal = until(
            lambda: (r := call("imports", "undo", name, "--dry-run")).exit_code == 0
            and told(r.output)["customers"] == f"{customers}" and r
        )  # fmt: skip
        done = call("imports", "undo", name, "--yes")
        assert done.exit_code == 0, done.output
        assert ("would stay" in rehearsal.output, "would stay" in done.output) == (True, False)
        assert NAME not in done.output
        assert "web:" not in done.output
        assert told(done.output) == told(rehearsal.output)
        return told(done.output)

    orders = "customer,order,amount,currency,at,refund_of\n"
    brought("customers", "old", "ref,name,owner\n1,An,lan\n2,Bo,lan\n3,Chi,lan\n")
    brought("purchases", "old", f"{orders}1,o1,9.00,USD,2025-01-05,\n3,late,9.00,USD,2025-03-05,\n")
    brought("customers", "bad", f"ref,refs,name,owner\n1,web:k1,{NAME},minh\n5,,{NAME},minh\n6,,{NAME},\n")
    rows = "1,x1,4.00,USD,2025-02-05,o1\n2,o2,5.00,USD,2025-02-05,\n3,o3,5.00,USD,2025-02-05,\n"
    brought("purchases", "bad", f"{orders}{rows}5,o5,5.00,USD,2025-02-05,\n5,x5,1.00,USD,2025-02-06,o5\n")
    product.client.post("/v1/customers/upsert", json={"ref": "kiosk:1", "owner": "hoa"})
    heard = f"/v1/customers/{resolved(product, 'kiosk:6')['id']}/acquisition"
    assert product.client.post(heard, json={"channel": "shop"}).status_code == 201

    assert undone("purchases-kiosk-bad", 4) == {
        "customers": "4",
        "records that are what they were": "2",
        "stages restored": "2",
        "orders refunded": "3",
        "refunds given back": "2",
        "stage": "1  others told what makes it so",
    }
    assert undone("customers-kiosk-bad", 4) == {
        "customers": "4",
        "records that are no more": "1",
        "records that are what they were": "2",
        "members restored": "2",
        "lists of references restored": "1",
        "merges undone": "1",
        "refs": "1  the customer's id is made of it",
        "owner": "1  stated anew since",
    }
    assert resolved(product, "kiosk:5")["problem"]["status"] == 404
    assert [resolved(product, "kiosk:1")[key] for key in ("name", "owner", "refs")] == ["An", "hoa", ["kiosk:1"]]
