"""The surveys that every deployment has from its first start, under ids that never change."""

from __future__ import annotations

from libs.events.desk import Asked
from libs.events.doors import Caller
from services.care.bodies import ItemBody, ScaleBody, SurveyBody, Wording
from services.care.doors import PUBLISHED

RECOVERY, LOST = "recovery", "lost"
_GRADES = ScaleBody(lowest=1, highest=5)


def _item(key: str, dimension: str, en: str, vi: str, zh: str) -> ItemBody:
    return ItemBody(key=key, dimension=dimension, scale=_GRADES, text=Wording(en=en, vi=vi, zh=zh))


_ITEMS = [
    _item("kept", "reliability", "We kept what we promised.", "Chúng tôi giữ đúng lời hứa.", "我们兑现了承诺。"),
    _item("able", "assurance", "We knew what we were doing.", "Chúng tôi am hiểu công việc.", "我们熟悉业务。"),
    _item("means", "tangibles", "What we used was in good order.", "Phương tiện đều tốt.", "设施用品状况良好。"),
    _item("heard", "empathy", "We listened and cared.", "Chúng tôi lắng nghe và quan tâm.", "我们倾听并关心您。"),
    _item("quick", "responsiveness", "We acted quickly.", "Chúng tôi xử lý nhanh chóng.", "我们行动迅速。"),
]
_FORMS = {
    RECOVERY: SurveyBody(
        name="After a complaint was put right", dimension_set="rater", items=_ITEMS,
        asks=["perception", "expectation"], nps=True, csat=_GRADES, ces=True,
    ),
    LOST: SurveyBody(
        name="Why did you leave us?", dimension_set="rater", items=_ITEMS, asks=["perception", "expectation"], nps=True,
    ),
}  # fmt: skip


def standard_surveys() -> tuple[Asked[SurveyBody], ...]:
    """The calls that publish them: once, however often and from however many places they are made."""
    return tuple(
        Asked(PUBLISHED, form, Caller("start", f"survey {survey} 1"), path={"survey": survey})
        for survey, form in _FORMS.items()
    )
