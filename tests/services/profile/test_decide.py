"""What becomes of a wish about a customer: given, when, then."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from libs.events.catalogue import customers as facts
from libs.events.decider import NotYet
from libs.events.testing import fold, given, happened, hour
from libs.events.values import Money
from services.profile.domain.commands import (
    Acquire,
    Erase,
    Link,
    Lose,
    Meet,
    Merge,
    Patch,
    Purchase,
    Record,
    Unmerge,
    WinBack,
)
from services.profile.domain.decide import CustomerDecider
from services.profile.domain.persons import joined

ID = "c1"
DECIDER = CustomerDecider()
TEN = Money(amount=Decimal(10), currency="USD")
ONE = Money(amount=Decimal(1), currency="USD")
BARE = facts.CustomerRecorded(bare=True, kind="external")
RECORDED = facts.CustomerRecorded(kind="external", stage="prospect", name="Đỗ", refs=["pos:1"])
BOUGHT = facts.CustomerPurchased(order="o1", amount=TEN)
LOST = facts.CustomerLost(reason="indifference")
BACK = facts.CustomerWonBack(approach="call", by="lan", outcome="came")


def record(
    at: float = 1, *, anew: bool = False, keyed: bool = False, dated: bool = False, published: bool = False,
    **members: Any,
) -> Record:  # fmt: skip
    return Record(
        at=hour(at), members=members, subject=ID, anew=anew, keyed=keyed, dated=dated, published=published
    )  # fmt: skip


def buy(at: float = 1, **more: Any) -> Purchase:
    return Purchase(at=hour(at), order="o1", amount=TEN, **more)


def lose(at: float, *, create: bool = False) -> Lose:
    return Lose(at=hour(at), subject=ID, reason="indifference", create=create)


def win(at: float) -> WinBack:
    return WinBack(at=hour(at), subject=ID, approach="call", by="lan", outcome="came")


class TestRecords:
    def test_a_record_states_what_was_said_and_no_more(self) -> None:
        given(DECIDER).when(record(kind="external", name="Đỗ", owner=None)).then(
            facts.CustomerRecorded(kind="external", name="Đỗ", owner=None)
        )

    def test_a_bare_record_is_opened_in_full(self) -> None:
        then = given(DECIDER, BARE).when(record(5, kind="internal", name="Đỗ"))
        then.then(facts.CustomerRecorded(kind="internal", name="Đỗ"))
        assert then.state.recorded
        assert then.state.stage == "active"

    def test_a_plain_repeat_of_what_is_known_is_no_news(self) -> None:
        start = given(DECIDER, RECORDED)
        start.when(record(5, name="Đỗ", owner="lan", refs=["pos:1", "crm:2"])).then(
            facts.CustomerUpdated(name="Đỗ", owner="lan", refs=["pos:1", "crm:2"])
        )
        start.when(record(5, name="Đỗ", refs=["pos:1"])).nothing()
        start.when(record(5, name="Đỗ", stage="prospect")).nothing()
        start.when(record(5, name=None)).then(facts.CustomerUpdated(name=None))

    def test_a_new_one_that_is_known_otherwise_is_refused_with_its_id(self) -> None:
        start = given(DECIDER, RECORDED)
        start.when(record(5, anew=True, name="Đỗ", stage="prospect")).nothing()
        start.when(record(5, anew=True, name="Lan")).refused("customer_exists", id=ID)

    def test_old_news_do_not_undo_newer_ones(self) -> None:
        newer = happened(facts.CustomerUpdated(name="new"), hour(9))
        start = given(DECIDER, RECORDED, newer)
        start.when(record(5, name="old")).nothing()
        late = happened(facts.CustomerUpdated(name="old", owner="lan"), hour(5))
        state = fold(DECIDER, [RECORDED, newer, late])
        assert (state.record["name"], state.record["owner"]) == ("new", "lan")

    def test_what_is_stated_for_a_moment_or_under_a_key_is_kept_as_it_was_told(self) -> None:
        """Whether it matters may change with what comes late: between both, somebody may have stated another one."""
        same = facts.CustomerUpdated(name="Đỗ")
        given(DECIDER, RECORDED).when(record(5, dated=True, name="Đỗ")).then(same)
        given(DECIDER, RECORDED).when(record(1, dated=True, name="Đỗ")).nothing()  # RECORDED's own moment
        given(DECIDER, RECORDED).when(record(1, keyed=True, published=True, name="Đỗ")).then(same)
        given(DECIDER, RECORDED).when(record(0, keyed=True, name="Lan")).then(facts.CustomerUpdated(name="Lan"))
        between = happened(facts.CustomerUpdated(name="Lan"), hour(3))
        assert fold(DECIDER, [RECORDED, happened(same, hour(5)), between]).record["name"] == "Đỗ"

    def test_of_two_calls_for_one_moment_the_later_counts(self) -> None:
        known: list[Any] = [RECORDED]
        for name in ("Lan", "Mai", "Chi"):
            then = given(DECIDER, *known).when(record(1, dated=True, name=name))
            assert then.state.record["name"] == name
            known.append(happened(then.events[0].data, then.events[0].at or hour(1)))
        published = given(DECIDER, *known).when(record(1, keyed=True, published=True, name="Hoa"))
        assert published.events[0].at == hour(1)

    def test_what_comes_too_late_to_show_makes_no_other_version(self) -> None:
        assert fold(DECIDER, [RECORDED, happened(facts.CustomerUpdated(name="Lan"), hour(0))]).version == 1
        assert fold(DECIDER, [RECORDED, happened(facts.CustomerUpdated(owner="lan"), hour(0))]).version == 2

    def test_a_stated_stage_starts_and_undoes_nothing(self) -> None:
        start = given(DECIDER, RECORDED)
        start.when(record(5, stage="active")).then(facts.CustomerUpdated(stage="active"))
        given(DECIDER, RECORDED, BOUGHT).when(record(5, stage="prospect")).nothing()
        given(DECIDER, RECORDED, LOST).when(record(5, stage="active")).nothing()


class TestPatches:
    def patch(self, versions: set[int] | None = None, **patch: Any) -> Patch:
        return Patch(at=hour(9), patch=patch, versions=frozenset(versions) if versions else None)

    def test_only_the_version_that_was_seen_is_changed(self) -> None:
        start = given(DECIDER, RECORDED)
        start.when(self.patch({1}, owner="lan")).then(facts.CustomerUpdated(owner="lan"))
        start.when(self.patch({2}, owner="lan")).refused("version_mismatch", current=1)
        start.when(self.patch(owner="lan")).then(facts.CustomerUpdated(owner="lan"))

    def test_a_plain_purchase_is_no_change_of_the_record_but_a_new_stage_is(self) -> None:
        again = facts.CustomerPurchased(order="o2", amount=TEN)
        assert fold(DECIDER, [RECORDED, BOUGHT]).version == 2
        assert fold(DECIDER, [RECORDED, BOUGHT, again]).version == 2

    def test_null_clears_and_objects_are_merged_into(self) -> None:
        home = {"size": 4, "structure": "family"}
        start = given(DECIDER, facts.CustomerRecorded(kind="external", owner="lan", household=home))
        start.when(self.patch(owner=None, household={"structure": None})).then(
            facts.CustomerUpdated(owner=None, household={"size": 4})
        )
        start.when(self.patch(name=None)).nothing()

    def test_custom_fields_are_stated_one_by_one(self) -> None:
        start = given(DECIDER, facts.CustomerRecorded(kind="external", custom={"a": 1, "b": 2}))
        then = start.when(self.patch(custom={"a": None, "b": 2, "c": 3})).then(
            facts.CustomerUpdated(custom={"a": None, "c": 3})
        )
        assert then.state.record["custom"] == {"b": 2, "c": 3}
        then = start.when(self.patch(custom=None)).then(facts.CustomerUpdated(custom={"a": None, "b": None}))
        assert then.state.record["custom"] is None
        start.when(self.patch(custom={"d": None})).nothing()

    def test_only_a_prospect_becomes_active_by_a_patch(self) -> None:
        start = given(DECIDER, RECORDED)
        start.when(self.patch(stage="active")).then(facts.CustomerUpdated(stage="active"))
        start.when(self.patch(stage="prospect")).nothing()
        start.when(self.patch(stage="lost")).refused("out_of_order", state="prospect", possible=["loss"])
        lost = given(DECIDER, RECORDED, LOST)
        lost.when(self.patch(stage="active")).refused("out_of_order", state="lost", possible=["win-back"])

    def test_the_unknown_are_not_changed(self) -> None:
        given(DECIDER).when(self.patch(name="x")).refused("unknown_customer")


class TestHearing:
    def test_an_event_about_an_unknown_customer_opens_a_bare_record(self) -> None:
        then = given(DECIDER).when(buy(create=True)).then(BARE, BOUGHT)
        assert (then.state.bare, then.state.stage, then.state.kind) == (True, "active", "external")
        given(DECIDER).when(Meet(at=hour(1))).then(BARE)
        given(DECIDER).when(Acquire(at=hour(1), channel="shop", create=True)).then(
            BARE, facts.CustomerAcquired(channel="shop")
        )
        given(DECIDER).when(lose(1, create=True)).then(BARE, LOST)

    def test_who_is_known_is_not_opened_again(self) -> None:
        given(DECIDER, RECORDED).when(Meet(at=hour(5))).nothing()
        given(DECIDER, BARE).when(Meet(at=hour(5))).nothing()
        given(DECIDER, BARE).when(buy(5, create=True)).then(BOUGHT)

    def test_who_was_only_merged_is_opened_too(self) -> None:
        """Else they were nobody again once that is undone, whatever had been heard of them."""
        merged = facts.CustomerMerged(merge="m", survivor="c2")
        given(DECIDER, merged).when(Meet(at=hour(5))).then(BARE)
        given(DECIDER, merged).when(buy(create=True)).then(BARE, BOUGHT)

    def test_a_reference_that_is_not_in_the_record_is_told_once(self) -> None:
        named = BARE.model_copy(update={"refs": ["crm:2"]})
        then = given(DECIDER, RECORDED).when(buy(5, create=True, ref="crm:2")).then(named, BOUGHT)
        assert (then.state.bare, then.state.record["refs"]) == (False, ["pos:1", "crm:2"])
        given(DECIDER, RECORDED).when(buy(5, create=True, ref="pos:1")).then(BOUGHT)
        given(DECIDER, RECORDED, named).when(buy(5, create=True, ref="crm:2")).then(BOUGHT)

    @pytest.mark.parametrize("command", [buy(), lose(1), win(1), Acquire(at=hour(1), channel="x")])
    def test_a_path_needs_a_known_customer(self, command: Any) -> None:
        given(DECIDER).when(command).refused("unknown_customer")

    def test_the_unknown_are_not_erased(self) -> None:
        given(DECIDER).when(Erase(at=hour(1), reason="request")).refused("unknown_customer")


class TestMoving:
    def test_a_purchase_makes_a_prospect_active(self) -> None:
        assert given(DECIDER, RECORDED).when(buy(5)).state.stage == "active"

    def test_refunds_that_were_taken_come_to_the_same_in_any_order(self) -> None:
        """Which of them are taken depends on which came first; what was taken is added up."""
        backs = [
            happened(facts.CustomerPurchased(order=f"r{n}", amount=ONE, refund_of="o1"), hour(at))
            for n, at in enumerate((4, 2, 3))
        ]
        states = {fold(DECIDER, [RECORDED, BOUGHT, *order]).refunds["o1"] for order in permutations(backs)}
        assert states == {Decimal(3)}

    def test_a_refund_does_not(self) -> None:
        refund = facts.CustomerPurchased(order="o2", amount=TEN, refund_of="o1")
        assert fold(DECIDER, [RECORDED, refund]).stage == "prospect"
        assert buy(refund_of="o0").needs(ID) == ("order:c1:o0",)
        assert buy().unique(ID) == ("order:c1:o1",)

    def test_lost_and_won_back(self) -> None:
        then = given(DECIDER, RECORDED, BOUGHT).when(lose(5)).then(LOST)
        assert then.state.stage == "lost"
        then = given(DECIDER, RECORDED, BOUGHT, LOST).when(win(9)).then(BACK)
        assert then.state.stage == "won_back"
        given(DECIDER, RECORDED, LOST, BACK).when(lose(9)).then(LOST)

    def test_a_second_loss_waits_for_a_win_back(self) -> None:
        then = given(DECIDER, RECORDED, LOST).when(lose(9))
        refusal = then.refused("out_of_order", state="lost", possible=["win-back"])
        assert isinstance(refusal, NotYet)
        assert refusal.waits_for == "win_back:c1:1"

    def test_a_win_back_waits_for_a_loss(self) -> None:
        refusal = given(DECIDER, RECORDED).when(win(9)).refused("out_of_order", state="prospect", possible=["loss"])
        assert isinstance(refusal, NotYet)
        assert refusal.waits_for == "loss:c1:1"

    def test_late_news_are_judged_when_they_happened(self) -> None:
        lost = happened(LOST, hour(20))
        then = given(DECIDER, RECORDED, lost).when(lose(10)).then(LOST)
        assert then.state.stage == "lost"
        back = happened(BACK, hour(15))
        known: list[Any] = [RECORDED, lost, happened(LOST, hour(10)), back]
        assert fold(DECIDER, known).stage == "lost"
        assert fold(DECIDER, known[:1] + known[2:]).stage == "won_back"

    def test_whoever_is_lost_stays_lost_until_won_back(self) -> None:
        assert given(DECIDER, RECORDED, LOST).when(buy(9)).state.stage == "lost"


class TestPersons:
    def link(self) -> Link:
        return Link(at=hour(9), survivor="c0", merge="m1")

    def test_a_further_reference_is_merged_in_once(self) -> None:
        merged = facts.CustomerMerged(merge="m1", survivor="c0")
        given(DECIDER).when(self.link()).then(merged)
        given(DECIDER, merged).when(self.link()).nothing()
        elsewhere = facts.CustomerMerged(merge="m0", survivor="c9")
        given(DECIDER, elsewhere).when(self.link()).refused("moved_meanwhile")

    def test_a_reference_that_somebody_took_apart_is_not_merged_in_again(self) -> None:
        story = (facts.CustomerMerged(merge="m0", survivor="c0"), facts.CustomerUnmerged(merge="m0", survivor="c0"))
        given(DECIDER, *story).when(self.link()).nothing()
        again = Merge(at=hour(9), survivor="c0", merge="m1", choices={})
        given(DECIDER, *story).when(again).then(facts.CustomerMerged(merge="m1", survivor="c0"))

    def test_a_merge_is_undone_once(self) -> None:
        merged, undone = (kind(merge="m1", survivor="c0") for kind in (facts.CustomerMerged, facts.CustomerUnmerged))
        undo = Unmerge(at=hour(9), merge="m1")
        given(DECIDER, merged).when(undo).then(undone)
        given(DECIDER, merged, undone).when(undo).refused("already_undone")
        again = facts.CustomerMerged(merge="m2", survivor="c0")
        given(DECIDER, merged, undone, again).when(undo).refused("already_undone")

    def test_an_undone_merge_is_gone(self) -> None:
        undone = facts.CustomerUnmerged(merge="m1", survivor="c0")
        assert fold(DECIDER, [facts.CustomerMerged(merge="m1", survivor="c0"), undone]).merged_into is None

    def test_a_person_is_the_fold_of_all_their_ids(self) -> None:
        survivor = fold(DECIDER, [RECORDED])
        other = fold(DECIDER, [
            happened(facts.CustomerRecorded(kind="external", name="newer", owner="lan", refs=["crm:2"]), hour(5)),
            happened(BOUGHT, hour(6)),
        ])  # fmt: skip
        person = joined(survivor, {"c2": other})
        assert (person.record["name"], person.record["owner"]) == ("newer", "lan")
        assert person.record["refs"] == ["pos:1", "crm:2"]
        assert person.stage == "active"
        assert person.version == survivor.version


def test_acquisition_is_told_once_for_each_channel_and_cost() -> None:
    costs = [Money(amount=Decimal(amount), currency="USD") for amount in ("10", "10.00")]
    ten, same = (Acquire(at=hour(1), channel="shop", cost=cost) for cost in costs)
    assert ten.unique(ID) == same.unique(ID)
    assert ten.unique(ID) != Acquire(at=hour(1), channel="shop").unique(ID)


def test_the_latest_classification_counts_by_time() -> None:
    newer = happened(facts.CustomerClassified(value_class="A"), hour(9))
    older = happened(facts.CustomerClassified(value_class="B"), hour(5))
    assert fold(DECIDER, [RECORDED, newer, older]).value_class == "A"
