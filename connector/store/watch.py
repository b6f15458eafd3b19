"""What an alarm looks at: what was sent again, log-ins, the newest back-up, the server's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from connector.store.backups import last_backup
from connector.store.engine import Store, Tx
from connector.store.tables import outbox, token
from connector.store.workers import now


@dataclass(frozen=True)
class Watched:
    """By ledger: how often messages were sent again, of all that are kept.

    By connection: when its log-in was last renewed. `backup_at`: when the newest back-up was begun.
    """

    sent_again: Mapping[str, int]
    login_at: Mapping[str, datetime]
    backup_at: datetime | None


def watch(tx: Tx) -> Watched:
    """All of it."""
    again = (
        select(outbox.c.ledger, func.sum(outbox.c.attempt - 1)).where(outbox.c.attempt > 1).group_by(outbox.c.ledger)
    )
    logins = select(token.c.connection, func.max(token.c.at).label("at")).group_by(token.c.connection)
    return Watched(
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
