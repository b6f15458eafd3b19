"""The reference page says what the code does."""

import re
import tomllib
from pathlib import Path

from policy_builders import POLICIES

from connector.policy import Gates, Step, load_policy
from connector.policy.criteria import Criteria
from connector.policy.ladder import CONDITIONS
from connector.policy.policy import PluginCondition, Route

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "policy.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table rows under a heading, without the head of the table."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line][2:]


def names(heading: str) -> list[str]:
    return [row[0].strip("`") for row in rows(heading)]


def test_the_example_is_a_policy(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(example, encoding="utf-8")
    assert [step.name for step in load_policy(path).steps] == ["remind", "notice", "escalate"]


def test_every_condition_is_listed_in_the_order_in_which_it_is_asked() -> None:
    assert names("Reasons") == list(CONDITIONS)


def test_every_setting_of_a_step_is_listed() -> None:
    assert set(names("Steps")) == set(Step.model_fields)


def test_every_setting_of_a_segment_is_listed() -> None:
    assert names("Segments") == ["name", *Criteria.model_fields, "rest", "steps", "gates"]


def test_every_setting_of_a_route_is_listed() -> None:
    listed = [name.strip("` ") for cell in names("Routes") for name in cell.split(",")]
    assert listed == [name for name in Route.model_fields if name not in Criteria.model_fields]


def test_every_setting_of_a_condition_of_a_plugin_is_listed() -> None:
    assert names("Conditions of plugins") == list(PluginCondition.model_fields)


def test_every_gate_and_its_settings_are_listed_with_the_default_first() -> None:
    assert names("Gates") == list(Gates.model_fields)
    for name, keys, _ in rows("Gates"):
        defaults = getattr(Gates(), name.strip("`")).model_dump()
        for key in defaults:
            assert f"`{key}`" in keys
        for key, first in re.findall(r"`(\w+)`: `\"([^`]+)\"`", keys):
            assert defaults[key] == first


def test_the_standard_example_spells_out_nothing_but_defaults_in_its_gates() -> None:
    written = tomllib.loads((POLICIES / "standard.toml").read_text(encoding="utf-8"))["gates"]
    written.pop("agency_minimum")
    assert Gates.model_validate(written) == Gates()
