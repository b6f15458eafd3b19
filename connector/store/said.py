"""What people recorded about one debtor after an instant: letters, steps, holds, disputes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from connector.model import DisputeFact, HoldFact, LetterFact, PriorStep
from connector.model.record import Record
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.tables import dispute, hold, letter, step_taken

Said = LetterFact | PriorStep | HoldFact | DisputeFact


def said_since(tx: Tx, ledger: str, debtor_id: str, claims: Sequence[str], at: datetime) -> list[Said]:
    """What was put in after `at` about the debtor, one of these claims, or the whole ledger; in the order of kinds.

    What ended since (a hold that was taken off, a dispute that was settled) is not known by its instant.
    """
    letters = select(letter).where(letter.c.ledger == ledger, letter.c.debtor_id == debtor_id, letter.c.at > at)
    steps = select(step_taken).where(
        step_taken.c.ledger == ledger, step_taken.c.debtor_id == debtor_id, step_taken.c.at > at
    )
    about = or_(hold.c.scope == "ledger", among(tx, hold.c.key, [debtor_id, *claims]))
    holds = select(hold).where(hold.c.ledger == ledger, about, hold.c.at > at)
    disputes = select(dispute).where(dispute.c.ledger == ledger, dispute.c.debtor_id == debtor_id, dispute.c.at > at)
    found: list[Said] = [
        LetterFact(**_facts(row, LetterFact) | {"claims": tuple(row.claims)})
        for row in tx.execute(letters.order_by(letter.c.sent_on, letter.c.kind))
    ]
    found += [PriorStep(**_facts(row, PriorStep)) for row in tx.execute(steps.order_by(step_taken.c.id))]
    found += [HoldFact(**_facts(row, HoldFact)) for row in tx.execute(holds.order_by(hold.c.id))]
    found += [DisputeFact(**_facts(row, DisputeFact)) for row in tx.execute(disputes.order_by(dispute.c.id))]
    return found


def _facts(row: Any, record: type[Record]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in record.model_fields}
