"""The secrets of one connection, as a plugin sees them."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from connector.api import SecretRef
from connector.secrets.reader import SecretReader
from connector.secrets.ring import KeyRing

# Parts of a JSON token that are shorter, such as "bearer", are ordinary words.
_SHORTEST_PART = 16


class TokenRows(Protocol):
    """Where encrypted tokens are kept; the store implements it."""

    def load(self, connection: str, name: str) -> bytes | None:
        """The encrypted token, or None."""

    def save(self, connection: str, name: str, blob: bytes, key_id: str) -> None:
        """Keep an encrypted token: on disk for good before this returns."""

    def lock(self, connection: str, name: str, timeout: float) -> AbstractContextManager[None]:
        """One holder at a time over all processes. Raises TransientError on time-out."""


class BoundSecrets:
    """The secrets of one connection. Implements `connector.api.Secrets`."""

    def __init__(self, connection: str, *, reader: SecretReader, ring: KeyRing, rows: TokenRows) -> None:
        self._connection = connection
        self._reader = reader
        self._ring = ring
        self._rows = rows

    def resolve(self, ref: SecretRef) -> str:
        """The secret behind `ref`. Raises ConfigError naming the reference when it cannot be read."""
        return self._reader.resolve(ref)

    def load(self, name: str) -> str | None:
        """A token of this connection, decrypted, or None. Raises ConfigError when no key opens it."""
        blob = self._rows.load(self._connection, name)
        if blob is None:
            return None
        value = self._ring.open(blob, purpose=token_purpose(self._connection, name)).decode()
        self._hide(name, value)
        return value

    def save(self, name: str, value: str) -> None:
        """Keep a token: encrypted, and on disk for good before this returns."""
        self._hide(name, value)
        sealed = self._ring.seal(value.encode(), purpose=token_purpose(self._connection, name))
        self._rows.save(self._connection, name, sealed.blob, sealed.key_id)

    def lock(self, name: str, *, timeout: float = 60.0) -> AbstractContextManager[None]:
        """One holder at a time over all processes of this connection. Raises TransientError on time-out."""
        return self._rows.lock(self._connection, name, timeout)

    def _hide(self, name: str, value: str) -> None:
        for number, part in enumerate(_parts(value)):
            self._reader.masker.register(part, slot=f"{self._connection}/{name}/{number}")


def token_purpose(connection: str, name: str) -> str:
    """The purpose under which a connection's token is sealed."""
    return f"token:{connection}:{name}"


def _parts(value: str) -> Iterator[str]:
    """A token and, where it is JSON, the texts in it: each may turn up in an error by itself."""
    yield value
    try:
        structure = json.loads(value)
    except ValueError:
        return
    yield from (text for text in _texts(structure) if len(text) >= _SHORTEST_PART)


def _texts(structure: Any) -> Iterator[str]:
    if isinstance(structure, str):
        yield structure
    elif isinstance(structure, dict | list):
        for inner in structure.values() if isinstance(structure, dict) else structure:
            yield from _texts(inner)
