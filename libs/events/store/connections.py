"""Open connections, kept with what SQLAlchemy has around them.

SQLAlchemy's own pool makes that anew at every checkout, which costs three times what BEGIN and COMMIT do: more than the
rest of a small read. What is kept here is the whole of it; opening, adapting and closing stay SQLAlchemy's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

PATIENCE = 10.0


class Connected(Protocol):
    """A connection as the driver and SQLAlchemy know it."""

    conn: AsyncConnection
    driver: Any


C = TypeVar("C", bound=Connected)


class Connections(Generic[C]):
    """At most `most` connections; the one that was used last is used next, so that what it prepared serves most."""

    def __init__(self, connect: Callable[[], Awaitable[C]], most: int) -> None:
        self._connect = connect
        self._idle: list[C] = []
        self._ended = False
        self._free = asyncio.Semaphore(most)

    async def take(self) -> C:
        """A connection of the caller's own. Raises `TimeoutError` where none becomes free in time."""
        if self._free.locked():
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        else:
            await self._free.acquire()  # does not wait, so it needs no timer
        try:
            while self._idle:
                one = self._idle.pop()
                if usable(one):
                    return one
                await closed(one)  # after a restart of the server this is every one of them
            return await self._connect()
        except BaseException:
            self._free.release()
            raise

    async def give_back(self, one: C) -> None:
        """Takes a connection back, or closes it where it cannot be used again."""
        try:
            if usable(one) and not self._ended:
                self._idle.append(one)
            else:
                await asyncio.shield(closed(one))
        finally:
            self._free.release()

    async def close(self) -> None:
        """Closes all that nobody uses, and the others once they are given back."""
        self._ended = True
        while self._idle:
            await closed(self._idle.pop())


def usable(one: Connected) -> bool:
    """Whether both sides think it is open, and no transaction was left in it."""
    return not (one.conn.invalidated or one.conn.closed or one.driver.is_closed() or one.driver.is_in_transaction())


async def closed(one: Connected) -> None:
    """Closes a connection, whatever state it is in."""
    if not one.conn.invalidated:
        await one.conn.invalidate()
    await one.conn.close()
