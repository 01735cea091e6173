"""A server for as long as the demo lasts, where none answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from libs.cli.address import Address
from libs.cli.sending.sender import NotServed

SERVICES = ("profile", "care", "complaints", "scoring")
ROOT = Path(__file__).parents[3]
START, END = 60.0, 20.0
"""Seconds that it gets to become ready, and to end."""


def answers(address: Address) -> bool:
    """Whether anybody answers there."""
    try:
        httpx.get(address.url + "/healthz", timeout=5)
    except httpx.HTTPError:
        return False
    return True


@contextmanager
def served(address: Address) -> Iterator[None]:
    """Runs `careledger run` at this machine's `address`, with the data of DATA_DIR; ends it at the end.

    Raises `NotServed` where it does not become ready.
    """
    # the very code that runs here, installed or not
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    environment = os.environ | {"PORT": str(address.port), "PYTHONPATH": path}
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "libs.cli", "run"],
            env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.STDOUT,
        )  # fmt: skip
        # ended from outside, we still end what we started
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            if not _ready(address, process):
                words.seek(0)
                last = words.read()[-600:].decode("utf-8", "replace").strip()
                raise NotServed(f"`careledger run` did not become ready; its last words:\n{last}")
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
            process.terminate()
            try:
                process.wait(END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(address: Address, process: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            if all(httpx.get(f"{address.url}/{name}/readyz", timeout=5).status_code == 200 for name in SERVICES):
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    return False
