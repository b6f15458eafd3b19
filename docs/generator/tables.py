"""docs/reference/store.md: the tables, with the comments that stand beside them in the code."""

import ast
from collections.abc import Iterator

from sqlalchemy import Table

from connector.store.columns import Instant, Json
from connector.store.tables import metadata
from generator.syntax import ROOT, Source, read
from generator.text import headline, page, sentence, table

_ORDER = {"books": 1, "decisions": 2, "files": 3, "control": 4, "machinery": 5}
_INTRO = """
SQLite in one file by default, PostgreSQL by URL; the same tables in both. Only `connector/store/` knows SQL.
The tables are a fact of this release, not a contract: read them for reports, write them only with `incasso`.

- Amounts (`…_minor`) are integer minor units of the row's currency. Positive: the debtor owes.
- An *instant* is UTC: `timestamptz` in PostgreSQL, ISO 8601 text with `+00:00` in SQLite.
- *json* is compact text, read whole.
- Payloads, documents and tokens (*bytes*) are encrypted with the key ring; names and addresses of debtors are not.

`incasso db check` tells whether the database has the schema of this release, `incasso db upgrade` brings it up.
"""


def render() -> str:
    """The page."""
    rooms = sorted((ROOT / "connector" / "store" / "tables").glob("*.py"), key=lambda path: _ORDER.get(path.stem, 9))
    return page("The store", _INTRO, *(_room(read(path.relative_to(ROOT).as_posix())) for path in rooms))


def _room(source: Source) -> str:
    """The tables of one module, under its docstring."""
    comments = dict(_comments(source))
    found = [_table(one, comments) for one in metadata.tables.values() if one.name in comments]
    title, _, about = headline(ast.get_docstring(source.tree)).rstrip(".").partition(": ")
    return "\n\n".join(part for part in (f"## {title}", sentence(about), *found) if part) if found else ""


def _comments(source: Source) -> Iterator[tuple[str, str]]:
    """By the name of a table or index, or `table.column`."""
    shared: dict[str, list[tuple[str, str]]] = {}
    for statement in source.tree.body:
        if isinstance(statement, ast.FunctionDef):
            shared[statement.name] = list(_columns(source, statement))
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            name = _text(statement.value)
            yield name, source.comment_before(statement)
            for call in _calls(statement):
                yield from ((f"{name}.{column}", comment) for column, comment in shared.get(call, ()))
            yield from ((f"{name}.{column}", comment) for column, comment in _columns(source, statement))
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield _text(statement.value), source.comment_before(statement)


def _columns(source: Source, statement: ast.AST) -> Iterator[tuple[str, str]]:
    for one in ast.walk(statement):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "Column":
            yield _text(one), source.comment_before(one)


def _calls(statement: ast.AST) -> Iterator[str]:
    """The plain functions that are called in a statement."""
    calls = (one.func for one in ast.walk(statement) if isinstance(one, ast.Call))
    return (function.id for function in calls if isinstance(function, ast.Name))


def _text(call: ast.Call) -> str:
    """The first argument of a call, where it is a text."""
    first = call.args[0] if call.args else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _table(one: Table, comments: dict[str, str]) -> str:
    rows = []
    for column in one.columns:
        said = comments.get(f"{one.name}.{column.name}", "")
        marks = ["key"] if column.primary_key else []
        marks += [] if column.nullable or column.primary_key else ["never null"]
        marks += [f"of `{key.column.table.name}`" for key in column.foreign_keys]
        rows.append([f"`{column.name}`", _kind(column.type), ", ".join(marks), sentence(said)])
    unique = [index for index in one.indexes if index.unique]
    notes = [sentence(comments.get(str(index.name), "")) for index in sorted(unique, key=lambda index: str(index.name))]
    return "\n\n".join(
        part
        for part in (
            f"### `{one.name}`",
            sentence(comments.get(one.name, "")),
            table(["column", "holds", "", "about"], rows),
            *notes,
        )
        if part
    )


def _kind(kind: object) -> str:
    if isinstance(kind, Instant):
        return "instant"
    if isinstance(kind, Json):
        return "json"
    words = {"BIGINT": "integer", "INTEGER": "integer", "BOOLEAN": "yes/no", "DATE": "date", "TEXT": "text"}
    name = str(kind).partition("(")[0]
    return words.get(name, {"VARCHAR": "word", "BLOB": "bytes"}.get(name, name.lower()))
