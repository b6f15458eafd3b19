"""Why a debtor is vulnerable, kept apart and encrypted, so that it can be erased without what was recorded of him."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update

from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.tables import circumstance, private_reason


class PlainReason(NamedTuple):
    """A reason that an older release left in plain text, with the key of its row."""

    ledger: str
    debtor_id: str
    kind: str
    regime: str
    since: date
    reason: str


def put(tx: Tx, ledger: str, debtor_id: str, about: str, blob: bytes, *, at: datetime) -> None:
    """Keep a reason, encrypted; the one before of the same thing is replaced."""
    _overwrite(tx)
    bulk_upsert(tx, private_reason, [(ledger, debtor_id, about, blob, at)])


def reasons(tx: Tx, ledger: str, debtor_id: str) -> dict[str, bytes]:
    """The encrypted reasons of a debtor, by what they are about."""
    columns = private_reason.c
    query = select(columns.about, columns.blob).where(columns.ledger == ledger, columns.debtor_id == debtor_id)
    return {about: bytes(blob) for about, blob in tx.execute(query.order_by(columns.about))}


def erase(tx: Tx, ledger: str, debtor_id: str) -> int:
    """Erase the reasons of a debtor; what was recorded stays. Returns how many there were."""
    _overwrite(tx)
    mine = (private_reason.c.ledger == ledger, private_reason.c.debtor_id == debtor_id)
    return tx.execute(delete(private_reason).where(*mine)).rowcount


def plain_reasons(tx: Tx) -> list[PlainReason]:
    """The reasons that stand in plain text."""
    columns = circumstance.c
    named = (columns[name] for name in PlainReason._fields)
    return [PlainReason(*row) for row in tx.execute(select(*named).where(columns.reason != ""))]


def blank(tx: Tx, plain: PlainReason) -> None:
    """Take a reason out of the row in which it stands in plain text."""
    _overwrite(tx)
    key = plain._asdict()
    key.pop("reason")
    tx.execute(
        update(circumstance).where(*(circumstance.c[name] == one for name, one in key.items())).values(reason="")
    )


def _overwrite(tx: Tx) -> None:
    """SQLite leaves what is deleted in the file until its place is used again, unless it is told otherwise."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete=ON")
