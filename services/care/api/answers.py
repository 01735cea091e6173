"""/v1/surveys/{id}/answers: what somebody answered, by name or anonymously."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request

from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies, documents
from libs.web.answers import Answered
from libs.web.paths import Id
from libs.web.positions import After
from libs.web.writing import write
from services.care.api.lists import one, unknown
from services.care.api.made import ids_of, told
from services.care.api.shapes import AnswerShape, Made
from services.care.api.surveys import SurveyId
from services.care.bodies import AnswersBody, AnswersEvent
from services.care.doors import ANSWERED
from services.care.projections.rows import Row


def router(platform: Platform) -> APIRouter:
    """Routes of answers."""
    routes = APIRouter(tags=["surveys"])

    @routes.post("/v1/surveys/{survey}/answers", **documents.writes(AnswersBody, Made, "Answer a survey", 404, 410))
    async def give(survey: SurveyId, request: Request) -> Answered:
        """Somebody answered; without a customer nobody can tell who, nor that two answers are one person's."""
        body = await bodies.read(request, AnswersBody)
        made = ids_of(request, platform)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            given = told(verdicts, "survey.answered", "answer")
            return {"id": given[0] if given else made("answer")}

        # the same model with the path's member: it has been validated
        said = AnswersEvent.model_construct(body.model_fields_set | {"survey"}, **dict(body), survey=survey)
        return await write(request, platform, ANSWERED, said, render=render, version=None)

    @routes.get("/v1/surveys/{survey}/answers/{answer}", **documents.reads(AnswerShape, "Read an answer", 404, 410))
    async def read(survey: SurveyId, answer: Id, after: After = None) -> Answered:
        """One answer."""

        def shown(row: Row) -> dict[str, Any]:
            if row["survey"] != survey:
                raise unknown()
            return row

        return await one(platform, f"answer:{answer}", _changes, shown, after)

    return routes


def _changes(event: Event) -> tuple[str, Row] | None:
    if event.type != "survey.answered":
        return None
    data = dict(event.data)
    return data.pop("answer"), {"customer": event.subject, "at": event.time, **data}
