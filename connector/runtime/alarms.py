"""The figures that alarms look at, beside the status: what waits too long, what lapses, what the machine runs out of.

The rules over them are `deploy/prometheus/alerts.yml`, the run book is `docs/how-to/alarms.md`.
"""

import math
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic

from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.errors import ConnectorError
from connector.flow.workspace import Workspace
from connector.law.freshness import freshness
from connector.runtime.metrics import gauge
from connector.runtime.status import LedgerStatus, Status
from connector.store import health, watch


class AlarmFigures(Collector):
    """Read once, when it is asked. Labels name ledgers, verbs, connections and servers."""

    def __init__(self, workspace: Workspace, status: Status) -> None:
        self._workspace = workspace
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """The families."""
        yield from self._schedule()
        yield from self._deliveries()
        yield from self._work()
        yield from self._disk()
        yield from self._clocks()
        yield from self._law()

    def _schedule(self) -> Iterator[Metric]:
        period = gauge("ledger_period_seconds", "How often the ledger is to be visited.", "ledger")
        lag = gauge("schedule_lag_seconds", "By how much the next visit of the ledger is overdue.", "ledger")
        going = gauge("run_going_seconds", "Age of a run that has not ended.", "ledger", "verb")
        now = self._status.at
        for one in self._status.ledgers:
            every = timedelta(minutes=self._workspace.settings.ledgers[one.name].every_minutes)
            period.add_metric([one.name], every.total_seconds())
            lag.add_metric([one.name], _overdue(one, every, now))
            for run in one.runs:
                if run.ended_at is None:
                    going.add_metric([one.name, run.verb], (now - run.started_at).total_seconds())
        yield from (period, lag, going)

    def _deliveries(self) -> Iterator[Metric]:
        again = _counter("outbox_resends", "Attempts after the first one, of all messages that are kept.", "ledger")
        login = gauge("login_age_seconds", "Since when the log-in was last renewed.", "connection")
        backup = gauge("backup_age_seconds", "Age of the newest back-up; +Inf when there is none.")
        now = self._status.at
        with self._workspace.store.read() as tx:
            found = watch.watch(tx)
        for one in self._status.ledgers:
            again.add_metric([one.name], found.sent_again.get(one.name, 0))
        for name in self._workspace.settings.connections.keys() & found.login_at.keys():
            login.add_metric([name], (now - found.login_at[name]).total_seconds())
        backup.add_metric([], (now - found.backup_at).total_seconds() if found.backup_at else math.inf)
        yield from (again, login, backup)

    def _work(self) -> Iterator[Metric]:
        work = _counter("work", "What runs of this process counted, since it began.", "ledger", "verb", "what")
        for (ledger, verb, what), number in self._workspace.observed.counts().items():
            work.add_metric([ledger, verb, what.replace(" ", "_")], number)
        yield work

    def _disk(self) -> Iterator[Metric]:
        """Of the disk with the database, or of the installation's where the database is on a server."""
        file = health.file_of(self._workspace.store)
        disk = shutil.disk_usage(file.parent if file else self._workspace.settings.home)
        for name, said, size in (("free", "Room left", disk.free), ("size", "Size of it", disk.total)):
            family = gauge(f"disk_{name}_bytes", f"{said}, on the disk that holds the data.")
            family.add_metric([], size)
            yield family

    def _clocks(self) -> Iterator[Metric]:
        """A server's clock counts only as far as it is surely off: its `Date` header knows whole seconds."""
        skew = gauge("clock_skew_seconds", "How far ahead the server's clock surely is; negative: behind.", "server")
        answer = gauge("database_answer_seconds", "How long the database took for a small question.")
        began = monotonic()
        try:
            ahead = watch.clock_ahead(self._workspace.store)
        except ConnectorError:
            return
        answer.add_metric([], monotonic() - began)
        if ahead is not None:
            skew.add_metric(["database"], ahead)
        for offset in self._workspace.observed.offsets():
            skew.add_metric([offset.host], offset.sure)
        yield from (skew, answer)

    def _law(self) -> Iterator[Metric]:
        left = gauge("law_table_days_left", "Days that a table of the law still covers; negative: it ended.", "table")
        for one in freshness(self._workspace.law.tables, self._status.at.date()):
            left.add_metric([one.table], one.days_left)
        yield left


def _overdue(ledger: LedgerStatus, every: timedelta, now: datetime) -> float:
    begun = [run.started_at for run in ledger.runs if run.verb == "pull"]
    return max(0.0, (now - begun[0] - every).total_seconds()) if begun else 0.0


def _counter(name: str, said: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"incasso_{name}", said, labels=labels)
