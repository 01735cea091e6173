"""One server process that ends with whoever started it, by its pid, however that one ends."""

import contextlib
import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """An engine cannot be had here; the message says why and what would help."""


def free_port() -> int:
    """A port below the range of outgoing connections, so that nobody takes it while its server restarts."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel ends the child with the thread that started it, kill -9 included (Linux only)."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None)                        # loaded before the fork: after it, next to nothing is safe to do
    return lambda: libc.prctl(PR_SET_PDEATHSIG, how)


def workplace(name: str) -> Path:
    """A new directory that another user may pass through (pytest's own are closed to everybody else)."""
    place = Path(tempfile.mkdtemp(prefix=f"careledger-{name}-"))
    place.chmod(0o755)
    return place


def unprivileged() -> int | None:
    """The user to become where we are root, which PostgreSQL refuses to run as; None where we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise Unavailable("running as root, and there is no user postgres or nobody to become")


class Server:
    """A started process with its log file."""

    def __init__(self, command: Sequence[str | Path], log: Path, *, user: int | None = None,
                 end: signal.Signals = signal.SIGKILL, env: dict[str, str] | None = None) -> None:
        self.log = log
        with open(log, "ab") as out:
            # A session of its own: Ctrl-C in the terminal reaches the tests first, and they end the server.
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                cwd=log.parent, env=env, start_new_session=True, preexec_fn=die_with_parent(end),
                user=user, extra_groups=None if user is None else [])

    def wait_until(self, ready: Callable[[], bool], timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while not ready():
            if self.process.poll() is not None:
                raise Unavailable(f"{self.process.args} ended: {self.tail()}")    # type: ignore[str-bytes-safe]
            if time.monotonic() > end:
                self.stop(signal.SIGKILL)
                raise Unavailable(f"not ready after {timeout:.0f} s: {self.tail()}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals, timeout: float = 30) -> None:
        """Signals the process and waits for its end; a stubborn one is killed."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-600:].strip().replace("\n", " | ")
