"""A generated survey in the five dimensions, and generated answers to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from libs.cli.demo.cdnow import END
from libs.cli.demo.label import Told, generated
from libs.cli.demo.people import Person
from libs.events.values import rfc3339

TEXTS = {
    "kept": ("reliability", "They keep what they promise", "Họ giữ lời hứa", "他们信守承诺"),
    "expert": ("assurance", "They know what they sell", "Họ am hiểu sản phẩm", "他们了解产品"),
    "place": ("tangibles", "Shop and site are pleasant to use", "Cửa hàng và trang web dễ dùng", "门店和网站使用舒适"),
    "kind": ("empathy", "They care about what I need", "Họ quan tâm đến nhu cầu của tôi", "他们关心我的需求"),
    "quick": ("responsiveness", "They are quick to help", "Họ giúp đỡ nhanh chóng", "他们及时提供帮助"),
}
"""Item: its dimension and its words in three languages."""
HARDER = {"quick": 0.12, "place": 0.04, "kept": 0.0, "kind": -0.04, "expert": -0.08}
"""How much less well than the rest a dimension is served."""
ANSWERED, ANONYMOUS, BARE = 0.07, 0.12, 0.2
"""Share of purchase days that are followed by an answer; of answers without a name; of answers without expectations."""
PROBLEM, TOLD = 0.35, 1 / 26
"""Share of dissatisfied customers' answers that tell of a problem; who told us of theirs: 1 of 26."""
ON_SALE = datetime(1997, 1, 1, 8, tzinfo=UTC)


def form() -> dict[str, Any]:
    """The survey, as it is published."""
    five = {"lowest": 1, "highest": 5}
    items = [
        {"key": key, "dimension": dimension, "scale": five, "text": {"en": en, "vi": vi, "zh": zh}}
        for key, (dimension, en, vi, zh) in TEXTS.items()
    ]
    return {
        "name": generated("after the sale"), "dimension_set": "rater", "items": items,
        "asks": ["perception", "expectation", "importance"], "nps": True, "csat": five, "ces": True,
        "at": rfc3339(ON_SALE),
    }  # fmt: skip


def answers(people: Sequence[Person], chance: Random) -> Iterator[Told]:
    """Answers in the days after a purchase; `survey` is filled in once it has an id."""
    number = 0
    for person in people:
        expects = {key: chance.choice((4, 4, 5)) for key in TEXTS}
        for day in person.days():
            if chance.random() >= ANSWERED:
                continue
            number += 1
            at = day + timedelta(days=chance.randint(1, 10), hours=chance.randint(-4, 8))
            data = _answer(person, expects, chance)
            named = chance.random() >= ANONYMOUS
            if at <= END:
                yield Told("survey.answered", f"answer-{number}", at, data, person.reference if named else "")


def _answer(person: Person, expects: dict[str, int], chance: Random) -> dict[str, Any]:
    bare = chance.random() < BARE
    items = []
    for key, harder in HARDER.items():
        seen = _grade(1 + 4.6 * (person.mood + 0.12 - harder) + chance.gauss(0, 0.6), 1, 5)
        item = {"item": key, "perception": seen}
        items.append(item if bare else item | {"expectation": expects[key], "importance": chance.randint(1, 5)})
    problem = person.dissatisfied and chance.random() < PROBLEM
    return person.served | {
        "items": items,
        "nps": _grade(10.5 * (person.mood + 0.06) + chance.gauss(0, 1.2), 0, 10),
        "csat": _grade(1 + 4.6 * (person.mood + 0.08) + chance.gauss(0, 0.5), 1, 5),
        "ces": _grade(1 + 6.5 * (person.mood + 0.08) + chance.gauss(0, 0.8), 1, 7),
        "had_problem": problem,
        **({"told_us": chance.random() < TOLD} if problem else {}),
    }


def _grade(value: float, lowest: int, highest: int) -> int:
    return min(max(round(value), lowest), highest)
