"""Reading TOML files of a home directory."""

import re
import tomllib
from pathlib import Path
from typing import Any

from connector.config.mistakes import Mistake

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_SYNTAX_MENDS = (
    ("Invalid value", "Put text between double quotes."),
    ("Illegal character", "Close the text with a double quote on the same line."),
    ("Cannot overwrite a value", "Give each key and each table once in a file."),
    ("Cannot declare", "Give each key and each table once in a file."),
    ("Expected '='", "Write key = value."),
)


def shown(path: Path, home: Path) -> str:
    """The path as a person names it: relative to home where it lies there, with forward slashes."""
    return (path.relative_to(home) if path.is_relative_to(home) else path).as_posix()


def read_table(path: Path, home: Path, mistakes: list[Mistake]) -> dict[str, Any] | None:
    """The content of a TOML file, or None after adding to `mistakes` what keeps it from being read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(Mistake(shown(path, home), "", *_unreadable(error)))
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mistakes.append(Mistake(shown(path, home), *_syntax(str(error), text)))
        return None


def list_tables(folder: Path, home: Path, mistakes: list[Mistake]) -> dict[str, Path]:
    """The TOML files of a folder by name, which is the file's stem. Other files and hidden ones are left alone."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        if SLUG.fullmatch(path.stem):
            found[path.stem] = path
        else:
            mistakes.append(Mistake(shown(path, home), "", "the file's name cannot be used", _rename(path)))
    return found


def _rename(path: Path) -> str:
    slug = re.sub(r"[^a-z0-9_]+", "-", path.stem.lower()).strip("-_")[:63]
    example = f"Rename it to {slug}.toml: l" if SLUG.fullmatch(slug) else "L"
    return f"{example}ower-case letters, digits, - and _, at most 63."


def _unreadable(error: OSError | UnicodeDecodeError) -> tuple[str, str]:
    if isinstance(error, UnicodeDecodeError):
        return "the file is not UTF-8 text", "Save it as UTF-8."
    return f"the file cannot be read ({error.strerror})", "Give the service's user the right to read it."


def _syntax(message: str, text: str) -> tuple[str, str, str]:
    place = _PLACE.search(message)
    bare = _PLACE.sub("", message)
    line, column = place.groups() if place else (None, None)
    where = f"line {line}, column {column}" if line else f"line {text.count(chr(10)) + 1}"
    mend = next((mend for start, mend in _SYNTAX_MENDS if bare.startswith(start)), "Mend the line.")
    return where, f"this is not TOML: {bare[:1].lower()}{bare[1:]}", mend
