"""What the source text of a module says: classes, functions, and the comments before a statement."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """A module as text and as a syntax tree."""

    lines: tuple[str, ...]
    tree: ast.Module

    def classes(self) -> Iterator[ast.ClassDef]:
        """Public classes, in the order of the text."""
        return (one for one in self.tree.body if isinstance(one, ast.ClassDef) and not one.name.startswith("_"))

    def functions(self) -> Iterator[ast.FunctionDef]:
        """Public functions, in the order of the text."""
        return public_functions(self.tree)

    def comment_before(self, statement: ast.AST) -> str:
        """The comment that stands right before a statement, in one line; empty when there is none."""
        found: list[str] = []
        number = statement.lineno - 2  # type: ignore[attr-defined]
        while number >= 0 and self.lines[number].strip().startswith("#"):
            found.insert(0, self.lines[number].strip().lstrip("# "))
            number -= 1
        return " ".join(found)


def read(name: str) -> Source:
    """A module of the repository, by its path from the root."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return Source(tuple(text.splitlines()), ast.parse(text))


def public_functions(owner: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """Public functions of a module or methods of a class."""
    return (one for one in owner.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))


def signature(function: ast.FunctionDef) -> str:
    """`name(arguments) -> result`, without `self` and `cls`; a property as `name: result`."""
    arguments = ast.unparse(function.args)
    for receiver in ("self", "cls"):
        arguments = arguments.removeprefix(receiver).removeprefix(", ")
    result = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    if any(isinstance(mark, ast.Name) and mark.id == "property" for mark in function.decorator_list):
        return f"{function.name}: {result.removeprefix(' -> ')}  # computed"
    return f"{function.name}({arguments}){result}".replace("'", '"')


def fields(owner: ast.ClassDef) -> Iterator[str]:
    """The fields of a record or dataclass, as they stand in the text."""
    for one in owner.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id != "model_config":
            value = f" = {ast.unparse(one.value)}" if one.value else ""
            yield f"{one.target.id}: {ast.unparse(one.annotation)}{value}".replace("'", '"')
