"""The status as Prometheus metrics. Labels name ledgers, connections and verbs, never a debtor or an invoice."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.runtime.status import ConnectionStatus, LedgerStatus, RunStatus, Status
from connector.runtime.workforce import Workforce

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STATES = ("ok", "login", "config", "quota", "trouble", "new")


def render(status: Status, *more: Collector) -> bytes:
    """The status in the Prometheus text format, and what further collectors give."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in (_Figures(status), *more):
        registry.register(collector)
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        yield from _ledgers(status.ledgers, status.at)
        yield from _runs(status)
        yield from _connections(status.connections)
        yield from _workforce(status.workforce)
        held = gauge("quarantine", "1 while hand-overs that a restored store has forgotten are not looked up.")
        held.add_metric([], int(status.quarantine is not None))
        yield held


def _workforce(force: Workforce) -> Iterator[Metric]:
    figures = (
        ("workers", "Processes of the service that live.", force.living),
        ("engine_queued", "Runs that wait, over all machines.", force.queued),
        ("engine_running", "Runs that go on, over all machines.", force.running),
        ("engine_stuck", "Runs that go on for longer than their budget.", force.stuck),
        ("engine_lag_seconds", "How long the longest-waiting run that might begin has waited.", force.lag_seconds),
    )
    for name, said, value in figures:
        one = gauge(name, said)
        one.add_metric([], value)
        yield one


def _ledgers(ledgers: tuple[LedgerStatus, ...], now: datetime) -> Iterator[Metric]:
    age = gauge("ledger_pull_age_seconds", "Seconds since a pull last saw the whole ledger.", "ledger")
    amount = gauge("ledger_open_minor_units", "Open amount in minor units, net of credits.", "ledger", "currency")
    items = gauge("ledger_open_items", "Rows that stand open.", "ledger")
    debtors = gauge("ledger_open_debtors", "Debtors with something open.", "ledger")
    brake = gauge("ledger_brake", "1 while the ledger waits for a person to look.", "ledger")
    aside = gauge("ledger_records_set_aside", "Malformed records that are set aside.", "ledger")
    cases = gauge("cases", "Cases by where they stand.", "ledger", "state")
    tasks = gauge("tasks_open", "What waits for a person, by kind.", "ledger", "kind")
    box = gauge("outbox_messages", "Messages to agencies that have not arrived, by state.", "ledger", "state")
    oldest = gauge("outbox_oldest_seconds", "Age of the oldest message that has not arrived.", "ledger")
    differ = gauge("differences", "What source, store and agency do not agree on.", "ledger")
    back = gauge("cases_asked_back", "Withdrawals that the agency has not confirmed.", "ledger")
    delay = gauge(
        "payment_delay_seconds", "Age of the oldest message that stops or shrinks a collection, not arrived.", "ledger"
    )
    for one in ledgers:
        if one.pulled_at:
            age.add_metric([one.name], (now - one.pulled_at).total_seconds())
        for money in one.open:
            amount.add_metric([one.name, money.currency], money.minor)
        items.add_metric([one.name], one.open_items)
        debtors.add_metric([one.name], one.debtors)
        brake.add_metric([one.name], int(bool(one.brake)))
        aside.add_metric([one.name], one.set_aside)
        for count in one.cases:
            cases.add_metric([one.name, count.word], count.count)
        for count in one.tasks:
            tasks.add_metric([one.name, count.word], count.count)
        for state in ("waiting", "sending", "unknown", "parked"):
            box.add_metric([one.name, state], getattr(one.outbox, state))
        since = one.outbox.oldest
        oldest.add_metric([one.name], (now - since).total_seconds() if since else 0)
        differ.add_metric([one.name], one.differences)
        back.add_metric([one.name], one.asked_back)
        waits = one.payment_waits_since
        delay.add_metric([one.name], (now - waits).total_seconds() if waits else 0)
    yield from (age, amount, items, debtors, brake, aside, cases, tasks, box, oldest, differ, back, delay)


def _runs(status: Status) -> Iterator[Metric]:
    good = gauge("last_run_ok", "1 when the last finished run of the verb ended well.", "ledger", "verb")
    ended = gauge("last_run_end_timestamp_seconds", "When the last run of the verb ended.", "ledger", "verb")
    took = gauge("last_run_seconds", "How long the last run of the verb took.", "ledger", "verb")
    did = gauge("last_run_count", "What the last run of the verb counted.", "ledger", "verb", "what")
    for ledger in status.ledgers:
        for run in ledger.runs:
            label = [ledger.name, run.verb]
            if run.ended_at and run.seconds is not None:
                good.add_metric(label, int(run.outcome == "ok"))
                ended.add_metric(label, run.ended_at.timestamp())
                took.add_metric(label, run.seconds)
            for word, count in _counted(run):
                did.add_metric([*label, word], count)
    totals = CounterMetricFamily(
        "incasso_runs", "Runs by how they ended, since the installation began.", labels=["ledger", "verb", "outcome"]
    )
    for total in status.run_totals:
        totals.add_metric([total.ledger, total.verb, total.outcome], total.count)
    yield from (good, ended, took, did, totals)


def _counted(run: RunStatus) -> Iterator[tuple[str, int]]:
    return ((one.word.replace(" ", "_"), one.count) for one in run.counts)


def _connections(connections: tuple[ConnectionStatus, ...]) -> Iterator[Metric]:
    state = gauge("connection_state", "1 for the state in which a connection is.", "connection", "state")
    left = gauge("connection_calls_left", "Calls left today, where the server has said.", "connection", "company")
    used = gauge("connection_calls_used", "Calls counted today.", "connection", "company")
    for one in connections:
        for word in _STATES:
            state.add_metric([one.name, word], int(one.state == word))
        for calls in one.calls:
            used.add_metric([one.name, calls.company], calls.used)
            if calls.left is not None:
                left.add_metric([one.name, calls.company], calls.left)
    yield from (state, left, used)


def gauge(name: str, said: str, *labels: str) -> GaugeMetricFamily:
    """An empty family of gauges; `name` without its beginning `incasso_`."""
    return GaugeMetricFamily(f"incasso_{name}", said, labels=labels)
