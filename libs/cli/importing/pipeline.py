"""From a file to the services: read, made into events, sent, told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from libs.cli.importing.events import Made, Maker
from libs.cli.importing.reading import Source
from libs.cli.importing.report import Report
from libs.cli.sending.lanes import Parcel, pour
from libs.cli.sending.sender import Sender
from libs.cli.sending.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Stub:
    """What is kept of a row while its event is on its way."""

    number: int
    line: int
    id: str


@dataclass(slots=True)
class Pipeline:
    """One import. `progress` hears of every step how far the file is read."""

    source: Source
    maker: Maker
    report: Report
    progress: Callable[[int, Report], None] = lambda read, report: None

    async def run(self, sender: Sender, batch: int) -> None:
        """Brings everything in. Raises `GaveUp` or `NotServed`."""
        await pour(self._parcels(), sender, self._told, batch=batch)

    def _parcels(self) -> Iterator[Parcel[Stub]]:
        for row in self.source.rows():
            made = self.maker.make(row)
            if isinstance(made, Made):
                yield Parcel(made.door, made.whose, made.body, Stub(row.number, row.line, made.id))
            else:
                self.report.tell(row.number, row.line, "", made)

    def _told(self, parcels: Sequence[Parcel[Stub]], verdicts: Sequence[Verdict]) -> None:
        for parcel, verdict in zip(parcels, verdicts, strict=True):
            stub = parcel.known_as
            self.report.tell(stub.number, stub.line, stub.id, verdict)
        self.progress(self.source.read(), self.report)
