"""Files that are there whole or not at all, and that only their owner reads."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import ConfigError


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """An empty file in the folder of `target`, to write into and to rename; what is not renamed is gone at the end.

    Raises ConfigError when it cannot be written there.
    """
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield beside
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"it cannot be written ({error.strerror}).", file=str(target), mend="Choose another place, or make room."
        ) from error


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """The same, and at the end the file is on the disk and takes the name `target`, unless an error came out."""
    with file_beside(target) as beside:
        yield beside
        sync(beside)
        beside.replace(target)
        sync(target.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything else happens."""
    if path.is_dir() and os.name == "nt":
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
