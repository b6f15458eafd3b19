"""The alarms: every figure they look at is given out, every one has its page, and they ring when they should."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
PAGE = ROOT / "docs" / "how-to" / "alarms.md"
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
TEXT = PAGE.read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sections() -> dict[str, str]:
    """The text under each heading of the run book, by the name of its anchor."""
    return {anchor(heading): body for heading, body in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alarm_leads_to_its_page_which_names_it_and_how_urgent_it_is(rule: dict[str, Any]) -> None:
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/how-to/alarms.md"
    body = sections()[heading]
    assert f"`{rule['alert']}`" in body
    assert re.search(rf"\b{rule['labels']['severity']}\b", body.split("*")[1])
    assert rule["annotations"]["summary"]


@pytest.mark.parametrize("heading", sections())
def test_every_page_says_what_it_harms_what_to_look_at_how_to_mend_it_and_when_it_is_over(heading: str) -> None:
    for part in ("- **Harm**: ", "- **Look**: ", "- **Mend**: ", "- **Over** "):
        assert sections()[heading].count(part) == 1, part
    named = {rule["annotations"]["runbook"].partition("#")[2] for rule in ALERTS}
    assert heading in named, "no alarm leads here"


def test_the_alarms_that_are_asked_for_are_there() -> None:
    wanted = (
        """PaymentNotDelivered MessageParked LedgerStale LogInLost Differences ClockSkew DiskFull RunStuck BackupOld"""
    )
    assert {f"Incasso{one}" for one in wanted.split()} <= {rule["alert"] for rule in ALERTS}
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_every_alarm_is_tried_by_the_rule_tests() -> None:
    tried = RULES.with_name("alerts_test.yml").read_text(encoding="utf-8")
    assert {rule["alert"] for rule in ALERTS} == set(re.findall(r'alertname="(\w+)"', tried))


def test_promtool_takes_the_rules_and_they_ring_when_they_should() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        sys.stderr.write("promtool is not on this machine: the alarms were not tried\n")
        pytest.skip("promtool is not on this machine")
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run([promtool, *command], cwd=RULES.parent, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_figure_that_the_page_of_the_service_names_is_given_out_under_that_name() -> None:
    """The families are written down where they are made, between quotes."""
    page = (
        (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text(encoding="utf-8").partition("## What to watch")[2]
    )
    named = {name for row in re.findall(r"^\| (`.+?) \|", page, re.M) for name in re.findall(r"`(\w+)`", row)}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "connector" / "runtime").glob("*.py"))
    made = set(re.findall(r'"(?:incasso_)?(\w+)"', code))
    made |= {f"{name}_total" for name in made} | {"disk_free_bytes", "disk_size_bytes"}
    assert len(named) > 20
    assert named <= made
