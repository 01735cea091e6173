"""Reports by whom it was: their segments, class and id, as merges and moments have it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.stories.teller import Json, Teller, rated, until


def group(tell: Teller, report: str, by: str, key: str, **params: Any) -> Json:
    """One group of a report; its figures alone are looked at, since others have customers, too."""
    groups = tell.get(f"/v1/reports/{report}", by=by, **params)["groups"]
    return next((g for g in groups if g["key"] == key), {})


def test_reports_by_segment_follow_who_is_in_it(tell: Teller) -> None:
    survey, shop = tell.survey(), f"shop {tell.tag}"
    lan, minh, twin = tell.customer("a", department=shop), tell.customer("b"), tell.customer("c")
    for customer, perception in ((lan, 3), (minh, 5), (twin, 1)):
        tell.answer(survey, customer, items=[rated("kept", perception, 5)])
        tell.step(tell.complaint(customer), "correction")
    rule = {"field": "department", "eq": shop}
    segment = str(tell.post("/v1/segments", {"name": f"of {shop}", "rule": rule}).json()["id"])

    def counted(**params: Any) -> tuple[Any, ...]:
        answers = group(tell, "satisfaction", "segment", segment, **params)
        spotted = group(tell, "complaints", "segment", segment, **params)
        return answers.get("answers"), spotted.get("spotted"), answers.get("name")

    until("one of the three is in it", lambda: counted() == (1, 1, f"of {shop}"))
    found = group(tell, "satisfaction", "segment", segment)
    assert (found["gap"]["value"], found["level"]) == (-50.0, "not_met")
    places = tell.get("/v1/reports/satisfaction", by="segment")["most_common_dissatisfaction"]
    assert all((place["name"] is None) == (place["key"] is None) for place in places), "told by name, too"
    before = datetime.now(UTC).isoformat()

    # what is one person's is the person's
    merge = tell.post("/v1/merges", {"survivor": lan, "merged": twin}).json()["id"]
    until("the other id's, too", lambda: counted() == (2, 2, f"of {shop}"))
    assert group(tell, "complaints", "customer", lan)["corrected"] == 2
    assert group(tell, "satisfaction", "customer", lan)["answers"] == 2
    tell.post(f"/v1/merges/{merge}/undo", {}, want=200)
    until("parted again", lambda: counted() == (1, 1, f"of {shop}"))

    tag = tell.call("GET", f"/v1/customers/{lan}").headers["etag"]
    moved = tell.call("PATCH", f"/v1/customers/{lan}", {"department": "elsewhere"}, headers={"If-Match": tag})
    assert moved.status_code == 200, moved.text
    until("nobody is in it any more", lambda: counted() == (None, None, None))
    assert counted(as_of=before) == (1, 1, f"of {shop}"), "but somebody was"
