"""What scoring keeps of an event, and when two histories are the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from libs.events.catalogue import UnknownType
from libs.events.values import rfc3339
from services.scoring.domain.fact import Fact, state_hash
from tests.services.scoring.domain.given import bought, day, event, fact, step, story
from tests.services.scoring.domain.some import histories


def test_the_hash_is_sha256_over_the_canonical_array_of_business_data() -> None:
    facts = [bought(day(2), "o1", "10.00"), step("corrected", day(3), 1, agreed=True, by="lan", promptly=True)]
    forms: list[Any] = [
        {"type": f.type, "time": rfc3339(f.time), "key": f.key, "data": data}
        for f, data in zip(facts, [facts[0].data, {"agreed": True, "by": "lan"}], strict=True)
    ]
    assert state_hash(facts) == hashlib.sha256(rfc8785.dumps(forms)).hexdigest()


def test_sealed_fields_are_not_kept() -> None:
    kept = fact("profile", "customer.recorded", day(1), {"kind": "external", "name": {"sealed": "abc"}})
    assert kept.data == {"kind": "external"}


def test_ids_and_sequences_and_recording_do_not_tell_histories_apart() -> None:
    here = event("complaints", "complaint.assigned", day(3), {"complaint": "1", "owner": "lan"}, key="k")
    there = replace(
        here, id="other", subject="other", sequence=7, recorded=day(9), epoch=2, data={"complaint": "2", "owner": "lan"}
    )
    assert state_hash([Fact.of(here)]) == state_hash([Fact.of(there)])


@pytest.mark.parametrize(
    "other", [{"type": "complaint.escalated"}, {"time": day(4)}, {"key": "l"}, {"data": {"owner": "an"}}]
)
def test_what_happened_does(other: dict[str, object]) -> None:
    here = event("complaints", "complaint.assigned", day(3), {"complaint": "1", "owner": "lan"}, key="k")
    assert state_hash([Fact.of(here)]) != state_hash([Fact.of(replace(here, **other))])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unhashed",
    [
        fact("profile", "customer.merged", day(1), {"merge": "m", "survivor": "s"}),
        fact("profile", "customer.recorded", day(1), {"kind": "external", "bare": True}),
        fact("care", "care.planned", day(1), {"delivery": "d", "due": "2026-03-02T00:00:00Z", "why": "x"}, cause="e"),
        fact("care", "promise.broken", day(1), {"promise": "p"}),
        fact(
            "profile", "customer.segmented", day(1),
            {"segment": "s", "name": "n", "vip": False, "change": "entered", "reason": "r"},
        ),
        fact("profile", "customer.classified", day(1), {"value_class": "A", "reason": "r"}, cause="run"),
    ],
    ids=lambda f: f.type,
)
def test_what_nobody_told_is_not_hashed(unhashed: Fact) -> None:
    assert state_hash([*story(), unhashed]) == state_hash(story())


def test_whether_a_statement_opened_the_record_makes_no_difference() -> None:
    opened = event("profile", "customer.recorded", day(3), {"owner": "lan"}, key="k")
    assert state_hash([Fact.of(opened)]) == state_hash([Fact.of(replace(opened, type="customer.updated"))])


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownType):
        fact("profile", "customer.cloned", day(1), {})


@given(histories(), st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order(facts: list[Fact], random: object) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert state_hash(shuffled) == state_hash(facts)


def test_nor_on_the_subject_where_two_records_tell_the_same_with_one_key() -> None:
    one, two = (bought(day(2), order, "1", subject=subject, key="k") for order, subject in (("o1", "a"), ("o2", "b")))
    assert state_hash([one, two]) == state_hash([two, one])
    swapped = [bought(day(2), order, "1", subject=subject, key="k") for order, subject in (("o1", "b"), ("o2", "a"))]
    assert state_hash(swapped) == state_hash([one, two])
