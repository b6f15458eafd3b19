"""The only room that knows SQL: current state beside append-only history, on SQLite and PostgreSQL."""

from connector.store.engine import BusyError, Lock, Store, Tx, open_store, switch_to_wal
from connector.store.troubles import StoreError

__all__ = ["BusyError", "Lock", "Store", "StoreError", "Tx", "open_store", "switch_to_wal"]
