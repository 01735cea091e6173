"""A lean HTTP client: `python -m tests.bench.load` reads a load from standard input and tells what came of it.

It runs in a process of its own, the same for everything it measures, so that what it costs weighs on both alike.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """Requests by `connections` at once for some `seconds`; `@n@` in the body becomes a text never used before."""

    port: int
    method: str
    paths: list[str]
    headers: dict[str, str]
    body: str = ""
    seconds: float = 3
    connections: int = 32
    run: str = ""
    rate: float = 0
    """Requests a second, all connections together; 0: as fast as they are answered."""

    def requests(self) -> Iterator[bytes]:
        """One after another, over all paths."""
        fixed = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        for number, path in enumerate(itertools.cycle(self.paths)):
            yield request(self.method, path, fixed, self.body.replace("@n@", f"{self.run}-{number}"))


def request(method: str, path: str, headers: str, body: str = "") -> bytes:
    """A request as it goes over the line."""
    length = f"content-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}{length}\r\n{body}".encode()


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))

    async def ask(self, sent: bytes) -> tuple[int, bytes]:
        """The status and the whole answer, head and body."""
        assert self._transport
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end + 2)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) >= whole and self._answer and not self._answer.done():
            answer, self._buffer = self._buffer[:whole], self._buffer[whole:]
            self._answer.set_result((int(answer[9:12]), answer))


async def connect(port: int) -> Line:
    """A connection to a server of this machine."""
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


async def run(load: Load) -> dict[str, object]:
    """Requests a second, and how many were answered with which status."""
    requests, statuses = load.requests(), Counter[int]()
    lines = [await connect(load.port) for _ in range(load.connections)]
    started = time.perf_counter()
    end = started + load.seconds

    async def caller(line: Line) -> None:
        while time.perf_counter() < end:
            status, _ = await line.ask(next(requests))
            statuses[status] += 1
            if load.rate:
                await asyncio.sleep(load.connections / load.rate)

    await asyncio.gather(*map(caller, lines))
    return {"rate": statuses.total() / (time.perf_counter() - started), "statuses": dict(statuses)}


async def put(load: Load) -> float:
    """The load from a process of its own: good answers a second. Raises `RuntimeError` where any was not good."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate(json.dumps(asdict(load)).encode())
    if process.returncode:
        raise RuntimeError("the load generator failed")
    found = json.loads(told)
    if set(found["statuses"]) - {"200", "201"}:
        raise RuntimeError(f"{load.method} {load.paths[0]}: {found['statuses']}")
    return float(found["rate"])


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(Load(**json.load(sys.stdin))))))
