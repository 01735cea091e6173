"""A running product for all stories that can share one: they keep out of each other's way by customers of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.stories.teller import Teller
from tests.support.product import Product, fresh, together

Started = Callable[[str], Product]
STANDARDS = {
    "CARELEDGER_COMPLAINTS_STANDARDS": '{"by_class": {"A": {"serious": 1}}}',
    "CARELEDGER_CARE_DAYS": '{"complaint_follow_up": {"A": 0.25}}',
}
"""What the company of these stories owes its class A beyond the defaults."""


@pytest.fixture(scope="session")
def started() -> Iterator[Started]:
    """A product on a pair of engines, started when the first story asks for it."""
    with contextlib.ExitStack() as stack:
        running: dict[str, Product] = {}

        def start(engines: str) -> Product:
            if engines not in running:
                product = together(stack.enter_context(fresh(engines)), **STANDARDS)
                stack.callback(product.close)
                running[engines] = product.start()
            return running[engines]

        yield start


@pytest.fixture(params=["embedded", "distributed"])
def product(request: pytest.FixtureRequest, started: Started) -> Product:
    """A running product on each pair of engines."""
    return started(request.param)


@pytest.fixture
def distributed(started: Started) -> Product:
    """A running product on PostgreSQL and Kafka."""
    return started("distributed")


@pytest.fixture
def tell(product: Product) -> Teller:
    """Somebody to tell things to the product."""
    return Teller(product)


@pytest.fixture
def say(started: Started) -> Teller:
    """The same on the embedded engine alone, for what has nothing to do with engines."""
    return Teller(started("embedded"))
