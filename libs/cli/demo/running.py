"""Plays the demo for somebody who watches."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import typer

from libs.cli.address import Address, data_dir, development_key
from libs.cli.demo import choosing, showing
from libs.cli.demo.cdnow import END
from libs.cli.demo.loading import Loaded, Loading
from libs.cli.demo.server import SERVICES, answers, served
from libs.cli.demo.waiting import caught_up, ids_of, scores_of
from libs.cli.demo.world import world
from libs.cli.screen import BAD, INTERRUPTED, err, fail, out
from libs.cli.sending.retrying import GaveUp, Retrying
from libs.cli.sending.sender import NotServed, Sender
from libs.events.values import rfc3339

AS_OF = rfc3339(END)
DAY = AS_OF[:10]


def play(there: Address, given_key: str) -> None:
    """Loads, waits, shows, and ends the command with its exit code."""
    alone = not answers(there)
    if alone and not there.local:
        fail(f"no server answers at {there.url}")
    if alone:
        out.print(f"No server answers at {there.url}: one runs for as long as this lasts, its data in {data_dir()}.")
    try:
        with served(there) if alone else nullcontext():
            # our own server knows the key that it made, whatever key was meant for another
            key = development_key() or given_key if alone else there.key
            loaded = asyncio.run(_play(replace(there, key=key)))
    except (GaveUp, NotServed) as why:
        fail(f"{there.url}: {why}")
    except KeyboardInterrupt:
        err.print("stopped; running the demo again goes on where this ended")
        raise typer.Exit(INTERRUPTED) from None
    _where_to_look(there, alone)
    raise typer.Exit(BAD if loaded.faults else 0)


async def _play(there: Address) -> Loaded:
    began = time.monotonic()

    def step(what: str) -> None:
        out.print(f"[dim]{time.monotonic() - began:5.1f} s[/dim]  {what}")

    async with Sender(there, retrying=Retrying(patience=120)) as sender:
        await sender.greet()
        told = world()
        loaded = await Loading(sender, step).load(told)
        spoke = {a.subject for a in told.answers if a.subject} | {c.subject for c in told.complaints.spotted}
        ids = await ids_of(sender, sorted(spoke))
        step("waiting until the scores have heard of it")
        await caught_up(sender, loaded, told, next(iter(ids.values())))
        step("done")
        out.print()
        out.print(showing.told(loaded))
        for fault, times in loaded.faults.most_common(5):
            err.print(f"{times} × {fault}", markup=False, style="red")
        await _show(sender, ids)
    return loaded


async def _show(sender: Sender, ids: dict[str, str]) -> None:
    satisfaction = await sender.get("/v1/reports/satisfaction", by="dimension", as_of=AS_OF)
    by_staff = await sender.get("/v1/reports/satisfaction", by="staff", as_of=AS_OF)
    complaints = await sender.get("/v1/reports/complaints", by="severity", as_of=AS_OF)
    scores = await scores_of(sender, ids.values(), AS_OF)
    chosen = choosing.choose(list(zip(ids, scores, strict=True)))
    shown: list[Any] = [
        *showing.satisfaction(satisfaction, DAY), showing.dissatisfaction(by_staff),
        showing.complaints(complaints, DAY), showing.notable(chosen, DAY, wide=out.width >= 120),
    ]  # fmt: skip
    if telling := choosing.telling(chosen):
        reference, score = telling
        why = await sender.get(f"/v1/scores/customers/{ids[reference]}/explanation", as_of=AS_OF)
        shown += showing.explanation(reference, why, score)
    for renderable in shown:
        out.print()
        out.print(renderable)


def _where_to_look(there: Address, alone: bool) -> None:
    out.print("\n[bold]Where to look[/bold]")
    if alone:
        out.print("The server has ended with the demo; `careledger run` (or `make run`) serves the same data again.")
    for service in SERVICES:
        out.print(f"  {there.url}/{service}/docs")
    key = f"$(cat {data_dir() / 'development.key'})"
    for path in ("reports/satisfaction?by=staff", "reports/complaints", "complaints?state=open"):
        call = f"  curl -s -H \"Authorization: Bearer {key}\" '{there.url}/v1/{path}'"
        out.print(call, markup=False, soft_wrap=True)
