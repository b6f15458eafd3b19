"""Look-ups in registers from a file: one line a debtor, as an extract of a register or a search service gives them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, get_args

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.workspace import Workspace
from connector.model import Register, RegisterFact
from connector.store import debtors

COLUMNS = ("debtor", "register", "looked_up", "found")
_FOUND = {"yes": True, "no": False}
_SHOWN = 20


class _Line(NamedTuple):
    number: int
    values: Mapping[str, str]


def read_lookups(workspace: Workspace, ledger: Ledger, path: Path, *, origin: str) -> dict[str, list[RegisterFact]]:
    """The look-ups of a CSV file by debtor key. The first line names the columns, in any order: `COLUMNS`.

    A debtor is named by code or key, `found` is yes or no, a day is written as 2026-01-31; columns are parted by commas
    or semicolons. Raises ConfigError with every mistake by file, line and column: nothing of such a file is taken.
    """
    lines = list(_lines(path))
    named = sorted({one.values["debtor"] for one in lines})
    with workspace.store.read() as tx:
        known = debtors.keys_of(tx, ledger.name, named)
    found: dict[str, list[RegisterFact]] = {}
    mistakes: list[tuple[str, str, str]] = []
    for line in lines:
        wrong = list(_wrong(line, known, ledger, today=workspace.clock.today(ledger.timezone)))
        mistakes += [(f"line {line.number}, {column}", said, mend) for column, said, mend in wrong]
        if not wrong:
            fact = RegisterFact.model_validate(
                {
                    "register_name": line.values["register"],
                    "looked_up": line.values["looked_up"],
                    "found": _FOUND[line.values["found"]],
                    "origin": origin,
                }
            )
            found.setdefault(known[line.values["debtor"]][0], []).append(fact)
    if mistakes:
        raise _refusal(path, mistakes)
    return found


def _lines(path: Path) -> Iterator[_Line]:
    """The lines below the head, blanks around values taken off; lines without any value are left out."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mend = "Give a CSV file in UTF-8."
        raise ConfigError("the file cannot be read", file=str(path), mend=mend, detail=str(error)) from error
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if ";" in head else ",")
    columns = [name.strip().lower() for name in next(reader, [])]
    if sorted(columns) != sorted(COLUMNS):
        mend = f"Write as the first line: {','.join(COLUMNS)}"
        raise ConfigError("the columns are not named", file=str(path), key="line 1", mend=mend)
    for row in reader:
        if any(value.strip() for value in row):
            values = dict.fromkeys(COLUMNS, "") | dict(zip(columns, (value.strip() for value in row), strict=False))
            yield _Line(reader.line_num, values)


def _wrong(
    line: _Line, known: Mapping[str, Sequence[str]], ledger: Ledger, *, today: date
) -> Iterator[tuple[str, str, str]]:
    """By column: what is wrong with a line, and the mend."""
    values = line.values
    keys = known.get(values["debtor"], ())
    if not keys:
        yield "debtor", f"ledger {ledger.name} has no such debtor", "Give a code or key: incasso debtor find TEXT."
    elif len(keys) > 1:
        yield "debtor", f"{len(keys)} debtors have this code", "Give the key: incasso debtor find TEXT."
    if values["register"] not in get_args(Register):
        yield "register", "there is no such register", f"Give one of: {', '.join(get_args(Register))}."
    if values["found"] not in _FOUND:
        yield "found", "it is neither yes nor no", "Write yes or no."
    try:
        if date.fromisoformat(values["looked_up"]) > today:
            yield "looked_up", "the day lies after today", "Record it once it was done."
    except ValueError:
        yield "looked_up", "it is not a day", "Write a day as 2026-01-31."


def _refusal(path: Path, mistakes: Sequence[tuple[str, str, str]]) -> ConfigError:
    if len(mistakes) == 1:
        ((key, said, mend),) = mistakes
        return ConfigError(f"{said}.", file=str(path), key=key, mend=mend)
    told = [f"  {path}: {key}: {said}. {mend}" for key, said, mend in mistakes[:_SHOWN]]
    more = [f"  and {len(mistakes) - _SHOWN} more"] if len(mistakes) > _SHOWN else []
    return ConfigError("\n".join([f"{len(mistakes)} mistakes, nothing was recorded:", *told, *more]))
