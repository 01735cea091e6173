"""The engines in pairs."""

from tests.faults.conftest import engines

__all__ = ["engines"]
