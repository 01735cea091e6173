"""Request counts and latencies by route template, kept without locks and read by Prometheus through a collector.

The client's own histogram takes a lock and a label lookup for each request; these are plain numbers of one event
loop, made into its samples only when somebody scrapes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds in seconds."""


class Requests(Collector):
    """What one service has answered: `careledger_http_request_duration_seconds` by method, route and status."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._cells: dict[tuple[str, str, int], list[float]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answered request."""
        cell = self._cells.get((method, route, status))
        if cell is None:
            cell = self._cells[method, route, status] = [0.0] * (len(BUCKETS) + 2)
        cell[bisect_left(BUCKETS, seconds)] += 1
        cell[-1] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The samples, as the registry asks for them."""
        family = HistogramMetricFamily(
            "careledger_http_request_duration_seconds",
            "Time from a request's first byte to its answer's last, by route template",
            labels=["service", "method", "route", "status"],
        )
        for (method, route, status), cell in list(self._cells.items()):
            buckets, total = [], 0.0
            for bound, number in zip([*map(str, BUCKETS), "+Inf"], cell[:-1], strict=True):
                total += number
                buckets.append((bound, total))
            family.add_metric([self._service, method, route, str(status)], buckets, cell[-1])
        yield family
