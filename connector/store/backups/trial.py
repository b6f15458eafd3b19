"""Trying a back-up out: only one that was restored is one."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.errors import ConfigError
from connector.secrets import KeyRing
from connector.store import chain_check, schema
from connector.store.backups import postgres, sqlite
from connector.store.backups.make import Backup
from connector.store.backups.sealing import opened
from connector.store.engine import Store, open_store


@dataclass(frozen=True)
class Trial:
    """What a restored back-up was found to hold: its schema, its rows, and rows of the audit trail that were walked."""

    revision: str
    rows: int
    audited: int


def try_out(store: Store, made: Backup, progress: Callable[[int], None], keys: KeyRing | None = None) -> Trial:
    """Restore a back-up of `store` into a throw-away place and look at it: schema, number of rows, audit trail.

    `keys` open one that is encrypted. Raises ConfigError when it is not what the store was.
    """
    with opened(made.file, keys, room=made.file.parent) as plain, _restored(store, plain) as copy:
        revision, wanted = schema.current(copy), schema.current(store)
        if revision != wanted:
            raise _bad(made, f"it is at schema {revision or 'none'}, the store at {wanted or 'none'}")
        rows = _count(copy)
        for name in sorted({*rows, *made.rows}):
            if rows.get(name) != made.rows.get(name):
                raise _bad(made, f"the table {name} has {rows.get(name)} rows, the store had {made.rows.get(name)}")
        with copy.read() as tx:
            ledgers = chain_check.names(tx)
        chains = [chain_check.walk(copy, ledger, progress) for ledger in ledgers]
    for one in chains:
        if one.broken:
            raise _bad(made, f"the audit trail of {one.ledger or 'no ledger'} breaks at row {one.broken.number}")
    return Trial(revision or "none", sum(rows.values()), sum(one.rows for one in chains))


@contextmanager
def _restored(store: Store, file: Path) -> Iterator[Store]:
    if store.dialect == "postgresql":
        with postgres.throw_away(store) as beside:
            postgres.put_back(beside, file, after="SELECT 1")
            yield beside
        return
    sqlite.check_file(file)
    # Beside the back-up: there was room for one, and a temporary folder may be a small disk in memory.
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".trial-") as folder:
        copied = Path(folder) / "trial.sqlite3"
        sqlite.copy_file(file, copied)
        beside = open_store(f"sqlite:///{copied}")
        try:
            yield beside
        finally:
            beside.close()


def _count(store: Store) -> dict[str, int]:
    if store.dialect == "postgresql":
        with store.read() as tx:
            return postgres.count_rows(tx)
    with store.read() as tx:
        return sqlite.count_rows(tx.connection.driver_connection)  # type: ignore[arg-type]


def _bad(made: Backup, said: str) -> ConfigError:
    return ConfigError(
        f"the back-up is not sound: {said}.", file=str(made.file), mend="Make another, and look at the disk."
    )
