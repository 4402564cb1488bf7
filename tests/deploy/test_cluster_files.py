"""The files for Docker and Kubernetes name commands, settings and paths that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from cli.main import app

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
SETTINGS = {
    "PLEDGER_BROKER",
    "PLEDGER_WAREHOUSE",
    "PLEDGER_API_TOKEN",
    "PLEDGER_CLICK_KEYS",
    "PLEDGER_ADDRESS_KEY",
}
SIGNING = {"PLEDGER_SIGNING_KEYS"}
VAULT = {"PLEDGER_VAULT_KEY"}
VAULT_PATH = "/var/lib/pledger/vault"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def test_compose_runs_commands_that_exist_with_all_settings() -> None:
    (compose,) = documents("compose.yaml")
    for name, service in compose["services"].items():
        assert service["command"][0] in COMMANDS
        more = {"scheduler": SIGNING, "gateway": VAULT}.get(name, set())
        assert set(service["environment"]) == SETTINGS | more


def test_only_the_scheduler_is_given_the_signing_keys() -> None:
    secrets = {one["metadata"]["name"]: one for one in documents("kubernetes/settings.yaml")}
    (workload,) = documents("kubernetes/scheduler.yaml")
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    assert container["args"][0] in COMMANDS
    assert [one["secretRef"]["name"] for one in container["envFrom"]] == list(secrets)
    assert set(secrets["partner-ledger-signing"]["stringData"]) == SIGNING


@pytest.mark.parametrize("name", ["topics", "gateway", "worker"])
def test_kubernetes_runs_commands_that_exist(name: str) -> None:
    secret = documents("kubernetes/settings.yaml")[0]
    assert set(secret["stringData"]) == SETTINGS
    workload = documents(f"kubernetes/{name}.yaml")[0]
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    assert container["args"][0] in COMMANDS
    assert container["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]


def test_only_the_api_has_the_vault_and_it_is_on_a_volume() -> None:
    secret, claim, workload, _ = documents("kubernetes/api.yaml")
    assert set(secret["stringData"]) == VAULT
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"][0] in COMMANDS
    names = [one["secretRef"]["name"] for one in container["envFrom"]]
    assert names == ["partner-ledger", secret["metadata"]["name"]]
    assert container["volumeMounts"] == [{"name": "vault", "mountPath": VAULT_PATH}]
    (volume,) = pod["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert workload["spec"]["replicas"] == 1
    (gateway, _) = documents("kubernetes/gateway.yaml")
    (container,) = gateway["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "PLEDGER_VAULT", "value": "none"}]
    (compose,) = documents("compose.yaml")
    assert compose["services"]["gateway"]["volumes"] == [f"vault:{VAULT_PATH}"]
    assert f"PLEDGER_HOME={VAULT_PATH.rpartition('/')[0]}" in (DEPLOY / "Dockerfile").read_text()


def test_the_image_has_every_package() -> None:
    copied = set(re.findall(r"^COPY (\w+) ", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    root = DEPLOY.parent
    packages = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert copied == packages
