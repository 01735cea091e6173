"""Where the subjects' keys are kept: a table of wrapped keys in the service's own database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, delete

from libs.events.store.database import Reader, Transaction
from libs.events.vault.keys import KeyProvider, SubjectKey

metadata = MetaData()
vault_keys = Table(
    "vault_keys",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)


class Vault(Protocol):
    """Keeps one key for each subject."""

    async def keys(self, reader: Reader, subjects: Iterable[str]) -> dict[str, SubjectKey]:
        """The keys of those that have one. Raises `KeyUnavailable` where one is there but does not open."""
        ...

    async def add(self, tx: Transaction, keys: Mapping[str, SubjectKey]) -> None:
        """Keeps new keys."""
        ...

    async def shred(self, tx: Transaction, subjects: Iterable[str]) -> None:
        """Destroys keys, and with them everything that was sealed under them."""
        ...


class SqlVault:
    """The vault as a table."""

    def __init__(self, service: str, provider: KeyProvider) -> None:
        self._service, self._provider = service, provider

    async def keys(self, reader: Reader, subjects: Iterable[str]) -> dict[str, SubjectKey]:
        wanted = list(subjects)
        if not wanted:
            return {}
        rows = await reader.select_in(vault_keys, "subject", wanted)
        return {subject: self._provider.unwrap(wrapped, self._context(subject)) for subject, wrapped in rows}

    async def add(self, tx: Transaction, keys: Mapping[str, SubjectKey]) -> None:
        rows = [(subject, self._provider.wrap(key, self._context(subject))) for subject, key in keys.items()]
        await tx.insert(vault_keys, rows)

    async def shred(self, tx: Transaction, subjects: Iterable[str]) -> None:
        await tx.conn.execute(delete(vault_keys).where(vault_keys.c.subject.in_(list(subjects))))

    def _context(self, subject: str) -> str:
        return f"{self._service} {subject}"
