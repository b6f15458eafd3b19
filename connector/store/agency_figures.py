"""What stands at each agency of each ledger, counted by the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from connector.store.engine import Tx
from connector.store.outbox import ENDED
from connector.store.tables import collection_case, outbox, task

# What an agency asked and waits for.
QUESTIONS = ("question", "approval")
_PARKED = "PARKED"


@dataclass
class AgencyCount:
    """Of one ledger at one agency: cases that are not closed, what it asked and nobody has answered, messages.

    `waiting` have not arrived and are not parked; `oldest` is when the first of all that has not ended was written.
    """

    cases: int = 0
    questions: int = 0
    waiting: int = 0
    parked: int = 0
    oldest: datetime | None = None


def count_by_agency(tx: Tx) -> dict[tuple[str, str], AgencyCount]:
    """By ledger and connection; what has nothing is missing."""
    found: dict[tuple[str, str], AgencyCount] = {}
    case = collection_case.c
    at_work = (
        select(case.ledger, case.connection, func.count())
        .where(case.closure == "", case.handover.not_in(("draft", "rejected")))
        .group_by(case.ledger, case.connection)
    )
    for ledger, connection, count in tx.execute(at_work):
        found.setdefault((ledger, connection), AgencyCount()).cases = count
    asked = (
        select(case.ledger, case.connection, func.count())
        .join(task, task.c.case_ref == case.case_ref)
        .where(task.c.done_at.is_(None), task.c.kind.in_(QUESTIONS))
        .group_by(case.ledger, case.connection)
    )
    for ledger, connection, count in tx.execute(asked):
        found.setdefault((ledger, connection), AgencyCount()).questions = count
    message = outbox.c
    unsent = (
        select(message.ledger, message.connection, message.state, func.count(), func.min(message.created_at))
        .where(message.state.not_in(ENDED))
        .group_by(message.ledger, message.connection, message.state)
    )
    for ledger, connection, state, count, oldest in tx.execute(unsent):
        one = found.setdefault((ledger, connection), AgencyCount())
        one.parked += count if state == _PARKED else 0
        one.waiting += 0 if state == _PARKED else count
        one.oldest = min(oldest, one.oldest or oldest)
    return found
