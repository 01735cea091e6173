"""What a deployment may set about HTTP, from `CARELEDGER_*` variables."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """Settings of the HTTP side of one process."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_", extra="ignore")

    access_log: float = Field(default=0.01, ge=0, le=1)
    """Share of ordinary requests that get a log line; failed (500 and above) and slow (a second) ones always do. A
    line costs some 25 µs, as much as all else that is done around a request, and the metrics count them all anyway."""
    cors_origins: str = ""
    """The origins whose pages may call, as `https://desk.example.com`, with blanks between them; `*` for all. None by
    default: a front-end on the same origin needs none. Keys travel in a header, never in cookies, so a page needs one
    in any case."""
