"""Deleting old back-ups: those that were made by themselves in one folder, never another file."""

import re
from pathlib import Path

_OURS = re.compile(r"incasso-\d{8}T\d{6}Z\.(sqlite3|dump)(\.sealed)?")


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` back-ups in `folder`, by the instant in their names; returns what went.

    What somebody named otherwise stays, and so does what was made before a new release.
    """
    made = sorted(file for file in folder.iterdir() if file.is_file() and _OURS.fullmatch(file.name))
    old = made[: max(0, len(made) - keep)]
    for file in old:
        file.unlink()
    return old
