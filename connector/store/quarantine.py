"""The quarantine after a restore: what left the house after the back-up was made is not known here any more.

While it stands, no new case leaves, and of each ledger nothing at all until its cases were asked about. Each ledger
gets out by itself (`connector.flow.recovery`); when all are out, the quarantine ends.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import case, delete, insert, select, update

from connector.store import journal
from connector.store.engine import Tx
from connector.store.tables import collection_case, quarantine

# How far a ledger is: nothing was done yet; what had not ended is in doubt; what the agency was told is known again;
# nothing is open any more.
Stage = Literal["", "doubted", "told", "out"]
# What does not leave: nothing is held; new cases; everything.
Held = Literal["", "cases", "all"]
_STAGES: tuple[Stage, ...] = ("doubted", "told", "out")
_ONLY = 1
_SCOPE = "quarantine:"
_NUMBERS_FROM = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Quarantine:
    """`at`: the instant of the restore. `backup_at`: what was committed before it is known; None: nobody knows."""

    at: datetime
    backup_at: datetime | None


def begin(tx: Tx, *, at: datetime, backup_at: datetime | None) -> None:
    """Put the store into quarantine. One that stands already is replaced: the store is what the newer restore made."""
    end(tx)
    tx.execute(insert(quarantine).values(only=_ONLY, at=at, backup_at=backup_at))
    # Keys and mutation ids are derived from these numbers, and those that follow the back-up's were used for messages
    # that are forgotten: the same key with another content would be taken for their repeat. The instant of the restore
    # gives numbers that no earlier life of this store used, also when one back-up is restored twice.
    number = fresh_number(at)
    before = collection_case.c.next_seq
    tx.execute(update(collection_case).values(next_seq=case((before < number, number), else_=before)))


def fresh_number(at: datetime) -> int:
    """From here on the messages of a case are numbered after a restore at this instant."""
    return int((at - _NUMBERS_FROM).total_seconds())


def read(tx: Tx) -> Quarantine | None:
    """The quarantine that stands, or None."""
    row = tx.execute(select(quarantine.c.at, quarantine.c.backup_at)).one_or_none()
    return Quarantine(row.at, row.backup_at) if row else None


def end(tx: Tx) -> bool:
    """Let the store out: everything that could be younger than the back-up was looked up. False: there was none."""
    return bool(tx.execute(delete(quarantine)).rowcount)


def held(tx: Tx, ledger: str) -> Held:
    """What of this ledger may not leave."""
    standing = read(tx)
    if standing is None:
        return ""
    words: dict[Stage, Held] = {"": "all", "doubted": "all", "told": "cases", "out": ""}
    return words[stage(tx, ledger, standing)]


def stage(tx: Tx, ledger: str, standing: Quarantine) -> Stage:
    """How far a ledger is in this quarantine."""
    return _progress(tx, ledger, standing)[0]


def place(tx: Tx, ledger: str, standing: Quarantine) -> str:
    """The last case that was asked about on the way to the next stage; empty at the beginning."""
    return _progress(tx, ledger, standing)[1]


def reach(tx: Tx, ledger: str, standing: Quarantine, stage: Stage, *, at: datetime, place: str = "") -> None:
    """The ledger has come to this stage, and to this case on the way to the next one."""
    value = f"{standing.at.isoformat()} {stage} {place}"
    journal.write_cursor(tx, f"{_SCOPE}{ledger}", value, at=at, complete=stage == "out")


def restored_at(tx: Tx, ledger: str) -> datetime | None:
    """When a store was restored of which this ledger had to be recovered: the last time, quarantine over or not."""
    known = journal.read_cursor(tx, f"{_SCOPE}{ledger}")
    return datetime.fromisoformat(known.value.partition(" ")[0]) if known else None


def _progress(tx: Tx, ledger: str, standing: Quarantine) -> tuple[Stage, str]:
    known = journal.read_cursor(tx, f"{_SCOPE}{ledger}")
    # What an earlier quarantine left in the back-up does not count.
    if known is None or not known.value.startswith(f"{standing.at.isoformat()} "):
        return "", ""
    _, word, place = known.value.split(" ", 2)
    return next(one for one in _STAGES if one == word), place
