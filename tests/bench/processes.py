"""Processes that a row starts and ends: services as `careledger run` serves them, and the bare app beside them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.engines import Site
from tests.engines.process import Server, free_port

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """A process that answers at `port`."""

    name: str
    port: int
    server: Server

    @property
    def resident(self) -> int:
        """Bytes of memory that the process holds now."""
        told = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("VmRSS"))

    @property
    def worked(self) -> float:
        """Seconds of processor time that the process has taken."""
        told = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def started(site: Site, name: str, command: Sequence[str], port: int, ready: str) -> Iterator[Running]:
    """A process from when it answers 200 at `ready` until the block ends."""
    environment = site.environment | {"PYTHONPATH": str(ROOT)}
    server = Server([sys.executable, "-m", *command], site.folder / f"{name}.log", end=signal.SIGTERM, env=environment)
    try:
        server.wait_until(lambda: answers(f"http://127.0.0.1:{port}{ready}"))
        yield Running(name, port, server)
    finally:
        server.stop(signal.SIGTERM)


@contextlib.contextmanager
def service(site: Site, *names: str, roles: Sequence[str] = ()) -> Iterator[Running]:
    """`careledger run` of these services (none: all of them) in these roles (none: all of them)."""
    port = free_port()
    chosen = [part for name in names for part in ("--service", name)] + [p for role in roles for p in ("--role", role)]
    label = "-".join([*names, *roles]) or "all"
    ready = "/readyz" if len(names) == 1 else f"/{names[0] if names else 'scoring'}/readyz"
    with started(site, label, ["libs.cli", "run", "--port", str(port), *chosen], port, ready) as running:
        yield running


@contextlib.contextmanager
def bare(site: Site) -> Iterator[Running]:
    """The bare FastAPI app."""
    port = free_port()
    command = ["tests.bench.bare_app", str(port), site.driver_url("care")]
    with started(site, "bare", command, port, "/ready") as running:
        yield running


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    with contextlib.suppress(OSError, urllib.error.URLError):
        return bool(urllib.request.urlopen(url, timeout=5).status == 200)
    return False


def key(site: Site) -> str:
    """The development key that `careledger run` made."""
    return (site.folder / "development.key").read_text().strip()
