"""What a deployment may set, from `CARELEDGER_*` variables. Two of them choose the engines, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_", extra="ignore")

    data_dir: Path = Field(default=Path("data"), validation_alias="DATA_DIR")
    """Where the embedded engine and the development keys live."""
    database_url: str = ""
    """`sqlite+aiosqlite:///…` (default: in `data_dir`) or `postgresql+asyncpg://…`; `{service}` becomes the name."""
    log_url: str = ""
    """`embedded:///…` (default: in `data_dir`) or `kafka://host:9092,…`."""
    secret: str = ""
    """Makes ids of references (hex, at least 32 bytes); made in `data_dir` where absent and the engine is embedded."""
    master_key: str = ""
    """Wraps the subjects' keys (hex, 32 bytes); made in `data_dir` where absent and the engine is embedded."""
    keys_file: Path | None = None
    """API keys, as `careledger keys` writes them (default: `keys.json` in `data_dir`)."""
    zone: ZoneInfo = ZoneInfo("UTC")
    """The company's time zone (`Asia/Ho_Chi_Minh`): what day it is, where a rule is about days."""
    partitions: int = 12
    """Partitions of every topic."""
    relay_shards: int = 16
    """Shards that relays of one service share out among them."""
    pool_size: int = 12
    """Most connections of one process to each PostgreSQL database; they are opened as they are needed."""
    parked_hours: float = 72
    """How long an event waits for what must come before."""
    quarantine_days: float = 30
    """How long the raw bytes of a bad event are kept."""
    idempotency_days: float = 7
    """How long an idempotency key is remembered."""
    reaction_days: float = 7
    """Causes older than this trigger nothing."""
    gap_alarm_seconds: float = 60
    """How long a missing fact may hold up its subject before it is reported."""

    def database(self, service: str) -> str:
        """The database URL of one service."""
        url = self.database_url or f"sqlite+aiosqlite:///{self.data_dir.resolve()}/{{service}}.db"
        return url.replace("{service}", service)

    def log(self) -> str:
        """The log's URL."""
        return self.log_url or f"embedded://{self.data_dir.resolve()}/log.db"
