"""Putting a back-up in the place of the store. The store is in quarantine from its first moment."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import inspect, text

from connector.errors import ConfigError, TransientError
from connector.secrets import KeyRing
from connector.store import journal, quarantine, schema
from connector.store.backups import postgres, sqlite
from connector.store.backups.make import newest_row
from connector.store.backups.sealing import opened
from connector.store.engine import Store, Tx, open_store
from connector.store.whole_file import file_beside


@dataclass(frozen=True)
class Restored:
    """What was put back: `backup_at` tells since when the store has forgotten (None: unknown), `revision` the schema

    of the back-up, `kept` where the database lies that was there before (None: there was nothing, or PostgreSQL).
    """

    backup_at: datetime | None
    revision: str
    kept: Path | None


def restore(
    store: Store, file: Path, *, replace: bool, at: datetime, actor: str, keys: KeyRing | None = None
) -> Restored:
    """Put the back-up `file` in the place of `store`, brought up to the schema of this release.

    `keys` open one that is encrypted; for SQLite beside the database, else in the file's own folder.

    Nothing is changed unless all of it succeeds. Raises ConfigError when the file is no back-up of this kind of
    database, or of a newer release, or opens with no key, or the store holds something and `replace` is not said;
    TransientError when somebody works with the store. The store must be opened anew afterwards.
    """
    if not file.is_file():
        raise ConfigError("there is no such file.", file=str(file), mend="Give a file that `incasso db backup` wrote.")
    if store.dialect == "postgresql":
        with opened(file, keys, room=file.parent) as plain:
            return _restore_postgres(store, plain, replace=replace, at=at, actor=actor)
    with opened(file, keys, room=sqlite.path_of(store).parent) as plain:
        return _restore_sqlite(store, plain, replace=replace, at=at, actor=actor)


def _restore_sqlite(store: Store, file: Path, *, replace: bool, at: datetime, actor: str) -> Restored:
    target = sqlite.path_of(store)
    sqlite.check_file(file)
    holds = target.exists() and _holds_something(store)
    _refuse_unless(replace or not holds)
    store.close()
    with file_beside(target) as beside:
        sqlite.copy_file(file, beside)
        copy = open_store(f"sqlite:///{beside}")
        try:
            revision = _check_revision(schema.current(copy), file)
            with copy.write() as tx:
                backup_at = _finish(tx, at=at, actor=actor)
        finally:
            copy.close()
        sqlite.close_up(beside)
        with sqlite.alone_with(target):
            kept = sqlite.swap(beside, target, at=at, keep=holds)
    return Restored(backup_at, revision, kept)


def _restore_postgres(store: Store, file: Path, *, replace: bool, at: datetime, actor: str) -> Restored:
    postgres.check_file(file)
    revision = _check_revision(postgres.revision_in(file), file)
    _refuse_unless(replace or not _holds_something(store))
    busy = postgres.others(store)
    if busy:
        raise TransientError(f"{busy} other sessions use the database: stop every service and command first.")
    # Nobody works with it before the quarantine stands: a revision with this mark is refused by every program.
    mark = f"UPDATE {postgres.VERSION_TABLE} SET version_num = '{schema.RESTORING}' || version_num"  # noqa: S608
    postgres.put_back(store, file, after=mark)
    with store.write() as tx:
        tx.execute(text(f"UPDATE {postgres.VERSION_TABLE} SET version_num = :revision"), {"revision": revision})  # noqa: S608
        backup_at = _finish(tx, at=at, actor=actor)
    return Restored(backup_at, revision, None)


def _finish(tx: Tx, *, at: datetime, actor: str) -> datetime | None:
    """Bring a restored store up and put it into quarantine, in one transaction; returns the age of the back-up."""
    schema.bring_up(tx)
    backup_at = newest_row(tx)
    quarantine.begin(tx, at=at, backup_at=backup_at)
    journal.note(tx, "store.restored", "store", at=at, actor=actor, backup_at=backup_at and backup_at.isoformat())
    return backup_at


def _check_revision(found: str | None, file: Path) -> str:
    if found is None:
        raise ConfigError("it holds no store of this program.", file=str(file), mend="Take another back-up.")
    if not schema.is_known(found):
        raise ConfigError(f"it is at schema {found}.", file=str(file), mend="Use the newer release that wrote it.")
    return found


def _holds_something(store: Store) -> bool:
    with store.read() as tx:
        names = [name for name in inspect(tx).get_table_names() if name != postgres.VERSION_TABLE]
        return any(tx.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1')).first() for name in names)  # noqa: S608 - our own


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise ConfigError("the database is not empty.", mend="Say --replace to put the back-up in its place.")
