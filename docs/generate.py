"""Writes the pages of docs/reference/ that are made from the code; with `--check` only tells which are out of date.

python docs/generate.py            writes
python docs/generate.py --check    exit code 1 when a page differs from the code
"""

import sys
from collections.abc import Callable
from pathlib import Path

from generator import configuration, contracts, errors, law, records, tables

REFERENCE = Path(__file__).parent / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration.render,
    "hooks-and-contracts.md": contracts.render,
    "records.md": records.render,
    "errors.md": errors.render,
    "store.md": tables.render,
    "law-tables.md": law.render,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or tell which differ. Returns the exit code."""
    fresh = {REFERENCE / name: render() for name, render in PAGES.items()}
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            sys.stdout.write(f"{path.name} is not what the code says: run python docs/generate.py\n")
        else:
            path.write_text(fresh[path], encoding="utf-8")
            sys.stdout.write(f"wrote {path.name}\n")
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
