"""Which database errors may pass by themselves, and which say that somebody was faster."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# connection lost, out of resources, server starting or stopping, deadlock, serialization, lock timeout
_TRANSIENT = ("08", "53", "57P", "40001", "40P01", "55P03", "25P03")
# the driver's own complaints: its connection is gone, or was cut while it was between two states
_GONE = ("InterfaceError", "ConnectionDoesNotExistError", "InternalClientError")
_ROLLED_BACK = ("40", "53", "55")
_TAKEN = "23505"


def is_transient(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, (OSError, TimeoutError, PoolTimeout, Stale)):
        return True
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return True
    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, InterfaceError)):
        return True
    return _state(error).startswith(_TRANSIENT) or type(error).__name__ in _GONE


def is_undone(error: BaseException) -> bool:
    """Whether the database said that nothing was written."""
    return _state(error).startswith(_ROLLED_BACK)


def is_taken(error: BaseException) -> bool:
    """Whether a unique key was taken by somebody else meanwhile."""
    return isinstance(error, IntegrityError) or _state(error) == _TAKEN


def _state(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


class Stale(Exception):
    """What was read before a lock was had does not fit what is there now: read again."""
