"""A small real HTTP server that takes events as the services do, and misbehaves when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Judge = Callable[[dict[str, Any]], dict[str, Any]]
KEY = "cl_test"


@dataclass
class Posted:
    """One POST as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = orjson.loads(self.body)
        return events


@dataclass
class Door:
    """What came, and what is to be answered. `trouble` is used up first, one for each POST: a status, `drop` (the
    connection is closed without an answer) or `taken` (closed after the events were taken)."""

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    trouble: list[int | str] = field(default_factory=list)
    retry_after: str = ""
    imports: list[dict[str, Any]] = field(default_factory=list)
    fields: list[dict[str, str]] = field(default_factory=list)
    judge: Judge = lambda event: {}
    taken: set[tuple[str, str]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event of every POST, in order of arrival."""
        return [e for p in self.posted for e in p.events]

    def results(self, events: list[dict[str, Any]], dry_run: bool) -> list[dict[str, Any]]:
        """Takes events: the same source and id again is *already*."""
        told = []
        for index, event in enumerate(events):
            result = {"index": index, "status": "appended", **self.judge(event)}
            name = (event["source"], event["id"])
            if result["status"] == "appended" and name in self.taken:
                result["status"] = "already"
            if result["status"] == "appended" and not dry_run:
                self.taken.add(name)
            told.append(result)
        return told


def invalid(pointer: str, code: str, message: str) -> dict[str, Any]:
    """A result that refuses an event."""
    params = [{"pointer": pointer, "code": code, "message": message}]
    return {
        "status": "invalid",
        "problem": {"status": 422, "code": "invalid", "detail": "no", "invalid_params": params},
    }


@contextmanager
def open_door() -> Iterator[Door]:
    """A door on a free port of this machine."""
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            items = door.fields if self.path.endswith("/customers/fields") else door.imports
            known = self.headers.get("Authorization") == f"Bearer {KEY}"
            self._answer(200 if known else 401, {"status": "unknown", "items": items})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            path, _, query = self.path.partition("?")
            with door.lock:
                door.posted.append(Posted(self.path, dict(self.headers), body))
                trouble = door.trouble.pop(0) if door.trouble else 0
                if trouble == "drop":
                    self.close_connection = True
                    return
                if isinstance(trouble, int) and trouble:
                    self._answer(
                        trouble, {"code": "trouble"}, {"Retry-After": door.retry_after} if door.retry_after else {}
                    )
                    return
                results = door.results(orjson.loads(body), "dry_run=true" in query) if "/events/" in path else []
                if trouble == "taken":
                    self.close_connection = True
                    return
            self._answer(200, {"results": results})

        def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            raw = orjson.dumps(body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    door.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
