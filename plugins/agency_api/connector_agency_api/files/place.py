"""Where the files are: what a folder of this machine and an SFTP server have in common."""

from dataclasses import dataclass
from typing import Protocol

from connector.errors import TransientError

MOST_BYTES = 64_000_000
"""No file of an agency is read beyond this size."""


class Unanswered(TransientError):
    """A move was asked for, and the answer was lost: it may have happened."""


class Denied(TransientError):
    """The server answered that it does not do it: surely nothing happened."""


@dataclass(frozen=True)
class Entry:
    """A file in a listing: `size` in bytes, `changed_at` in seconds of the server's own clock."""

    size: int
    changed_at: int


class Place(Protocol):
    """Two folders at an agency. Paths are relative, with `/`.

    Every method raises ConfigError for a folder that is not there or not ours to use, AuthError for a refused
    log-in, and TransientError when surely nothing was changed. Only `move` may raise Unanswered.
    """

    def check(self, folder: str) -> None:
        """The folder is there and can be listed. Writes nothing."""

    def listed(self, folder: str) -> dict[str, Entry]:
        """The files in a folder by name; folders and links are left out."""

    def look(self, path: str) -> Entry | None:
        """One file, or None when it is not there."""

    def read(self, path: str) -> bytes:
        """The content of a file. Raises Denied for one larger than `MOST_BYTES`, or gone."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole, over what was there; on disk for good where the place can promise that."""

    def move(self, source: str, target: str) -> None:
        """Give a file another name, at once and never over another file: Denied then, and nothing changed."""

    def make(self, folder: str) -> None:
        """Make a folder, unless it is there."""
