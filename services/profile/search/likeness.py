"""What two records may have in common: phones, e-mails and names in one form however they were written."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import phonenumbers
from anyascii import anyascii
from email_validator import EmailNotValidError, validate_email


@lru_cache(1024)  # each is asked for several times, one after another
def e164(phone: str, region: str) -> str | None:
    """A number in E.164 (ITU-T), read in national form of a region where it has no country code; None where it can be
    nobody's number."""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def folded_email(email: str) -> str | None:
    """An address without regard to case; None where it is none (RFC 5321's and 5322's rules; nobody is asked)."""
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.casefold()
    except EmailNotValidError:
        return None


def folded(text: str) -> list[str]:
    """The words of a text in lower ASCII: without accents (đ as d), apostrophes and other marks."""
    plain = anyascii(unicodedata.normalize("NFKC", text)).lower().replace("'", "").replace("`", "")
    return "".join(c if c.isalnum() else " " for c in plain).split()


def form_of(region: str) -> Callable[[str, Any], Hashable]:
    """The form in which two entries of a list in the record are the same: numbers in E.164, addresses of e-mail
    without regard to case, all else without regard to case and marks between words. What is no number or address
    is itself."""

    def form(member: str, entry: Any) -> Hashable:
        match member:
            case "phones":
                return e164(entry, region) or entry
            case "emails":
                return folded_email(entry) or entry
            case "special_dates":
                return plain_words(entry["occasion"]), entry["on"]
            case _:
                return plain_words(entry)

    return form


def plain_words(text: str) -> str:
    """The words of a text, with their accents: of these some differ by nothing else."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() or unicodedata.combining(c) else " " for c in plain).split()) or text


def flags(record: Mapping[str, Any], region: str) -> list[dict[str, str]]:
    """What is kept as it was given though nobody can be reached by it: `{pointer, code}` each."""
    phones = [(f"/phones/{n}", "bad_phone", e164(p, region)) for n, p in enumerate(record.get("phones") or ())]
    emails = [(f"/emails/{n}", "bad_email", folded_email(e)) for n, e in enumerate(record.get("emails") or ())]
    return [{"pointer": pointer, "code": code} for pointer, code, good in (*phones, *emails) if good is None]


def traits(record: Mapping[str, Any], region: str) -> Iterator[tuple[str, str]]:
    """Reasons and values by which two records may be of one person. Words of a name count in any order, for peoples
    differ in whether the family's comes first."""
    for phone in record.get("phones") or ():
        if number := e164(phone, region):
            yield "phone", number
    for email in record.get("emails") or ():
        if address := folded_email(email):
            yield "email", address
    name = " ".join(sorted(folded(record.get("name") or "")))
    if name and (birthday := record.get("birthday")):
        yield "name_and_birthday", f"{name}, {birthday}"
    for address in record.get("addresses") or ():
        if name and (place := " ".join(folded(address))):
            yield "name_and_address", f"{name}, {place}"
