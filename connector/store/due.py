"""What is due, over all ledgers: read by the sweeper, so that no lost bell loses work."""

from datetime import datetime

from sqlalchemy import func, select

from connector.store import outbox as messages
from connector.store.engine import Tx
from connector.store.tables import outbox, run


def last_visits(tx: Tx) -> dict[str, datetime]:
    """When the newest pull of each ledger began."""
    query = select(run.c.ledger, func.max(run.c.started_at)).where(run.c.verb == "pull").group_by(run.c.ledger)
    return {row[0]: row[1] for row in tx.execute(query)}


def ledgers_with_messages(tx: Tx, *, at: datetime) -> set[str]:
    """The ledgers of which a message may be sent, or is in doubt."""
    ready = select(outbox.c.ledger).distinct().where(outbox.c.state == "READY", outbox.c.next_at <= at)
    found = {name for name in tx.execute(ready).scalars() if messages.due(tx, name, at=at) is not None}
    in_doubt = select(outbox.c.ledger).distinct().where(outbox.c.state.in_(messages.IN_DOUBT))
    return found | set(tx.execute(in_doubt).scalars())
