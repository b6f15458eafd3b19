"""Letters to debtors, as evidence of what the law asks for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from connector.model import LetterFact
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.known import keep
from connector.store.tables import letter


def record(tx: Tx, ledger: str, debtor_id: str, fact: LetterFact, *, at: datetime) -> None:
    """Keep a letter. One of the same kind and the same day of sending is replaced: what is known of it has changed."""
    columns = letter.c
    of_debtor = (columns.ledger == ledger, columns.debtor_id == debtor_id)
    same = (*of_debtor, columns.kind == fact.kind, columns.sent_on == fact.sent_on)
    before = tx.execute(select(letter).where(*same)).one_or_none()
    if before is not None:
        body = letter_of(before).model_dump_json()
        keep(tx, ledger, "letter", debtor_id, key_of(fact), body, recorded=before.at, at=at)
        tx.execute(delete(letter).where(*same))
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
        found.setdefault(row.debtor_id, []).append(letter_of(row))
    return found


def letter_of(row: Any) -> LetterFact:
    """The letter in a row of its table."""
    facts = {name: getattr(row, name) for name in LetterFact.model_fields}
    return LetterFact(**facts | {"claims": tuple(row.claims)})


def key_of(fact: LetterFact) -> str:
    """What tells a letter from every other to the same debtor."""
    return f"{fact.kind}|{fact.sent_on}"
