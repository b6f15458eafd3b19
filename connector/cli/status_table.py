"""The status as a person reads it: a line a ledger, a line a connection, and what to do."""

from typing import TYPE_CHECKING

from connector.cli.counts import say
from connector.cli.output import instant, print_line, show_table
from connector.runtime.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connector.runtime.status import AgencyStatus, ConnectionStatus, Count, LedgerStatus, Status
    from connector.runtime.workforce import WorkerStatus, Workforce


def show_status(status: "Status") -> None:
    """Print it."""
    clock = " (TEST clock)" if status.test_clock else ""
    print_line(f"{instant(status.at)}{clock}, incasso {status.version}")
    columns = ["ledger", "state", "last pull", "open", "items", "debtors", "plan", "cases", "to send", "tasks"]
    show_table(
        columns,
        [_ledger(one, status.at) for one in status.ledgers],
        right=["open", "items", "debtors", "to send", "tasks"],
        whole=["ledger", "state", "last pull"],
    )
    several = [(one, there) for one in status.ledgers if len(one.agencies) > 1 for there in one.agencies]
    if several:
        show_table(
            ["ledger", "agency", "cases", "questions", "to send", "parked", "oldest waits"],
            [_agency(one, there, status.at) for one, there in several],
            right=["cases", "questions", "to send", "parked"],
            whole=["ledger", "agency"],
        )
    show_table(
        ["connection", "plugin", "state", "last used", "calls left", "what to do"],
        [_connection(one) for one in status.connections],
        right=["calls left"],
        whole=["connection", "plugin", "state", "last used"],
    )
    if status.workforce.workers:
        show_table(
            ["worker", "machine", "state", "since", "last sign of life", "works on"],
            [_worker(one) for one in status.workforce.workers],
            right=["works on"],
            whole=["machine", "state", "since"],
        )
    for line in (*_engine(status.workforce), *_remarks(status)):
        print_line(line)


def _worker(one: "WorkerStatus") -> list[str]:
    state = "works" if one.lives else "silent"
    return [
        f"{one.pid}, {one.version}",
        one.host,
        state,
        instant(one.started_at),
        instant(one.seen_at),
        str(one.running),
    ]


def _engine(force: "Workforce") -> "Iterable[str]":
    if not force.living:
        return
    waits = f", the longest for {plural(force.lag_seconds, 'second')}" if force.lag_seconds else ""
    yield f"{plural(force.running, 'run')} under way, {force.queued:,} waiting{waits}, {force.stuck:,} stuck"


def _ledger(one: "LedgerStatus", now: "datetime") -> list[str]:
    return [
        one.name,
        "brake" if one.brake else one.standing,
        _age(one.pulled_at, now) + ("" if one.fresh or not one.pulled_at else " (late)"),
        ", ".join(str(money) for money in one.open) or "-",
        f"{one.open_items:,}",
        f"{one.debtors:,}",
        f"{one.plan.id} {one.plan.state}: {_steps(one.plan.moves)}" if one.plan else "-",
        _words(one.cases),
        f"{one.outbox.total:,}",
        f"{one.open_tasks:,}",
    ]


def _agency(one: "LedgerStatus", there: "AgencyStatus", now: "datetime") -> list[str]:
    return [
        one.name,
        there.connection + (" (not named)" if there.mend else ""),
        f"{there.cases:,}",
        f"{there.questions:,}",
        f"{there.waiting:,}",
        f"{there.parked:,}",
        _age(there.oldest, now) if there.oldest else "-",
    ]


def _connection(one: "ConnectionStatus") -> list[str]:
    left = ", ".join(f"{calls.left:,}" for calls in one.calls if calls.left is not None)
    return [one.name, one.plugin, one.state, instant(one.at), left or "-", " ".join((one.message, one.mend)).strip()]


def _remarks(status: "Status") -> "Iterable[str]":
    if status.quarantine:
        yield f"Quarantine: {status.quarantine.said}."
    for one in status.ledgers:
        if one.brake:
            yield f"{one.name}: brake since {instant(one.brake_since)}: {one.brake}. Then: incasso release {one.name}"
        for mend in (there.mend for there in one.agencies if there.mend):
            yield f"{one.name}: {mend}"
        if one.last_error:
            yield f"{one.name}: the last {one.last_error}"
        box = one.outbox
        if box.total:
            parts = (("unknown", box.unknown), ("parked", box.parked), ("being sent", box.sending))
            said = "".join(f", {count:,} {word}" for word, count in parts if count)
            since = instant(box.oldest)
            yield f"{one.name}: {plural(box.total, 'message')} not arrived{said}, the oldest since {since}"
        if one.payment_waits_since:
            since = instant(one.payment_waits_since)
            yield f"{one.name}: what stops or shrinks a collection has not arrived since {since}"
        if one.asked_back:
            yield f"{one.name}: {plural(one.asked_back, 'case')} asked back, not confirmed. See: incasso case list"
        if one.differences:
            yield f"{one.name}: {plural(one.differences, 'difference')}. See: incasso differences {one.name}"
        if one.set_aside:
            yield f"{one.name}: {plural(one.set_aside, 'malformed record')} set aside. See: incasso faults {one.name}"
        if one.open_tasks:
            yield f"{one.name}: waits for a person: {_words(one.tasks)}. See: incasso tasks"
    if status.stray_tasks:
        yield f"Of no ledger: {_words(status.stray_tasks)}. See: incasso tasks"


def _steps(counts: "Iterable[Count]") -> str:
    return ", ".join(say(one.word, one.count) for one in counts) or "-"


def _words(counts: "Iterable[Count]") -> str:
    return ", ".join(f"{one.count:,} {one.word.replace('_', ' ')}" for one in counts) or "-"


def _age(at: "datetime | None", now: "datetime") -> str:
    if at is None:
        return "never"
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 2:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
