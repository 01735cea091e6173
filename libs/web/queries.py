"""Query parameters are as strict as bodies: what a route does not declare is refused, and so is what is given twice.

A filter that is misspelt would else list everybody. What each route takes is worked out once, from its declaration; a
request without a query string pays nothing.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qsl

from fastapi import params
from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from libs.web.invalid import MALFORMED
from libs.web.problems import Problem, invalid_param


class Declared:
    """The query parameters of one route; `many`: those that are lists, and may be given several times."""

    __slots__ = ("_plain", "many", "names")

    def __init__(self, route: APIRoute) -> None:
        fields = [f for f in get_flat_params(route.dependant) if isinstance(f.field_info, params.Query)]
        self.names = frozenset(field.alias for field in fields)
        self._plain = frozenset(name.encode() for name in self.names)
        self.many = frozenset(f.alias for f in fields if field_annotation_is_sequence(f.field_info.annotation))

    def check(self, query: bytes) -> None:
        """Raises `Problem` (422) where the query string has an unknown or a repeated parameter."""
        sent = [part.partition(b"=")[0] for part in query.split(b"&")]
        if len(set(sent)) == len(sent) and self._plain.issuperset(sent):  # as nearly all are: a tenth of the time
            return
        counts = Counter(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        unknown = counts.keys() - self.names
        repeated = sorted(name for name in counts.keys() & self.names - self.many if counts[name] > 1)
        if not unknown and not repeated:
            return
        found = [invalid_param(f"/{name}", "repeated", "may be given once only", "query") for name in repeated]
        if unknown:  # their names are the caller's, ours may be told
            known = f"known here: {', '.join(sorted(self.names))}" if self.names else "none is known here"
            found.append(invalid_param("", "unknown_parameter", f"this query parameter is not known; {known}", "query"))
        raise Problem(422, "invalid", MALFORMED, invalid_params=found)


def declared(route: BaseRoute) -> Declared | None:
    """What a route of the API declares; None for pages and checks beside it, which probes and browsers add to."""
    return Declared(route) if isinstance(route, APIRoute) and route.path.startswith("/v1") else None
