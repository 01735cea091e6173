"""Columns and members: the tables here and the bodies of the calls say the same."""

from datetime import UTC

import pytest
from pydantic import BaseModel

from libs.cli.importing.columns import KINDS, LEFT_OUT, Columns, Unmapped
from libs.cli.importing.values import BadValue
from services.care.bodies import AboutBody, AnswersEvent
from services.profile.doors.bodies import Household, Purchase, UpsertBody


@pytest.mark.parametrize(
    ("kind", "body"), [("customers", UpsertBody), ("purchases", Purchase), ("answers", AnswersEvent)]
)
def test_every_member_of_the_call_can_be_told_and_no_other(kind: str, body: type[BaseModel]) -> None:
    own = {"answer"} if kind == "answers" else set()  # an answer's own number: it becomes the event's id
    assert {name.partition(".")[0] for name in KINDS[kind]} == set(body.model_fields) | own


def test_members_of_members_exist() -> None:
    inner: dict[tuple[str, str], type[BaseModel]] = {
        ("customers", "household"): Household,
        ("answers", "about"): AboutBody,
    }
    for (kind, member), body in inner.items():
        told = {n.partition(".")[2] for n in KINDS[kind] if n.startswith(f"{member}.")}
        assert told == set(body.model_fields)


@pytest.mark.parametrize(
    ("kind", "column", "pointer"),
    [
        ("customers", "Email", "/emails"),
        ("customers", "Customer", "/ref"),
        ("customers", "custom.shoe/size", "/custom/shoe~1size"),
        ("purchases", "amount", "/amount/amount"),
        ("purchases", "Refund Of", "/refund_of"),
        ("answers", "items.kept", "/items/kept/perception"),
        ("answers", "items.kept.expectation", "/items/kept/expectation"),
        ("answers", "items.was.kind", "/items/was.kind/perception"),
    ],
)
def test_a_column_goes_to_a_member(kind: str, column: str, pointer: str) -> None:
    target = Columns(kind).find(column)
    assert target is not None
    assert target.pointer == pointer


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [("integer", "38", 38), ("number", "38.5", 38.5), ("boolean", "có", True), ("choices", "a; b", ["a", "b"]),
     ("text", "38", "38"), ("date", "2026-03-01", "2026-03-01"), ("", "38", "38")],
)  # fmt: skip
def test_a_custom_field_is_read_as_it_was_declared(kind: str, cell: str, value: object) -> None:
    columns = Columns("customers", {"Shoe size": "custom.shoe"})
    target = columns.find("Shoe size")
    assert columns.custom
    columns.declared = {"shoe": kind}  # told by the service once the file was looked at
    assert target
    assert target.reads(cell, UTC) == value


def test_unknown_columns_are_named() -> None:
    assert Columns("purchases", {"no": "order"}).unknown(["no", "amount", "colour", ""]) == ["colour"]


def test_a_column_may_be_left_out() -> None:
    assert Columns("purchases", {"colour": ""}).find("colour") is LEFT_OUT
    with pytest.raises(Unmapped):
        Columns("purchases", {"no": "shoe"})


def test_two_columns_fill_one_list_but_never_one_member() -> None:
    columns = Columns("customers", {"mobile": "phones"})
    body: dict[str, object] = {}
    for column in ("mobile", "phones"):
        target = columns.find(column)
        assert target is not None
        target.put(body, [column])
    assert body == {"phones": ["mobile", "phones"]}
    name = columns.find("name")
    assert name is not None
    name.put(body, "a")
    with pytest.raises(BadValue):
        name.put(body, "b")
