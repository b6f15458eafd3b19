"""The host knows plugins by their entry points alone, and says so nowhere else."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))
ENTRY_POINTS = PROJECT["project"]["entry-points"]["connector.plugins"]
HOST = sorted(ROOT.joinpath("connector").rglob("*.py"))
DEMO = ROOT / "connector" / "cli" / "demo"
"""The demonstration tells a story about two stand-in servers, and calls them by name."""


def names_in_code(path: Path) -> Iterator[str]:
    """Every name and every text of a module that is not a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("path", HOST, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_host_names_no_plugin(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not [package for package in ENTRY_POINTS.values() if package in text]
    if DEMO not in path.parents:
        assert not [name for name in ENTRY_POINTS if name in set(names_in_code(path))]


def test_every_plugin_of_ours_is_registered_built_and_typed() -> None:
    folders = sorted(path for path in ROOT.joinpath("plugins").iterdir() if path.joinpath("README.md").exists())
    packages = [next(folder.glob("connector_*")) for folder in folders]

    assert [package.name for package in packages] == sorted(ENTRY_POINTS.values())
    assert set(PROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]) == {".", *(f"plugins/{it.name}" for it in folders)}
    built = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(built) == {"connector", *(str(package.relative_to(ROOT)) for package in packages)}
    assert all(package.joinpath("py.typed").exists() for package in packages)
