"""Rule: a question is tied to one dimension of its form's set.

`rater` is the default set (SERVQUAL: Parasuraman, Zeithaml & Berry 1988), `qscv` the restaurants' one; any other name
is a company's own set, whose dimensions it names itself. The ten determinants of 1985 are synonyms within RATER.
"""

from __future__ import annotations

import re

RATER = ("reliability", "assurance", "tangibles", "empathy", "responsiveness")
QSCV = ("quality", "service", "cleanliness", "value")
SETS = {"rater": RATER, "qscv": QSCV}

DETERMINANTS = {
    "reliability": "reliability",
    "responsiveness": "responsiveness",
    "tangibles": "tangibles",
    "competence": "assurance",
    "courtesy": "assurance",
    "credibility": "assurance",
    "security": "assurance",
    "access": "empathy",
    "communication": "empathy",
    "understanding": "empathy",
}
"""Where each of the ten classic determinants went (Zeithaml, Parasuraman & Berry, Delivering Quality Service, 1990)."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def canonical(dimension_set: str, dimension: str) -> str | None:
    """The code that facts carry for `dimension`; None where the set has no such dimension."""
    if dimension_set not in SETS:
        return dimension if _CODE.fullmatch(dimension) else None
    if dimension in SETS[dimension_set]:
        return dimension
    return DETERMINANTS.get(dimension) if dimension_set == "rater" else None
