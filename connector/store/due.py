"""What is due, over all ledgers: read by the sweeper, so that no lost bell loses work."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select

from connector.store import outbox as messages
from connector.store.engine import Tx
from connector.store.tables import outbox, run


def last_visits(tx: Tx) -> dict[str, datetime]:
    """When the newest pull of each ledger began."""
    query = select(run.c.ledger, func.max(run.c.started_at)).where(run.c.verb == "pull").group_by(run.c.ledger)
    return {row[0]: row[1] for row in tx.execute(query)}


def ledgers_with_messages(tx: Tx, agencies: Mapping[str, Collection[str]], *, at: datetime) -> set[str]:
    """The ledgers of which a message may be sent, or is in doubt, to one of their `agencies`, which are connections.

    A message to any other connection goes nowhere, however often it is tried.
    """
    of = (outbox.c.ledger, outbox.c.connection)
    ready = select(*of).distinct().where(outbox.c.state == "READY", outbox.c.next_at <= at)
    in_doubt = select(*of).distinct().where(outbox.c.state.in_(messages.IN_DOUBT))
    found = {row.ledger for row in tx.execute(in_doubt) if row.connection in agencies.get(row.ledger, ())}
    for row in tx.execute(ready).all():
        wanted = row.ledger not in found and row.connection in agencies.get(row.ledger, ())
        if wanted and messages.due(tx, row.ledger, at=at, connection=row.connection) is not None:
            found.add(row.ledger)
    return found
