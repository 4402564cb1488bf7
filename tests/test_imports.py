"""Imports point one way: events ← aggregates ← projections ← streams ← gateway, audit ← … ← cli.

Who knows whom decides what can be understood, tested and replaced alone. `projections` is
pure: no broker, no framework, no warehouse. `audit` imports no `streams`: who proves the
workers' output must not share their code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    "events": set(),
    "aggregates": {"events"},
    "projections": {"events", "aggregates"},
    "streams": {"events", "aggregates", "projections"},
    "gateway": {"events", "aggregates", "projections", "streams"},
    "audit": {"events", "aggregates", "projections"},
    "deploy": {"events", "aggregates", "projections", "streams", "gateway", "audit"},
    "cli": {"events", "aggregates", "projections", "streams", "gateway", "audit", "deploy"},
}
"""Package of ours → those of ours it may import, besides itself."""

FOREIGN = ("confluent_kafka", "aiokafka", "faust", "clickhouse_connect", "chdb", "rocksdict")
"""The machinery a pure fold knows nothing of."""


def imported_by(path: Path) -> Iterator[tuple[int, str]]:
    """(line, top-level module) of every import in a file, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import; write it out"
            yield node.lineno, node.module or ""


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {package} imports {module}"
        for path in sources(package)
        for line, module in imported_by(path)
        if (top := module.split(".")[0]) in MAY_IMPORT and top not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_projections_know_no_broker_framework_or_warehouse() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: projections import {module}"
        for path in sources("projections")
        for line, module in imported_by(path)
        if module.split(".")[0] in FOREIGN or module.startswith(("events.log", "events.settings"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", ["time", "datetime", "random", "secrets", "uuid", "math"])
def test_folds_have_no_clock_no_chance_and_no_float(module: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("projections")
        for line, imported in imported_by(path)
        if imported.split(".")[0] == module
    ]
    assert not wrong, f"projections import {module}: {wrong}"
    floats = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("projections")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    ]
    assert not floats, f"projections reckon in floats: {floats}"


def test_every_package_has_its_place_in_the_order() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(MAY_IMPORT) | {"benchmarks"}
