"""Markdown, as the pages need it."""

import re
from collections.abc import Iterable, Sequence
from inspect import cleandoc

_MARK = "<!-- Made from the code by docs/generate.py. Change the code, then run it again. -->"


def page(title: str, *parts: str) -> str:
    """A whole page: what it says first is that nobody edits it."""
    return "\n\n".join([_MARK, f"# {title}", *(part.strip() for part in parts if part.strip())]) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. A bar or a line break inside a cell is made harmless."""
    lines = [_row(columns), _row(["---"] * len(columns)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def told(docstring: str | None) -> str:
    """A docstring without its indentation."""
    return cleandoc(docstring) if docstring else ""


def sentence(text: str) -> str:
    """A description as a sentence: a capital first, a full stop last."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def bullets(docstring: str | None) -> dict[str, str]:
    """The items `- `name`: what it means` of a docstring, by name. One item may name several."""
    found: dict[str, str] = {}
    for item in re.findall(r"^- (`.+?(?=\n- |\n\n|\Z))", told(docstring), flags=re.MULTILINE | re.DOTALL):
        names, colon, meaning = item.partition("`: ")
        if colon:
            text = " ".join(meaning.split())
            found.update(dict.fromkeys(re.findall(r"\w+", names), text))
    return found


def headline(docstring: str | None) -> str:
    """The first paragraph of a docstring."""
    return told(docstring).partition("\n\n")[0]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ").strip() for cell in cells) + " |"
