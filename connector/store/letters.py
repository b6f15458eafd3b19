"""Letters to debtors, as evidence of what the law asks for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from connector.model import LetterFact
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.tables import letter


def record(tx: Tx, ledger: str, debtor_id: str, fact: LetterFact, *, at: datetime) -> None:
    """Keep a letter. One of the same kind and the same day of sending is replaced: what is known of it has changed."""
    columns = letter.c
    same = (columns.ledger == ledger, columns.debtor_id == debtor_id)
    tx.execute(delete(letter).where(*same, columns.kind == fact.kind, columns.sent_on == fact.sent_on))
    tx.execute(insert(letter).values(ledger=ledger, debtor_id=debtor_id, at=at, **fact.model_dump()))


def letters(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[LetterFact]]:
    """The letters, the one sent first at first, by debtor id."""
    rows = tx.execute(
        select(letter)
        .where(letter.c.ledger == ledger, among(tx, letter.c.debtor_id, ids))
        .order_by(letter.c.sent_on, letter.c.kind)
    )
    found: dict[str, list[LetterFact]] = {}
    for row in rows:
        facts = {name: getattr(row, name) for name in LetterFact.model_fields}
        found.setdefault(row.debtor_id, []).append(LetterFact(**facts | {"claims": tuple(row.claims)}))
    return found
