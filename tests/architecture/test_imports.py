"""Who may import whom, and what an import may cost."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))
PLUGIN_PACKAGES = sorted(PROJECT["project"]["entry-points"]["connector.plugins"].values())

HEAVY = {"alembic", "apscheduler", "dbos", "requests", "sqlalchemy", "starlette", "uvicorn", "zeep"}
"""Importing them takes from 100 to 250 ms of CPU each: whoever does not use them must not pay for them."""

COST = """
import importlib, json, sys, time
start = time.process_time()
importlib.import_module(sys.argv[1])
print(json.dumps({"ms": (time.process_time() - start) * 1000, "modules": sorted(sys.modules)}))
"""


def import_cost(module: str) -> tuple[float, set[str]]:
    """CPU milliseconds of importing `module` in a new process, and every module that came with it."""
    done = subprocess.run(
        [sys.executable, "-c", COST, module], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    told = json.loads(done.stdout)
    return told["ms"], set(told["modules"])


def test_every_import_contract_is_kept() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_every_plugin_package_stands_under_the_contracts() -> None:
    linter = PROJECT["tool"]["importlinter"]
    contracts = {contract["name"]: contract for contract in linter["contracts"]}

    assert sorted(linter["root_packages"]) == ["connector", *PLUGIN_PACKAGES]
    assert sorted(contracts["The host imports no plugin"]["forbidden_modules"]) == PLUGIN_PACKAGES
    assert sorted(contracts["A plugin sees only the public rooms"]["source_modules"]) == PLUGIN_PACKAGES
    assert sorted(contracts["The host names no plugin, plugins never name each other"]["modules"]) == PLUGIN_PACKAGES


def test_a_plugin_may_see_the_public_rooms_and_no_other() -> None:
    (contract,) = (it for it in PROJECT["tool"]["importlinter"]["contracts"] if "public rooms" in it["name"])
    rooms = {
        f"connector.{path.stem}"
        for path in ROOT.joinpath("connector").iterdir()
        if path.suffix == ".py" or path.joinpath("__init__.py").exists()
    }

    public = {"connector.api", "connector.model", "connector.errors", "connector.__init__", "connector.__main__"}
    assert set(contract["forbidden_modules"]) == rooms - public


@pytest.mark.parametrize("module", ["connector", "connector.cli", "connector.testing.pytest_plugin", *PLUGIN_PACKAGES])
def test_heavy_libraries_are_imported_at_use(module: str) -> None:
    _, modules = import_cost(module)

    assert not HEAVY & modules


@pytest.mark.parametrize("module", ["connector.runtime.daemon", "connector.runtime.once", "connector.runtime.status"])
def test_the_engines_library_is_imported_when_the_service_starts(module: str) -> None:
    _, modules = import_cost(module)

    assert "dbos" not in modules


@pytest.mark.parametrize("module", ["connector", "connector.cli"])
def test_the_command_line_starts_without_the_model(module: str) -> None:
    _, modules = import_cost(module)

    assert not {"pydantic", "pluggy", "structlog"} & modules


@pytest.mark.parametrize("package", PLUGIN_PACKAGES)
def test_a_plugin_costs_under_300_ms(package: str) -> None:
    own = min(import_cost(package)[0] for _ in range(3)) - min(import_cost("connector.hookspecs")[0] for _ in range(3))

    assert own < 300
