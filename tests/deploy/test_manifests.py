"""`deploy/base` renders, every document is valid, and the roles of the services do not run into one another."""

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic_settings import BaseSettings

from libs.cli.main import Commands
from libs.events.settings import Settings
from libs.runtime.assembly import ROLES
from libs.web.settings import WebSettings
from tests.conftest import SERVICES, missing

BASE = Path(__file__).parents[2] / "deploy" / "base"
KUBERNETES = "1.31"
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
LASTING = ("api", "relay", "worker")

# The paths of the public contract, by the service that owns them.
OWNED = {
    "profile": ["customers", "merges", "segments", "classifications", "events/customers"],
    "care": ["programmes", "deliveries", "due", "touchpoints", "promises", "surveys", "invitations", "events/care"],
    "complaints": ["complaints", "calendars", "events/complaints"],
    "scoring": ["scores", "reports", "models", "alerts", "stream"],
}
SHARED = ["schemas/events/careledger.customer.purchased/1", "vocabulary", "asyncapi"]

Document = dict[str, Any]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    if not (kubectl := shutil.which("kubectl")):
        missing("kubectl is not installed, which renders the manifests")
    done = subprocess.run([str(kubectl), "kustomize", str(BASE)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def workloads(documents: list[Document]) -> list[Document]:
    return [*of_kind(documents, "Deployment").values(), *of_kind(documents, "Job").values()]


def app_of(workload: Document) -> Document:
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    return dict(container)


def test_every_document_is_valid(documents: list[Document]) -> None:
    for document in documents:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_nothing_is_named_twice_and_no_placeholder_is_left(documents: list[Document]) -> None:
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert len(names) == len(set(names))
    assert "SERVICE" not in yaml.safe_dump_all(documents)


def test_roles_run_apart_and_migration_is_a_job(documents: list[Document]) -> None:
    ran = {name: app_of(deployment)["args"] for name, deployment in of_kind(documents, "Deployment").items()}
    assert ran == {
        f"{service}-{role}": ["run", "--service", service, "--role", role] for service in SERVICES for role in LASTING}
    ran = {name: app_of(job)["args"] for name, job in of_kind(documents, "Job").items()}
    assert ran == {f"{service}-migrate": ["migrate", "--service", service] for service in SERVICES}


def test_selectors_match_the_pods_of_one_role_and_no_others(documents: list[Document]) -> None:
    pods = {work["metadata"]["name"]: work["spec"]["template"]["metadata"]["labels"] for work in workloads(documents)}

    def matched(selector: dict[str, str]) -> set[str]:
        return {name for name, labels in pods.items() if selector.items() <= labels.items()}

    for name, deployment in of_kind(documents, "Deployment").items():
        assert matched(deployment["spec"]["selector"]["matchLabels"]) == {name}
    for name, service in of_kind(documents, "Service").items():
        assert matched(service["spec"]["selector"]) == {name}
    for name, budget in of_kind(documents, "PodDisruptionBudget").items():
        assert matched(budget["spec"]["selector"]["matchLabels"]) == {name}


def test_lasting_roles_are_probed_on_port_8000(documents: list[Document]) -> None:
    for deployment in of_kind(documents, "Deployment").values():
        container = app_of(deployment)
        assert container["ports"] == [{"name": "http", "containerPort": 8000}]
        for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
            assert container[probe]["httpGet"] == {"path": path, "port": "http"}


def test_pods_meet_the_restricted_standard(documents: list[Document]) -> None:
    for workload in workloads(documents):
        pod, container = workload["spec"]["template"]["spec"], app_of(workload)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert {"requests", "limits"} <= container["resources"].keys()


def test_secrets_are_each_services_own_and_never_written_out(documents: list[Document]) -> None:
    wanted = {"CARELEDGER_DATABASE_URL", "CARELEDGER_LOG_URL", "CARELEDGER_SECRET", "CARELEDGER_MASTER_KEY"}
    assert not of_kind(documents, "Secret")
    for workload in workloads(documents):
        secret = f"{workload['metadata']['labels'][NAME]}-secrets"
        from_secret = {
            entry["name"]: entry["valueFrom"]["secretKeyRef"]["name"]
            for entry in app_of(workload)["env"] if "valueFrom" in entry}
        assert from_secret == dict.fromkeys(wanted, secret)
        volumes = workload["spec"]["template"]["spec"]["volumes"]
        assert [volume["secret"]["secretName"] for volume in volumes if "secret" in volume] == [secret]


def test_ingress_sends_every_path_of_the_contract_to_its_owner(documents: list[Document]) -> None:
    (ingress,) = of_kind(documents, "Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    routes = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert {path["pathType"] for path in rule["http"]["paths"]} == {"Prefix"}
    assert set(routes.values()) <= of_kind(documents, "Service").keys()

    def owner(path: str) -> str | None:
        """As an ingress does it: by whole segments, the longest prefix wins."""
        fitting = [prefix for prefix in routes if path == prefix or path.startswith(f"{prefix}/")]
        return routes[max(fitting, key=len)] if fitting else None

    for service, paths in OWNED.items():
        for path in paths:
            assert owner(f"/v1/{path}") == f"{service}-api"
            assert owner(f"/v1/{path}/some-id/steps") == f"{service}-api"
    assert all(owner(f"/v1/{path}") for path in SHARED)
    assert owner("/metrics") is None


def test_compose_runs_every_role_of_every_service() -> None:
    compose = yaml.safe_load((BASE.parent / "compose.yaml").read_text())
    ran = {tuple(service["command"]) for name, service in compose["services"].items() if "-" in name}
    assert ran == {("run", "--service", service, "--role", role) for service in SERVICES for role in LASTING}
    assert {"postgres", "kafka", "migrate"} <= compose["services"].keys()


def settings() -> set[str]:
    """Every variable that a process reads, from the code that reads it."""
    models: list[type[BaseSettings]] = [Settings, WebSettings]
    for place in sorted((BASE.parents[1] / "services").glob("*/settings.py")):
        module = import_module(f"services.{place.parent.name}.settings")
        models += [m for m in vars(module).values() if isinstance(m, type) and issubclass(m, BaseSettings)]
    named = {
        str(field.validation_alias or f"{model.model_config.get('env_prefix', '')}{name}".upper())
        for model in models for name, field in model.model_fields.items()}
    loaded = Commands.table["run"].load("run")
    return named | {str(parameter.envvar) for parameter in loaded.params if parameter.envvar} | {"LOG_LEVEL"}


def test_every_variable_is_one_that_is_read(documents: list[Document]) -> None:
    given = {entry["name"] for workload in workloads(documents) for entry in app_of(workload)["env"]}
    given |= {name for document in of_kind(documents, "ConfigMap").values() for name in document["data"]}
    compose = yaml.safe_load((BASE.parent / "compose.yaml").read_text())
    given |= set(compose["x-app"]["environment"])
    image = (BASE.parent / "Dockerfile").read_text()
    given |= set(re.findall(r"\b(HOST|PORT|DATA_DIR|CARELEDGER_[A-Z_]+)=", image))
    assert {"HOST", "PORT", "DATA_DIR", "CARELEDGER_DATABASE_URL"} <= given
    assert given <= settings()


def test_every_command_is_one_that_the_command_line_takes(documents: list[Document]) -> None:
    commands = [app_of(workload)["args"] for workload in workloads(documents)]
    compose = yaml.safe_load((BASE.parent / "compose.yaml").read_text())
    commands += [service["command"] for service in compose["services"].values() if "command" in service]
    assert len(commands) == 2 * len(SERVICES) * len(LASTING) + len(SERVICES) + 1  # compose migrates all at once
    for name, *arguments in commands:
        command = Commands.table[name].load(name)
        given = command.make_context(name, list(arguments)).params  # parsed, not called; an unknown option raises
        for option in ("service", "role"):
            known = SERVICES if option == "service" else ROLES
            assert set(given.get(option) or ()) <= set(known), (name, arguments)
