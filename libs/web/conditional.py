"""HEAD, and GET of what the caller has already: the headers alone.

Both are made of the answer to the GET, so that no route has to know of them. What is spared is sending, not asking:
whether somebody's version is the current one is only known once it was looked up.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.types import Message, Scope, Send

from libs.web.answers import NO_STORE
from libs.web.exchange import header

_OF_A_BODY = frozenset({b"content-length", b"content-type"})


def headers_only(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """A HEAD as the GET that it asks about, and a way to send that ends after the headers, also where a body would
    never end: then the caller is seen to have left."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body"})

    return {**scope, "method": "GET"}, sending


def not_modified(scope: Scope, message: MutableMapping[str, Any]) -> bool:
    """Makes the start of an answer a 304 where `If-None-Match` names its entity tag, and says whether it did.

    An answer that holds more than its version tells is not to be stored, and is always told whole.
    """
    headers, tag = message["headers"], header(message, b"etag")
    if tag is None or scope["method"] != "GET" or NO_STORE in headers:
        return False
    known = header(scope, b"if-none-match")
    # a tag cannot hold a quotation mark, so it stands in the list with both of its own if it does at all
    if known is None or not (known.strip() == b"*" or tag in known):
        return False
    message["status"] = 304
    message["headers"] = [(name, value) for name, value in headers if name not in _OF_A_BODY]
    return True
