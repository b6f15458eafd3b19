"""The quarantine after a restore: what left the house after the back-up was made is not known here any more.

While it stands, no new case leaves, and to each agency nothing at all until it was asked about its cases. A ledger
gets out by itself, with all its agencies (`connector.flow.recovery`); when all are out, the quarantine ends.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import case, delete, insert, select, update

from connector.store import journal
from connector.store.engine import Tx
from connector.store.tables import collection_case, quarantine

# How far an agency of a ledger is: nothing was done yet; what had not ended is in doubt; what it was told is known
# again. And the ledger: nothing is open any more, at none of its agencies.
Stage = Literal["", "doubted", "told", "out"]
# What does not leave: nothing is held; new cases; everything.
Held = Literal["", "cases", "all"]
STAGES: tuple[Stage, ...] = ("", "doubted", "told", "out")
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


def held(tx: Tx, ledger: str, connection: str) -> Held:
    """What of this ledger may not leave to an agency. A new case leaves to none before all agencies were asked."""
    standing = read(tx)
    if standing is None:
        return ""
    words: dict[Stage, Held] = {"": "all", "doubted": "all", "told": "cases", "out": ""}
    return words[stage(tx, ledger, connection, standing)]


def keeps_cases(tx: Tx, ledger: str) -> bool:
    """Whether no new case of this ledger may leave to any agency."""
    standing = read(tx)
    return standing is not None and not is_out(tx, ledger, standing)


def is_out(tx: Tx, ledger: str, standing: Quarantine) -> bool:
    """Whether nothing of a ledger is held any more."""
    return _progress(tx, ledger, standing)[0] == "out"


def stage(tx: Tx, ledger: str, connection: str, standing: Quarantine) -> Stage:
    """How far an agency of a ledger is in this quarantine."""
    whole = _progress(tx, ledger, standing)[0]
    # A release that knew one agency a ledger wrote all of it down for the ledger.
    return whole if whole in ("told", "out") else _progress(tx, _of(ledger, connection), standing)[0]


def place(tx: Tx, ledger: str, connection: str, standing: Quarantine) -> str:
    """The last case that was asked about on the way to the next stage; empty at the beginning."""
    return _progress(tx, _of(ledger, connection), standing)[1]


def reach(
    tx: Tx, ledger: str, connection: str, standing: Quarantine, stage: Stage, *, at: datetime, place: str = ""
) -> None:
    """An agency of a ledger has come to this stage, and to this case on the way to the next one."""
    _write(tx, _of(ledger, connection), standing, stage, at=at, place=place)
    if restored_at(tx, ledger) != standing.at:
        # What is asked of a new case after a restore is asked of all agencies, however the quarantine ends.
        _write(tx, ledger, standing, "doubted", at=at)


def leave(tx: Tx, ledger: str, standing: Quarantine, *, at: datetime) -> None:
    """Nothing of the ledger is held any more."""
    _write(tx, ledger, standing, "out", at=at)


def restored_at(tx: Tx, ledger: str) -> datetime | None:
    """When a store was restored of which this ledger had to be recovered: the last time, quarantine over or not."""
    known = journal.read_cursor(tx, f"{_SCOPE}{ledger}")
    return datetime.fromisoformat(known.value.partition(" ")[0]) if known else None


def _of(ledger: str, connection: str) -> str:
    """Neither name holds a colon."""
    return f"{ledger}:{connection}"


def _write(tx: Tx, scope: str, standing: Quarantine, stage: Stage, *, at: datetime, place: str = "") -> None:
    value = f"{standing.at.isoformat()} {stage} {place}"
    journal.write_cursor(tx, f"{_SCOPE}{scope}", value, at=at, complete=stage == "out")


def _progress(tx: Tx, scope: str, standing: Quarantine) -> tuple[Stage, str]:
    known = journal.read_cursor(tx, f"{_SCOPE}{scope}")
    # What an earlier quarantine left in the back-up does not count.
    if known is None or not known.value.startswith(f"{standing.at.isoformat()} "):
        return "", ""
    _, word, place = known.value.split(" ", 2)
    return next(one for one in STAGES if one == word), place
