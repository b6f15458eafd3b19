"""Making a back-up, and the memory of it in the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, insert, inspect, select, update

from connector.errors import ConfigError
from connector.secrets import KeyRing
from connector.secrets.sealed_file import seal_file
from connector.store.backups import postgres, sqlite
from connector.store.engine import Store, Tx
from connector.store.tables import backup
from connector.store.whole_file import file_beside, written_whole


@dataclass(frozen=True)
class Backup:
    """A back-up: everything that was committed before `at` is in it. `rows` by table, as the store had them then."""

    file: Path
    at: datetime
    size: int
    rows: Mapping[str, int]


def default_name(store: Store, at: datetime, *, sealed: bool) -> str:
    """A file name that tells which kind of back-up it is and when it was made."""
    ending = "sqlite3" if store.dialect == "sqlite" else "dump"
    return f"incasso-{at:%Y%m%dT%H%M%SZ}.{ending}{'.sealed' if sealed else ''}"


def back_up(store: Store, file: Path, *, now: Callable[[], datetime], keys: KeyRing | None = None) -> Backup:
    """Write a back-up into `file`, readable by its owner only, encrypted with `keys`; the store may be in use.

    Raises ConfigError when the file is there already or cannot be written, or a tool is missing.
    """
    if file.exists():
        raise ConfigError("there is a file already, and a back-up is never overwritten.", file=str(file))
    # Written before the copy is made, so that a back-up knows its own age.
    at = now()
    remembered = _remember(store, file, at)
    try:
        with written_whole(file) as beside:
            rows = _write(store, beside, keys)
    except BaseException:
        if remembered:
            with store.write() as tx:
                tx.execute(delete(backup).where(backup.c.at == at))
        raise
    if remembered:
        with store.write() as tx:
            tx.execute(update(backup).where(backup.c.at == at).values(done_at=now()))
    return Backup(file, at, file.stat().st_size, rows)


def last_backup(tx: Tx) -> datetime | None:
    """When the newest back-up that came to its end was begun."""
    found: datetime | None = tx.scalar(select(func.max(backup.c.at)).where(backup.c.done_at.is_not(None)))
    return found


def newest_row(tx: Tx) -> datetime | None:
    """In a restored store: since when it has forgotten. None when no back-up of ours says so."""
    found: datetime | None = tx.scalar(select(func.max(backup.c.at)))
    return found


def _write(store: Store, file: Path, keys: KeyRing | None) -> Mapping[str, int]:
    copy = sqlite.copy if store.dialect == "sqlite" else postgres.copy
    if keys is None:
        return copy(store, file)
    with file_beside(file) as plain:
        rows = copy(store, plain)
        seal_file(keys, plain, file)
    return rows


def _remember(store: Store, file: Path, at: datetime) -> bool:
    """A store of an older release has no place for it yet."""
    with store.write() as tx:
        if not inspect(tx).has_table(backup.name):
            return False
        tx.execute(delete(backup).where(backup.c.at == at))
        tx.execute(insert(backup).values(at=at, file=str(file.absolute()), done_at=None))
    return True
