"""What somebody asks who types something into a search box: pieces between blanks, all of which must be found.

Of each piece every word must be found as a word, or the piece as a whole (with its neighbours, where blanks stand in a
phone or a reference) as something else. So several kinds mix in one query, and nobody has to say what is what. What has
the form of an e-mail, a reference or an id is nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from libs.events.identities import BadName, Identities, as_id
from services.profile.search.likeness import folded
from services.profile.search.terms import LONGEST, Term, digits, email, meant_by_phone, runs

MOST_TERMS = 32
LONGEST_PIECE = 330
"""An e-mail may have 320 characters; nothing else that is kept is longer without a blank."""
LONGEST_RUN = 6
"""Pieces that one phone or reference may be in."""
_NUMBER = re.compile(r"\+?[\d()./-]+")
EXACT = frozenset({"email", "ref", "id"})
"""Kinds of terms whose form is nobody's name."""
GENERATIONS = 4
"""So often may somebody have been forgotten and have come back who is found by a reference that stands in no record."""

Group = frozenset[Term]
"""Terms, one of which is to be found."""


class TooMuch(Exception):
    """The query is longer than anybody types; `code` and `detail` say in what."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def groups(query: str, region: str, identities: Identities) -> list[Group]:
    """What is asked for; nothing where no piece has anything that could be found. Raises `TooMuch`."""
    pieces = list(re.finditer(r"\S+", query))
    if any(len(piece[0]) > LONGEST_PIECE for piece in pieces):
        raise TooMuch("word_too_long", f"a word may have {LONGEST_PIECE} characters at most")
    if len(pieces) > MOST_TERMS:
        raise too_many()
    wholes: list[set[Term]] = [set() for _ in pieces]
    nothing_else = set[int]()
    for first in range(len(pieces)):
        for last in range(first, min(len(pieces), first + LONGEST_RUN)):
            found = set(whole(query[pieces[first].start() : pieces[last].end()], region, identities))
            for covered in wholes[first : last + 1]:
                covered |= found
            if first == last and any(term.kind in EXACT for term in found):
                nothing_else.add(first)
    asked: dict[Group, None] = {}
    for nth, (piece, others) in enumerate(zip(pieces, wholes, strict=True)):
        own = [[term] for term in words(piece[0])] if nth not in nothing_else else []
        for terms in own or [[]]:
            if group := frozenset([*terms, *others]):
                asked[group] = None
        if len(asked) > MOST_TERMS:
            raise too_many()
    return list(asked)


def too_many() -> TooMuch:
    """The refusal of a query with too many words."""
    return TooMuch("too_many_words", f"at most {MOST_TERMS} words are searched for at once")


def words(piece: str) -> Iterator[Term]:
    """The words of a piece, of each its beginning; of unspaced scripts every two neighbours."""
    for run, unspaced in runs(piece):
        if not unspaced:
            yield from (Term("word", word[:LONGEST]) for word in folded(run))
        elif len(run) == 1:
            yield Term("part", run)
        else:
            yield from (Term("part", run[start : start + 2]) for start in range(len(run) - 1))


def whole(text: str, region: str, identities: Identities) -> Iterator[Term]:
    """What one or several pieces may mean as a whole. A reference is also looked for as the id that it stands for: who
    was first heard of in an event may have it nowhere else."""
    if _NUMBER.fullmatch("".join(text.split())):
        if 3 < len(digits(text)) <= 20:
            yield from meant_by_phone(text, region)
    elif address := email(text):
        yield from (Term("email", address), Term("contact email", address))
    elif subject := as_id(text):
        yield Term("id", subject)
    elif ":" in text:
        try:
            ids = [identities.of_reference(text, generation) for generation in range(GENERATIONS)]
        except BadName:
            return
        yield Term("ref", text)
        yield from (Term("id", subject) for subject in ids)
