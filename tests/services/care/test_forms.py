"""What makes a form sound, and what its versions are."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalogue.care import FormItem, Scale, SurveyPublished
from libs.events.decider import Invalid
from services.care.domain.commands import Publish
from services.care.domain.dimensions import DETERMINANTS, RATER, canonical
from tests.services.care.telling import day, given, when


def item(key: str = "kept", dimension: str = "reliability", lowest: float = 1, highest: float = 5) -> FormItem:
    return FormItem(key=key, dimension=dimension, scale=Scale(lowest=lowest, highest=highest), text={"en": key})


def form(**members: Any) -> SurveyPublished:
    sound = SurveyPublished(
        survey="s", form=0, name="after care", dimension_set="rater", items=[item()], asks=["perception"]
    )
    return sound.model_copy(update=members)


def test_versions_count_up_and_older_ones_stay() -> None:
    (first,) = when(given(), Publish(at=day(0), data=form()))
    (second,) = when(given(first), Publish(at=day(1), data=form(nps=True)))
    assert isinstance(first, SurveyPublished)
    assert isinstance(second, SurveyPublished)
    assert (first.form, second.form) == (1, 2)
    assert list(given(first, second).forms) == [1, 2]


@pytest.mark.parametrize(
    ("members", "code", "pointer"),
    [
        ({"items": [item(), item()]}, "duplicate", "/items/1/key"),
        ({"items": [item(dimension="cleanliness")]}, "unknown_dimension", "/items/0/dimension"),
        ({"items": [item(dimension="access")], "dimension_set": "qscv"}, "unknown_dimension", "/items/0/dimension"),
        ({"items": [item(dimension="Not a code")], "dimension_set": "ours"}, "unknown_dimension", "/items/0/dimension"),
        ({"items": [item(lowest=5, highest=5)]}, "bad_scale", "/items/0/scale"),
        ({"csat": Scale(lowest=5, highest=1)}, "bad_scale", "/csat"),
        ({"asks": ["expectation"]}, "perception_missing", "/asks"),
        ({"asks": ["perception", "perception"]}, "duplicate", "/asks"),
    ],
)
def test_an_unsound_form_is_refused_where_it_is_at_fault(members: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        when(given(), Publish(at=day(0), data=form(**members)))
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_the_ten_determinants_fall_into_rater() -> None:
    assert set(DETERMINANTS.values()) == set(RATER)
    assert len(DETERMINANTS) == 10
    (published,) = when(given(), Publish(at=day(0), data=form(items=[item(dimension="courtesy")])))
    assert isinstance(published, SurveyPublished)
    assert published.items[0].dimension == "assurance", "facts carry the set's own code"


def test_a_company_may_have_dimensions_of_its_own() -> None:
    assert canonical("ours", "speed_of_delivery") == "speed_of_delivery"
    assert canonical("rater", "speed_of_delivery") is None
