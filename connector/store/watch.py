"""What an alarm looks at: how long what stops a collection waits, what was sent again, log-ins, the server's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from connector.store.backups import last_backup
from connector.store.engine import Store, Tx
from connector.store.outbox import ENDED
from connector.store.tables import outbox, token
from connector.store.workers import now

# The first of the outbox's priorities: payments, credit notes, disputes, holds and withdrawals.
_STOPS_A_COLLECTION = 0


@dataclass(frozen=True)
class Watched:
    """By ledger: since when the oldest message waits that stops a collection, and how often messages were sent again.

    By connection: when its log-in was last renewed. `backup_at`: when the newest back-up was begun.
    """

    waiting_since: Mapping[str, datetime]
    sent_again: Mapping[str, int]
    login_at: Mapping[str, datetime]
    backup_at: datetime | None


def watch(tx: Tx) -> Watched:
    """All of it."""
    undelivered = (outbox.c.priority == _STOPS_A_COLLECTION, outbox.c.state.not_in(ENDED))
    waiting = (
        select(outbox.c.ledger, func.min(outbox.c.created_at).label("since"))
        .where(*undelivered)
        .group_by(outbox.c.ledger)
    )
    again = (
        select(outbox.c.ledger, func.sum(outbox.c.attempt - 1)).where(outbox.c.attempt > 1).group_by(outbox.c.ledger)
    )
    logins = select(token.c.connection, func.max(token.c.at).label("at")).group_by(token.c.connection)
    return Watched(
        waiting_since={row.ledger: row.since for row in tx.execute(waiting)},
        sent_again={ledger: int(number) for ledger, number in tx.execute(again)},
        login_at={row.connection: row.at for row in tx.execute(logins)},
        backup_at=last_backup(tx),
    )


def clock_ahead(store: Store) -> float | None:
    """By how many seconds the database's clock is ahead of this machine's; None for a file, which has none."""
    if store.dialect == "sqlite":
        return None
    with store.read() as tx:
        before = datetime.now(UTC)
        theirs = now(tx)
        after = datetime.now(UTC)
    return (theirs - before - (after - before) / 2).total_seconds()
