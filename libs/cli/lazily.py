"""A group of commands that imports a command's module only when that command is called.

`--help` lists names and one line each, and must not wait for database drivers and web servers to be imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


def group(help: str, **settings: Any) -> typer.Typer:
    """A `Typer` whose help is written in paragraphs, which flow to the width of the terminal."""
    return typer.Typer(help=help or None, add_completion=False, rich_markup_mode="markdown", **settings)


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is (`package.module:name` of a function or of a `Typer`), and what it does in one line."""

    place: str
    help: str

    def load(self, name: str) -> Any:
        """The command itself."""
        module, _, attribute = self.place.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            alone = group("")
            alone.command(name)(found)
            found = alone
        command = get_command(found)
        command.name = name
        return command


class LazyGroup(TyperGroup):
    """Lists what it has without importing it."""

    table: ClassVar[dict[str, Lazy]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, lazy in self.table.items():
            self.commands[name] = TyperCommand(name, help=lazy.help, rich_markup_mode=None)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.table)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.table[name].load(name) if name in self.table else command, rest
