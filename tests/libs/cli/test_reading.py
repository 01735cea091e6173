"""A file's records: whatever was written is read again, and what cannot be read is told, row by row."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.cli.importing.reading import LONGEST, Row, Source, Unreadable, sniff

Write = Callable[[bytes], Path]
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
names = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=2, max_size=5, unique=True)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return written


def read(path: Path) -> list[Row]:
    with Source(str(path)) as source:
        return list(source.rows())


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


@SHARED
@given(data=st.data(), delimiter=st.sampled_from(",;\t|"), mark=st.booleans())
def test_every_csv_is_read_as_it_was_written(write: Write, data: st.DataObject, delimiter: str, mark: bool) -> None:
    header = data.draw(names)
    rows = data.draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), max_size=6))
    text = delimiter.join(header) + "\r\n" + as_csv(rows, delimiter)
    got = read(write(text.encode("utf-8-sig" if mark else "utf-8")))
    want = [{n: c.strip() for n, c in zip(header, row, strict=True) if c.strip()} for row in rows]
    assert [row.members for row in got] == want
    assert [row.number for row in got] == list(range(1, len(rows) + 1))


@SHARED
@given(
    rows=st.lists(st.dictionaries(cells, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | cells), max_size=6)
)
def test_every_json_line_is_read_as_it_was_written(write: Write, rows: list[dict[str, object]]) -> None:
    lines = b"{}\n" + b"\n\n".join(orjson.dumps(row) for row in rows)
    assert [row.members for row in read(write(lines))] == [{}, *rows]


@SHARED
@given(junk=st.binary(max_size=200))
def test_no_bytes_whatever_stop_the_reader(write: Write, junk: bytes) -> None:
    for start in (b"a,b\n1,2\n", b'{"a": 1}\n'):
        rows = read(write(start + junk))
        assert rows[0].members
        assert all(row.fault or row.members is not None for row in rows)


def test_a_bad_row_is_told_and_the_next_is_read(write: Write) -> None:
    rows = read(write(b'a,b\n1\n1,2,3\n"x"y,2\n\xff,2\n"two\nlines",ok\n\n3,4\n'))
    assert [r.fault for r in rows] == ["missing_cells", "excess_cells", "not_csv", "not_utf8", "", ""]
    assert [r.line for r in rows] == [2, 3, 4, 5, 7, 9]
    assert rows[-1].members == {"a": "3", "b": "4"}


def test_a_bad_line_is_told_and_the_next_is_read(write: Write) -> None:
    long = b'{"a": "' + b"x" * LONGEST + b'"}'
    rows = read(write(b'\xef\xbb\xbf{"a": 1}\n[1]\n{\n\xff\n' + long + b'\n{"a": 2}'))
    assert [r.fault for r in rows] == ["", "not_json", "not_json", "not_json", "too_long", ""]
    assert rows[-1].members == {"a": 2}


def test_a_file_that_is_none_is_told(write: Write, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent", write(b""), write(b"\n"), write(b"a,b,a\n1,2,3\n")):
        with pytest.raises(Unreadable):
            Source(str(path))


def test_a_file_larger_than_memory_is_read_row_by_row(write: Write) -> None:
    with Source(str(write(b"a,b\n" + b"1,2\n" * 200_000))) as source:
        next(source.rows())
        assert source.read() < 200_000


@pytest.mark.parametrize(
    ("header", "delimiter"), [("a,b;c,d", ","), ("a;b", ";"), ("a\tb", "\t"), ("a|b", "|"), ("a", ",")]
)
def test_the_delimiter_is_the_one_the_header_has_most_of(header: str, delimiter: str) -> None:
    assert sniff(header) == delimiter
