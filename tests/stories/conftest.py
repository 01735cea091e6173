"""A running product for all stories that can share one: they keep out of each other's way by customers of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stories.teller import Teller
from tests.support.product import Product, fresh, together


@pytest.fixture(scope="session", params=["embedded", "distributed"])
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    """A running product on each pair of engines."""
    yield from _running(request.param)


@pytest.fixture(scope="session")
def embedded() -> Iterator[Product]:
    """A running product on the embedded engine, for what has nothing to do with engines."""
    yield from _running("embedded")


@pytest.fixture
def tell(product: Product) -> Teller:
    """Somebody to tell things to the product."""
    return Teller(product)


@pytest.fixture
def say(embedded: Product) -> Teller:
    """The same, for the embedded engine alone."""
    return Teller(embedded)


def _running(engines: str) -> Iterator[Product]:
    with fresh(engines) as chosen:
        running = together(chosen)
        try:
            yield running.start()
        finally:
            running.close()
