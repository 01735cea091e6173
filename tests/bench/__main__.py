"""`python -m tests.bench [--only NAME]… [--quick] [--markdown]`: prints the table; 1 where a target was missed."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from importlib import import_module

import structlog
import uvloop

from tests.bench.engines import Bench, engines
from tests.bench.harness import Line, tell
from tests.bench.table import as_markdown, as_text
from tests.engines import Unavailable

ROWS = {
    "appends": "Durable single appends",
    "ingestion": "Bulk ingestion from an inbound topic",
    "relay": "Relay: from the outbox to the topic",
    "latency": "From commit to topic, 300/s",
    "projection": "Projection: scoring's facts",
    "rebuild": "Rebuild of scoring's read model",
    "search": "Search among customers",
    "classes": "Value classes of all customers",
    "http": "HTTP, 32 connections",
    "score": "From a POST to the score, 300/s, four services; their memory",
}


def measure(name: str, bench: Bench) -> list[Line]:
    """The lines of one row; one that fails is told, and the others go on."""
    started = time.perf_counter()
    tell(f"{name} …")
    try:
        lines: list[Line] = uvloop.run(import_module(f"tests.bench.rows.{name}").run(bench))
    except Exception as error:
        logging.getLogger(__name__).exception("%s failed", name)
        lines = [Line(f"failed: {type(error).__name__}", "", met=False)]
    tell(f"{name} took {time.perf_counter() - started:.0f} s")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description="The benchmark table.")
    parser.add_argument("--only", action="append", choices=ROWS, help="only this row (may be given again)")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions of less: to see that it works")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        with engines(asked.quick) as bench:
            groups = [(ROWS[name], measure(name, bench)) for name in asked.only or ROWS]
    except Unavailable as reason:
        tell(f"bench: {reason}")
        return 2
    print(as_markdown(groups) if asked.markdown else as_text(groups))
    return int(any(line.met is False for _, lines in groups for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
