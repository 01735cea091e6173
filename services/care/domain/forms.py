"""Rule: what makes a form sound: known dimensions, questions told apart, scales that rise."""

from __future__ import annotations

from libs.events.catalogue.care import FormItem, Scale, SurveyPublished
from libs.events.decider import Invalid, NewEvent
from services.care.domain.dimensions import canonical
from services.care.domain.lean import lean
from services.care.domain.state import CareState


def publish(data: SurveyPublished, state: CareState) -> list[NewEvent]:
    """The form as the survey's next version, its dimensions under their canonical codes. Raises `Invalid`."""
    if "perception" not in data.asks:
        raise Invalid("perception_missing", "a form asks for perception at least", pointer="/asks")
    if len(set(data.asks)) != len(data.asks):
        raise Invalid("duplicate", "the same thing is asked twice", pointer="/asks")
    if data.csat:
        _check_scale(data.csat, "/csat")
    number = state.latest + 1
    form = data.model_copy(update={"form": number, "items": _items(data)})
    return [NewEvent(lean(form), (f"survey:{data.survey}:{number}",))]


def _items(data: SurveyPublished) -> list[FormItem]:
    seen: set[str] = set()
    items = []
    for index, item in enumerate(data.items):
        pointer = f"/items/{index}"
        if item.key in seen:
            raise Invalid("duplicate", "two items have the same key", pointer=f"{pointer}/key")
        seen.add(item.key)
        _check_scale(item.scale, f"{pointer}/scale")
        dimension = canonical(data.dimension_set, item.dimension)
        if dimension is None:
            detail = "the dimension set has no such dimension"
            raise Invalid("unknown_dimension", detail, pointer=f"{pointer}/dimension")
        items.append(lean(item.model_copy(update={"dimension": dimension})))
    return items


def _check_scale(scale: Scale, pointer: str) -> None:
    if not scale.lowest < scale.highest:
        raise Invalid("bad_scale", "the lowest answer must be less than the highest", pointer=pointer)
