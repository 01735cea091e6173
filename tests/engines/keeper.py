"""One server of each kind for a whole test run, however many xdist workers: a process that pytest's controller starts.

It starts an engine when the first test asks for it, answers every later one with the same address, and ends with the
controller: by the end of its input, or by the kernel where the controller was killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from tests.engines import Kafka, Postgres, Unavailable
from tests.engines.process import die_with_parent

PLACE = "CARELEDGER_TEST_KEEPER"
ENGINES: dict[str, Callable[[], Postgres | Kafka]] = {
    "postgres 18": lambda: Postgres.find("18"), "postgres system": lambda: Postgres.find("system"), "kafka": Kafka}


class Keeper:
    """The controller's side: started with the run, stopped after it. Workers find it through the environment."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="careledger-keeper-"))
        os.environ[PLACE] = str(self.place / "socket")
        # A session of its own, so that Ctrl-C reaches pytest alone, which then ends this one in order.
        self.process = subprocess.Popen([sys.executable, "-m", "tests.engines.keeper"], stdin=subprocess.PIPE,
                                        cwd=Path(__file__).parents[2], start_new_session=True,
                                        preexec_fn=die_with_parent(signal.SIGTERM))

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.environ.pop(PLACE, None)
        shutil.rmtree(self.place, ignore_errors=True)


def ask(name: str) -> str:
    """The address of the run's engine of that name; `Unavailable` where it cannot be had."""
    with Client(os.environ[PLACE]) as line:
        line.send(name)
        good, answer = line.recv()
    if not good:
        raise Unavailable(answer)
    return str(answer)


class Shelf:
    """The started engines. Each is started by a thread that stays: the kernel ends a child with its thread."""

    def __init__(self) -> None:
        self.lock, self.ended = threading.Lock(), False
        self.started: dict[str, Future[Postgres | Kafka]] = {}
        self.threads: list[ThreadPoolExecutor] = []

    def get(self, name: str) -> Postgres | Kafka:
        with self.lock:
            if self.ended:
                raise Unavailable("the test run is over")
            if name not in self.started:
                self.threads.append(ThreadPoolExecutor(1))
                self.started[name] = self.threads[-1].submit(lambda: ENGINES[name]().start())
        return self.started[name].result()

    def clear(self) -> None:
        with self.lock:
            self.ended = True
        for future in self.started.values():
            if not future.cancel() and not future.exception():
                future.result().remove()


def reply(line: Connection, shelf: Shelf) -> None:
    with line:
        try:
            engine = shelf.get(line.recv())
            line.send((True, engine.address if isinstance(engine, Kafka) else engine.url()))
        except Unavailable as reason:
            line.send((False, str(reason)))
        except (EOFError, OSError):
            return                                                # a worker that went away
        except Exception as fault:                                # a fault of ours: told to the test, not to a log
            line.send((False, f"{type(fault).__name__}: {fault}"))


def accept(listener: Listener, shelf: Shelf) -> None:
    while True:
        threading.Thread(target=reply, args=(listener.accept(), shelf), daemon=True).start()


def main() -> None:
    shelf = Shelf()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        listener = Listener(os.environ[PLACE], backlog=64)
        threading.Thread(target=accept, args=(listener, shelf), daemon=True).start()
        sys.stdin.read()                                          # until the controller closes it or is gone
    finally:
        shelf.clear()
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
