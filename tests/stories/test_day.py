"""One customer's day, told through the public contract: retried, killed, on both engines, always the same."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

import httpx
import pytest

from tests.stories.teller import Json, Teller, day, item, money, rated
from tests.support.product import Product, apart, fresh, together

AS_OF = "2026-03-20T00:00:00Z"
NAME, EMAIL, PHONE = "Nguyễn Thị Đỗ", "do.nguyen@example.com", "+84 90 123 45 67"
SAID = [
    "the kettle leaks on the carpet",
    "a new kettle and our apology",
    "batch 77 was glued badly",
    "glue is checked now",
]
PROMISED, REMARK = "call back about the warranty", "Lan was kind but slow"
PERSONAL = [NAME, EMAIL, PHONE, "+84901234567", *SAID, PROMISED, REMARK, "Mrs Lan herself"]
"""What the story says about somebody, and what may stand nowhere in the open."""
STATE = "e69fbdf04aabd563a20bcd4ce163409206bc4e5aa8659b027a92c72a8c469fa2"
"""The story's `state_hash`: the same keys and times come to it on every engine, in every life, in every version."""


@dataclass
class Day:
    """The story, with the same keys and times each time it is told."""

    tell: Teller
    tag: str = "day"
    answers: list[tuple[int, str, str]] = field(default_factory=list)

    def say(self, key: str, path: str, body: Json) -> httpx.Response:
        answer = self.tell.call("POST", path, body, key=f"{self.tag}-{key}")
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        self.answers.append((answer.status_code, answer.text, answer.headers["event-position"]))
        return answer

    def play(self) -> tuple[str, str]:
        """Tells everything; answers the customer's id and the last position."""
        self.answers.clear()
        ref, say = f"pos:{self.tag}", self.say
        record = {"kind": "external", "stage": "prospect", "name": NAME, "emails": [EMAIL], "phones": [PHONE]}
        cid = say("u", "/v1/customers/upsert", {"ref": ref, **record, "source": "fair", "at": day(1)}).json()["id"]
        own = f"/v1/customers/{cid}"
        say("a", f"{own}/acquisition", {"channel": "shop", "cost": money("12.50"), "at": day(1, 10)})
        for n, (date, amount) in enumerate([(2, "10.00"), (5, "30.00"), (5, "10.00"), (9, "20.00")]):
            say(f"p{n}", f"{own}/purchases", {"order": f"o{n}", "amount": money(amount), "at": day(date, 11 + n)})
        where = {"staff": "lan", "department": "shop", "channel": "phone"}
        say("d", "/v1/deliveries", {"customer": cid, "programme": "welcome", **where, "on_time": True, "at": day(3)})
        promises = [
            {"what": PROMISED, "due": day(4), "owner": "lan"},
            {"what": PROMISED, "due": day(4), "owner": "hoa"},
        ]
        contact = say("t", "/v1/touchpoints", {"customer": ref, **where, "promises": promises, "at": day(3, 10)}).json()
        for n, at in enumerate([day(4, 8), day(5)]):
            say(f"k{n}", f"/v1/promises/{contact['promises'][n]['id']}/kept", {"at": at})
        form = {
            "name": "after care",
            "dimension_set": "rater",
            "asks": ["perception", "expectation"],
            "nps": True,
            "csat": {"lowest": 1, "highest": 5},
            "ces": True,
            "items": [item("kept", "reliability"), item("quick", "responsiveness"), item("kind", "empathy", 0, 10)],
        }
        survey = say("s", "/v1/surveys", form).json()["id"]
        items = [rated("kept", 4, 5), rated("quick", 2, 4), rated("kind", 10, 10)]
        given = {"items": items, "nps": 0, "csat": 4, "ces": 6, "comment": REMARK, "staff": "lan", "at": day(10)}
        say("w", f"/v1/surveys/{survey}/answers", {"customer": cid, **given})
        spotted = {
            "customer": ref,
            "ref": f"desk:{self.tag}",
            "summary": SAID[0],
            "severity": "serious",
            "dimension": "tangibles",
            "spotted_by": {"role": "staff", "who": "Mrs Lan herself"},
        }
        complaint = say("c", "/v1/complaints", {**spotted, "at": day(11)}).json()["id"]
        step = f"/v1/complaints/{complaint}"
        say("c1", f"{step}/acknowledgement", {"by": "minh", "at": day(11, 10)})
        say("c2", f"{step}/assignment", {"owner": "minh", "at": day(11, 11)})
        corrected = {"action": SAID[1], "agreed": True, "by": "minh", "compensation": money("5.00")}
        say("c3", f"{step}/correction", {**corrected, "at": day(11, 15)})
        last = say("c4", f"{step}/report", {"root_cause": SAID[2], "prevention": SAID[3], "at": day(12)})
        return cid, last.headers["event-position"]

    def check(self, cid: str, position: str = "") -> Json:
        """What the story must come to; answers the score."""
        if position:
            own = self.tell.score(cid, as_of=AS_OF, after=position)
            assert own["complaints"] == {"open": 0, "corrected": 1, "corrected_promptly": 1}
        whole = {"customers": 6, "care": 7, "complaints": 5}
        score = self.tell.scored(
            cid, "the whole story", lambda s: all(s["applied"][k] >= n for k, n in whole.items()), as_of=AS_OF
        )
        satisfaction, loyalty = score["satisfaction"], score["loyalty"]
        assert satisfaction["overall"] == {"gap": pytest.approx(-25), "level": "not_met", "n": 1}
        gaps = {name: (d["perception"], d["expectation"], d["gap"]) for name, d in satisfaction["dimensions"].items()}
        assert gaps["reliability"] == (75, 100, -25)
        assert gaps["responsiveness"] == (25, 75, -50)
        assert gaps["empathy"] == (100, 100, 0)
        assert (satisfaction["nps_answer"], satisfaction["csat"], satisfaction["ces"]) == (0, 4, 6)
        assert (loyalty["frequency"], loyalty["recency_days"]) == (2, 10)
        assert loyalty["monetary"]["currency"] == "USD"
        assert float(loyalty["monetary"]["amount"]) == pytest.approx(30)
        assert loyalty["p_alive"] is None
        assert score["merged_from"] == []
        return score


@pytest.mark.parametrize("engines", ["embedded", "distributed"])
def test_the_same_day_on_every_engine(engines: str) -> None:
    with fresh(engines) as chosen:
        product = together(chosen)
        try:
            product.start()
            story = Day(Teller(product))
            cid, position = story.play()
            first, answers = story.check(cid, position), list(story.answers)
            assert first["state_hash"] == STATE

            again, _ = story.play()  # every call once more, under the same keys
            assert again == cid
            assert story.answers == answers
            assert story.check(cid)["state_hash"] == STATE

            product.kill()
            product.start()
            story = Day(Teller(product))
            assert story.check(cid)["state_hash"] == STATE
            assert story.check(cid)["applied"] == first["applied"]
            story.play()  # keys are remembered across lives
            assert story.answers == answers
            product.stop(signal.SIGTERM)
            assert_silent(product)
        finally:
            product.close()


def test_the_same_day_with_every_role_apart_and_half_of_them_killed() -> None:
    several = {("profile", "api"): 2, ("profile", "relay"): 2, ("scoring", "api"): 2, ("scoring", "worker"): 2}
    with fresh("distributed") as chosen:
        product = apart(chosen, several)
        try:
            product.start()
            story = Day(Teller(product))
            cid, position = story.play()
            assert story.check(cid, position)["state_hash"] == STATE
            answers = list(story.answers)
            story.play()
            assert story.answers == answers

            for process in [p for p in product.processes if p.number == 0 and (p.services[0], p.roles[0]) in several]:
                process.end(signal.SIGKILL)
                product.processes.remove(process)
            assert story.check(cid)["state_hash"] == STATE
            story.play()
            assert story.answers == answers
            # what was started for the killed half is carried on by the other: another person's day comes to its end
            other, _ = Day(story.tell, "another").play()
            assert Day(story.tell, "another").check(other)["state_hash"] != STATE
            product.stop(signal.SIGTERM)
            assert_silent(product)
        finally:
            product.close()


def assert_silent(product: Product) -> None:
    """Nothing personal in what the product has written down for its operators; nothing failed."""
    logs = product.logs()
    assert b'"status":201' in logs
    for text in PERSONAL:
        assert text.encode() not in logs
        assert ascii(text).strip("'").encode() not in logs
    assert b"Traceback" not in logs
    errors = [line for line in logs.splitlines() if b'"level":"error"' in line and b'"/readyz"' not in line]
    assert not errors, errors[:3]
