"""What the pages for plugin authors say is what the code does."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector import hookspecs
from connector.testing import SinkConformance, SourceConformance
from connector.testing.sink.scenarios import SCENARIOS as SINK_SCENARIOS
from connector.testing.source.scenarios import SCENARIOS as SOURCE_SCENARIOS

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT.joinpath("docs/how-to/write-a-plugin.md").read_text(encoding="utf-8")
HOOKS = ROOT.joinpath("docs/reference/hooks-and-contracts.md").read_text(encoding="utf-8")
FOREIGN = "tests/foreign_plugin"

_BLOCK = re.compile(r"<!-- from (\S+) -->\n(`{3,})\w+\n(.*?)\n\2\n", re.DOTALL)
_CHECK = re.compile(r"test_([a-z]\d+)_(.+)")


def blocks_of(file: str) -> list[str]:
    return [text for path, _, text in _BLOCK.findall(HOW_TO) if path == f"{FOREIGN}/{file}"]


def checks() -> Iterator[tuple[str, str, str]]:
    """Number, name and reason of every check."""
    for kit in (SourceConformance, SinkConformance):
        for name in dir(kit):
            if found := _CHECK.fullmatch(name):
                reason = inspect.getdoc(getattr(kit, name)) or ""
                yield found[1].upper(), found[2].replace("_", " "), " ".join(reason.split("\n\n")[0].split())


@pytest.mark.parametrize("file", ["pyproject.toml", "connector_penny.py", "test_penny.py", "README.md"])
def test_the_tutorial_shows_the_whole_file_and_nothing_else(file: str) -> None:
    rest = ROOT.joinpath(FOREIGN, file).read_text(encoding="utf-8")

    for block in blocks_of(file):
        before, found, rest = rest.partition(block)
        assert found, f"not in {file}, or not in this order:\n{block}"
        assert not before.strip(), f"left out of the tutorial:\n{before}"
    assert not rest.strip(), f"left out of the tutorial:\n{rest}"


@pytest.mark.parametrize("check", sorted(set(checks())), ids=lambda check: f"{check[0]}: {check[1]}")
def test_every_check_is_listed_with_its_reason(check: tuple[str, str, str]) -> None:
    assert "| {} | {} | {} |".format(*check) in HOW_TO


def test_no_check_is_listed_that_does_not_exist() -> None:
    listed = re.findall(r"^\| ([PSK]\d+) \| (.+?) \| ", HOW_TO, re.MULTILINE)

    assert sorted(listed) == sorted({(number, name) for number, name, _ in checks()})


@pytest.mark.parametrize("scenario", sorted(SOURCE_SCENARIOS | SINK_SCENARIOS))
def test_every_scenario_is_described(scenario: str) -> None:
    rows = [line for line in HOW_TO.splitlines() if line.startswith("| `") and f"`{scenario}`" in line.split("|")[1]]

    assert len(rows) == (scenario in SOURCE_SCENARIOS) + (scenario in SINK_SCENARIOS)


HOOK_NAMES = [name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), f"{hookspecs.PROJECT}_spec")]


def test_there_are_hooks_to_document() -> None:
    assert {"register_sources", "register_sinks", "before_handover"} <= set(HOOK_NAMES)


@pytest.mark.parametrize("name", HOOK_NAMES)
def test_every_hook_is_documented_with_its_exact_arguments(name: str) -> None:
    arguments = list(inspect.signature(getattr(hookspecs, name)).parameters)
    written = re.search(rf"^{name}\((.*?)\) ->", HOOKS, re.MULTILINE)

    assert written, f"{name} is not documented"
    assert [argument.split(":")[0].strip() for argument in written[1].split(",") if argument] == arguments
