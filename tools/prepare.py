"""Sets up `.venv` from a hash lock: `python tools/prepare.py runtime|dev`. Standard library only; instant when nothing
changed.

A stamp holds what the environment was built from (lock, project file, place), not a time, so that a checkout that
moved, a Python that went away and a set-up cut short are all noticed. A file lock makes several `make` at once wait for
one.
"""

import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FOREIGN = {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_HASHES"}
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}


def fingerprint(kind: str) -> str:
    """What the environment depends on, as one line."""
    digest = hashlib.sha256()
    for name in (LOCKS[kind], "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{digest.hexdigest()} {ROOT}"


def stamp(kind: str) -> pathlib.Path:
    return VENV / f".{kind}.stamp"


def ready(kind: str) -> bool:
    """True when the stamp is of today's locks and the interpreter still starts."""
    file = stamp(kind)
    if not file.exists() or file.read_text() != fingerprint(kind):
        return False
    return starts("-c", "")


def starts(*arguments: str) -> bool:
    """True when the environment's interpreter runs that."""
    return PYTHON.exists() and subprocess.run([PYTHON, *arguments], check=False, capture_output=True).returncode == 0


def run(*command: object) -> None:
    # The caller's Python settings must not leak in: a PYTHONPATH or PIP_USER would install or import from elsewhere.
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False)
    if done.returncode:
        sys.exit(f"set-up failed: {' '.join(str(part) for part in command)}")


def prepare(kind: str) -> None:
    # Made anew only where its pip does not start; otherwise pip brings it up to the lock.
    if not starts("-m", "pip", "--version"):
        run(sys.executable, "-m", "venv", "--clear", VENV)
    print(f"setting up .venv ({kind}) ...", file=sys.stderr, flush=True)
    pip = (PYTHON, "-m", "pip", "install", "-q")
    run(*pip, "--require-hashes", "-r", LOCKS[kind])
    # The build backend is in the lock: nothing is resolved or fetched here.
    run(*pip, "--no-deps", "--no-build-isolation", "--no-index", "-e", ".")
    for done in (kind, "runtime"):                    # the dev lock holds everything of the runtime's
        stamp(done).write_text(fingerprint(done))


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.exit("usage: prepare.py runtime|dev")
    kind = sys.argv[1]
    if ready(kind):
        return
    with open(ROOT / ".venv.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready(kind):
            prepare(kind)


if __name__ == "__main__":
    main()
