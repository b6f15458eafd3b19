"""Where a key stands in a TOML text: the standard reader does not tell lines."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\s\"'-]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+(?:\s*\.\s*[A-Za-z0-9_\"'-]+)*)\s*=")

Path = tuple[str | int, ...]


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) of the key at `path`, else of the nearest table or key around it; 0 when none is found.

    `path` holds names and, for arrays of tables, places from 0: `("step", 1, "title")`. A line inside a text of
    several lines can be taken for a key; the answer is meant for a message to a person.
    """
    wanted = tuple(path)
    best_length, best_line = 0, 0
    for number, here in _keys(text):
        length = min(len(here), len(wanted))
        if length > best_length and wanted[:length] == here[:length]:
            best_length, best_line = length, number
    return best_line


def _keys(text: str) -> list[tuple[int, Path]]:
    found: list[tuple[int, Path]] = []
    # How many tables each array holds so far, by its path with the places of the arrays around it.
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        key = None if header else _KEY.match(line)
        if header:
            *around, last = _names(header[2])
            table = ()
            for name in around:
                table = (*table, name)
                if table in counts:
                    table = (*table, counts[table])
            table = (*table, last)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found.append((number, table))
        elif key:
            found.append((number, (*table, *_names(key[1]))))
    return found


def _names(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
