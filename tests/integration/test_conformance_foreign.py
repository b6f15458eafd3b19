"""A third party's plugin, built and installed as its users would, checked by the kit it was shipped with."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOREIGN = Path(__file__).parents[1] / "foreign_plugin"
HOW_TO = Path(__file__).parents[2] / "docs/how-to/write-a-plugin.md"
REPORT = """
import dataclasses, json
from connector.plugins import load
print(json.dumps([dataclasses.asdict(report) for report in load().report()]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the plugin, and nothing else."""
    package = shutil.copytree(FOREIGN, tmp_path_factory.mktemp("foreign") / "package")
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(package)], check=True, timeout=120)
    # An author's tests run in the project's folder, where the README lies beside the module.
    shutil.copy(FOREIGN / "README.md", target)
    return target


def run(site: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Python with the installed plugin in reach."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        # schemathesis is a test tool of ours, not of an author, and takes seconds to load.
        env=os.environ | {"PYTHONPATH": str(site), "PYTEST_ADDOPTS": "-W error -p no:cacheprovider -p no:schemathesis"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_passes_the_conformance_kit(site: Path, tmp_path: Path) -> None:
    shutil.copy(FOREIGN / "test_penny.py", tmp_path)

    done = run(site, "-m", "pytest", "test_penny.py", cwd=tmp_path)

    assert done.returncode == 0, done.stdout
    assert "TestPenny: paging: one answer lists all that is open" in done.stdout
    outcome = re.search(r"\d+ passed, \d+ skipped", done.stdout)
    assert outcome
    assert outcome[0] in HOW_TO.read_text(encoding="utf-8"), "the tutorial shows another outcome"


def test_it_is_loaded_beside_our_own(site: Path, tmp_path: Path) -> None:
    done = run(site, "-c", REPORT, cwd=tmp_path)

    reports = {report["name"]: report for report in json.loads(done.stdout)}
    assert reports["penny"] == {
        "name": "penny",
        "distribution": "connector-penny",
        "version": "1.0",
        "state": "loaded",
        "reason": "",
        "sources": ["penny"],
        "sinks": [],
        "conditions": [],
        "sandboxes": [],
        "hooks": ["register_sources"],
    }
    assert {"exact", "agency_api"} <= set(reports)


def test_it_can_be_checked_once_it_is_installed(site: Path, tmp_path: Path) -> None:
    done = run(site, "-m", "pytest", "--connector-plugin", "penny", cwd=tmp_path)

    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_it_takes_sixty_lines() -> None:
    lines = [
        line
        for path in (FOREIGN / "connector_penny.py", FOREIGN / "test_penny.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith('"""')
    ]

    assert len(lines) <= 60
