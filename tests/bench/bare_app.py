"""`python -m tests.bench.bare_app PORT DATABASE`: a FastAPI app that only writes and reads one row.

Served by uvicorn with the settings of `careledger run`: the comparison is of what is in between.
"""

from __future__ import annotations

import sys
from typing import Any

import asyncpg
import uvloop
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from libs.runtime.process import serve, settle

TABLE = "CREATE TABLE IF NOT EXISTS bare (id text PRIMARY KEY, customer text NOT NULL, amount text NOT NULL)"
# what is not bare: FastAPI's own telemetry, which careledger does without, too
SILENT: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


class Amount(BaseModel):
    """Money."""

    amount: str
    currency: str


class Bought(BaseModel):
    """The body of a purchase."""

    order: str
    amount: Amount


def build(pool: Any) -> FastAPI:
    """One insert by POST, one select by key by GET."""
    app = FastAPI(telemetry=SILENT)

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/v1/customers/{customer}/purchases", status_code=201)
    async def buy(customer: str, body: Bought) -> dict[str, str]:
        await pool.execute("INSERT INTO bare VALUES ($1, $2, $3)", body.order, customer, body.amount.amount)
        return {"id": customer, "stage": "active"}

    @app.get("/v1/customers/{customer}")
    async def read(customer: str) -> dict[str, str]:
        row = await pool.fetchrow("SELECT id, customer, amount FROM bare WHERE id = $1", customer)
        if row is None:
            raise HTTPException(404)
        return dict(row)

    return app


async def main(port: int, url: str) -> None:
    """Serves until ended."""
    async with asyncpg.create_pool(url) as pool:
        await pool.execute(TABLE)
        settle()
        await serve(build(pool), "127.0.0.1", port)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
