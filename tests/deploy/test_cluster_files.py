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


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def test_compose_runs_commands_that_exist_with_all_settings() -> None:
    (compose,) = documents("compose.yaml")
    for service in compose["services"].values():
        assert service["command"][0] in COMMANDS
        assert set(service["environment"]) == SETTINGS


@pytest.mark.parametrize("name", ["topics", "gateway", "worker"])
def test_kubernetes_runs_commands_that_exist(name: str) -> None:
    (secret,) = documents("kubernetes/settings.yaml")
    assert set(secret["stringData"]) == SETTINGS
    workload = documents(f"kubernetes/{name}.yaml")[0]
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    assert container["args"][0] in COMMANDS
    assert container["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]


def test_the_image_has_every_package() -> None:
    copied = set(re.findall(r"^COPY (\w+) ", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    root = DEPLOY.parent
    packages = {path.parent.name for path in root.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert copied == packages
