"""`careledger keys`: made once, listed without themselves, revoked."""

from pathlib import Path

import orjson
import pytest

from tests.libs.cli.conftest import Careledger


def test_a_key_is_shown_once_and_its_digest_kept(careledger: Careledger, tmp_path: Path) -> None:
    made = careledger("keys", "create", "partner-x", "--scope", "events", "--expires", "2999-01-31")
    assert made.exit_code == 0, made.output
    key = made.stdout.strip()
    assert key.startswith("cl_")
    file = tmp_path / "data" / "keys.json"
    (kept,) = orjson.loads(file.read_bytes())
    assert key not in file.read_text()
    assert (kept["name"], kept["scopes"], kept["expires"]) == ("partner-x", ["events"], "2999-02-01T00:00:00Z")
    listed = careledger("keys", "list")
    assert "partner-x" in listed.output
    assert key not in listed.output


def test_a_revoked_key_is_gone(careledger: Careledger) -> None:
    careledger("keys", "create", "a")
    assert careledger("keys", "revoke", "a").exit_code == 0
    assert careledger("keys", "revoke", "a").exit_code == 2
    assert "no keys yet" in careledger("keys", "list").output


def test_the_file_is_the_services_own(careledger: Careledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARELEDGER_KEYS_FILE", str(tmp_path / "elsewhere.json"))
    careledger("keys", "create", "a")
    assert (tmp_path / "elsewhere.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "arguments",
    [("Bad Name",), ("a", "--scope", "all"), ("a", "--expires", "soon"), ("a", "--expires", "2020-01-01")],
)
def test_what_cannot_be_made_is_said(careledger: Careledger, arguments: tuple[str, ...]) -> None:
    assert careledger("keys", "create", *arguments).exit_code == 2


def test_a_name_is_taken_once(careledger: Careledger) -> None:
    assert [careledger("keys", "create", "a").exit_code for _ in range(2)] == [0, 2]
