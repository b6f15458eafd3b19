"""The engine in this process, without a memory: for tests and for `incasso run --once`."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from connector.log import open_log
from connector.runtime.engine.port import USUAL, Going, Handler, Load, Run


@dataclass(order=True)
class _Waiting:
    priority: int
    number: int
    run: Run = field(compare=False)
    not_before: datetime = field(compare=False)


class Inline:
    """Runs work in threads of its own, or in the caller's with `work_off`. `budget`: seconds until a run is stuck."""

    def __init__(self, *, at_once: int = 4, budget: float = 3600.0) -> None:
        self._at_once = at_once
        self._budget = budget
        self._handlers: Mapping[str, Handler] = {}
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._going: dict[str, Going] = {}
        self._ended: dict[str, datetime] = {}
        self._numbers = 0
        self._stopping = False

    def submit(
        self, kind: str, key: str, slot: str, *, not_before: datetime | None = None, priority: int = USUAL
    ) -> bool:
        """See `Engine`."""
        run = Run(kind, key, slot)
        now = datetime.now(UTC)
        with self._changed:
            if run.id in self._known():
                return False
            self._numbers += 1
            self._waiting.append(_Waiting(priority, self._numbers, run, not_before or now))
            self._changed.notify_all()
        return True

    def start(self, handlers: Mapping[str, Handler]) -> None:
        """See `Engine`."""
        self._handlers = handlers
        for number in range(self._at_once):
            threading.Thread(target=self._work, name=f"inline-{number}", daemon=True).start()

    def work_off(self, handlers: Mapping[str, Handler]) -> None:
        """Do everything that may begin now, in this thread, in order."""
        self._handlers = handlers
        while (run := self._take()) is not None:
            self._do(run)

    def stop(self, grace: float) -> bool:
        """See `Engine`."""
        end = monotonic() + grace
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._going, timeout=max(0.0, end - monotonic()))

    def running(self) -> tuple[Run, ...]:
        """See `Engine`."""
        with self._changed:
            return tuple(one.run for one in self._going.values())

    def inspect(self) -> Load:
        """See `Engine`."""
        now = datetime.now(UTC)
        with self._changed:
            due = [one.not_before for one in self._waiting if one.not_before <= now]
            going = tuple(self._going.values())
            return Load(
                waiting=tuple(one.run for one in sorted(self._waiting)),
                going=going,
                stuck=tuple(one.run for one in going if (now - one.since).total_seconds() > self._budget),
                lag=(now - min(due)).total_seconds() if due else 0.0,
            )

    def tend(self) -> None:
        """See `Engine`. One process: there is nobody to take over from."""

    def prune(self, before: datetime) -> int:
        """See `Engine`."""
        with self._changed:
            old = [run for run, at in self._ended.items() if at < before]
            for run in old:
                del self._ended[run]
        return len(old)

    def _known(self) -> set[str]:
        return {*self._ended, *self._going, *(one.run.id for one in self._waiting)}

    def _work(self) -> None:
        while True:
            with self._changed:
                # Woken by what is submitted or ends; the clock moves what waits for its time.
                self._changed.wait_for(lambda: self._stopping or self._next() is not None, timeout=0.05)
                if self._stopping:
                    return
            run = self._take()
            if run is not None:
                self._do(run)

    def _next(self) -> _Waiting | None:
        now = datetime.now(UTC)
        busy = {one.run.key for one in self._going.values()}
        return min((one for one in self._waiting if one.not_before <= now and one.run.key not in busy), default=None)

    def _take(self) -> Run | None:
        with self._changed:
            found = self._next()
            if found is None or self._stopping:
                return None
            self._waiting.remove(found)
            self._going[found.run.id] = Going(found.run, datetime.now(UTC), "inline")
            return found.run

    def _do(self, run: Run) -> None:
        try:
            self._handlers[run.kind](run)
        except Exception:
            open_log().error("run crashed", run=run.id, exc_info=True)
        finally:
            with self._changed:
                del self._going[run.id]
                self._ended[run.id] = datetime.now(UTC)
                self._changed.notify_all()
