"""docs/reference/records.md: the records of `connector.model`, the words of the house in code."""

import ast

from generator.syntax import ROOT, fields, public_functions, read, signature
from generator.text import page, told

_INTRO = """
The words of the [glossary](glossary.md) as frozen pydantic records, all imported from `connector.model`. An unknown
field is an error. Money is integer minor units (cents for euro) with an ISO 4217 currency. Instants are UTC, legal
dates are dates.
"""
_ORDER = ("money", "party", "item", "account", "case", "mutation", "event", "update", "document")


def render() -> str:
    """The page. A module that is not in the order yet comes last, so that none can be forgotten."""
    found = {path.stem for path in (ROOT / "connector" / "model").glob("*.py")} - {"__init__", "record"}
    order = [*_ORDER, *sorted(found - set(_ORDER))]
    return page("Records", _INTRO, *(_module(name) for name in order))


def _module(name: str) -> str:
    source = read(f"connector/model/{name}.py")
    common = {one.name: one for one in source.tree.body if isinstance(one, ast.ClassDef)}
    parts = [f"## {told(ast.get_docstring(source.tree))}"]
    words = [_words(one) for one in source.tree.body if _is_vocabulary(one)]
    if words:
        parts.append("```python\n" + "\n".join(words) + "\n```")
    for owner in source.classes():
        inherited = [line for base in owner.bases for line in _own_fields(common.get(getattr(base, "id", "")))]
        parts.append(_record(owner, inherited))
    return "\n\n".join(parts)


def _own_fields(owner: ast.ClassDef | None) -> list[str]:
    return list(fields(owner)) if owner is not None else []


def _is_vocabulary(statement: ast.stmt) -> bool:
    """A public name for a set of words: `Phase = Literal["", "amicable", …]`."""
    if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
        return False
    value = statement.value
    return (
        not statement.targets[0].id.startswith("_")
        and isinstance(value, ast.Subscript)
        and isinstance(value.value, ast.Name)
        and value.value.id == "Literal"
    )


def _words(statement: ast.stmt) -> str:
    return ast.unparse(statement).replace("'", '"').replace("Literal[(", "Literal[").replace(")]", "]")


def _record(owner: ast.ClassDef, inherited: list[str]) -> str:
    lines = [*inherited, *fields(owner)]
    lines += [signature(one) for one in public_functions(owner)]
    body = "\n\n```python\n" + "\n".join(lines) + "\n```" if lines else ""
    return f"### `{owner.name}`\n\n{told(ast.get_docstring(owner))}{body}"
