"""/v1/reports: figures across customers, never bare: each with its n and its interval."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from libs.events.service import Platform
from libs.events.store.instants import to_micros
from libs.events.values import rfc3339
from libs.web.answers import Answered, answer
from libs.web.documents import reads
from libs.web.positions import After, caught_up
from libs.web.times import AsOf, From, To
from services.scoring.api.shapes import ComplaintsReport, SatisfactionReport
from services.scoring.domain import complaint_groups, groups
from services.scoring.domain.settings import ScoringSettings
from services.scoring.projections import across


def router(platform: Platform, settings: ScoringSettings) -> APIRouter:
    """Routes of reports."""
    routes = APIRouter(tags=["reports"])

    @routes.get("/v1/reports/satisfaction", **reads(SatisfactionReport, "Satisfaction, by what answers have in common"))
    async def satisfaction(
        by: Annotated[groups.By, Query()] = "dimension",
        since: From = None,
        until: To = None,
        as_of: AsOf = None,
        after: After = None,
    ) -> Answered:
        """Of the answers in [from, to): gaps, levels, NPS, CSAT and CES of each group and in total, and where
        dissatisfaction is most common. Few anonymous answers are withheld. Customers count in the class and in every
        segment that they were in as of then; a segment's group has its id as `key`, and its `name`."""
        await caught_up(platform, after)
        moment = as_of or platform.clock.now()
        rows, customers = await across.answers(platform.database, to_micros(moment), by)
        # a long computation on many answers must not hold up other requests
        made = await run_in_threadpool(groups.satisfaction_report, rows, by, since, until, moment, settings)
        return answer(named(made, customers) | {"as_of": rfc3339(moment)})

    @routes.get("/v1/reports/complaints", **reads(ComplaintsReport, "Complaints, by what they have in common"))
    async def complaints(
        by: Annotated[complaint_groups.By, Query()] = "severity",
        since: From = None,
        until: To = None,
        as_of: AsOf = None,
        after: After = None,
    ) -> Answered:
        """Of the complaints spotted in [from, to): how they stand, how promptly they were corrected, how many came
        back. Of classes and segments as in the report of satisfaction."""
        await caught_up(platform, after)
        moment = as_of or platform.clock.now()
        rows, customers = await across.complained(platform.database, to_micros(moment), by)
        made = await run_in_threadpool(complaint_groups.complaints_report, rows, by, since, until, settings)
        return answer(named(made, customers) | {"as_of": rfc3339(moment)})

    return routes


def named(report: dict[str, Any], customers: across.Customers) -> dict[str, Any]:
    """The report, its groups told by the segments' names, too, where their keys are ids of segments."""
    if report["by"] == "segment":
        names = customers.names
        for group in [*report["groups"], *report.get("most_common_dissatisfaction", ())]:
            group["name"] = names.get(group["key"])
    return report
