"""Opening the database, transactions, locks. SQLite in one file to start with, PostgreSQL by URL to grow."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any
from zlib import crc32

import filelock
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from connector.errors import ConfigError, TransientError
from connector.failpoints import failpoint
from connector.store.troubles import StoreError, named

Tx = Connection
_Gathered = dict[Callable[[Tx, list[Any]], None], list[Any]]
_GATHERED = "gathered_for_the_end"


class BusyError(TransientError):
    """Somebody else holds the lock."""


_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # NORMAL can lose the last commits at a power cut, and those are payments.
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    # Two stored pages touch up to 8 MB in the random keys of two indexes. What does not fit is written before the
    # commit, and read and written again: that costs some time, and more room would cost every process its memory.
    "PRAGMA cache_size=-5120",
    # A stored page touches two thousand places: copying them into the file after every commit doubles the work.
    "PRAGMA wal_autocheckpoint=8000",
)
_POSTGRES_OPTIONS = (
    "-c lock_timeout=30s -c statement_timeout=600s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
)


# The keys of a lock by name at PostgreSQL: the lock itself, and what its holder's transactions share.
_LOCK = "hashtextextended(:name, 0)"
_WRITERS = "hashtextextended(:name, 1)"


class Lock:
    """A lock that is held; of a file (`holder` is None), or of a server on a connection of its own."""

    def __init__(self, holder: Connection | None, name: str = "") -> None:
        self._holder = holder
        self._name = name
        self._is_lost = False

    def covers(self, tx: Tx) -> bool:
        """Whether it is still ours, and will be for the transaction `tx`: the next holder waits for its end."""
        if self._holder is not None:
            tx.execute(text(f"SELECT pg_advisory_xact_lock_shared({_WRITERS})"), {"name": self._name})
        return self.is_held()

    def is_held(self) -> bool:
        """Whether it is still ours: a server gives a lock to others once the connection behind it is gone."""
        if self._holder is not None and not self._is_lost:
            try:
                self._holder.execute(text("SELECT 1"))
            except SQLAlchemyError:
                # For good: the library may connect anew behind this connection, without the lock.
                self._is_lost = True
        return not self._is_lost


class _Held(threading.local):
    """The locks that this thread holds."""

    def __init__(self) -> None:
        self.locks: list[Lock] = []


class Store:
    """The database. `read()` and `write()` open one short transaction each; never hold one over a network call.

    `name` is that of its sessions at a server, another one for every process.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._held = _Held()
        self._writer = engine.execution_options(writer=True)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads. Raises StoreError when the database cannot do it now."""
        with named(), _reach(self.engine) as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits at the end, or leaves nothing behind when an error comes out of it.

        Raises StoreError when the database cannot do it now, and when a lock of this thread was lost: somebody else may
        hold it by now, and this thread, slow or frozen for a while, must not write over their work.
        """
        gathered: _Gathered = {}
        with named(), _reach(self._writer) as tx:
            tx.execution_options(**{_GATHERED: gathered})
            with tx.begin():
                # After the begin: whoever takes the lock from here on has ended this session, too.
                if not all(lock.covers(tx) for lock in self._held.locks):
                    raise StoreError("this process was out of reach for too long, and another took over its work.")
                yield tx
                for act, things in gathered.items():
                    act(tx, things)
                failpoint("before commit")
        failpoint("after commit")

    @contextmanager
    def lock(self, name: str, *, timeout: float = 0.0) -> Iterator[Lock]:
        """Hold the lock `name` over all processes of this database, and give it up when the process dies.

        Raises BusyError when somebody else holds it for longer than `timeout` seconds.
        """
        taking = self._file_lock if self.dialect == "sqlite" else self._advisory_lock
        with taking(name, timeout) as lock:
            self._held.locks.append(lock)
            try:
                yield lock
            finally:
                self._held.locks.remove(lock)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _file_lock(self, name: str, timeout: float) -> Iterator[Lock]:
        folder = Path(str(self.engine.url.database)).parent / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        safe = "".join(c if c.isalnum() else "-" for c in name)
        try:
            with filelock.FileLock(
                folder / f"{safe}-{crc32(name.encode()):08x}.lock", timeout=timeout, is_singleton=False
            ):
                yield Lock(None)
        except filelock.Timeout as error:
            raise _busy(name) from error

    @contextmanager
    def _advisory_lock(self, name: str, timeout: float) -> Iterator[Lock]:
        # Session scope, on a connection of its own: freed by the server when this process dies.
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holder:
            key = {"name": name}
            _take(holder, name, timeout)
            try:
                yield Lock(holder, name)
            finally:
                # A connection that is gone has given up its lock.
                with suppress(SQLAlchemyError):
                    holder.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"), key)
                    holder.execute(text("RESET lock_timeout"))


def _take(holder: Connection, name: str, timeout: float) -> None:
    """Take a server's lock, once the last holder's transactions are over.

    The server frees the lock of a killed process at once, while another connection of that process may still commit.
    """
    key = {"name": name}
    if timeout:
        holder.execute(text(f"SET lock_timeout = {int(timeout * 1000)}"))
    if not _grab(holder, _LOCK, key, wait=bool(timeout)):
        # The connection goes back to the pool: it must not keep this lock's patience.
        holder.execute(text("RESET lock_timeout"))
        raise _busy(name)
    writers_are_gone = _grab(holder, _WRITERS, key, wait=bool(timeout))
    holder.execute(text(f"SELECT pg_advisory_unlock({_WRITERS if writers_are_gone else _LOCK})"), key)
    if not writers_are_gone:
        holder.execute(text("RESET lock_timeout"))
        raise _busy(name)


def _grab(holder: Connection, lock: str, key: dict[str, str], *, wait: bool) -> bool:
    if not wait:
        return bool(holder.execute(text(f"SELECT pg_try_advisory_lock({lock})"), key).scalar())
    try:
        holder.execute(text(f"SELECT pg_advisory_lock({lock})"), key)
    except OperationalError:
        return False
    return True


def at_the_end(tx: Tx, act: Callable[[Tx, list[Any]], None], thing: Any) -> None:
    """Gather `thing`; `act` gets all that was gathered for it as the last statement before the commit.

    For what every writer of a ledger must queue for: the lock is then held for a moment, and no other row is locked
    behind it, so that two writers cannot wait for each other in a ring. Nothing is done when the transaction fails.
    """
    gathered: _Gathered | None = tx.get_execution_options().get(_GATHERED)
    if gathered is None:
        raise ValueError("only a writing transaction of the store has an end")
    gathered.setdefault(act, []).append(thing)


def open_store(url: str) -> Store:
    """Open the database behind `url` (SQLAlchemy form) without touching its schema.

    Raises ConfigError for a URL that cannot be used.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _bad_url(str(error)) from error
    backend = parsed.get_backend_name()
    name = _new_name()
    if backend == "sqlite":
        return Store(_open_sqlite(parsed.database or ""), name)
    if backend == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            # Every ledger at work holds a connection for its lock beside the one it works with.
            max_overflow=30,
            connect_args={"options": _POSTGRES_OPTIONS, "connect_timeout": 10, "application_name": name},
        )
        return Store(engine, name)
    raise _bad_url(f"{backend} is not supported")


def switch_to_wal(file: Path) -> None:
    """Let readers and the writer of an SQLite file, made if need be, not wait for each other: kept in the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    engine.dispose()


def _new_name() -> str:
    """Machine, process and chance, in the 63 plain characters that a server shows of a session's name."""
    host = "".join(c if c.isascii() and c.isalnum() else "-" for c in socket.gethostname())
    return f"incasso-{host[:32]}-{os.getpid()}-{token_hex(3)}"


def _open_sqlite(database: str) -> Engine:
    if not database or database == ":memory:":
        raise _bad_url("an in-memory database forgets every hand-over")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(tx: Connection) -> None:
        # A deferred transaction that upgrades its lock fails at once instead of waiting.
        writer = tx.get_execution_options().get("writer")
        tx.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _reach(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        raise StoreError("the database cannot be reached.", detail=type(error.orig).__name__) from error


def _busy(name: str) -> BusyError:
    return BusyError(f"{name} is being worked on by another process")


def _bad_url(detail: str) -> ConfigError:
    return ConfigError(
        f"the store cannot be opened: {detail}",
        file="incasso.toml",
        key="store.url",
        mend='Use "sqlite:///data/incasso.sqlite3" or "postgresql://user@host/database".',
    )
