"""The real product in processes of its own, on either pair of engines: started, asked, killed and started again.

Nothing of the product is imported here: tests see what its users see. `Together` is one process with all services (as
`make run` has it); `Apart` has each role of each service in a process of its own, behind an ingress that routes by
path, as the manifests have it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.conftest import SERVICES
from tests.engines.process import die_with_parent, free_port
from tests.support.pairs import Engines, fresh

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds; a machine that does much else at once starts fifteen processes slowly."""
_ALL_LOGGED = {"CARELEDGER_ACCESS_LOG": "1"}
PREFIXES = {
    "customers": "profile",
    "merges": "profile",
    "segments": "profile",
    "classifications": "profile",
    "schemas": "profile",
    "vocabulary": "profile",
    "asyncapi": "profile",
    "programmes": "care",
    "deliveries": "care",
    "due": "care",
    "touchpoints": "care",
    "promises": "care",
    "surveys": "care",
    "invitations": "care",
    "complaints": "complaints",
    "calendars": "complaints",
    "scores": "scoring",
    "reports": "scoring",
    "models": "scoring",
    "alerts": "scoring",
    "stream": "scoring",
}
"""Which service an ingress sends what below `/v1` to, from the contract's table."""


@dataclass
class Process:
    """One process of the product."""

    services: Sequence[str]
    roles: Sequence[str]
    port: int
    log: Path
    number: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def checks(self) -> list[str]:
        """What tells whether it is ready."""
        return [self.url + (f"/{s}" if len(self.services) > 1 else "") + "/readyz" for s in self.services]

    def start(self, settings: dict[str, str]) -> None:
        """Starts it; `Product.ready` waits for it."""
        chosen = [a for s in self.services for a in ("--service", s)] if len(self.services) == 1 else []
        chosen += [a for r in self.roles for a in ("--role", r)]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("CARELEDGER", "PORT", "DATA_DIR"))}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "libs.cli", "run", *chosen],
                cwd=ROOT,
                env={**clean, **settings, "PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def end(self, how: signal.Signals) -> int | None:
        """Ends it by a signal and waits; killed where it does not listen. Answers its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.services} {self.roles} did not end on {how.name} within 20 s") from None
        finally:
            self.process = None


class Ingress(httpx.BaseTransport):
    """Sends a request to a replica of the service that owns its path, each in turn."""

    def __init__(self, product: Product) -> None:
        self._product, self._inner, self._turn = product, httpx.HTTPTransport(), 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        parts = [*request.url.path.split("/"), "", ""]
        first, second, third = parts[1:4]
        service = first if first in SERVICES else PREFIXES.get(second, "")
        if second == "events":
            service = "profile" if third == "customers" else third
        replicas = [p for p in self._product.processes if "api" in p.roles and (service in p.services or not service)]
        self._turn += 1
        chosen = replicas[self._turn % len(replicas)]
        path = request.url.raw_path
        if first in SERVICES and len(chosen.services) == 1:
            path = path.removeprefix(f"/{first}".encode())
        request.url = request.url.copy_with(port=chosen.port, raw_path=path)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@dataclass
class Product:
    """A product: what it runs on, its processes, and a client with a key."""

    engines: Engines
    place: Path
    processes: list[Process]
    settings: dict[str, str] = field(default_factory=dict)
    client: httpx.Client = field(init=False)

    def start(self) -> Product:
        """Starts every process and waits until all are ready."""
        for process in self.processes:
            process.start(self.settings)
        self.ready()
        key = (self.place / "development.key").read_text().strip()
        self.client = httpx.Client(
            base_url="http://127.0.0.1:1",
            transport=Ingress(self),
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
        )
        return self

    def ready(self) -> None:
        """Waits until all processes say that they are ready."""
        deadline = time.monotonic() + PATIENCE
        waiting = [(p, check) for p in self.processes if p.process for check in p.checks]
        with httpx.Client(timeout=5) as client:
            while waiting:
                process, check = waiting[0]
                assert process.process is not None
                assert process.process.poll() is None, f"{check}: it ended:\n{self.tail(process)}"
                assert time.monotonic() < deadline, f"{check}: not ready within {PATIENCE} s:\n{self.tail(process)}"
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(check).status_code == 200:
                        waiting.pop(0)
                        continue
                time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends all processes by a signal, and waits for each."""
        for process in self.processes:
            if process.process:
                process.process.send_signal(how)
        for process in self.processes:
            process.end(how)
        self.client.close()

    def kill(self) -> None:
        """Kill -9 of everything at once."""
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        """Ends what still runs, without ceremony."""
        for process in self.processes:
            if process.process:
                process.end(signal.SIGKILL)
        if hasattr(self, "client"):
            self.client.close()
        shutil.rmtree(self.place, ignore_errors=True)

    def logs(self) -> bytes:
        """Everything that all processes have written."""
        return b"".join(log.read_bytes() for log in sorted(self.place.glob("*.log")))

    def tail(self, process: Process) -> str:
        """The end of what one process has written."""
        return process.log.read_text(errors="replace")[-2000:]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the command line on the same data."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("CARELEDGER")}
        return subprocess.run(
            [sys.executable, "-m", "libs.cli", *arguments],
            cwd=ROOT,
            env={**clean, **self.settings, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def together(engines: Engines, **settings: str) -> Product:
    """All services in one process; not started yet."""
    place = Path(tempfile.mkdtemp(prefix="careledger-story-"))
    process = Process(SERVICES, ("api", "relay", "worker"), free_port(), place / "out.log")
    return Product(engines, place, [process], {"DATA_DIR": str(place), **_ALL_LOGGED, **engines.settings, **settings})


def apart(engines: Engines, replicas: dict[tuple[str, str], int] | None = None, **settings: str) -> Product:
    """Each role of each service in a process of its own, some of them several times; not started yet."""
    place = Path(tempfile.mkdtemp(prefix="careledger-story-"))
    processes = [
        Process([service], [role], free_port(), place / f"{service}-{role}-{n}.log", n)
        for service in SERVICES
        for role in ("api", "relay", "worker")
        for n in range((replicas or {}).get((service, role), 1))
    ]
    own = {"CARELEDGER_SECRET": secrets.token_hex(32), "CARELEDGER_MASTER_KEY": secrets.token_hex(32)}
    chosen = {"DATA_DIR": str(place), **_ALL_LOGGED, **engines.settings, **own, **settings}
    return Product(engines, place, processes, chosen)


__all__ = ["Engines", "Ingress", "Process", "Product", "apart", "fresh", "together"]
