"""Who asks to be forgotten is forgotten: in every service, in every file, table, topic and log."""

from __future__ import annotations

import base64
import signal

import pytest

from tests.stories.holdings import holdings, tables
from tests.stories.teller import Teller, day, money, rated, until
from tests.support.product import Product, fresh, together

NAME, EMAIL, PHONE = "Phạm Quỳnh Forgotten", "quynh.forgotten@example.com", "+84905551234"
WORDS = [
    "my forgotten kettle",
    "a forgotten apology",
    "forgotten glue",
    "forgotten checks",
    "a forgotten remark",
    "a forgotten promise",
    "forgotten approach",
    "forgotten outcome",
    "Mrs Forgotten Witness",
]
REFS = ["pos:forgotten-77", "card:forgotten-88"]


def tell_a_life(tell: Teller) -> tuple[str, list[str]]:
    """Everything that can be said about somebody; their id, and things in other services that were theirs."""
    record = {
        "name": NAME,
        "emails": [EMAIL],
        "phones": [PHONE],
        "addresses": [WORDS[0]],
        "background": WORDS[1],
        "custom": {"a_text": WORDS[2]},
        "birthday": "1990-05-17",
    }
    tell.field("a_text", "text")
    cid = tell.post("/v1/customers", {"kind": "external", "refs": REFS, **record}).json()["id"]
    own = f"/v1/customers/{cid}"
    tell.post(f"{own}/purchases", {"order": "o", "amount": money("10.00"), "at": day(1)})
    tell.post(f"{own}/loss", {"reason": "moved", "at": day(2)})
    tell.post(f"{own}/win-back", {"approach": WORDS[6], "by": "lan", "outcome": WORDS[7], "at": day(3)})
    promises = [{"what": WORDS[5], "due": day(9), "owner": "lan"}]
    contact = {"customer": REFS[1], "staff": "lan", "channel": "phone", "promises": promises, "at": day(4)}
    promise = tell.post("/v1/touchpoints", contact).json()["promises"][0]["id"]
    survey = tell.survey()
    answer = tell.answer(survey, cid, items=[rated("kept", 4, 5)], comment=WORDS[4], at=day(5)).json()["id"]
    complaint = tell.complaint(
        REFS[0], ref="desk:forgotten-99", summary=WORDS[0], at=day(6), spotted_by={"role": "staff", "who": WORDS[8]}
    )
    tell.step(complaint, "escalation", reason=WORDS[3], at=day(6, 10))
    tell.step(complaint, "correction", action=WORDS[1], at=day(7))
    tell.step(complaint, "report", root_cause=WORDS[2], prevention=WORDS[3], at=day(8))
    things = [f"/v1/promises/{promise}", f"/v1/surveys/{survey}/answers/{answer}", f"/v1/complaints/{complaint}"]
    return cid, things


@pytest.mark.parametrize("engines", ["embedded", "distributed"])
async def test_nothing_is_left_of_who_was_erased(engines: str) -> None:
    with fresh(engines) as chosen:
        product = together(chosen)
        try:
            tell = Teller(product.start())
            stays = tell.customer(name="Who Stays", emails=["stays@example.com"])
            cid, things = tell_a_life(tell)
            tell.scored(cid, "the life", lambda s: s["complaints"]["corrected"] and s["satisfaction"]["overall"]["n"])
            for path in things:
                assert tell.get(path)
            # sealed where it entered: nothing is in the open even before
            await assert_nowhere(product)

            gone = tell.post(f"/v1/customers/{cid}/erasure", {"reason": "request"}, want=202)
            assert gone.json()["status"] == "erased"
            tell.refused(tell.call("GET", f"/v1/customers/{cid}"), 410, "erased")
            for path in things:
                until(f"{path} is gone", lambda path=path: tell.call("GET", path).status_code == 410)  # type: ignore[misc]
            score = f"/v1/scores/customers/{cid}"
            until("the score is gone", lambda: tell.call("GET", score).status_code == 410)
            tell.refused(tell.call("GET", f"{score}/explanation"), 410, "erased")
            for path, body in (
                ("/purchases", {"order": "n", "amount": money("1.00")}),
                ("/loss", {"reason": "moved"}),
                ("/acquisition", {"channel": "x"}),
            ):
                tell.refused(tell.call("POST", f"/v1/customers/{cid}{path}", body), 410, "erased")
            tell.refused(tell.call("PATCH", f"/v1/customers/{cid}", {"name": "x"}, headers={"If-Match": "*"}), 410)
            for path, body in (
                ("/v1/deliveries", {"customer": cid, "programme": "x"}),
                (
                    "/v1/complaints",
                    {"customer": cid, "summary": "x", "severity": "minor", "spotted_by": {"role": "staff"}},
                ),
            ):
                tell.refused(tell.call("POST", path, body), 410, "erased")
            for path in (
                "/v1/deliveries",
                "/v1/due",
                "/v1/promises",
                "/v1/touchpoints",
                "/v1/invitations",
                "/v1/complaints",
            ):
                tell.refused(tell.call("GET", path, params={"customer": cid}), 410, "erased")
            until("no list has them", lambda: cid not in str(tell.get("/v1/customers", limit=200)))
            items = tell.post("/v1/customers/resolve", {"customers": [cid]}, want=200).json()["items"]
            assert items[0]["problem"]["status"] == 410
            tell.post(f"/v1/customers/{cid}/erasure", {"reason": "request"}, want=202)  # forgotten is forgotten

            # what is older than the erasure is refused; who comes back by the same reference is somebody new
            late = tell.call("POST", "/v1/deliveries", {"customer": REFS[0], "programme": "x", "at": day(2)})
            tell.refused(late, 410, "erased")
            back = tell.post(
                "/v1/customers/upsert", {"ref": REFS[0], "kind": "external", "name": "Somebody New"}
            ).json()
            assert back["id"] != cid
            assert back["created"]
            assert (back["stage"], back["emails"], back["merged_from"]) == ("prospect", None, [])
            delivery = tell.post("/v1/deliveries", {"customer": REFS[0], "programme": "x"}).json()["id"]
            assert tell.get(f"/v1/deliveries/{delivery}")["customer"] == back["id"]
            complaint = tell.complaint(REFS[0])
            assert tell.get(f"/v1/complaints/{complaint}")["customer"] == back["id"]
            anew = tell.scored(back["id"], "the new life", lambda s: s["complaints"]["open"] == 1)
            assert anew["loyalty"]["frequency"] == 0
            assert tell.get(f"/v1/customers/{stays}")["name"] == "Who Stays"

            await assert_nowhere(product, but=[REFS[0]])
            product.stop(signal.SIGTERM)
            await assert_nowhere(product, but=[REFS[0]])
            logs = product.logs()
            for word in [NAME, EMAIL, PHONE, *WORDS, *REFS, "1990-05-17", "forgotten-99"]:
                assert word.encode() not in logs
        finally:
            product.close()


async def assert_nowhere(product: Product, but: list[str] | None = None) -> None:
    """None of the words stands in any file, table or topic, whichever way it may have been written there."""
    words = [
        w for w in [NAME, EMAIL, PHONE, "quynh", *WORDS, *REFS, "forgotten-99", "1990-05-17"] if w not in (but or [])
    ]
    needles = {form for word in words for form in _forms(word)}
    held = [*holdings(product), *await tables(product)]
    assert sum(b"customer.won_back" in raw for _, raw in held) >= 2, "what is not personal is found: we do look"
    for name, raw in held:
        folded = raw.lower()
        for needle in needles:
            assert needle not in folded, f"{needle!r} in {name}"


def _forms(word: str) -> list[bytes]:
    plain = word.lower().encode()
    escaped = word.lower().encode("ascii", "backslashreplace")
    return [plain, escaped, word.lower().encode("utf-16-le"), base64.b64encode(word.encode())[:-4].lower()]
