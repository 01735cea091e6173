"""Care's doors: how what is asked, by HTTP or by an event, becomes a unit of work."""

from __future__ import annotations

from libs.events.catalogue.care import FormItem, Scale, Served, SurveyAnswered, SurveyPublished
from libs.events.decider import Invalid, NotYet
from libs.events.doors import Call, Door
from libs.events.units import Position, Unit
from services.care.bodies import (
    AboutBody,
    AnswersEvent,
    DeliveryEvent,
    KeptEvent,
    ScaleBody,
    SurveyBody,
    TouchpointEvent,
)
from services.care.domain.answers import Given, Rated, judge
from services.care.domain.commands import Answer, Deliver, Keep, Promise, Publish, Touch
from services.care.domain.lean import lean
from services.care.domain.state import CareState

SURVEY = "survey:"


def _deliver(call: Call[DeliveryEvent]) -> Unit:
    body = call.body
    if body.planned:
        plan = _known(call, f"delivery:{body.planned}", "unknown_delivery")
        if plan.subject != call.subject:
            raise Invalid("other_customer", "the plan is another customer's", pointer="/planned")
    served = Served(programme=body.programme, staff=body.staff, department=body.department, channel=body.channel)
    command = Deliver(
        at=call.at, delivery=body.planned or call.made_id("delivery"), keeps=body.planned is not None,
        served=served, on_time=body.on_time, cost=body.cost,
    )  # fmt: skip
    return call.unit(command)


def _touch(call: Call[TouchpointEvent]) -> Unit:
    body = call.body
    promises = tuple(
        Promise(id=call.made_id(f"promise {n}"), what=p.what, due=p.due, owner=p.owner)
        for n, p in enumerate(body.promises)
    )
    command = Touch(
        at=call.at, touchpoint=call.made_id("touchpoint"), staff=body.staff, channel=body.channel,
        department=body.department, direction=body.direction, promises=promises,
    )  # fmt: skip
    return call.unit(command)


def _keep(call: Call[KeptEvent]) -> Unit:
    # a promise stands on the subject it was made to, whoever that person has become since
    made = _known(call, f"promise:{call.body.promise}", "unknown_promise")
    return Unit((call.request(made.subject, Keep(at=call.at, promise=call.body.promise)),))


def _publish(call: Call[SurveyBody]) -> Unit:
    """A new survey, or the next version of the one that `path["survey"]` names."""
    body, survey = call.body, call.path.get("survey") or call.made_id("survey")
    data = SurveyPublished(
        survey=survey, form=0, name=body.name, dimension_set=body.dimension_set, asks=body.asks,
        items=[
            FormItem(key=i.key, dimension=i.dimension, scale=_scale(i.scale), weight=i.weight,
                     text=i.text.model_dump(exclude_none=True))
            for i in body.items
        ],
        nps=body.nps, csat=_scale(body.csat) if body.csat else None, ces=body.ces,
    )  # fmt: skip
    return Unit((call.request(SURVEY + survey, Publish(at=call.at, data=data)),))


def _answer(call: Call[AnswersEvent]) -> Unit:
    """The answer, judged here against its form: forms never change, so no lock is needed to read one."""
    body = call.body
    loaded = call.states.get(SURVEY + body.survey)
    forms = loaded.state.forms if loaded and isinstance(loaded.state, CareState) else {}
    number = body.form or max(forms, default=1)
    form = forms.get(number)
    if form is None:
        waits_for = f"survey:{body.survey}:{number}"
        raise NotYet("unknown_survey", "there is no such survey or version", waits_for=waits_for, absent=True)
    given = Given(
        [Rated(i.item, i.perception, i.expectation, i.importance) for i in body.items], body.nps, body.csat, body.ces,
        remarks=body.comment is not None or body.had_problem is not None,
    )  # fmt: skip
    data = SurveyAnswered(
        answer=call.made_id("answer"), survey=body.survey, form=number, items=judge(given, form),
        nps=body.nps, csat=body.csat, csat_scale=form.csat if body.csat is not None else None, ces=body.ces,
        had_problem=body.had_problem, told_us=body.told_us, comment=body.comment, about=_about(body.about),
        programme=body.programme, staff=body.staff, department=body.department, channel=body.channel,
    )  # fmt: skip
    subject = call.subject or f"anonymous:{call.made_id('anonymous')}"
    return Unit((call.request(subject, Answer(at=call.at, data=lean(data))),))


def _about(about: AboutBody | None) -> dict[str, str] | None:
    if about is None:
        return None
    named: dict[str, str] = about.model_dump(exclude_none=True)
    if len(named) != 1:
        raise Invalid("bad_about", "an answer is about one touchpoint, delivery or complaint", pointer="/about")
    return named


def _scale(scale: ScaleBody) -> Scale:
    return Scale(lowest=scale.lowest, highest=scale.highest)


def _known(call: Call[DeliveryEvent] | Call[KeptEvent], name: str, code: str) -> Position:
    found = call.found.get(name)
    if found is None:
        raise NotYet(code, "what this refers to is not known", waits_for=name, absent=True)
    return found


DELIVERED = Door(
    "care.delivered", DeliveryEvent, _deliver, lookups=lambda b: (f"delivery:{b.planned}",) if b.planned else (),
    makes="delivery",
)  # fmt: skip
TOUCHED = Door("touchpoint.recorded", TouchpointEvent, _touch, makes="touchpoint")
KEPT = Door(
    "promise.kept", KeptEvent, _keep, lookups=lambda b: (f"promise:{b.promise}",), anonymous=True, makes="promise",
)  # fmt: skip
PUBLISHED = Door("survey.published", SurveyBody, _publish, anonymous=True, makes="survey")
ANSWERED = Door(
    "survey.answered", AnswersEvent, _answer, loads=lambda b: (SURVEY + b.survey,), anonymous=True, makes="answer",
)  # fmt: skip

DOORS = (DELIVERED, TOUCHED, KEPT, PUBLISHED, ANSWERED)
