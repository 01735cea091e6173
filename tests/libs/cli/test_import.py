"""`careledger import`, called as a user calls it, against a real server of its own."""

from pathlib import Path

import orjson
import pytest

from tests.libs.cli.conftest import Careledger
from tests.libs.cli.door import Door, invalid

SECRET = "Nguyễn Thị Đỗ"
ORDERS = "customer_no;order;amount;at\n00004;1;29.33;1997-01-01\n00004;2;29.73;1997-01-18\n00021;1;75.11;1997-01-01\n"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


OPTIONS = ("--kind", "purchases", "--system", "cdnow", "--currency", "USD", "--map", "customer_no=customer")


def test_a_file_is_brought_in_once(careledger: Careledger, door: Door, orders: Path) -> None:
    first = careledger("import", orders, *OPTIONS, "--url", door.url)
    assert first.exit_code == 0, first.output
    assert "3 rows" in first.output
    assert {e["subject"] for e in door.events} == {"cdnow:00004", "cdnow:00021"}
    assert {e["source"] for e in door.events} == {"/import/purchases/cdnow"}
    (name,) = {e["importid"] for e in door.events}
    assert name.startswith("purchases-cdnow-")
    assert f"imports undo {name}" in " ".join(first.output.split())
    again = careledger("import", orders, *OPTIONS, "--url", door.url)
    assert again.exit_code == 0
    assert len(door.taken) == 3
    assert [line.split()[:2] for line in again.output.splitlines() if "already" in line] == [["already", "3"]]


def test_a_file_with_a_bad_row_is_taken_wholly_or_not_at_all(
    careledger: Careledger, door: Door, orders: Path, tmp_path: Path
) -> None:
    orders.write_text(ORDERS + "00022;1;much;1997-01-01\n")
    door.judge = lambda e: invalid("/data/amount", "bad", "is bad") if e["data"]["amount"]["amount"] == "much" else {}
    report = tmp_path / "bad.jsonl"
    result = careledger("import", orders, *OPTIONS, "--url", door.url, "--report", report)
    assert (result.exit_code, door.taken) == (1, set())
    assert "nothing was imported" in result.output
    assert [orjson.loads(line)["row"] for line in report.read_bytes().splitlines()] == [4]
    result = careledger("import", orders, *OPTIONS, "--url", door.url, "--keep-going", "--name", "second")
    assert (result.exit_code, len(door.taken)) == (1, 3)
    assert {e["importid"] for e in door.posted[-1].events} == {"purchases-cdnow-second"}


def test_rows_of_an_import_that_was_taken_back_are_news_again(
    careledger: Careledger, door: Door, orders: Path
) -> None:
    for run, undone in enumerate([[], [], ["purchases-cdnow-x"], ["purchases-cdnow-x"]]):
        door.imports = [{"id": name, "taken_back": 3} for name in undone]
        door.imports.append({"id": "purchases-cdnow-y", "taken_back": 0})
        result = careledger("import", orders, *OPTIONS, "--url", door.url, "--name", "x")
        assert result.exit_code == 0, result.output
        assert len(door.taken) == (3 if run < 2 else 6)
    assert {e["importid"] for e in door.posted[-1].events} == {"purchases-cdnow-x.2"}


def test_custom_fields_are_told_as_they_were_declared(careledger: Careledger, door: Door, tmp_path: Path) -> None:
    door.fields = [{"key": "shoe", "type": "number"}, {"key": "fan", "type": "boolean"}]
    file = tmp_path / "people.csv"
    file.write_text("customer;custom.shoe;custom.fan;custom.note\n8;38.5;yes;39\n")
    result = careledger("import", file, "--kind", "customers", "--system", "till", "--url", door.url)
    assert result.exit_code == 0, result.output
    assert {"shoe": 38.5, "fan": True, "note": "39"} in [e["data"]["custom"] for e in door.events]


def test_a_dry_run_changes_nothing(careledger: Careledger, door: Door, orders: Path) -> None:
    result = careledger("import", orders, *OPTIONS, "--url", door.url, "--dry-run")
    assert result.exit_code == 0
    assert "would" in result.output
    assert not door.taken
    assert all(p.path.endswith("?dry_run=true") for p in door.posted)


def test_bad_rows_are_told_and_nothing_of_theirs(careledger: Careledger, door: Door, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(f"ref,name,paying\npos:1,{SECRET},yes\npos:2,{SECRET},{SECRET}\npos:3\npos:4,{SECRET},no\n")
    door.judge = lambda e: invalid("/data/name", "too_long", "is too long") if e["subject"] == "pos:4" else {}
    report = tmp_path / "bad.jsonl"
    result = careledger("import", people, "--kind", "customers", "--url", door.url, "--report", report)
    assert result.exit_code == 1
    told = [orjson.loads(line) for line in report.read_bytes().splitlines()]
    assert sorted(
        (t["row"], t["line"], t["status"], t["problems"][0]["pointer"], t["problems"][0]["code"]) for t in told
    ) == [
        (2, 3, "invalid", "/paying", "not_a_truth"),
        (3, 4, "invalid", "", "missing_cells"),
        (4, 5, "invalid", "/data/name", "too_long"),
    ]
    for name in ("not_a_truth", "/paying", "too_long", "missing_cells"):
        assert name in result.output
    for personal in (SECRET, "Nguy", "pos:4"):
        assert personal not in result.output
        assert personal not in report.read_text()


def test_who_was_erased_is_no_fault_of_the_file(
    careledger: Careledger, door: Door, orders: Path, tmp_path: Path
) -> None:
    door.judge = lambda e: {"status": "erased", "problem": {"status": 410, "code": "erased", "detail": "was erased"}}
    result = careledger("import", orders, *OPTIONS, "--url", door.url, "--report", tmp_path / "bad.jsonl")
    assert result.exit_code == 0
    assert len((tmp_path / "bad.jsonl").read_bytes().splitlines()) == 3


def test_events_are_taken_as_they_are(careledger: Careledger, door: Door, tmp_path: Path) -> None:
    events = [
        {
            "specversion": "1.0",
            "id": str(n),
            "source": "/shop",
            "type": f"careledger.{name}",
            "subject": "pos:1",
            "data": {},
        }
        for n, name in enumerate(("customer.lost", "care.delivered", "complaint.spotted"))
    ]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(e) for e in [*events, {"type": "careledger.model.fitted"}]))
    result = careledger("import", path, "--kind", "events", "--url", door.url)
    assert (result.exit_code, door.taken) == (1, set())
    assert "nothing was imported" in result.output
    door.posted.clear()
    result = careledger("import", path, "--kind", "events", "--url", door.url, "--keep-going")
    assert result.exit_code == 1
    assert {p.path: p.events[0]["source"] for p in door.posted} == {
        f"/v1/events/{name}": "/shop" for name in ("customers", "care", "complaints")
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--kind", "purchases"), "customer_no"),
        (("--kind", "purchases", "--map", "customer_no"), "column=member"),
        (("--kind", "purchases", "--map", "customer_no=shoe"), "shoe"),
        (("--kind", "purchases", "--map", "number=customer"), "number"),
        (("--kind", "events"), "CloudEvents"),
        ((*OPTIONS, "--system", "Not A System"), "--system"),
        ((*OPTIONS, "--source", "two words"), "--source"),
        ((*OPTIONS, "--zone", "Nowhere/Else"), "--zone"),
        ((*OPTIONS, "--at", "soon"), "--at"),
        ((*OPTIONS, "--url", "ftp://x"), "--url"),
        ((*OPTIONS, "--url", "http://127.0.0.1:9"), "no server answers"),
        ((*OPTIONS, "--key", "cl_other"), "key"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_2(
    careledger: Careledger, door: Door, orders: Path, arguments: tuple[str, ...], says: str
) -> None:
    result = careledger("import", orders, "--url", door.url, *arguments)
    assert result.exit_code == 2, result.output
    assert says in result.output
    assert not door.taken


def test_no_file(careledger: Careledger, door: Door, tmp_path: Path) -> None:
    result = careledger("import", tmp_path / "absent", *OPTIONS, "--url", door.url)
    assert result.exit_code == 2
    assert "cannot be read" in result.output


def test_what_was_done_before_the_server_went_is_told(careledger: Careledger, door: Door, orders: Path) -> None:
    door.trouble = [0, 500, 500, 500]
    result = careledger("import", orders, *OPTIONS, "--url", door.url, "--batch", "1")
    assert result.exit_code == 2
    assert "500" in result.output
