"""The engine on DBOS Transact: embedded on SQLite, over any number of machines on PostgreSQL; one code path.

Its own rules: only ids in arguments and results, one step a run, one version for ever, no retries and no schedules of
its own, and one pinned release, which is changed only while the tests with kills are green.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.errors import TransientError
from connector.log import open_log
from connector.runtime.engine.port import USUAL, Going, Handler, Load, Run
from connector.runtime.engine.presence import Presence

if TYPE_CHECKING:
    from dbos import DBOS, WorkflowStatus

_NAME = "incasso"
_QUEUE = "ledgers"
_SCHEMA = "incasso_engine"
# Work is only picked up by the version that queued it: one for all releases.
_VERSION = "1"
_OFTEN = 1_000_000
_AT_ONCE = 500
# Connections of the engine in one process: it holds none while a handler works.
_POOL = 6
_WAITING = ("ENQUEUED", "DELAYED")


class Transact:
    """`url`: of its own SQLite file or of a PostgreSQL database, where it keeps to a schema of its own.

    `at_once`: runs in this process. `budget`: seconds until a run that goes on is called stuck. `poll`: seconds
    between two looks at the queue. `handoff`: seconds that may pass between a run being given to this process and its
    being seen at work here, and between its end and the record of it. Only one may be open in a process.
    """

    def __init__(
        self,
        url: str,
        presence: Presence,
        *,
        at_once: int = 8,
        budget: float = 7200.0,
        poll: float = 1.0,
        handoff: float = 30.0,
    ) -> None:
        self._url = url
        self._presence = presence
        self._at_once = at_once
        self._budget = budget
        self._poll = poll
        self._log = open_log()
        self._handlers: Mapping[str, Handler] = {}
        self._handoff = handoff
        self._going = _Going(handoff)
        self._dbos: type[DBOS] | None = None

    def start(self, handlers: Mapping[str, Handler]) -> None:
        """See `Engine`."""
        from dbos import DBOS

        self._handlers = handlers
        _quieten()
        DBOS(
            config={
                "name": _NAME,
                "system_database_url": self._url,
                "dbos_system_schema": _SCHEMA,
                "application_version": _VERSION,
                "executor_id": self._presence.worker,
                "log_level": "ERROR",
                "sys_db_pool_size": _POOL,
                "use_listen_notify": False,
                "scheduler_polling_interval_sec": 3600.0,
                "db_engine_kwargs": {"connect_args": {"application_name": self._presence.worker}},
            }
        )

        def work(kind: str, key: str, slot: str) -> None:
            self._work(Run(kind, key, slot))

        DBOS.workflow(name="run", max_recovery_attempts=_OFTEN)(work)
        DBOS.launch()
        self._dbos = DBOS
        self._open_queue()

    def submit(
        self, kind: str, key: str, slot: str, *, not_before: datetime | None = None, priority: int = USUAL
    ) -> bool:
        """See `Engine`."""
        from dbos._error import DBOSWorkflowIDInUseError

        run = Run(kind, key, slot)
        options: dict[str, Any] = {
            "workflow_name": "run",
            "queue_name": _QUEUE,
            "workflow_id": run.id,
            "workflow_id_reuse_policy": "reject",
            "app_version": _VERSION,
            "priority": priority,
            "queue_partition_key": key,
            "serialization_type": "portable",
        }
        if not_before is not None:
            options["delay_seconds"] = max(0.0, (not_before - datetime.now(UTC)).total_seconds())
        with _reaching():
            try:
                self._engine.enqueue_workflow_with_options(options, kind, key, slot)  # type: ignore[arg-type]
            except DBOSWorkflowIDInUseError:
                return False
        return True

    def stop(self, grace: float) -> bool:
        """See `Engine`. Waits for a second at least: the library looks whether work goes on only so often."""
        if self._dbos is None:
            return True
        self._dbos.destroy(workflow_completion_timeout_sec=max(1, int(grace)), destroy_registry=True)
        self._dbos = None
        return not self._going.runs()

    def running(self) -> tuple[Run, ...]:
        """See `Engine`."""
        return tuple(self._going.runs().values())

    def inspect(self) -> Load:
        """See `Engine`."""
        now = datetime.now(UTC)
        rows = self._list(status=[*_WAITING, "PENDING"])
        going = [one for one in rows if one.status == "PENDING"]
        waiting = [one for one in rows if one.status != "PENDING"]
        late = {one.workflow_id for one in going if (now - _since(one)).total_seconds() > self._budget}
        stuck = late | {one.workflow_id for one in self._lost(going, now)}
        ready = [_ready_at(one) for one in waiting]
        return Load(
            waiting=tuple(_run(one) for one in waiting),
            going=tuple(Going(_run(one), _since(one), one.executor_id or "") for one in going),
            stuck=tuple(_run(one) for one in going if one.workflow_id in stuck),
            lag=max(0.0, (now - min(ready)).total_seconds()) if ready else 0.0,
        )

    def tend(self) -> None:
        """See `Engine`."""
        try:
            going = self._list(status="PENDING")
        except TransientError:
            self._mend()
            return
        now = datetime.now(UTC)
        lost = self._lost(going, now)
        if lost:
            self._log.warning("runs were lost and begin again", runs=[one.workflow_id for one in lost])
            self._resume(lost)
        for executor in sorted({one.executor_id or "" for one in going} - {self._presence.worker}):
            self._take_over(executor)

    def prune(self, before: datetime) -> int:
        """See `Engine`."""
        ended = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
        pruned = 0
        while rows := self._list(status=ended, completed_before=before.isoformat(), limit=_AT_ONCE):
            with _reaching():
                self._engine.delete_workflows([one.workflow_id for one in rows])
            pruned += len(rows)
        return pruned

    @property
    def _engine(self) -> "type[DBOS]":
        if self._dbos is None:
            raise TransientError("the engine is not running.")
        return self._dbos

    def _open_queue(self) -> None:
        with _reaching():
            self._engine.register_queue(
                _QUEUE,
                partition_concurrency=1,
                worker_concurrency=self._at_once,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )

    def _work(self, run: Run) -> None:
        """The one workflow. What its handler raises is logged, never kept: it may name a person."""
        with self._going.one(run):
            self._engine.run_step({"name": "work"}, self._do, run)

    def _do(self, run: Run) -> None:
        try:
            # In a context of its own: what a handler submits is nobody's child, and no part of this run's record.
            Context().run(self._handlers[run.kind], run)
        except Exception:
            self._log.error("run crashed", run=run.id, exc_info=True)

    def _list(self, **wanted: Any) -> "list[WorkflowStatus]":
        with _reaching():
            return self._engine.list_workflows(queue_name=_QUEUE, load_input=False, load_output=False, **wanted)

    def _lost(self, going: "Iterable[WorkflowStatus]", now: datetime) -> "list[WorkflowStatus]":
        """Runs that the engine gave to this process, and that this process does not know of."""
        here = self._going.known()
        return [
            one
            for one in going
            if one.executor_id == self._presence.worker
            and one.workflow_id not in here
            and (now - _since(one)).total_seconds() > self._handoff
        ]

    def _take_over(self, executor: str) -> None:
        """Queue again what a dead worker had in hand; while its lock is ours, nobody else does."""
        with self._presence.dead(executor) as is_dead:
            if is_dead and (left := self._list(status="PENDING", executor_id=executor)):
                self._log.warning("takes over from a worker that is gone", worker=executor, runs=len(left))
                self._resume(left)

    def _resume(self, rows: "list[WorkflowStatus]") -> None:
        with _reaching():
            self._engine.resume_workflows([one.workflow_id for one in rows], queue_name=_QUEUE)

    def _mend(self) -> None:
        """Make the engine's tables again when they are gone. What was in them comes back with the sweeper."""
        with _reaching():
            self._engine.migrate(self._url, schema=_SCHEMA)
        self._open_queue()
        self._log.warning("the engine's tables were made again")


class _Going:
    """What goes on in this process, and what has just ended: the engine records an end a moment after it."""

    def __init__(self, handoff: float) -> None:
        self._handoff = handoff
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._just: dict[str, datetime] = {}

    @contextmanager
    def one(self, run: Run) -> Iterator[None]:
        with self._lock:
            self._runs[run.id] = run
        try:
            yield
        finally:
            with self._lock:
                self._forget()
                self._just[run.id] = datetime.now(UTC)
                self._runs.pop(run.id, None)

    def runs(self) -> dict[str, Run]:
        with self._lock:
            return dict(self._runs)

    def known(self) -> set[str]:
        with self._lock:
            self._forget()
            return self._just.keys() | self._runs.keys()

    def _forget(self) -> None:
        now = datetime.now(UTC)
        self._just = {id_: at for id_, at in self._just.items() if (now - at).total_seconds() < self._handoff}


@contextmanager
def _reaching() -> Iterator[None]:
    """The library lets errors of every layer below it through: for us they all mean the same."""
    from dbos._error import DBOSWorkflowIDInUseError

    try:
        yield
    except (TransientError, DBOSWorkflowIDInUseError):
        raise
    except Exception as error:
        raise TransientError("the engine's memory cannot be reached.", detail=type(error).__name__) from error


def _quieten() -> None:
    """Its lines go through our log, a line each: its own handler writes past our masks, and it tells every layer."""
    library = logging.getLogger("dbos")
    library.handlers = [logging.NullHandler()]
    library.propagate = True
    if _shorten not in library.filters:
        library.addFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    said = record.getMessage().partition("\n")[0]
    record.msg, record.args, record.exc_info = f"{said} {type(error).__name__}" if error else said, (), None
    return True


def _run(one: "WorkflowStatus") -> Run:
    kind, _, rest = one.workflow_id.partition(":")
    key = one.queue_partition_key or ""
    return Run(kind, key, rest.removeprefix(f"{key}:"))


def _since(one: "WorkflowStatus") -> datetime:
    return datetime.fromtimestamp((one.dequeued_at or one.updated_at or 0) / 1000, UTC)


def _ready_at(one: "WorkflowStatus") -> datetime:
    return datetime.fromtimestamp(max(one.created_at or 0, one.delay_until_epoch_ms or 0) / 1000, UTC)
