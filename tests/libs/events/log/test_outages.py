"""One line when an outage begins, one when it has ended; a library that complains meanwhile is heard, not repeated."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from libs.events.log.outages import Outages, hush


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outages(clock: Clock) -> Outages:
    return Outages("broker:9092", clock)


def test_all_that_fails_is_one_outage_until_all_of_it_works(outages: Outages, clock: Clock) -> None:
    begun = outages.begin()
    with capture_logs() as lines:
        outages.worked("asking")
        clock.now += 1
        later = outages.begin()
        for _ in range(3):
            outages.failed("asking", OSError("refused"), later)
            outages.failed("publishing facts", OSError("refused"), later)
        clock.now += 9
        outages.worked("asking")
        outages.worked("publishing others")
        assert [line["event"] for line in lines] == ["log_unavailable"]
        outages.worked("publishing facts")
        outages.worked("publishing facts")
    assert [line["event"] for line in lines] == ["log_unavailable", "log_available_again"]
    assert (lines[0]["servers"], lines[0]["doing"], lines[1]["seconds"]) == ("broker:9092", "asking", 9.0)
    assert begun < later


def test_who_began_before_the_end_tells_of_no_other_outage(outages: Outages, clock: Clock) -> None:
    early = outages.begin()
    outages.failed("asking", OSError(), early)
    clock.now += 1
    outages.worked("asking")
    with capture_logs() as lines:
        outages.failed("asking", TimeoutError(), early)
        assert lines == []
        clock.now += 1
        outages.failed("asking", TimeoutError(), outages.begin())
    assert [line["event"] for line in lines] == ["log_unavailable"]


@pytest.fixture
def library() -> Iterator[logging.Logger]:
    logger = logging.getLogger("chatty.client")
    yield logger
    for name in ("chatty", "chatty.client"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def test_a_librarys_latest_words_are_told_with_the_begin(
    outages: Outages, library: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    hush("chatty")
    library.warning("looking again")
    library.error("cannot connect to %s", "broker")
    library.error("the certificate of %s is not trusted", "broker")
    assert caplog.records == []
    with capture_logs() as lines:
        outages.failed("asking", OSError("no bootstrap"), outages.begin())
    assert lines[0]["heard"] == "the certificate of broker is not trusted"
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        library.exception("unexpected")
    assert [record.getMessage() for record in caplog.records] == ["unexpected"]
