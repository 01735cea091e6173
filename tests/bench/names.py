"""Made people with names as frequent as they are: some few that very many have, and very many that few have."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from services.profile.search.terms import FEWEST_DIGITS, Term, beginnings, of_name
from services.profile.search.tokens import token

MOST_COMMON = "nguyen"
FAMILIES = {
    MOST_COMMON: 38.0, "tran": 11.0, "le": 9.5, "pham": 7.1, "hoang": 5.1, "phan": 4.5, "vu": 3.9, "dang": 2.1,
    "bui": 2.0, "do": 1.4, "ho": 1.3, "ngo": 1.3, "duong": 1.0, "ly": 0.5,
}  # fmt: skip
"""Per cent of all Vietnamese (Lê Trung Hoa, Họ và tên người Việt Nam, 2005); the rest have rarer names."""
MIDDLES = {"thi": 32.0, "van": 24.0, "ngoc": 5.0, "minh": 4.0, "duc": 4.0, "thanh": 3.0, "": 12.0}
HEADS = ("b", "c", "ch", "d", "g", "h", "k", "l", "m", "n", "ng", "nh", "ph", "q", "r", "s", "t", "th", "tr", "v", "x")
TAILS = ("a", "an", "e", "em", "i", "in", "o", "on", "u", "un", "y", "ien", "uong")
OWNERS = 200


@dataclass(frozen=True, slots=True)
class Someone:
    """A made customer."""

    subject: str
    words: tuple[str, ...]
    phone: str
    email: str
    ref: str
    owner: str

    def tokens(self, secret: bytes) -> list[int]:
        """What they are found by; the same as of a record, without parsing a million phones."""
        found = {t for word in self.words for t in _of_word(word, secret)} | _of_phone(self.phone, secret)
        terms = [Term("id", self.subject), Term("email", self.email), Term("ref", self.ref)]
        found |= {token(secret, term) for term in terms}
        filters = {"kind": "external", "stage": "active", "value_class": "", "owner": self.owner, "department": ""}
        filters |= {"source": "", "paying": "True", "credit_grade": ""}
        return [*found, *(_of_filter(name, value, secret) for name, value in filters.items())]


def people(count: int, seed: int = 20260302) -> Iterator[Someone]:
    """So many, always the same."""
    dice = random.Random(seed)
    families = [*FAMILIES, *_made(dice, 3000)]
    weights = [*FAMILIES.values(), *_rest(100 - sum(FAMILIES.values()), 3000)]
    middles = [*MIDDLES, *_made(dice, 300)]
    middle_weights = [*MIDDLES.values(), *_rest(100 - sum(MIDDLES.values()), 300)]
    given = _made(dice, 20_000)
    given_weights = list(itertools.accumulate(1 / rank for rank in range(1, 20_001)))
    family, middle = list(itertools.accumulate(weights)), list(itertools.accumulate(middle_weights))
    for nth in range(count):
        words = (
            dice.choices(families, cum_weights=family)[0], dice.choices(middles, cum_weights=middle)[0],
            dice.choices(given, cum_weights=given_weights)[0],
        )  # fmt: skip
        subject = f"{dice.getrandbits(32):08x}-0000-8000-8000-{nth:012x}"
        yield Someone(
            subject, tuple(word for word in words if word), f"849{nth * 7919 % 10**8:08d}", f"c{nth}@example.com",
            f"pos:{nth}", f"staff-{dice.randrange(OWNERS)}",
        )  # fmt: skip


def _made(dice: random.Random, count: int) -> list[str]:
    """Words that sound like names."""
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = dice.choice((1, 2, 2, 3)) if len(found) < 200 else dice.choice((2, 3, 3))
        found["".join(dice.choice(HEADS) + dice.choice(TAILS) for _ in range(syllables))] = None
    return list(found)


def _rest(share: float, count: int) -> list[float]:
    """A share divided among so many, by Zipf's law."""
    whole = sum(1 / rank for rank in range(1, count + 1))
    return [share / whole / rank for rank in range(1, count + 1)]


@cache
def _of_word(word: str, secret: bytes) -> frozenset[int]:
    return frozenset(token(secret, term) for term in of_name(word))


def _of_phone(phone: str, secret: bytes) -> set[int]:
    rare = [Term("phone", f"+{phone}"), *beginnings(phone, 9, "digits")]
    return {*_of_beginning(phone[:8], secret), *(token(secret, term) for term in rare)}


@cache
def _of_beginning(phone: str, secret: bytes) -> frozenset[int]:
    return frozenset(token(secret, term) for term in beginnings(phone, FEWEST_DIGITS, "digits"))


@cache
def _of_filter(name: str, value: str, secret: bytes) -> int:
    return token(secret, Term(f"is {name}", value))
