"""What is known of the request being answered, from its first byte on."""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from starlette._utils import get_route_path

SCOPE_KEY = "careledger"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_run = os.urandom(8).hex()
_numbers = count(1)


@dataclass(slots=True)
class Exchange:
    """One request: its id, the name of the key it came with ("" until known), the type of an unexpected exception."""

    request_id: str
    caller: str = ""
    failure: str = ""


def new_request_id() -> str:
    """An id no other request has: this process's random half, and a number."""
    return f"{_run}{next(_numbers):012x}"


def given_request_id(value: bytes | None) -> str:
    """The caller's own request id where it looks like one (8 to 64 letters, digits, `._-`), else a new one."""
    return value.decode("ascii") if value and _REQUEST_ID.fullmatch(value) else new_request_id()


def exchange(scope: MutableMapping[str, Any]) -> Exchange:
    """The exchange of an ASGI scope, begun here where no middleware did."""
    found = scope.get(SCOPE_KEY)
    if not isinstance(found, Exchange):
        found = scope[SCOPE_KEY] = Exchange(new_request_id())
    return found


def route_path(scope: MutableMapping[str, Any]) -> str:
    """The path as routes see it: without the prefix that a proxy or the dispatcher put before the app.

    It is the router's own function, so that what the gate judges and what the router finds cannot differ.
    """
    return get_route_path(scope)


def header(scope: MutableMapping[str, Any], name: bytes) -> bytes | None:
    """The first value of a header (`name` in lower case), without the cost of a mapping."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None
