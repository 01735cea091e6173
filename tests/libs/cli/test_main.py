"""The command line as a whole: everything has help with an example, and help is quick."""

import subprocess
import sys

import pytest

from libs.cli.main import Commands
from tests.libs.cli.conftest import Careledger

GROUPS = {
    "events": ("publish", "tail"),
    "imports": ("list", "undo"),
    "keys": ("create", "list", "revoke"),
    "quarantine": ("list", "show", "retry", "discard"),
}
CALLS = [(name, *sub) for name in Commands.table for sub in ([(s,) for s in GROUPS[name]] if name in GROUPS else [()])]


def test_help_lists_every_command(careledger: Careledger) -> None:
    result = careledger("--help")
    assert result.exit_code == 0
    assert all(name in result.output for name in Commands.table)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_command_has_help_with_an_example(careledger: Careledger, call: tuple[str, ...]) -> None:
    result = careledger(*call, "--help")
    assert result.exit_code == 0, result.output
    assert f"careledger {' '.join(call)}" in " ".join(result.output.split())


def test_version(careledger: Careledger) -> None:
    assert careledger("--version").output.startswith("careledger")


def test_a_mistyped_command_is_guessed(careledger: Careledger) -> None:
    result = careledger("imprt")
    assert result.exit_code == 2
    assert "import" in result.output


def test_help_imports_no_more_than_it_needs() -> None:
    heavy = "{'sqlalchemy', 'httpx', 'fastapi', 'pydantic', 'aiokafka', 'orjson'} & set(sys.modules)"
    help_ = "import sys; from libs.cli.main import app; app(['--help'], standalone_mode=False)"
    code = f"{help_}; print('found', sorted({heavy}))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "found []"
