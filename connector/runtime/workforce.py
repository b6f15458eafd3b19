"""The processes of the service and what they have in hand, as each told by its last sign of life."""

from datetime import datetime, timedelta

from connector.model.record import Record
from connector.store import Tx, workers

# Some beats, of ten seconds each, may be missed.
_SILENT = timedelta(seconds=60)


class WorkerStatus(Record):
    """One process of the service. `lives`: it gave a sign of life within the last minute, by the database's clock."""

    id: str
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    lives: bool
    running: int


class Workforce(Record):
    """All workers, and the engine's figures over all machines as the last of them saw them.

    `queued` waits; `running` goes on; `stuck` goes on for too long; `lag_seconds`: how long the longest-waiting run
    that might begin has waited.
    """

    workers: tuple[WorkerStatus, ...] = ()
    queued: int = 0
    running: int = 0
    stuck: int = 0
    lag_seconds: int = 0

    @property
    def living(self) -> int:
        """How many workers live."""
        return sum(one.lives for one in self.workers)


def read_workforce(tx: Tx) -> Workforce:
    """As it stands in the store."""
    now, rows = workers.now(tx), workers.all_workers(tx)
    found = tuple(
        WorkerStatus(
            id=row.id,
            host=row.host,
            pid=row.pid,
            version=row.version,
            started_at=row.started_at,
            seen_at=row.seen_at,
            lives=now - row.seen_at <= _SILENT,
            running=row.running,
        )
        for row in rows
    )
    last = max(rows, key=lambda row: row.seen_at, default=None)
    if last is None or not any(one.lives for one in found):
        return Workforce(workers=found)
    return Workforce(
        workers=found,
        queued=last.queued,
        running=sum(one.running for one in found if one.lives),
        stuck=last.stuck,
        lag_seconds=last.lag,
    )
