"""No file of any database holds what is personal in the open: not in tables, indexes, statistics or write-ahead logs.

The databases' own files are read byte by byte, while the product runs. What other systems publish lies in the inbound
topics for a week, as the contract says, and nowhere else.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.profile.search.likeness import folded
from tests.conftest import KAFKA_ADDRESS, SERVICES, ask, missing
from tests.engines import Postgres, Unavailable
from tests.engines.postgres import database, execute
from tests.stories.publisher import event
from tests.stories.teller import Json, Teller, day, rated, until
from tests.support.pairs import Engines
from tests.support.product import Product, together

OPEN = "Ownerzhdanova"
"""Not personal, and so to be found: a scan that finds nothing at all has not looked."""
PAGE = 8192
TOLD: Json = {
    "name": "Quỳnh Zythorembá", "phones": ["+84 987 310 429"], "emails": ["Zythoremba.Q@kvasnica-post.example"],
    "refs": ["crm:Hx-77310429-Kvq"], "addresses": ["12 Ngõ Thorvaldgatan"], "birthday": "1931-10-29",
    "background": "Brigantinist", "custom": {"vessel": "Oktavianskaja"}, "household": {"structure": "Wohnkollektivum"},
    "special_dates": [{"occasion": "Silberhochzeitstag", "on": "1957-08-03"}], "habits": ["Nachtwandeln"],
}  # fmt: skip
"""What is told by HTTP, with what comes later below."""
LATER = {"name": "Bích Przewalska", "phones": ["(024) 3971 5532"]}
OTHER: Json = {
    "name": "长城贸易 Kilimandscharo", "emails": ["einkauf@turmalinka.example"], "phones": ["+1 415 555 7731"],
}  # fmt: skip
PERSON = ("Ingeborg Haselnussmann", "0977 221 846", "haselnussmann@drehorgel.example", "Einkaufsleiterin")
FREE = (
    "Kaffeemaschinenbrand", "Reklamationsgrundx", "Entschuldigungsblumen", "Dichtungsversagen", "Wareneingangspruefung",
    "Rueckrufversprechen", "Bemerkungsfeldtext", "Wiedergewinnungsanruf", "Zufriedenheitsausgang", "Frau Beobachterin",
)  # fmt: skip
HEARD = {"name": "Đặng Fuchsschwanzer", "phones": ["0908 664 215"], "emails": ["fuchsschwanzer@halogenlampe.example"]}
HEARD_REF, HEARD_FREE = "pos:Vz-908664215", ("Telefonzusage", "Ofenrohrbruch", "Quarantaenestation")
"""What other systems publish."""


@contextlib.contextmanager
def engines(name: str) -> Iterator[tuple[Engines, Path | None]]:
    """A pair of engines, and the data directory of a database server that nobody else uses."""
    if name == "embedded":
        yield Engines(name), None
        return
    broker, stem = os.environ.get(KAFKA_ADDRESS) or ask("kafka"), f"scan_{uuid.uuid4().hex[:12]}"
    server = Postgres.find("18").start()
    try:
        with contextlib.ExitStack() as stack:
            for service in SERVICES:
                stack.enter_context(database(server.url(), f"{stem}_{service}"))
            yield Engines(name, server.url(f"{stem}_{{service}}"), f"kafka://{broker}?prefix={stem}."), server.data
    finally:
        server.remove()


@pytest.mark.parametrize("name", ["embedded", "distributed"])
def test_no_file_of_a_database_holds_plaintext(name: str, tmp_path: Path) -> None:
    try:
        with engines(name) as (chosen, data):
            product = together(chosen)
            try:
                tell_all(Teller(product.start()), tmp_path)
                pages: set[bytes] = set()
                seen = scan(product, data, pages)
                product.stop()
                write_back(product.place)
                assert seen | scan(product, data, pages) == {"wal", "data"}
            finally:
                product.close()
    except Unavailable as reason:
        missing(reason)


def tell_all(tell: Teller, folder: Path) -> None:
    """Everything that can be said of two people who are one, and of a third by events; all of it found and changed."""
    for key in TOLD["custom"]:
        tell.post("/v1/customers/fields", {"key": key, "type": "text", "label": {"en": "Vessel"}})
    record = {"kind": "external", "owner": OPEN, **TOLD}
    cid = tell.post("/v1/customers", record, key=f"{tell.tag} new").json()["id"]
    tell.post("/v1/customers", record, key=f"{tell.tag} new")  # the answer is remembered
    other = tell.customer("other", owner=OPEN, **OTHER)
    person = {"kind": "person", "value": PERSON[0], "phone": PERSON[1], "email": PERSON[2], "role": PERSON[3]}
    contacts = f"/v1/customers/{cid}/contacts"
    tell.call("POST", contacts, person, headers={"If-Match": tell.call("GET", f"/v1/customers/{cid}").headers["etag"]})
    tell.post(f"/v1/customers/{cid}/loss", {"reason": "moved", "at": day(1)})
    tell.post(f"/v1/customers/{cid}/win-back", {"approach": FREE[7], "by": OPEN, "outcome": FREE[8], "at": day(2)})
    promises = [{"what": FREE[5], "due": day(9), "owner": OPEN}]
    tell.post("/v1/touchpoints", {"customer": TOLD["refs"][0], "staff": OPEN, "channel": "x", "promises": promises})
    tell.answer(tell.survey(), cid, items=[rated("kept", 1, 5)], comment=FREE[6], at=day(3))
    spotted = {"role": "staff", "who": FREE[9]}
    complaint = tell.complaint(cid, summary=FREE[0], spotted_by=spotted, ref="desk:Bx-44120", at=day(4))
    tell.step(complaint, "escalation", reason=FREE[1], at=day(5))
    tell.step(complaint, "correction", action=FREE[2], at=day(6))
    tell.step(complaint, "report", root_cause=FREE[3], prevention=FREE[4], at=day(7))
    publish(tell, folder)

    merged = tell.post("/v1/merges", {"survivor": cid, "merged": other}).headers["event-position"]
    seen = tell.call("GET", f"/v1/customers/{cid}", params={"after": merged}).headers["etag"]
    changed = tell.call("PATCH", f"/v1/customers/{cid}", LATER, headers={"If-Match": seen})
    assert changed.status_code == 200, changed.text
    after = {"after": changed.headers["event-position"]}
    asked = ("przewal bich", "024 3971 5532", "长城", "4155557731 kilimandscharo", *OTHER["emails"], *TOLD["refs"])
    for q in (*asked, *PERSON[:3]):
        found = tell.post("/v1/customers/search", {"q": q, "total": True}, want=200, params=after).json()
        assert [item["id"] for item in found["items"]] == [cid], q
    assert not tell.post("/v1/customers/search", {"q": TOLD["name"]}, want=200, params=after).json()["items"]
    tell.get(f"/v1/customers/{cid}/duplicates")
    for q in (HEARD["name"], *HEARD["phones"], HEARD_REF):
        body = {"q": q}
        until(f"{q} is found", lambda body=body: tell.post("/v1/customers/search", body, want=200).json()["items"])  # type: ignore[misc]
    tell.scored(cid, "the complaint", lambda s: s["complaints"]["corrected"] == 1)


def publish(tell: Teller, folder: Path) -> None:
    """Other systems' events, one of which nobody can understand."""
    promises = [{"what": HEARD_FREE[0], "due": day(9), "owner": OPEN}]
    spotted: Json = {"summary": HEARD_FREE[1], "severity": "minor", "spotted_by": {"role": "system"}}
    said: list[tuple[str, Json]] = [
        ("customer.recorded", {"kind": "external", **HEARD}),
        ("touchpoint.recorded", {"staff": OPEN, "channel": "x", "promises": promises}),
        ("complaint.spotted", spotted),
        ("customer.recorded", {"kind": "external", "nickname": HEARD_FREE[2]}),
    ]
    events = [event(f"{tell.tag} {n}", kind, HEARD_REF, day(1, n), data) for n, (kind, data) in enumerate(said)]
    file = folder / "events.jsonl"
    file.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events))
    done = tell.product.command("events", "publish", str(file))
    assert done.returncode == 0, done.stderr
    for one, status in zip(events, ("appended", "appended", "appended", "quarantined"), strict=True):
        service = {"customer": "customers", "touchpoint": "care", "complaint": "complaints"}[one["type"].split(".")[1]]
        about = {"source": one["source"], "id": one["id"]}
        until(status, lambda s=service, p=about, w=status: tell.get(f"/v1/events/{s}", **p)["status"] == w)  # type: ignore[misc]


def scan(product: Product, data: Path | None, pages: set[bytes]) -> set[str]:
    """Looks for all of it in every file. In which kinds of files there is something at all that is to be found."""
    if data:
        for service in SERVICES:
            execute(product.engines.database_url.replace("{service}", service), "ANALYZE", "CHECKPOINT")
    told, heard = needles([TOLD, LATER, OTHER, *PERSON, *FREE, "Bx-44120"]), needles([HEARD, HEARD_REF, *HEARD_FREE])
    seen = set[str]()
    for folder in (product.place, *([data] if data else [])):
        for path in sorted(folder.rglob("*")):
            raw = unread(path, pages)
            if OPEN.lower().encode() in raw:
                seen.add("wal" if "wal" in f"{path.parent.name} {path.name}" else "data")
            inbound = path.name.startswith("log.db")  # the embedded log holds the inbound topics
            for needle in told if inbound else told | heard:
                assert needle not in raw, f"{needle!r} in {path.name}"
    return seen


def unread(path: Path, pages: set[bytes]) -> bytes:
    """The bytes of a file in small letters, without pages that were looked at: most of a database is in all of them."""
    try:
        raw = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    except FileNotFoundError:  # gone again
        return b""
    if len(raw) <= PAGE:
        return raw.lower()
    kept = []
    for start in range(0, len(raw), PAGE):
        page = raw[start : start + PAGE]
        if (digest := hashlib.sha256(page).digest()) not in pages:
            pages.add(digest)
            kept.append(page)
    return b"".join(kept).lower()


def write_back(place: Path) -> None:
    """Moves what SQLite's write-ahead logs hold into their databases."""
    for file in place.glob("*.db"):
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def needles(told: object) -> set[bytes]:
    """Every word that is long enough to stand nowhere by chance, and every form in which somebody may write it."""
    parts = ((text, *re.findall(r"\w{5,}", text), *folded(text)) for text in texts(told))
    words = {word for some in parts for word in some if len(word) > 4}
    words |= {text for text in texts(told) if re.search("[\u4e00-\u9fff]", text)} | {"长城贸易", "changchengmaoyi"}
    words |= {re.sub(r"\D", "", text)[-9:] for text in texts(told) if re.fullmatch(r"[+() \d]+", text)}
    words -= {"example"}
    return {form.lower() for word in words for form in forms(word) if len(form) > 4}


def texts(told: object) -> Iterator[str]:
    """All texts of a value."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        yield from (text for value in told.values() for text in texts(value))
    elif isinstance(told, list):
        yield from (text for value in told for text in texts(value))


def forms(word: str) -> Iterator[bytes]:
    """In UTF-8 and UTF-16 (either way round: what is cut off is what they differ in), as JSON may escape it, in hex,
    and inside of anything in base64; all in small letters, as bytes have them."""
    plain = word.encode()
    for case in {word, word.lower()}:
        yield from (case.encode(), case.encode("utf-16-le")[:-1], json.dumps(case)[1:-1].encode(), plain.hex().encode())
    for before in range(3):
        # without what its neighbours have a part in
        coded = base64.b64encode(b"\0" * before + plain)[(0, 2, 3)[before] : -4]
        yield from (form for form in {coded, coded.translate(bytes.maketrans(b"+/", b"-_"))} if len(form) > 7)
