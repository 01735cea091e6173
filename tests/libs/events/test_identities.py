"""The id of a reference is for ever: stores, topics and other systems hold it, so no program may compute another."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.clock import uuid_text
from libs.events.identities import Identities

IDS = {
    ("pos:12345", 0): "88d93f03-a659-8584-847b-ee1b1496a5d5",
    ("pos:12345", 1): "cfbcac70-faab-8237-afb4-9c3612a6dea9",
    ("pos:1", 0): "79d2a2a4-292d-8b93-8a9c-e84cfb07004d",
    ("pos:2", 0): "dff83788-0c2a-828f-bea6-fdf57844ce9e",
    ("pos:3", 0): "18cdba75-7bd0-8094-ac7b-057a5298d124",
}


@pytest.mark.parametrize(("reference", "generation"), IDS)
def test_a_reference_stands_for_the_id_it_always_stood_for(reference: str, generation: int) -> None:
    assert Identities(b"s" * 32).of_reference(reference, generation) == IDS[reference, generation]


@given(st.binary(min_size=16, max_size=32))
def test_ids_are_made_of_their_bytes_as_the_standard_library_makes_them(raw: bytes) -> None:
    assert uuid_text(raw, "4") == str(uuid.UUID(bytes=raw[:16], version=4))
