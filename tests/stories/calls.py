"""One call of every kind that writes."""

from __future__ import annotations

from tests.stories.teller import Json, Teller, day, item, money, rated


def posts(tell: Teller) -> list[tuple[str, Json]]:
    """One call of every kind that writes, in an order in which all of them are possible."""
    cid, ref = tell.customer(), tell.ref()
    contact = {
        "customer": ref,
        "staff": "lan",
        "channel": "phone",
        "promises": [{"what": "x", "due": day(4), "owner": "lan"}],
    }
    promise = tell.post("/v1/touchpoints", contact).json()["promises"][0]["id"]
    survey, complaint, other = tell.survey(), tell.complaint(cid), tell.complaint(cid)
    form = {"name": "x", "dimension_set": "rater", "asks": ["perception"], "items": [item("a", "empathy")]}
    own, step = f"/v1/customers/{cid}", f"/v1/complaints/{complaint}"
    one, two, _ = (tell.customer(which) for which in ("m1", "m2", "m3"))
    merge = tell.post("/v1/merges", {"survivor": one, "merged": two}).json()["id"]
    return [
        ("/v1/customers", {"kind": "internal", "name": "x"}),
        ("/v1/customers/upsert", {"ref": ref + "-new", "name": "y"}),
        (f"{own}/acquisition", {"channel": "shop", "cost": money("1.00")}),
        (f"{own}/purchases", {"order": "o", "amount": money("1.00")}),
        (f"{own}/loss", {"reason": "moved"}),
        (f"{own}/win-back", {"approach": "phone", "by": "lan", "outcome": "came back"}),
        ("/v1/merges", {"survivor": one, "merged": tell.ref("m3")}),
        (f"/v1/merges/{merge}/undo", {}),
        ("/v1/deliveries", {"customer": ref, "programme": "welcome"}),
        ("/v1/touchpoints", contact),
        (f"/v1/promises/{promise}/kept", {}),
        ("/v1/surveys", form),
        (f"/v1/surveys/{survey}/versions", form),
        (f"/v1/surveys/{survey}/answers", {"customer": cid, "form": 1, "items": [rated("kept", 4, 5)]}),
        (f"/v1/surveys/{survey}/answers", {"form": 1, "items": [rated("kept", 4, 5)]}),
        ("/v1/complaints", {"customer": cid, "summary": "x", "severity": "minor", "spotted_by": {"role": "customer"}}),
        (f"{step}/acknowledgement", {"by": "minh"}),
        (f"{step}/assignment", {"owner": "minh"}),
        (f"{step}/escalation", {"to": "hoa", "reason": "x"}),
        (f"{step}/correction", {"action": "x", "agreed": True, "by": "minh"}),
        (f"{step}/report", {"root_cause": "x", "prevention": "y"}),
        (f"{step}/reopening", {"reason": "x"}),
        (f"/v1/complaints/{other}/withdrawal", {"reason": "x"}),
        (f"/v1/customers/{tell.customer('gone')}/erasure", {"reason": "request"}),
    ]
