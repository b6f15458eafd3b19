"""Runs whose process ended in the middle of them: killed, out of memory, a machine without power."""

from datetime import datetime

from sqlalchemy import select, update

from connector.store.engine import Tx
from connector.store.tables import run

DIED = "died"
_SAID = "the process ended in the middle of it"


def note(tx: Tx, ledger: str, *, at: datetime) -> None:
    """A run of the ledger that has not ended can be no living one's: the caller has the ledger's lock."""
    left = (run.c.ledger == ledger, run.c.outcome == "running")
    tx.execute(update(run).where(*left).values(ended_at=at, outcome=DIED, message=_SAID))


def last_in_a_row(tx: Tx, ledger: str, verb: str, count: int) -> datetime | None:
    """When the newest run of the verb was found dead, if `count` of them in a row died; None if one of them ended."""
    query = (
        select(run.c.outcome, run.c.ended_at)
        .where(run.c.ledger == ledger, run.c.verb == verb)
        .order_by(run.c.started_at.desc(), run.c.id.desc())
        .limit(count)
    )
    rows = tx.execute(query).all()
    if len(rows) < count or any(row.outcome != DIED for row in rows):
        return None
    found: datetime | None = rows[0].ended_at
    return found
