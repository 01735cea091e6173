"""Rule: an answer is judged against the form it answers, and carries what it needs to be scored by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libs.events.catalogue.care import AnswerItem, FormItem, Scale
from libs.events.decider import Invalid
from services.care.domain.lean import lean
from services.care.domain.state import Form


@dataclass(frozen=True, slots=True)
class Rated:
    """One answered question as it came in."""

    item: str
    perception: float
    expectation: float | None = None
    importance: float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it came in. `remarks`: it says something besides figures (a comment, a problem)."""

    items: Sequence[Rated] = ()
    nps: int | None = None
    csat: float | None = None
    ces: int | None = None
    remarks: bool = False


def judge(given: Given, form: Form) -> list[AnswerItem]:
    """The answered items with dimension, scale and weight of their form. Raises `Invalid` at the first fault.

    A question may be left out, and so may an expectation that was asked for; what was not asked may not be answered.
    """
    if not (given.items or given.remarks) and given.nps is None and given.csat is None and given.ces is None:
        raise Invalid("empty_answer", "the answer says nothing", pointer="")
    _figures(given, form)
    questions = {item.key: item for item in form.items}
    seen: set[str] = set()
    judged = []
    for index, rated in enumerate(given.items):
        pointer = f"/items/{index}"
        question = questions.get(rated.item)
        if question is None:
            raise Invalid("unknown_item", "the form has no such item", pointer=f"{pointer}/item")
        if rated.item in seen:
            raise Invalid("duplicate", "the item is answered twice", pointer=f"{pointer}/item")
        seen.add(rated.item)
        judged.append(_judged(rated, question, form, pointer))
    stated = [rated.importance for rated in given.items if rated.importance is not None]
    if stated and not sum(stated) > 0:
        # they are shares of a whole, in whatever unit: a whole of nothing has no shares
        raise Invalid("no_importance", "at least one importance must be more than 0", pointer="/items")
    return judged


def _judged(rated: Rated, question: FormItem, form: Form, pointer: str) -> AnswerItem:
    _within(rated.perception, question.scale, f"{pointer}/perception")
    if rated.expectation is not None:
        if "expectation" not in form.asks:
            raise Invalid("not_asked", "the form does not ask for expectation", pointer=f"{pointer}/expectation")
        _within(rated.expectation, question.scale, f"{pointer}/expectation")
    if rated.importance is not None and "importance" not in form.asks:
        raise Invalid("not_asked", "the form does not ask for importance", pointer=f"{pointer}/importance")
    answered = AnswerItem(
        item=rated.item, dimension=question.dimension, scale=question.scale, weight=question.weight,
        perception=rated.perception, expectation=rated.expectation, importance=rated.importance,
    )  # fmt: skip
    return lean(answered)


def _figures(given: Given, form: Form) -> None:
    if given.nps is not None and not form.nps:
        raise Invalid("not_asked", "the form has no NPS question", pointer="/nps")
    if given.ces is not None and not form.ces:
        raise Invalid("not_asked", "the form has no CES question", pointer="/ces")
    if given.csat is not None:
        if form.csat is None:
            raise Invalid("not_asked", "the form has no CSAT question", pointer="/csat")
        _within(given.csat, form.csat, "/csat")


def _within(value: float, scale: Scale, pointer: str) -> None:
    if not scale.lowest <= value <= scale.highest:
        raise Invalid("out_of_scale", "the value is not on the form's scale", pointer=pointer)
