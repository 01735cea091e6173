"""/v1/surveys: forms, in versions that never change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies, documents
from libs.web.answers import Answered, answer
from libs.web.positions import After
from libs.web.writing import write
from services.care.api.lists import Paged, newest_first, seen, unknown
from services.care.api.lists import listing as list_page
from services.care.api.made import ids_of, told
from services.care.api.shapes import FormShape, MadeSurvey, Page, SurveyShape
from services.care.bodies import SurveyBody
from services.care.domain.state import CareState
from services.care.doors import PUBLISHED, SURVEY
from services.care.projections import surveys

SurveyId = Annotated[str, Path(max_length=100, description="The survey's id.")]
Version = Annotated[int | None, Query(ge=1, description="A version of its form (default: the latest).")]


def router(platform: Platform) -> APIRouter:
    """Routes of surveys."""
    routes = APIRouter(tags=["surveys"])

    @routes.post("/v1/surveys", **documents.writes(SurveyBody, MadeSurvey, "Publish a survey"))
    async def publish(request: Request) -> Answered:
        """Publishes a new survey, as version 1 of its form."""
        body = await bodies.read(request, SurveyBody)
        return await write(
            request, platform, PUBLISHED, body, render=_render(ids_of(request, platform)), version=_version
        )

    @routes.post("/v1/surveys/{survey}/versions", **documents.writes(SurveyBody, MadeSurvey, "Publish a version", 404))
    async def revise(survey: SurveyId, request: Request) -> Answered:
        """Publishes the next version of a survey's form; answers count for the version that they answered."""
        body = await bodies.read(request, SurveyBody)
        await _state(platform, survey)
        render = _render(lambda _: survey)
        path = {"survey": survey}
        return await write(request, platform, PUBLISHED, body, path=path, render=render, version=_version)

    @routes.get("/v1/surveys", **documents.reads(Page[SurveyShape], "List surveys"))
    async def find(paging: Paged, dimension_set: Annotated[str | None, Query(max_length=100)] = None) -> Answered:
        """Surveys, the newest first."""
        columns = surveys.surveys.c
        return await list_page(
            platform, paging, None, lambda _: surveys.listed(dimension_set),
            newest_first(columns.at, columns.id), surveys.shown, "surveys",
        )  # fmt: skip

    @routes.get("/v1/surveys/{survey}", **documents.reads(FormShape, "Read a survey", 404))
    async def read(survey: SurveyId, version: Version = None, after: After = None) -> Answered:
        """A survey with everything that it asks."""
        await seen(platform, after)
        state = await _state(platform, survey)
        number = version or state.latest
        if number not in state.forms:
            raise unknown()
        return answer(surveys.whole(survey, number, state.forms[number]), version=number)

    return routes


async def _state(platform: Platform, survey: str) -> CareState:
    subject = SURVEY + survey
    state = (await platform.store.load([subject]))[subject].state
    if not isinstance(state, CareState) or not state.forms:
        raise unknown()
    return state


def _render(made: Callable[[str], str]) -> Callable[[Sequence[Verdict]], dict[str, Any]]:
    def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
        published = told(verdicts, "survey.published", "survey")
        return {"id": published[0] if published else made("survey"), "version": _version(verdicts)}

    return render


def _version(verdicts: Sequence[Verdict]) -> int:
    numbers = told(verdicts, "survey.published", "form")
    return int(numbers[0]) if numbers else verdicts[-1].state.latest
