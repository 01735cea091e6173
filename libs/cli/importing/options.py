"""What the options of `careledger import` come to; whatever cannot be meant ends the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from libs.cli.importing.columns import KINDS, Columns, Unmapped
from libs.cli.importing.events import Maker
from libs.cli.importing.naming import NAME, UNDOABLE, family
from libs.cli.importing.reading import Source
from libs.cli.importing.values import BadValue, moment
from libs.cli.screen import fail
from libs.events.identities import BadName, split


@dataclass(frozen=True, slots=True)
class Options:
    """The options as they were given; "" where they were not."""

    system: str = ""
    survey: str = ""
    currency: str = ""
    at: str = ""
    zone: str = "UTC"
    mapped: tuple[str, ...] = ()
    source: str = ""
    name: str = ""


def maker(source: Source, kind: str, options: Options) -> Maker:
    """The maker of events for a file."""
    system, zone = options.system, options.zone
    if kind == "events" and (not source.json or options != Options(zone=zone)):
        fail("events are JSON Lines of CloudEvents and taken as they are: none of the options about columns fits them")
    if system:
        try:
            split(f"{system}:x")
        except BadName:
            fail("--system is a short name in lower case, such as cdnow or pos")
    if len(options.source.split()) > 1:
        fail("--source is a URI reference: it has no spaces")
    within = _zone(zone)
    try:
        at = moment(options.at, within) if options.at else ""
    except BadValue as bad:
        fail(f"--at {bad.message}")
    if options.name and not NAME.fullmatch(options.name):
        fail("--name is short and in lower case: letters, digits, - _ .")
    name = options.source or f"/import/{kind}" + (f"/{system}" if system else "")
    return Maker(
        kind, _columns(source, kind, options.mapped), name,
        system=system, currency=options.currency, survey=options.survey, at=at, zone=within,
        importid=family(kind, system) + (options.name or source.digest()) if kind in UNDOABLE else "",
    )  # fmt: skip


def _columns(source: Source, kind: str, mapped: Sequence[str]) -> Columns:
    pairs = dict(column_and_member(text) for text in mapped)
    try:
        columns = Columns(kind, pairs)
    except Unmapped as unmapped:
        fail(f"{unmapped}; there are {', '.join(sorted(KINDS[kind]))}")
    if kind == "events" or source.json:
        return columns
    if absent := sorted(set(pairs) - set(source.header)):
        fail(f"--map: the file has no column {', '.join(absent)}")
    # Half a file imported without anybody noticing what was left out is worse than a question.
    if unknown := columns.unknown(source.header):
        fail(
            f"no member is told by the columns {', '.join(unknown)}: say which with --map column=member, or"
            f" --map column= to leave one out. There are {', '.join(sorted(KINDS[kind]))}"
        )
    return columns


def column_and_member(text: str) -> tuple[str, str]:
    """The two sides of `--map column=member`."""
    column, sign, member = text.rpartition("=")
    if not sign or not column:
        fail("--map is column=member, such as --map customer_no=customer")
    return column, member.strip()


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fail("--zone is a time zone such as Asia/Ho_Chi_Minh")
