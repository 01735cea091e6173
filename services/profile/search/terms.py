"""What a record can be found by, and what somebody may mean who types something into a search box.

Both sides come to terms: a kind and a value. A record has all of its terms (every beginning of every word of its name
among them); a query is a list of groups of terms, and finds who has one term of each group.

- *Words* are found by their beginnings, in lower ASCII without accents and apostrophes; their first `LONGEST` letters
  count.
- *Chinese, Japanese and Korean* are written without blanks and found by any part: one character, or every two
  neighbours of several. Their transliteration is found from every syllable on, so that 王小明 is found by
  `wangxiaoming`, `xiaoming wang` and `xiao`.
- *Phones* are found whole, in E.164 or in the national form of the deployment's region or of their own country, and by
  their beginning from `FEWEST_DIGITS` digits on. Blanks may stand in them.
- *E-mails, references* and *ids* are found whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any, NamedTuple

import phonenumbers
from anyascii import anyascii

from services.profile.search.likeness import e164, folded, folded_email, traits

LONGEST = 12
FEWEST_DIGITS = 6
"""Digits that a phone's beginning must have, its country's code (which may be left out) among them."""
MOST_SYLLABLES = 16
"""Characters of one run from which on a transliteration is found."""
_UNSPACED = re.compile("[々〇\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]+")
_ALSO_READ = {
    "长": "chang", "長": "chang", "重": "chong", "行": "hang", "乐": "yue", "樂": "yue", "曾": "ceng", "单": "shan",
    "單": "shan", "解": "xie", "仇": "qiu", "盛": "cheng", "覃": "tan", "尉": "yu", "都": "dou", "沈": "chen",
    "查": "zha", "朴": "piao", "朝": "chao", "藏": "zang", "大": "dai", "会": "kuai", "會": "kuai", "石": "dan",
}  # fmt: skip
"""A second reading of characters that names and companies use in both: transliteration knows but one of each."""


class Term(NamedTuple):
    """Something to be found by: `value` as a thing of one `kind`."""

    kind: str
    value: str


def of_record(record: Mapping[str, Any], region: str) -> Iterator[Term]:
    """All terms of a record. What makes two records alike (see `likeness`) is among them: the same phone, the same
    e-mail, and a name together with something else."""
    yield from of_name(record.get("name") or "")
    for phone in record.get("phones") or ():
        yield from of_phone(phone, region)
    for ref in record.get("refs") or ():
        yield Term("ref", ref)
    for reason, value in traits(record, region):
        yield Term(reason, value)
    for contact in (record.get("contacts") or {}).values():
        if contact and contact["kind"] == "person":
            yield from of_contact(contact, region)


def of_contact(contact: Mapping[str, Any], region: str) -> Iterator[Term]:
    """Somebody at a company: whoever asks for them finds the company. Another customer with the same phone or e-mail
    may be that somebody, but is not the company, and so no trait is among these."""
    yield from of_name(contact["value"])
    if phone := contact.get("phone"):
        yield from of_phone(phone, region)
    if (given := contact.get("email")) and (address := folded_email(given)):
        yield Term("contact email", address)


def of_name(name: str) -> Iterator[Term]:
    """Every beginning of every word; of unspaced scripts every character, every two neighbours, and how they sound."""
    for run, unspaced in runs(name):
        if unspaced:
            for start in range(len(run)):
                yield Term("part", run[start])
                yield Term("part", run[start : start + 2])
            for sound in sounds(run):
                yield from beginnings(sound)
        else:
            for word in folded(run):
                yield from beginnings(word)


def beginnings(word: str, fewest: int = 1, kind: str = "word") -> Iterator[Term]:
    """Every beginning of a word, at most `LONGEST` long where it is one."""
    for length in range(fewest, len(word[:LONGEST] if kind == "word" else word) + 1):
        yield Term(kind, word[:length])


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """A text in parts: such as are written without blanks between words (True), and all else."""
    plain, last = unicodedata.normalize("NFKC", text), 0
    for found in _UNSPACED.finditer(plain):
        yield plain[last : found.start()], False
        yield found[0], True
        last = found.end()
    yield plain[last:], False


def sounds(run: str) -> Iterator[str]:
    """How a run sounds, from each of its characters on."""
    for start in range(min(len(run), MOST_SYLLABLES)):
        syllables = [readings(char) for char in run[start : start + LONGEST]]
        for reading in islice(product(*syllables), 8):
            yield "".join(reading)


def readings(char: str) -> list[str]:
    """A character's transliteration, the usual one first."""
    usual = "".join(folded(char))
    return [usual, _ALSO_READ[char]] if char in _ALSO_READ else [usual]


def of_phone(phone: str, region: str) -> Iterator[Term]:
    """The number as a whole is among the traits; here are its beginnings, and the ways its own country writes it, if
    that is another one than the deployment's. What is no number is found by its digits."""
    whole = e164(phone, region)
    if whole is None:
        if written := digits(phone):
            yield Term("national", written)
        return
    yield from beginnings(whole[1:], FEWEST_DIGITS, "digits")
    number = phonenumbers.parse(whole)
    if number.country_code != phonenumbers.country_code_for_region(region):
        yield Term("national", phonenumbers.national_significant_number(number))
        form = phonenumbers.PhoneNumberFormat.NATIONAL
        yield Term("national", digits(phonenumbers.format_number(number, form)))


def meant_by_phone(text: str, region: str) -> Iterator[Term]:
    """What digits may mean: a whole number in this region's form or another's, or the beginning of one."""
    written = digits(text)
    if whole := e164(text, region):
        yield from (Term("phone", whole), Term("digits", whole[1:]))
    yield Term("national", written)
    if text.startswith("+") or written.startswith("00"):
        begun = [written.removeprefix("00")]
    else:
        code = str(phonenumbers.country_code_for_region(region))
        trunk = phonenumbers.ndd_prefix_for_region(region, True) or ""
        begun = [written, code + written, code + written.removeprefix(trunk)]
    for beginning in begun:
        if len(beginning) >= FEWEST_DIGITS:
            yield Term("digits", beginning)


def digits(text: str) -> str:
    """The digits of a text."""
    return "".join(c for c in anyascii(text) if c.isdigit())


def email(text: str) -> str | None:
    """An e-mail in one form, as it may stand in a letter's head."""
    return folded_email(text.strip("<>()[],;\"'")) if "@" in text else None
