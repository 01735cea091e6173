"""The rules hold, and would be seen to be broken."""

from collections.abc import Mapping

import grimp
import pytest
from importlinter import Contract

from tests.rules.contracts import ImportedOnlyBy, OnlyImports


def graph(**imports: str) -> grimp.ImportGraph:
    """A graph in which each importer (dots as __) imports one module."""
    made = grimp.ImportGraph()
    for importer, imported in imports.items():
        name = importer.replace("__", ".")
        for module in (name, imported):
            if module not in made.modules:
                made.add_module(module)
        made.add_import(importer=name, imported=imported, line_number=1, line_contents="")
    return made


def contract(kind: type[Contract], **options: list[str]) -> Contract:
    return kind(name="rule", session_options={}, contract_options=dict(options))


DOMAIN: Mapping[str, list[str]] = {
    "importing": ["services.*.domain", "services.*.domain.*"], "allowed": ["pydantic", "libs.events.decider"]}


@pytest.mark.parametrize(("imported", "kept"), [
    ("decimal", True), ("pydantic", True), ("libs.events.decider", True),
    ("time", False), ("random", False), ("sqlalchemy", False), ("libs.events.store", False)])
def test_a_domain_imports_only_what_is_pure(imported: str, kept: bool) -> None:
    rule = contract(OnlyImports, **DOMAIN)
    assert rule.check(graph(services__care__domain__decide=imported), verbose=False).kept is kept
    assert rule.check(graph(services__care__app=imported), verbose=False).kept


@pytest.mark.parametrize(("importer", "kept"), [
    ("libs__events__log__kafka", True), ("libs__events__log__kafka_topics", True),
    ("libs__events__relay", False), ("services__care__app", False)])
def test_an_engine_stays_in_its_adapter(importer: str, kept: bool) -> None:
    rule = contract(ImportedOnlyBy, modules=["aiokafka"], importers_allowed=["libs.events.log.kafka*"])
    assert rule.check(graph(**{importer: "aiokafka"}), verbose=False).kept is kept
