"""Back-ups of SQLite, by its own back-up interface: never by copying the file, part of which lies beside it."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from connector.errors import ConfigError, TransientError
from connector.store.engine import Store
from connector.store.whole_file import sync

_PATIENCE_SECONDS = 30


def path_of(store: Store) -> Path:
    """The file of the database."""
    return Path(str(store.engine.url.database))


def copy(store: Store, file: Path) -> dict[str, int]:
    """Copy what is committed now into the empty `file`; others go on writing. Returns the rows by table."""
    with closing(_connect(path_of(store))) as source, closing(_connect(file)) as target:
        # The counts and the copy see the same instant, because they are in one transaction.
        source.execute("BEGIN")
        rows = count_rows(source)
        try:
            source.backup(target)
            _leave_one_file(target)
        except sqlite3.OperationalError as error:
            raise TransientError(f"the back-up was not made: {error}.") from error
    return rows


def count_rows(database: sqlite3.Connection) -> dict[str, int]:
    """The rows of every table."""
    names = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^'"
    )
    return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names.fetchall()}  # noqa: S608


def check_file(file: Path) -> None:
    """Raises ConfigError unless `file` is a sound SQLite database."""
    mend = "Take another back-up."
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            said = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise ConfigError(f"it is no SQLite database that can be read ({error}).", file=str(file), mend=mend) from error
    if said != "ok":
        raise ConfigError(f"it is damaged: {said}", file=str(file), mend=mend)


def copy_file(source: Path, target: Path) -> None:
    """Copy a database that nobody writes, with what lies beside it, into the empty file `target`."""
    with closing(_connect(source)) as one, closing(_connect(target)) as other:
        one.backup(other)
        _leave_one_file(other)


def close_up(file: Path) -> None:
    """Bring everything of a database into its one file."""
    with closing(_connect(file)) as database:
        _leave_one_file(database)
    sync(file)


@contextmanager
def alone_with(file: Path) -> Iterator[None]:
    """Hold a database for this process alone, with everything in its one file.

    Raises TransientError when another process has it open, which a service that runs always does.
    """
    if not file.exists():
        yield
        return
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as database:
        try:
            # Only the last one who has it open may leave the write-ahead log.
            _leave_one_file(database)
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise TransientError("the database is in use: stop the service and every command first.") from error
        yield


def swap(new: Path, target: Path, *, at: datetime, keep: bool) -> Path | None:
    """Put `new` in the place of `target` in one step; returns where the old database lies if it is kept."""
    kept = target.with_name(f"{target.name}.before-restore-{at:%Y%m%dT%H%M%SZ}") if keep else None
    if kept is not None:
        _link(target, kept)
    new.replace(target)
    sync(target.parent)
    return kept


def _link(source: Path, other: Path, link: Callable[[Path, Path], None] = os.link) -> None:
    """A second name for the file, so that there is no moment without a database."""
    try:
        link(source, other)
    except FileExistsError:
        raise ConfigError("there is a file already.", file=str(other), mend="Move it away.") from None
    except OSError:
        # A file system without second names: then there is a moment, and the service does not run.
        source.rename(other)


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)


def _leave_one_file(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode=DELETE")
