"""That this worker lives, held as a lock: whoever can take the lock of another worker knows that it is dead."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from connector.errors import TransientError
from connector.log import open_log
from connector.store import BusyError, Lock, Store, workers

# How long a daemon on SQLite waits for the one before it to be gone.
_PATIENCE_SECONDS = 5.0


class Presence:
    """The lock of one worker, named after its sessions at the database.

    On SQLite there is one lock for all, because one process alone may own the engine's file: every other worker is
    dead then. `lost_after`: seconds without a sign of life after which a worker that still holds its lock counts as
    frozen; its sessions are ended, so that it can write nothing any more when it wakes.
    """

    def __init__(self, store: Store, *, lost_after: float = 60.0) -> None:
        self.worker = store.name
        self._store = store
        self._lost_after = lost_after
        self._held = ExitStack()
        self._lock: Lock | None = None
        self._log = open_log()

    @property
    def _is_alone(self) -> bool:
        return self._store.dialect == "sqlite"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be alive. Raises TransientError when another daemon works on the same SQLite file."""
        try:
            self._take(_PATIENCE_SECONDS)
        except BusyError as error:
            raise TransientError(
                "another `incasso run` works on this database: an SQLite file has room for one. "
                "Stop it first, or keep the store on PostgreSQL, where any number of machines may run.",
                detail=error.message,
            ) from error
        try:
            yield
        finally:
            self._held.close()

    def renew(self) -> bool:
        """Whether this worker is still alive to others; takes its lock again when it was lost."""
        if self._lock is not None and self._lock.is_held():
            return True
        self._log.warning("this worker was given up by the others, and comes back")
        try:
            self._held.close()
            self._take(0)
        except TransientError:
            return False
        return True

    @contextmanager
    def dead(self, worker: str) -> Iterator[bool]:
        """Whether another worker is dead; while this is open it cannot come back."""
        if self._is_alone:
            yield worker != self.worker
            return
        with ExitStack() as held:
            try:
                held.enter_context(self._store.lock(_lock_of(worker)))
            except BusyError:
                self._give_up_if_silent(worker)
                yield False
                return
            yield True

    def _take(self, patience: float) -> None:
        name = "engine" if self._is_alone else _lock_of(self.worker)
        self._lock = self._held.enter_context(self._store.lock(name, timeout=patience))

    def _give_up_if_silent(self, worker: str) -> None:
        with self._store.read() as tx:
            silent = workers.silent_for(tx, worker)
        if silent is not None and silent > self._lost_after:
            ended = workers.end_sessions(self._store, worker)
            self._log.warning("a worker is silent: its sessions were ended", worker=worker, sessions=ended)


def _lock_of(worker: str) -> str:
    return f"worker:{worker}"
