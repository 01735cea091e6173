"""The records of a file, one at a time, so that a file may be larger than memory."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

LONGEST = 1 << 20
"""Bytes of one line, characters of one cell; an event may have 256 KiB."""
DELIMITERS = ",;\t|"


@dataclass(slots=True)
class Row:
    """One record: its number (from 1, without the header), the line it ends on, and its members, or `fault`, a code
    that says why it cannot be read."""

    number: int
    line: int
    members: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


FAULTS = {
    "not_utf8": "the row is not UTF-8",
    "not_json": "the line is not a JSON object",
    "not_csv": "the row cannot be read as CSV (is a quote not closed?)",
    "too_long": "the row is too long",
    "missing_cells": "the row has fewer cells than the header",
    "excess_cells": "the row has more cells than the header",
}


class Unreadable(Exception):
    """The file as a whole cannot be read; says why."""


class Source:
    """An open file (`-`: the standard input), to be used as a context. Its first bytes tell CSV from JSON Lines."""

    def __init__(self, name: str = "", again: int | None = None) -> None:
        try:
            self._raw = open(name if again is None else again, "rb") if name != "-" else _spooled()  # noqa: SIM115
            self.size = os.fstat(self._raw.fileno()).st_size
            start = self._raw.peek()
        except OSError as error:
            raise Unreadable(f"the file cannot be read ({error.strerror or type(error).__name__})") from None
        self.json = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
        self.header: list[str] = []
        if not self.json:
            self._text = io.TextIOWrapper(self._raw, "utf-8-sig", errors="surrogateescape", newline="")
            try:
                self._csv = self._begin()
            except Unreadable:
                self._text.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        (self._raw if self.json else self._text).close()

    def digest(self) -> str:
        """What a file that was given no name is known by: the same bytes have the same one."""
        found, place = hashlib.sha256(), 0
        while block := os.pread(self._raw.fileno(), LONGEST, place):
            found.update(block)
            place += len(block)
        return found.hexdigest()[:8]

    def again(self) -> Source:
        """The same file from its beginning, once this one has been read."""
        os.lseek(self._raw.fileno(), 0, os.SEEK_SET)
        return Source(again=os.dup(self._raw.fileno()))

    def read(self) -> int:
        """Bytes read so far, as far as that is known."""
        return self._raw.tell()

    def rows(self) -> Iterator[Row]:
        """Every record, also those that cannot be read."""
        return self._json_rows() if self.json else self._csv_rows()

    def _begin(self) -> Any:
        csv.field_size_limit(LONGEST)
        first = self._text.readline(LONGEST)
        if not first.strip():
            raise Unreadable("the file has no header in its first line")
        # strict: a quote in the wrong place is told, instead of swallowing the lines that follow
        reader = csv.reader(_with(first, self._text), delimiter=sniff(first), strict=True)
        try:
            self.header = [name.strip() for name in next(reader)]
        except csv.Error:
            raise Unreadable("the header cannot be read as CSV") from None
        named = [name for name in self.header if name]
        if len(set(named)) != len(named):
            raise Unreadable("two columns of the header have the same name")
        return reader

    def _csv_rows(self) -> Iterator[Row]:
        number = 0
        while True:
            try:
                cells = next(self._csv)
            except StopIteration:
                return
            except csv.Error:
                number += 1
                yield Row(number, self._csv.line_num, fault="not_csv")
                continue
            if cells:
                number += 1
                yield self._record(number, cells)

    def _record(self, number: int, cells: list[str]) -> Row:
        row = Row(number, self._csv.line_num)
        if len(cells) != len(self.header):
            row.fault = "missing_cells" if len(cells) < len(self.header) else "excess_cells"
        elif any(not cell.isascii() and _broken(cell) for cell in cells):
            row.fault = "not_utf8"
        else:
            # an empty cell states nothing
            row.members = {n: text for n, cell in zip(self.header, cells, strict=True) if n and (text := cell.strip())}
        return row

    def _json_rows(self) -> Iterator[Row]:
        number = line = 0
        while text := self._raw.readline(LONGEST):
            line += 1
            if len(text) == LONGEST and not text.endswith(b"\n"):
                self._skip_line()
                number += 1
                yield Row(number, line, fault="too_long")
                continue
            text = text.removeprefix(b"\xef\xbb\xbf").strip() if line == 1 else text.strip()
            if text:
                number += 1
                yield _json_row(Row(number, line), text)

    def _skip_line(self) -> None:
        while (rest := self._raw.readline(LONGEST)) and not rest.endswith(b"\n"):
            pass


def _spooled() -> Any:
    """The standard input in a file without a name, for it is read twice; gone when it is closed."""
    kept = tempfile.TemporaryFile()  # noqa: SIM115
    with open(sys.stdin.fileno(), "rb", closefd=False) as given:
        shutil.copyfileobj(given, kept)
    kept.seek(0)
    return kept


def sniff(header: str) -> str:
    """The delimiter of a CSV header: the one it has most of; a comma where it has none."""
    return max(DELIMITERS, key=header.count)


def _json_row(row: Row, text: bytes) -> Row:
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError:
        row.fault = "not_json"
        return row
    if isinstance(members, dict):
        row.members = members
    else:
        row.fault = "not_json"
    return row


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _broken(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False
