"""Logging for a whole process: one JSON object a line, whoever speaks, and no exception's text."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import orjson
import structlog

from libs.events.log.outages import hush


class _Lines(logging.Formatter):
    """What libraries log through the standard library, in the same form. An exception is told by its type only: its
    text may quote parameters of a statement or parts of a body."""

    def format(self, record: logging.LogRecord) -> str:
        members = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            # without its arguments where there is an exception: libraries like to put its text there
            "event": str(record.msg) if record.exc_info else record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            members["failure"] = record.exc_info[0].__name__
        return orjson.dumps(members, default=str).decode()


def set_up(level: str = "INFO") -> None:
    """Sends everything that is logged to standard error as JSON lines. Call once, before the first line."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.INFO))
    logging.getLogger("uvicorn.access").disabled = True  # it logs paths; ours logs templates
    for name in ("sqlalchemy", "alembic", "httpx", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    hush("aiokafka")
