"""Where tokens (already encrypted) and small facts of plugins are kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import bindparam, select

from connector.api import Clock
from connector.store.bulk import bulk_upsert
from connector.store.engine import Store
from connector.store.tables import plugin_state, token

# Built once: a plugin may ask before every call.
_VALUE = select(plugin_state.c.value).where(
    plugin_state.c.connection == bindparam("of_connection"), plugin_state.c.key == bindparam("of_key")
)


class TokenRows:
    """Encrypted tokens by connection and name. Implements `connector.secrets.TokenRows`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def load(self, connection: str, name: str) -> bytes | None:
        """The encrypted token, or None."""
        with self._store.read() as tx:
            return tx.scalar(select(token.c.blob).where(token.c.connection == connection, token.c.name == name))

    def save(self, connection: str, name: str, blob: bytes, key_id: str) -> None:
        """Keep an encrypted token; committed before this returns."""
        with self._store.write() as tx:
            bulk_upsert(tx, token, [(connection, name, blob, key_id, self._clock.now())])

    @contextmanager
    def lock(self, connection: str, name: str, timeout: float) -> Iterator[None]:
        """One holder at a time over all processes."""
        with self._store.lock(f"token:{connection}:{name}", timeout=timeout):
            yield


class PluginState:
    """Small facts of one connection. Implements `connector.api.State`."""

    def __init__(self, store: Store, clock: Clock, connection: str) -> None:
        self._store = store
        self._clock: Callable[[], Any] = clock.now
        self._connection = connection

    def get(self, key: str) -> Any:
        """The value last put, or None."""
        with self._store.read() as tx:
            return tx.scalar(_VALUE, {"of_connection": self._connection, "of_key": key})

    def put(self, key: str, value: Any) -> None:
        """Keep a JSON value."""
        with self._store.write() as tx:
            bulk_upsert(tx, plugin_state, [(self._connection, key, value, self._clock())])
