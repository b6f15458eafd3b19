"""The units for systemd: every key of the hardening stands there, and the analysis of systemd agrees."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connector.config import DaemonSettings

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
# `systemd-analyze security` counts from 0 (sealed) to 10 (open).
MOST_EXPOSURE = 2.0

HARDENING = {
    "User": "incasso",
    "StateDirectory": "incasso",
    "UMask": "0077",
    "ProtectSystem": "strict",
    "ProtectHome": "true",
    "PrivateTmp": "true",
    "PrivateDevices": "true",
    "PrivateUsers": "true",
    "ProtectClock": "true",
    "ProtectHostname": "true",
    "ProtectControlGroups": "true",
    "ProtectKernelLogs": "true",
    "ProtectKernelModules": "true",
    "ProtectKernelTunables": "true",
    "ProtectProc": "invisible",
    "NoNewPrivileges": "true",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "true",
    "RestrictRealtime": "true",
    "RestrictSUIDSGID": "true",
    "LockPersonality": "true",
    "MemoryDenyWriteExecute": "true",
    "SystemCallArchitectures": "native",
}


def parse(unit: Path) -> dict[str, dict[str, list[str]]]:
    """Sections of keys with every value that stands behind them; a key may stand more than once."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_service_is_locked_in(unit: Path) -> None:
    service = parse(unit)["Service"]
    assert {key: service.get(key) for key in HARDENING} == {key: [value] for key, value in HARDENING.items()}
    assert service["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert service["MemoryMax"]
    assert any(line.startswith("main.key:") for line in service["LoadCredential"])


def test_no_service_may_write_its_own_configuration() -> None:
    for unit in SERVICES:
        kept = " ".join(parse(unit)["Service"]["ReadOnlyPaths"])
        assert {"incasso.toml", "connections", "ledgers", "policies"} <= set(re.findall(r"[\w.]+", kept))


def test_the_service_says_that_it_lives_and_is_started_again() -> None:
    unit = parse(UNITS / "incasso.service")
    service = {key: values[-1] for key, values in unit["Service"].items()}
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert int(service["WatchdogSec"]) == 60
    assert int(service["RestartSec"]) < int(service["RestartMaxDelaySec"])
    assert unit["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert int(service["TimeoutStopSec"]) > DaemonSettings().grace_seconds


def test_the_services_differ_in_nothing_that_keeps_them_in() -> None:
    """Three units, one hardening: what stands below its heading is the same text."""
    kept = {unit.read_text(encoding="utf-8").partition("# What `incasso init`")[2].split("\n[")[0] for unit in SERVICES}
    assert len({text.strip() for text in kept}) == 1


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.stem)
def test_every_timer_has_its_service_and_keeps_off_the_change_of_clocks(timer: Path) -> None:
    assert timer.with_suffix(".service").exists()
    hour = re.search(r" (\d\d|\*):\d\d:\d\d$", parse(timer)["Timer"]["OnCalendar"][0])
    assert hour
    assert hour[1] not in ("02", "03")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_the_analysis_of_systemd_finds_little_that_is_open(unit: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        sys.stderr.write("systemd-analyze is not on this machine: the exposure of the units was not measured\n")
        pytest.skip("systemd-analyze is not on this machine")
    command = [analyse, "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": "C"})
    told = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert told, done.stdout + done.stderr
    assert float(told[1]) < MOST_EXPOSURE
