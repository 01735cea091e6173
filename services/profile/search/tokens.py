"""Terms as the database keeps them: keyed tokens, from which no value can be read."""

from __future__ import annotations

import hmac
from array import array
from collections.abc import Iterable, Mapping

from services.profile.domain.persons import joined
from services.profile.domain.state import Customer
from services.profile.search import filters, terms
from services.profile.search.likeness import form_of
from services.profile.search.terms import Term


def token(secret: bytes, term: Term) -> int:
    """The first 8 bytes of HMAC-SHA256 under the deployment's secret, as a signed number, which any database keeps in
    8 bytes: of 10 million different terms two share a token with a chance of one in 400,000."""
    digest = hmac.digest(secret, f"search {term.kind} {term.value}".encode(), "sha256")
    return int.from_bytes(digest[:8], "big", signed=True)


def of_person(states: Mapping[str, Customer], answering: str, secret: bytes, region: str) -> frozenset[int]:
    """The tokens of a person who is known under these ids: of whatever stands in the record of each, and of the one
    record that they are together."""
    others = {subject: state for subject, state in states.items() if subject != answering}
    person = joined(states[answering], others, form=form_of(region))
    found = {Term("id", subject) for subject in states} | set(filters.of_person(person))
    for record in [person.record, *(state.record for state in states.values() if others)]:
        found |= set(terms.of_record(record, region))
    return frozenset(token(secret, term) for term in found)


def packed(tokens: Iterable[int]) -> bytes:
    """Tokens in a column of bytes."""
    return array("q", sorted(tokens)).tobytes()


def unpacked(raw: bytes) -> frozenset[int]:
    """The tokens in a column of bytes."""
    return frozenset(array("q", raw))
