"""The processes of the service: their signs of life, by the database's clock, and the end of one that is silent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select, text, update

from connector.store.engine import Store, Tx
from connector.store.tables import worker


@dataclass(frozen=True)
class Seen:
    """What a worker saw at a sign of life: `running` runs in itself, the rest over all machines; `lag` in seconds."""

    running: int = 0
    queued: int = 0
    stuck: int = 0
    lag: int = 0


@dataclass(frozen=True)
class Worker:
    """One process of the service. `started_at` and `seen_at` are by the database's clock."""

    id: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    running: int
    queued: int
    stuck: int
    lag: int


def now(tx: Tx) -> datetime:
    """The clock that all machines share: the server's; that of this machine for a file."""
    if tx.dialect.name == "sqlite":
        return datetime.now(UTC)
    found: datetime = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found.astimezone(UTC)


def beat(tx: Tx, name: str, *, host: str, pid: int, version: str, seen: Seen) -> None:
    """Give a sign of life; the first one adds the worker."""
    at = now(tx)
    changed = update(worker).where(worker.c.id == name).values(seen_at=at, **vars(seen))
    if not tx.execute(changed).rowcount:
        facts = {"id": name, "host": host, "pid": pid, "version": version, "started_at": at, "seen_at": at}
        tx.execute(insert(worker).values(**facts, **vars(seen)))


def leave(tx: Tx, name: str) -> None:
    """A worker ended as it should."""
    tx.execute(delete(worker).where(worker.c.id == name))


def forget(tx: Tx, *, silent: timedelta) -> int:
    """Remove the workers that gave no sign of life for so long; returns how many."""
    return tx.execute(delete(worker).where(worker.c.seen_at < now(tx) - silent)).rowcount


def all_workers(tx: Tx) -> list[Worker]:
    """Every worker that is known, the longest at work first."""
    rows = tx.execute(select(worker).order_by(worker.c.started_at, worker.c.id))
    return [Worker(**row._mapping) for row in rows]


def silent_for(tx: Tx, name: str) -> float | None:
    """Seconds since a worker's last sign of life; None when it is not known."""
    seen: datetime | None = tx.scalar(select(worker.c.seen_at).where(worker.c.id == name))
    return None if seen is None else (now(tx) - seen).total_seconds()


def end_sessions(store: Store, name: str) -> int:
    """End the sessions of a worker at the server, with all locks and transactions in them; returns how many."""
    ask = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = :name")
    with store.read() as tx:
        return int(tx.execute(ask, {"name": name}).scalar_one())
