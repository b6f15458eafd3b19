"""The signs of life of this process, and what it saw of the engine, for everybody to read in the store."""

import os
import socket

from connector import __version__
from connector.errors import TransientError
from connector.runtime.engine import Engine, Load
from connector.runtime.engine.presence import Presence
from connector.store import Store, workers
from connector.store.workers import Seen


class Pulse:
    """Beats for one worker."""

    def __init__(self, store: Store, engine: Engine, presence: Presence) -> None:
        self._store = store
        self._engine = engine
        self._presence = presence

    def first(self) -> None:
        """Before the engine starts: whoever takes work is known."""
        self._write(Load())

    def beat(self) -> None:
        """A sign of life. Raises TransientError when the store or the engine's memory cannot be reached."""
        self._presence.renew()
        try:
            load = self._engine.inspect()
        except TransientError:
            # The process lives, whatever has become of the engine's memory.
            self._write(Load())
            raise
        self._write(load)

    def last(self) -> None:
        """This worker ended as it should."""
        with self._store.write() as tx:
            workers.leave(tx, self._presence.worker)

    def _write(self, load: Load) -> None:
        seen = Seen(
            running=len(self._engine.running()), queued=len(load.waiting), stuck=len(load.stuck), lag=int(load.lag)
        )
        with self._store.write() as tx:
            workers.beat(
                tx,
                self._presence.worker,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=__version__,
                seen=seen,
            )
