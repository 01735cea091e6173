"""Where mortal processes come from."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tests.faults.world import Place


class Nursery:
    """The process that forks them, started when first asked."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[str] | None = None

    async def dies(self, place: Place, service: str, loop: str, step: str, nth: int = 1) -> None:
        """Runs a loop of a service in a process of its own until kill -9 meets it at a step, the `nth` time."""
        told = {"place": asdict(place), "service": service, "loop": loop, "step": step, "nth": nth}
        ended_by = await asyncio.to_thread(self._ask, json.dumps(told))
        end = self.log.read_text(errors="replace")[-3000:]
        assert ended_by == str(signal.SIGKILL.value), f"{step} was not reached (signal {ended_by}): {end}"

    def _ask(self, line: str) -> str:
        if self._process is None:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.faults.mortal"], cwd=Path(__file__).parents[2], text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                )  # fmt: skip
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """Ends it."""
        if self._process:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.close()
            self._process.wait(30)
            self._process.stdout.close()


