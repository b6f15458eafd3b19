"""The image: read and held to its rules, for it is built where a container engine is at hand and not here.

`deploy/try_dockerfile.py` runs what it runs; that takes minutes and the network, so it is not a part of the suite.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from connector.cli.app import app
from connector.config import DaemonSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def trial() -> ModuleType:
    spec = importlib.util.spec_from_file_location("try_dockerfile", DEPLOY / "try_dockerfile.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def instructions(text: str) -> list[tuple[str, str]]:
    return list(trial().instructions(text))


def complaints(steps: list[tuple[str, str]]) -> set[str]:
    """What is wrong with a Dockerfile, by the rules of this house."""
    found = set()
    last = steps[max(i for i, (word, _) in enumerate(steps) if word == "FROM") :]
    words = {word for word, _ in last}
    for word, rest in steps:
        if word == "FROM" and not re.match(r"\$\{BASE\}( AS \w+)?$", rest):
            found.add("a base that is not pinned by who builds it")
        if word == "ARG" and "=" in rest:
            found.add("an argument with a default")
        if word == "ADD":
            found.add("ADD")
        if re.search(r"\b(curl|wget)\b|https?://|:latest", rest):
            found.add("something from the network that has no hash")
        if "pip install" in rest and not ("--require-hashes" in rest or "--no-index" in rest):
            found.add("an installation without hashes")
    users = [rest for word, rest in last if word == "USER"]
    if not users or users[-1].split(":")[0] in ("0", "root"):
        found.add("it runs as root")
    return found | {f"no {word}" for word in ("HEALTHCHECK", "LABEL", "STOPSIGNAL", "VOLUME") if word not in words}


STEPS = instructions((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))


def test_the_dockerfile_keeps_the_rules() -> None:
    assert complaints(STEPS) == set()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("FROM ${BASE}\nLABEL", "FROM python:latest\nLABEL"), "a base that is not pinned by who builds it"),
        (("ARG BASE", "ARG BASE=python:3.11-slim"), "an argument with a default"),
        (("USER 10001:10001", "USER root"), "it runs as root"),
        (("USER 10001:10001\n", ""), "it runs as root"),
        (("COPY plugins", "ADD plugins"), "ADD"),
        (("--require-hashes ", ""), "an installation without hashes"),
        (("RUN useradd", "RUN curl -O https://x.example/a && useradd"), "something from the network that has no hash"),
        (("HEALTHCHECK", "# HEALTHCHECK"), "no HEALTHCHECK"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_dockerfile_that_breaks_a_rule_is_found(change: tuple[str, str], complaint: str) -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert change[0] in text
    assert complaint in complaints(instructions(text.replace(*change)))


def test_it_asks_the_service_for_its_health_with_a_command_that_exists() -> None:
    last = dict(STEPS)
    assert json.loads(last["HEALTHCHECK"].partition("CMD ")[2]) == ["incasso", "health"]
    assert json.loads(last["ENTRYPOINT"]) + json.loads(last["CMD"]) == ["incasso", "run"]
    names = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    assert {"health", "run"} <= names


def test_the_image_names_the_version_of_the_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f'image.version="{version}"' in dict(STEPS)["LABEL"]
    assert yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))["services"]["incasso"][
        "image"
    ].endswith(f":{version}")


def pins(path: Path) -> dict[str, frozenset[str]]:
    """Every `name==version` of a lock with its hashes."""
    found: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if pin := re.match(r"([\w.-]+(?:\[[\w,]+\])?==[^\s;]+)", line):
            hashes = found.setdefault(pin[1], set())
        elif digest := re.search(r"--hash=(sha256:[0-9a-f]{64})", line):
            hashes.add(digest[1])
    return {name: frozenset(hashes) for name, hashes in found.items()}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_the_image_holds_what_was_tested_to_the_byte(name: str) -> None:
    tested, installed = pins(ROOT / "requirements.lock"), pins(DEPLOY / name)
    assert installed
    assert all(hashes for hashes in installed.values())
    assert installed.items() <= tested.items()


def test_the_image_holds_everything_the_program_needs_and_no_test_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(one for name in extras if name != "test" for one in extras[name])]
    names = {re.match(r"[\w.-]+", one)[0].lower() for one in needed}  # type: ignore[index]
    installed = {re.match(r"[\w.-]+", one)[0] for one in pins(DEPLOY / "requirements.lock")}  # type: ignore[index]
    assert names <= installed
    assert not installed & {"pytest", "mypy", "ruff", "hypothesis"}


def test_it_is_run_with_nothing_writable_but_its_volume_and_with_time_to_stop() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))["services"]["incasso"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [volume.partition(":")[2] for volume in service["volumes"]] == json.loads(dict(STEPS)["VOLUME"])
    assert int(service["stop_grace_period"].removesuffix("s")) > DaemonSettings().grace_seconds


def test_a_linter_of_others_agrees() -> None:
    linter = shutil.which("hadolint")
    if linter is None:
        sys.stderr.write("hadolint is not on this machine: the Dockerfile was read by our own rules alone\n")
        pytest.skip("hadolint is not on this machine")
    # Below a warning it only wishes for fewer layers; a step a line tells which one failed.
    command = [linter, "--no-color", "--failure-threshold", "warning", str(DEPLOY / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
