"""A source that starts again from its beginning: which rows it has shown since, so that those it has not stand out."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.tables import open_item, resync, resync_seen

# Built once: it runs with every page of a pull.
_SINCE = select(resync.c.since).where(resync.c.ledger == bindparam("of_ledger"))


def begin(tx: Tx, ledger: str, *, at: datetime) -> None:
    """The source begins again. An empty ledger needs no looking after: all it will hold is what comes now."""
    end(tx, ledger)
    if tx.scalar(select(func.count()).select_from(open_item).where(open_item.c.ledger == ledger)):
        bulk_upsert(tx, resync, [(ledger, at)])


def running(tx: Tx, ledger: str) -> bool:
    """Whether the source is on its way through everything again."""
    return tx.scalar(_SINCE, {"of_ledger": ledger}) is not None


def note_seen(tx: Tx, ledger: str, ids: Iterable[str]) -> None:
    """These rows were shown, or tried to be."""
    bulk_upsert(tx, resync_seen, [(ledger, one, True) for one in sorted(set(ids))])


def unseen(tx: Tx, ledger: str) -> list[str]:
    """Rows that stand here and were not shown since the source began again."""
    shown = select(resync_seen.c.id).where(resync_seen.c.ledger == ledger)
    where = (open_item.c.ledger == ledger, open_item.c.gone.is_(False), open_item.c.id.not_in(shown))
    return list(tx.scalars(select(open_item.c.id).where(*where).order_by(open_item.c.id)))


def end(tx: Tx, ledger: str) -> None:
    """The source has come to its end."""
    tx.execute(delete(resync_seen).where(resync_seen.c.ledger == ledger))
    tx.execute(delete(resync).where(resync.c.ledger == ledger))
