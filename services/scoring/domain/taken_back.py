"""What counts of a history once imports were taken back: the same as if they had never been.

- An order that was annulled never was, nor was anything that was said of it before; its number may come again.
- A refund that was given back never was: its order is worth what it was, and the refund may come again, too.
- What an import stated of a record, until that was restored, is unsaid.

Profile decides what is taken back, and numbers each subject's facts as it tells them: a fact counts if none with a
higher number took it back. So it does not matter in which order facts are heard of, nor when what they tell happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.scoring.domain.fact import Fact

PURCHASED = "customer.purchased"
RESTORED = "customer.restored"
STATING = frozenset({"customer.recorded", "customer.updated"})
_Name = tuple[str, str, str]
"""What is taken back: its subject, a word for what it is, and the number of an order or the name of an import."""


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """The facts without what was taken back, and without what took it back of orders."""
    facts = list(facts)
    gone: dict[_Name, int] = {}
    # of most customers nothing was ever taken back, and this is on the way of every score
    for fact in [f for f in facts if f.data.get("annuls") or f.data.get("restores") or f.type == RESTORED]:
        name = _taken(fact)
        gone[name] = max(gone.get(name, 0), fact.sequence)
    return [fact for fact in facts if _counts(fact, gone)] if gone else facts


def _taken(fact: Fact) -> _Name:
    """What a fact takes back."""
    data = fact.data
    if fact.type == RESTORED:
        return fact.subject, "import", data["imported"]
    if data.get("annuls"):
        return fact.subject, "order", data["refund_of"]
    return fact.subject, "refund", data["order"].removeprefix(f"undo:{data.get('imported')}:")


def _counts(fact: Fact, gone: Mapping[_Name, int]) -> bool:
    data = fact.data
    if fact.type in STATING:
        return fact.sequence > gone.get((fact.subject, "import", data.get("imported") or ""), 0)
    if fact.type != PURCHASED:
        return True
    if data.get("annuls") or data.get("restores"):
        return False
    refund_of = data.get("refund_of")
    if refund_of is None:
        return fact.sequence > gone.get((fact.subject, "order", data["order"]), 0)
    return fact.sequence > max(
        gone.get((fact.subject, "order", refund_of), 0), gone.get((fact.subject, "refund", data["order"]), 0)
    )
