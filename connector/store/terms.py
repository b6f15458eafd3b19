"""What falls due when of claims in instalments."""

from datetime import date

from sqlalchemy import select

from connector.store.engine import Tx
from connector.store.item_rows import of_debtor
from connector.store.tables import open_item


def terms(tx: Tx, ledger: str, debtor_id: str) -> dict[tuple[str, str], list[tuple[date, int]]]:
    """The due dates of a debtor's open rows with their amounts in minor units, by claim and currency."""
    columns = open_item.c
    rows = tx.execute(
        select(columns.claim, columns.currency, columns.due_date, columns.open_minor)
        .where(
            of_debtor(ledger, debtor_id),
            columns.state == "open",
            columns.gone.is_(False),
            columns.due_date.is_not(None),
        )
        .order_by(columns.claim, columns.due_date)
    )
    found: dict[tuple[str, str], list[tuple[date, int]]] = {}
    for claim, currency, due, minor in rows:
        found.setdefault((claim, currency), []).append((due, minor))
    return found
