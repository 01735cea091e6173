"""One broker, its own controller, small and quick to start; `address` is what clients take as bootstrap server."""

import base64
import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import uuid
from typing import Self

from tests.engines.kafka.jars import find_jars
from tests.engines.kafka.java import find_java
from tests.engines.process import Server, Unavailable, free_port, workplace

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
# Services create their topics themselves; one made by accident would hide that they do not.
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# Little memory and few threads: it shares two cores with the tests.
log.cleaner.dedupe.buffer.size=4194304
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=4
background.threads=2
# A restarted broker waits until its former self is forgotten (9 s unless told otherwise).
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
"""
FLAGS = ["-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto"]


class Kafka:
    """Keeps its ports and its data over `restart()` and `kill()`."""

    def __init__(self) -> None:
        java, jars = find_java(), find_jars()
        self.port, self.place = free_port(), workplace("kafka")
        self.properties = self.place / "server.properties"
        self.properties.write_text(
            PROPERTIES.format(port=self.port, controller=free_port(), data=self.place / "data"))
        self.java = [str(java), *FLAGS, "-cp", f"{jars}/*"]
        self.server: Server | None = None
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if cluster.startswith("-"):                               # it would be taken for an option
            cluster = "A" + cluster[1:]
        done = subprocess.run(
            [*self.java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self.properties)],
            check=False, capture_output=True, text=True, cwd=self.place)
        if done.returncode:
            self.remove()
            raise Unavailable(f"Kafka: format: {(done.stderr or done.stdout).strip()[-400:]}")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> Self:
        self.server = Server([*self.java, "kafka.Kafka", str(self.properties)], self.place / "log")
        self.server.wait_until(lambda: answers(self.port))
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.server:
            self.server.stop(how)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def restart(self, how: signal.Signals = signal.SIGTERM) -> Self:
        self.stop(how)
        return self.start()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.place, ignore_errors=True)


def answers(port: int) -> bool:
    """True when the broker answers ApiVersions: its port alone is open a moment before it serves."""
    request = struct.pack(">hhih5s", 18, 0, 1, 5, b"ready")
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        line.sendall(struct.pack(">i", len(request)) + request)
        return len(line.recv(4)) == 4
    return False
