"""Keys: made, listed, revoked, noticed; nobody without one gets in."""

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from libs.events.clock import FixedClock
from libs.web.auth import Keys, allows
from libs.web.keys import BadKeys, KeyRecord, create_key, development_key, list_keys, revoke_key
from libs.web.tickets import LIFE, Tickets
from tests.libs.web import toy

PATH = f"/v1/customers/{toy.CUSTOMER}"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {key}", "{key}", "Bearer é", "Bearer " + "x" * 9000],
)
async def test_without_a_key_it_is_401(service: toy.Toy, authorization: str | None) -> None:
    headers = [] if authorization is None else [(b"Authorization", authorization.format(key=service.key).encode())]
    async with toy.client(service.app) as client:
        response = await client.get(PATH, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["code"] == "unauthorized"
    assert service.key not in response.text


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1nothing", "/v1/vocabulary"])
async def test_everything_under_v1_needs_a_key(service: toy.Toy, path: str) -> None:
    async with toy.client(service.app) as client:
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"])
async def test_the_pages_beside_are_open(service: toy.Toy, path: str) -> None:
    async with toy.client(service.app) as client:
        assert (await client.get(path)).status_code == 200


async def test_a_prefix_put_before_the_app_does_not_open_it(service: toy.Toy) -> None:
    async def mounted(scope, receive, send):  # type: ignore[no-untyped-def]
        await service.app({**scope, "root_path": "/profile"}, receive, send)

    async with toy.client(mounted) as client:
        assert (await client.get("/profile" + PATH)).status_code == 401


async def test_the_scheme_is_read_in_any_case(service: toy.Toy) -> None:
    async with toy.client(service.app, Authorization=f"bearer {service.key}") as client:
        assert (await client.get(PATH)).status_code == 404


async def test_a_key_that_may_only_read(service: toy.Toy, tmp_path: Path) -> None:
    key = create_key(tmp_path / "keys.json", "reader", toy.NOW, scopes=["read"])
    fresh = toy.make(tmp_path / "other")
    (tmp_path / "other" / "keys.json").write_bytes((tmp_path / "keys.json").read_bytes())
    async with toy.client(fresh.app, Authorization=f"Bearer {key}") as client:
        assert (await client.get(PATH)).status_code == 404
        refused = await client.post(PATH + "/purchases", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("scope", "method", "path", "allowed"),
    [
        ("*", "POST", "/v1/merges", True),
        ("write", "POST", "/v1/merges", True),
        ("read", "POST", "/v1/merges", False),
        ("read", "POST", "/v1/customers/search", True),
        ("read", "PATCH", "/v1/customers/resolve", False),
        ("events", "POST", "/v1/events/care", True),
        ("events", "GET", "/v1/customers", False),
    ],
)
def test_scopes(scope: str, method: str, path: str, allowed: bool) -> None:
    key = KeyRecord(name="k", sha256="", created=toy.NOW, scopes=(scope,))
    assert allows(key, method, path) is allowed


def test_the_file_holds_no_key_and_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = create_key(file, "shop", toy.NOW, scopes=["events"], expires=toy.NOW + timedelta(days=1))
    assert key not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]
    members = json.loads(file.read_text())[0]
    assert members["name"] == "shop"
    assert set(members) == {"name", "sha256", "created", "expires", "scopes"}
    assert list_keys(file)[0].scopes == ("events",)


def test_names_and_scopes_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    create_key(file, "shop", toy.NOW)
    for name, scopes in [("shop", ["*"]), ("a b", ["*"]), ("", ["*"]), ("new", ["everything"]), ("new", [])]:
        with pytest.raises(BadKeys):
            create_key(file, name, toy.NOW, scopes=scopes)


def test_a_key_is_found_until_it_expires_or_is_revoked(tmp_path: Path) -> None:
    file, clock, time = tmp_path / "keys.json", FixedClock(toy.NOW), [0.0]
    keys = Keys(file, clock, lambda: time[0])
    assert keys.find(b"Bearer x") is None
    key = create_key(file, "shop", toy.NOW, expires=toy.NOW + timedelta(hours=1))
    held = f"Bearer {key}".encode()
    time[0] += 1.1
    found = keys.find(held)
    assert found is not None
    assert found.name == "shop"
    clock.advance(timedelta(hours=1))
    assert keys.find(held) is None
    clock.advance(timedelta(hours=-1))
    assert revoke_key(file, "shop")
    assert not revoke_key(file, "shop")
    assert keys.find(held) is not None  # for a second at most
    time[0] += 1.1
    assert keys.find(held) is None


def test_a_file_in_the_middle_of_an_edit_locks_nobody_out(tmp_path: Path) -> None:
    file, time = tmp_path / "keys.json", [0.0]
    held = b"Bearer " + create_key(file, "shop", toy.NOW).encode()
    keys = Keys(file, FixedClock(toy.NOW), lambda: time[0])
    assert keys.find(held)
    file.write_text("[{")
    time[0] += 2
    assert keys.find(held)
    with pytest.raises(BadKeys):
        list_keys(file)
    os.unlink(file)
    time[0] += 2
    assert keys.find(held) is None


def test_the_development_key_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = development_key(tmp_path, file, toy.NOW)
    assert development_key(tmp_path, file, toy.NOW) == key
    place = tmp_path / "development.key"
    assert place.read_text().strip() == key
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [k.name for k in list_keys(file)] == ["development"]
    place.unlink()
    other = development_key(tmp_path, file, toy.NOW)
    assert other != key
    assert [k.name for k in list_keys(file)] == ["development"]


def test_tickets() -> None:
    tickets = Tickets(b"s" * 32)
    ticket, expires = tickets.issue("shop", toy.NOW)
    assert expires == toy.NOW + LIFE
    assert tickets.check(ticket, toy.NOW) == "shop"
    assert tickets.check(ticket, expires) is None
    assert Tickets(b"t" * 32).check(ticket, toy.NOW) is None
    for forged in ("", "x", "é", ticket[:-3], "A" + ticket[1:] if ticket[0] != "A" else "B" + ticket[1:]):
        assert tickets.check(forged, toy.NOW) is None
