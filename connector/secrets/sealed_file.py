"""Files that are encrypted piece by piece, so that their size needs no memory.

A first line says what it is, a second gives the file a random name, and each line after them is one piece. A piece is
bound to the file's name, its own number and whether it is the last: pieces that were changed, lost, swapped or cut off
open with no key.
"""

import secrets
from pathlib import Path
from typing import BinaryIO

from connector.errors import ConfigError
from connector.secrets.ring import KeyRing

_MARK = b"incasso sealed file 1\n"
_PIECE = 1 << 20
_MEND = "Take another, or put the key that encrypted it back into [secrets] keys."


def is_sealed(file: Path) -> bool:
    """Whether a file is one that `seal_file` wrote."""
    with file.open("rb") as opened:
        return opened.read(len(_MARK)) == _MARK


def seal_file(ring: KeyRing, source: Path, target: Path) -> None:
    """Write `source`, encrypted with the newest key, into `target`."""
    name = secrets.token_hex(16)
    with source.open("rb") as plain, target.open("wb") as sealed:
        sealed.write(_MARK + name.encode() + b"\n")
        number, piece = 0, plain.read(_PIECE)
        while True:
            following = plain.read(_PIECE)
            purpose = _purpose(name, number, last=not following)
            sealed.write(ring.seal(piece, purpose=purpose).blob + b"\n")
            if not following:
                return
            number, piece = number + 1, following


def open_file(ring: KeyRing, source: Path, target: Path) -> None:
    """Write what is sealed in `source` into `target`. Raises ConfigError when no key opens it, or it is damaged."""
    with source.open("rb") as sealed, target.open("wb") as plain:
        sealed.readline()
        name = sealed.readline().decode("ascii", errors="replace").strip()
        try:
            _open_pieces(ring, sealed, plain, name)
        except ConfigError as error:
            raise ConfigError(
                "no key opens it, or it is damaged or not whole.", file=str(source), mend=_MEND
            ) from error


def _open_pieces(ring: KeyRing, sealed: BinaryIO, plain: BinaryIO, name: str) -> None:
    number, blob = 0, sealed.readline()
    while True:
        following = sealed.readline()
        plain.write(ring.open(blob.rstrip(b"\n"), purpose=_purpose(name, number, last=not following)))
        if not following:
            return
        number, blob = number + 1, following


def _purpose(name: str, number: int, *, last: bool) -> str:
    return f"file:{name}:{number}:{'last' if last else 'more'}"
