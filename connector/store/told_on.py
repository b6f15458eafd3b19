"""Days on which agencies are told how a debtor stands by then."""

from datetime import date
from typing import Literal, NamedTuple

from sqlalchemy import delete, select

from connector.store.bulk import bulk_insert
from connector.store.engine import Tx
from connector.store.tables import told_on

# A hold that begins; what befell a debtor that is over.
Kind = Literal["hold", "insolvency", "deceased"]


class Due(NamedTuple):
    """On this day agencies are to be told of this debtor."""

    day: date
    debtor_id: str
    kind: Kind


def put(tx: Tx, ledger: str, debtor_id: str, kind: Kind, *, day: date) -> None:
    """Have agencies told on a day; asked for twice it is done once."""
    bulk_insert(tx, told_on, columns=[[ledger], [day], [debtor_id], [kind]])


def waits(tx: Tx, ledger: str, *, up_to: date) -> bool:
    """Whether anything is to be told by now."""
    query = select(told_on.c.day).where(told_on.c.ledger == ledger, told_on.c.day <= up_to).limit(1)
    return tx.scalar(query) is not None


def take(tx: Tx, ledger: str, *, up_to: date, debtor_id: str = "") -> list[Due]:
    """What is to be told by now, of one debtor or of all; it is nowhere any more once this transaction ends."""
    columns = told_on.c
    where = [columns.ledger == ledger, columns.day <= up_to]
    if debtor_id:
        where.append(columns.debtor_id == debtor_id)
    query = select(columns.day, columns.debtor_id, columns.kind).where(*where)
    found = [Due(*row) for row in tx.execute(query.order_by(columns.day, columns.debtor_id, columns.kind))]
    if found:
        tx.execute(delete(told_on).where(*where))
    return found
