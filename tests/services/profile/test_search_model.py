"""Search agrees with a naive reading of its rules, over names and queries in many scripts."""

from __future__ import annotations

import asyncio
import re
import tempfile
import unicodedata
from pathlib import Path

from anyascii import anyascii
from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.events.identities import Identities
from services.profile.app import SERVICE
from services.profile.search import queries, terms
from tests.services.house import open_house
from tests.services.profile.test_merges import known
from tests.services.profile.test_search import search

UNSPACED = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]+")
WORDS = [
    "Nguyễn", "nguyen", "NGUYỄN", "Nguye\u0302\u0303n", "Thị", "thi", "Đỗ", "do", "O'Brien", "obrien", "O’Brien",
    "Jean-Luc", "Müller", "Straße", "Łukasz", "Владимир", "Ωνάσης", "王小明", "小明", "王", "城贸", "贸易", "ひろし",
    "タナカ", "김민준", "민준", "Ltd.", "&", "24h", "24", "Nguyenxuan", "Wolfeschlegelsteinhausen", "wolfeschlegel",
    "xiaoming", "wangxiao", "gim",
]  # fmt: skip
word = st.sampled_from(WORDS) | st.text("aăâbcdđeêghikloôơtuưynN'’明王小城", min_size=1, max_size=5)
name = st.lists(word, min_size=1, max_size=4).map(" ".join) | st.lists(word, min_size=1, max_size=3).map("".join)
piece = word | st.builds(lambda w, n: w[:n], word, st.integers(1, 6))
query = st.lists(piece, min_size=1, max_size=3).map(" ".join)


def matches(name: str, query: str) -> bool:
    """Whether every word of the query begins a word of the name, and every two neighbours of an unspaced script are
    neighbours in it."""
    plain, asked = unicodedata.normalize("NFKC", name), unicodedata.normalize("NFKC", query)
    parts = UNSPACED.findall(plain)
    heard = plain_words(UNSPACED.sub(" ", plain)) + [plain_word(part[n:]) for part in parts for n in range(len(part))]
    begun = plain_words(UNSPACED.sub(" ", asked))
    wanted = [part[n : n + 2] for part in UNSPACED.findall(asked) for n in range(max(1, len(part) - 1))]
    if not begun and not wanted:
        return False
    words = all(any(h[:12].startswith(w[:12]) for h in heard) for w in begun)
    return words and all(any(pair in part for part in parts) for pair in wanted)


def plain_words(text: str) -> list[str]:
    return re.findall("[a-z0-9]+", re.sub("['`]", "", anyascii(text).lower()))


def plain_word(text: str) -> str:
    return "".join(plain_words(text))


@settings(max_examples=500)
@given(name, query)
@example("O'Brien", "o brien")
@example("王小明", "明王")
def test_terms_agree_with_the_naive_reading(name: str, query: str) -> None:
    found = set(terms.of_record({"name": name}, "VN"))
    asked = queries.groups(query, "VN", Identities(b"s" * 32))
    assert (bool(asked) and all(group & found for group in asked)) == matches(name, query)


@settings(max_examples=12)
@given(st.lists(name, min_size=4, max_size=12), st.lists(query, min_size=8, max_size=8))
def test_the_database_finds_whom_the_naive_reading_finds(names: list[str], asked: list[str]) -> None:
    async def told() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_house(SERVICE, Path(folder)) as house:
                ids = {await known(house, f"pos:{n}", name=name): name for n, name in enumerate(names)}
                for q in [*asked, *names]:
                    found = await search(house, q, limit=3)
                    assert set(found) == {subject for subject, name in ids.items() if matches(name, q)}, q

    asyncio.run(told())


@given(st.text(max_size=500))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    try:
        groups = queries.groups(text, "VN", Identities(b"s" * 32))
    except queries.TooMuch:
        assert len(text) > queries.MOST_TERMS
    else:
        assert len(groups) <= queries.MOST_TERMS
        assert all(groups)
