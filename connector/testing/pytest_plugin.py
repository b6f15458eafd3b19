"""The pytest plugin that comes with the connector. Imports nothing heavy: every project with us installed loads it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OPTION = "--connector-plugin"
EXEMPTION = "connector_exemption"

pytest.register_assert_rewrite(
    "connector.testing.condition",
    "connector.testing.conformance",
    "connector.testing.installed",
    "connector.testing.plugin_checks",
    "connector.testing.run",
    "connector.testing.sink",
    "connector.testing.source",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("connector").addoption(
        OPTION,
        action="append",
        default=[],
        metavar="NAME",
        help="check the installed plugin NAME (P1 to P3: what needs no scenario) and run nothing else; repeatable",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption(OPTION):
        config.args = [str(Path(__file__).with_name("installed.py"))]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Carry the exemptions of a conformance class along with its reports, also from a worker process."""
    for name, reason in _exemptions(item):
        entry = (EXEMPTION, f"{item.cls.__name__}: {name}: {reason}")  # type: ignore[attr-defined]
        if entry not in item.user_properties:
            item.user_properties.append(entry)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print every exemption with its reason: what was not checked must be as visible as what was."""
    lines = {
        str(text)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, text in getattr(report, "user_properties", ())
        if name == EXEMPTION
    }
    if lines:
        terminalreporter.section("exempt from conformance")
        for line in sorted(lines):
            terminalreporter.line(line)


def _exemptions(item: pytest.Item) -> Iterator[tuple[str, str]]:
    owner = getattr(item, "cls", None)
    if getattr(owner, "exemptable", None) is not None:
        yield from owner.exempt.items()  # type: ignore[union-attr]
