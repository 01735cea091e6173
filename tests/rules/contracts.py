"""Two kinds of contract that import-linter lacks: a list of what *may* be imported, and modules with few importers.

Patterns are those of the shell: `services.*.domain*`. Only direct imports count: what an allowed module needs is its
own affair, and has a rule of its own.
"""

import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import grimp
from importlinter import Contract, ContractCheck, fields, output

# Of the standard library, what brings the world in: the clock, chance, files, networks, other threads.
IMPURE = frozenset({
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select",
    "shutil", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib"})
PURE = sys.stdlib_module_names - IMPURE


def matches(module: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(module, pattern) for pattern in patterns)


class Rule(Contract):
    """Reports every direct import that `allows` refuses."""

    def allows(self, importer: str, imported: str) -> bool:
        raise NotImplementedError

    def importers(self, graph: grimp.ImportGraph) -> Iterator[str]:
        yield from sorted(module for module in graph.modules if module.startswith(("services", "libs")))

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        broken = [
            f"{importer} imports {imported} (line {detail['line_number']})"
            for importer in self.importers(graph)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not self.allows(importer, imported)
            for detail in graph.get_import_details(importer=importer, imported=imported)]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line, bold=False)


class OnlyImports(Rule):
    """`importing` modules import nothing but `allowed` ones and the pure part of the standard library."""

    type_name = "only_imports"
    importing = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField())

    def allows(self, importer: str, imported: str) -> bool:
        if not matches(importer, self.importing):                 # type: ignore[arg-type]
            return True
        return imported in PURE or matches(imported, self.allowed)           # type: ignore[arg-type]


class ImportedOnlyBy(Rule):
    """`modules` are imported by `importers_allowed` and nobody else."""

    type_name = "imported_only_by"
    modules = fields.ListField(subfield=fields.StringField())
    importers_allowed = fields.ListField(subfield=fields.StringField())

    def allows(self, importer: str, imported: str) -> bool:
        within = imported.split(".")[0] in self.modules or matches(imported, self.modules)   # type: ignore[arg-type, operator]
        return not within or matches(importer, self.importers_allowed)                       # type: ignore[arg-type]
