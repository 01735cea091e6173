"""The broker's jars, fetched through Maven into a cache once; later runs need neither Maven nor the network."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.engines.process import Unavailable

POM = Path(__file__).parent / "pom.xml"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "careledger"


def find_jars() -> Path:
    match = re.search(r"kafka_2\.13</artifactId>\s*<version>([\d.]+)<", POM.read_text())
    assert match, f"no Kafka version in {POM}"
    place = cache() / f"kafka-{match[1]}"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.with_suffix(".lock"), "w") as lock:          # several test runs may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        return place if place.exists() else fetch(place)


def fetch(place: Path) -> Path:
    if not (maven := shutil.which("mvn")):
        raise Unavailable(f"Kafka: its jars are not in {place}, and Maven is not installed (Debian: apt install maven)")
    half = Path(tempfile.mkdtemp(dir=place.parent))               # a fetch cut short must not be taken for a whole one
    done = subprocess.run(
        [maven, "-q", "-B", "-f", POM, PLUGIN, "-DincludeScope=runtime", f"-DoutputDirectory={half}"],
        check=False, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(half)
        raise Unavailable(f"Kafka: Maven could not fetch its jars: {done.stdout.strip()[-400:]}")
    half.chmod(0o755)
    half.rename(place)
    return place
