"""Our own code and words for each kind of pydantic error. Numbers in them are the models', never the input's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

Word = tuple[str, str]
_CODE = re.compile(r"[a-z][a-z_]{2,39}")


def _kinds(code: str, message: str, *kinds: str) -> dict[str, Word]:
    return dict.fromkeys(kinds, (code, message))


_FIXED: dict[str, Word] = {
    **_kinds("required", "this member is required", "missing", "missing_argument"),
    **_kinds("unknown_member", "there is a member here that is not known", "extra_forbidden"),
    **_kinds("malformed_json", "the body is not well-formed JSON", "json_invalid"),
    **_kinds("wrong_type", "must be text", "string_type", "string_unicode", "string_not_ascii"),
    **_kinds("wrong_type", "must be a whole number", "int_type", "int_parsing", "int_from_float"),
    **_kinds("out_of_range", "this number is too large", "int_parsing_size"),
    **_kinds("wrong_type", "must be a number", "float_type", "float_parsing"),
    **_kinds("wrong_type", "must be true or false", "bool_type", "bool_parsing"),
    **_kinds("wrong_type", "must be an object", "model_type", "dict_type", "mapping_type", "model_attributes_type"),
    **_kinds("wrong_type", "must be a list", "list_type", "tuple_type", "set_type", "iterable_type", "frozen_set_type"),
    **_kinds("wrong_type", "must be null", "none_required"),
    **_kinds("not_finite", "must be a finite number", "finite_number"),
    **_kinds("bad_date", "must be a date, YYYY-MM-DD", "date_type", "date_parsing", "date_from_datetime_parsing",
             "date_from_datetime_inexact"),
    **_kinds("bad_moment", "must be a moment in RFC 3339 with an offset", "datetime_type", "datetime_parsing",
             "datetime_object_invalid", "datetime_from_date_parsing", "timezone_naive", "timezone_offset",
             "timezone_aware"),
    **_kinds("bad_time", "must be a time of day", "time_type", "time_parsing"),
    **_kinds("bad_duration", "must be an ISO 8601 duration", "time_delta_type", "time_delta_parsing"),
    **_kinds("bad_id", "must be a UUID", "uuid_type", "uuid_parsing", "uuid_version"),
    **_kinds("bad_amount", "must be a decimal number, best as text", "decimal_type", "decimal_parsing"),
    **_kinds("bad_format", "does not have the form asked for", "string_pattern_mismatch", "url_type", "url_parsing",
             "url_syntax_violation", "url_too_long", "url_scheme"),
    **_kinds("bad_format", "the kind of this object is not given, or not known", "union_tag_invalid",
             "union_tag_not_found"),
}  # fmt: skip
_LIMITED: dict[str, tuple[str, str, str]] = {
    "greater_than": ("out_of_range", "must be more than {}", "gt"),
    "greater_than_equal": ("out_of_range", "must be at least {}", "ge"),
    "less_than": ("out_of_range", "must be less than {}", "lt"),
    "less_than_equal": ("out_of_range", "must be at most {}", "le"),
    "multiple_of": ("out_of_range", "must be a multiple of {}", "multiple_of"),
    "too_short": ("too_short", "must have at least {} items", "min_length"),
    "too_long": ("too_long", "must have at most {} items", "max_length"),
    "string_too_short": ("too_short", "must have at least {} characters", "min_length"),
    "string_too_long": ("too_long", "must have at most {} characters", "max_length"),
    "decimal_max_digits": ("out_of_range", "must have at most {} digits", "max_digits"),
    "decimal_max_places": ("out_of_range", "must have at most {} decimal places", "decimal_places"),
    "decimal_whole_digits": ("out_of_range", "must have at most {} digits before the point", "whole_digits"),
    "literal_error": ("not_allowed", "must be one of {}", "expected"),
    "enum": ("not_allowed", "must be one of {}", "expected"),
}
_OURS: dict[str, Word] = {
    "text must not contain NUL": ("nul_character", "text must not contain NUL"),
    "text must be well-formed Unicode": ("bad_unicode", "text must be well-formed Unicode"),
    "moment is out of range": ("bad_moment", "this moment is out of range"),
}
_OTHER: Word = ("invalid_value", "this value is not allowed here")
_PYDANTIC = frozenset(get_args(ErrorType))


def word(error: Mapping[str, Any]) -> Word:
    """Code and message of one pydantic error.

    A `ValueError` raised in a validator is told in general words, since libraries put the value into its text; a
    validator that wants to say more raises `PydanticCustomError(code, text)` with a constant text.
    """
    kind: str = error["type"]
    if fixed := _FIXED.get(kind):
        return fixed
    if limited := _LIMITED.get(kind):
        code, text, name = limited
        limit = error.get("ctx", {}).get(name)
        return (code, text.format(limit)) if limit is not None else (code, _OTHER[1])
    if kind in ("value_error", "assertion_error"):
        return _OURS.get(str(error.get("msg", "")).removeprefix("Value error, "), _OTHER)
    if kind not in _PYDANTIC and not error.get("ctx") and _CODE.fullmatch(kind):
        return kind, str(error["msg"])
    return _OTHER
