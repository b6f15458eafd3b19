"""Whether the database can be worked with: reached, written to, and how it keeps its journal."""

import shutil
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connector.errors import TransientError
from connector.store.engine import Store


def reach(store: Store) -> None:
    """Ask the database for nothing. Raises TransientError when it does not answer."""
    try:
        with store.read() as tx:
            tx.execute(text("SELECT 1"))
    except DBAPIError as error:
        raise TransientError("the database cannot be reached.", detail=type(error.orig).__name__) from error


def try_writing(store: Store) -> None:
    """Open a writing transaction and leave nothing behind. Raises TransientError when that is refused."""
    try:
        with store.write() as tx:
            tx.execute(text("CREATE TABLE doctor_probe (one INTEGER)"))
            tx.rollback()
    except DBAPIError as error:
        raise TransientError("the database cannot be written to.", detail=type(error.orig).__name__) from error


def journal_mode(store: Store) -> str:
    """SQLite's journal mode (`wal` when sound); empty for a server."""
    if store.dialect != "sqlite":
        return ""
    with store.read() as tx:
        return str(tx.execute(text("PRAGMA journal_mode")).scalar())


def file_of(store: Store) -> Path | None:
    """The file of the database; None for a server."""
    return Path(str(store.engine.url.database)) if store.dialect == "sqlite" else None


def free_bytes(store: Store) -> int | None:
    """What is free on the disk that holds the database; None for a server."""
    file = file_of(store)
    return shutil.disk_usage(file.parent).free if file else None
