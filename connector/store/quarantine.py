"""The quarantine after a restore: what left the house after the back-up was made is not known here any more.

While it stands, no new case leaves: each hand-over that could be younger than the back-up is looked up first at the
agency, by the key that is derived from business facts and so is the same as it was.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from connector.store.engine import Tx
from connector.store.tables import quarantine

_ONLY = 1


@dataclass(frozen=True)
class Quarantine:
    """`at`: the instant of the restore. `backup_at`: what was committed before it is known; None: nobody knows."""

    at: datetime
    backup_at: datetime | None


def begin(tx: Tx, *, at: datetime, backup_at: datetime | None) -> None:
    """Put the store into quarantine. One that stands already is replaced: the store is what the newer restore made."""
    end(tx)
    tx.execute(insert(quarantine).values(only=_ONLY, at=at, backup_at=backup_at))


def read(tx: Tx) -> Quarantine | None:
    """The quarantine that stands, or None."""
    row = tx.execute(select(quarantine.c.at, quarantine.c.backup_at)).one_or_none()
    return Quarantine(row.at, row.backup_at) if row else None


def end(tx: Tx) -> bool:
    """Let the store out: everything that could be younger than the back-up was looked up. False: there was none."""
    return bool(tx.execute(delete(quarantine)).rowcount)
