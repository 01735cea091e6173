"""The fast way to canonical JSON is RFC 8785 to the byte."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from libs.events.canonical import EXACT, canonical

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = (
    st.none() | st.booleans() | st.integers(-EXACT, EXACT) | st.floats(allow_nan=False, allow_infinity=False) | text
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4))


@given(values)
@example({"\U0001f600": 1, "\ufb33": 2, "a": 3})
@example([4.0, -0.0, 0.1, 1e-3, 9.99e-4, 1e-5, 1e-6, 1.5e-6, 1e-7, 1e15, 1e16, 1e21, 5e-324, 1.7976931348623157e308])
@example(['\x00\x1f\x7f\u2028\\"/é\U0001f600'])
def test_both_ways_agree(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.floats(1e-9, 1e23))
def test_every_number_is_spelt_as_the_package_does(number: float) -> None:
    assert canonical([number, -number]) == rfc8785.dumps([number, -number])


def test_a_number_is_spelt_by_its_value() -> None:
    assert canonical({"b": 4.0, "a": 4}) == b'{"a":4,"b":4}'


def test_an_integer_beyond_the_doubles_is_what_a_reader_would_make_of_it() -> None:
    assert canonical([2**53 + 1, 10**30]) == canonical([float(2**53), 1e30]) == b"[9007199254740992,1e+30]"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\ud800": 1}, 10**400, object(), {1: 2}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — its own type or the package's, both are one
        canonical(value)
