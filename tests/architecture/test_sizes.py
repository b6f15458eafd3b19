"""Small rooms: how long modules and functions are. Measured on the projects we learn from; signs to look at."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[2]
MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 60
MEDIAN_MODULE_LINES = 130
MEDIAN_FUNCTION_LINES = 10
MOST_LINES_OF_NINE_IN_TEN = 26
TRASH = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
"""Names that say nothing: whatever has no home ends up there."""


def modules() -> list[Path]:
    """Every module that is shipped. A migration is a record of what the schema was: nobody shortens it."""
    found = [path for room in ("connector", "plugins") for path in ROOT.joinpath(room).rglob("*.py")]
    return sorted(path for path in found if not {"tests", "versions"} & set(path.parts))


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_is_one_room(path: Path) -> None:
    assert length(path) <= MOST_MODULE_LINES
    long = [f"{name}: {lines} lines" for name, lines in function_lengths(path) if lines > MOST_FUNCTION_LINES]
    assert not long
    assert path.stem not in TRASH


def test_most_modules_are_short() -> None:
    assert median(map(length, modules())) <= MEDIAN_MODULE_LINES


def test_most_functions_are_short() -> None:
    lengths = [lines for path in modules() for _, lines in function_lengths(path)]

    assert median(lengths) <= MEDIAN_FUNCTION_LINES
    assert quantiles(lengths, n=10)[-1] <= MOST_LINES_OF_NINE_IN_TEN
