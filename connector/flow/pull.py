"""Pull: what is open at the source, page by page, pages with the cursor of the last in one transaction."""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from threading import Event
from typing import Any

from connector.api import Source
from connector.config import Ledger
from connector.errors import PluginError
from connector.flow.differences import control
from connector.flow.runs import Progress, Report, StoppedError, noting, quiet, running
from connector.flow.workspace import Workspace
from connector.model import Page
from connector.store import Tx, cases, debtors, differences, item_changes, items, journal, people, resync

# Below this many open rows a percentage says nothing.
_BRAKE_FLOOR = 20
_RECORDS_BETWEEN_COLLECTIONS = 20_000
# Two pages touch many of the same places of the indexes. More would cost memory, and calls again when a run is cut.
_PAGES_A_COMMIT = 2
_RECORDS_A_COMMIT = 2000


def pull(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet, from_beginning: bool = False) -> Report:
    """Bring the store up to what the source holds now.

    With `from_beginning` the source shows everything again, and what it does not show is perhaps gone.
    Each page is stored whole or not at all, with the one before it or by itself; a run that is cut goes on after the
    last stored page. What comes out of an error is a `connector.errors` class; everything read before it is stored.
    """
    with running(workspace, ledger.name, "pull") as report, noting(workspace, ledger.source.connection), _settled():
        source = workspace.source(ledger)
        scope = f"pull:{ledger.name}"
        with workspace.store.read() as tx:
            cursor = journal.read_cursor(tx, scope)
            open_before = items.count_open(tx, ledger.name)
        seen_open: set[str] = set()
        complete = False
        start = cursor.value if cursor and not from_beginning else None
        for lot in _by_the_commit(_pages(source, start, again=from_beginning), workspace.stop):
            _store(workspace, ledger, lot, report=report)
            for one in lot:
                # A first load has nothing to miss, and its rows would not fit the memory.
                if open_before:
                    seen_open.update(item_changes.shown_open(one.items))
                    # A record that could not be read was there all the same.
                    seen_open.update(fault.id for fault in one.page.faults)
                progress(one.page.stream, one.records)
            last = one.page
            complete = last.complete
            if complete:
                _look_for_missing(workspace, ledger, seen_open if last.snapshot else None, report=report)
                _check_total(workspace, ledger, last)
            if workspace.stop.is_set():
                raise StoppedError("stopped between two pages; the next run goes on from there")
            del one, lot  # while the next ones are read, their memory is free
        if not complete:
            raise PluginError("the pull ended without a last page", plugin=ledger.source.connection)
        _brake(workspace, ledger, open_before, closed=report.counts["items closed"] + report.counts["items gone"])
    return report


@dataclass(frozen=True)
class _Read:
    """A page as it waits to be stored: its items as rows, which are a third of the records they came as."""

    page: Page
    items: list[item_changes.Facts]

    @property
    def records(self) -> int:
        page = self.page
        return len(self.items) + len(page.debtors) + len(page.contacts) + len(page.addresses)


def _pages(source: Source, cursor: str | None, *, again: bool) -> Iterator[_Read]:
    """The source's pages; the first one of a reading that was asked to begin again says so."""
    for page in source.pull(cursor):
        rest = page.model_copy(update={"items": (), "full_resync": again or page.full_resync})
        items = item_changes.facts_of(page.items)
        again = False
        del page  # while the next one is read, this one's memory is free
        yield _Read(rest, items)
        del rest, items


def _by_the_commit(pages: Iterator[_Read], stop: Event) -> Iterator[list[_Read]]:
    """The pages in the lots in which they are stored.

    What was read when the source fails is stored before that, and nothing more is read once `stop` is set.
    """
    lot: list[_Read] = []
    try:
        for page in pages:
            lot.append(page)
            full = len(lot) == _PAGES_A_COMMIT or sum(one.records for one in lot) >= _RECORDS_A_COMMIT
            if full or page.page.complete or stop.is_set():
                yield lot
                lot = []
            del page
    except Exception:
        if lot:
            yield lot
        raise
    if lot:
        yield lot


@contextmanager
def _settled() -> Iterator[None]:
    """What stands before a pull outlives it: the garbage collector need not look through it with every tenth page.

    Nor with every page through the page itself: its records refer to nothing that refers back to them.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_RECORDS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _store(workspace: Workspace, ledger: Ledger, lot: Sequence[_Read], *, report: Report) -> None:
    """Store pages that follow each other, and the cursor of the last, in one transaction."""
    at = workspace.clock.now()
    counts: Counter[str] = Counter()
    with workspace.store.write() as tx:
        touched: set[str] = set()
        for one in lot:
            touched |= _take_in(tx, ledger.name, one, run_id=report.id, at=at, counts=counts)
        pages = [one.page for one in lot]
        _keep_ledger_state(tx, ledger.name, pages, at=at)
        _mark_dirty(tx, ledger.name, touched, at=at)
        journal.write_cursor(tx, f"pull:{ledger.name}", pages[-1].cursor, at=at, complete=pages[-1].complete)
    report.counts.update(counts)


def _take_in(tx: Tx, ledger: str, read: _Read, *, run_id: str, at: datetime, counts: Counter[str]) -> set[str]:
    """Store what a page holds. Gives the ids of the debtors whose items it changed."""
    page = read.page
    ids = item_changes.shown(read.items)
    if page.full_resync:
        resync.begin(tx, ledger, at=at)
    if resync.running(tx, ledger):
        resync.note_seen(tx, ledger, [*ids, *(fault.id for fault in page.faults)])
    changes = item_changes.store_items(tx, ledger, read.items, at)
    gone = item_changes.mark_gone(tx, ledger, page.gone, at)
    changed_debtors = debtors.store_debtors(tx, ledger, page.debtors, at)
    debtors.store_parts(tx, ledger, page.addresses, page.contacts)
    debtors.mark_debtors_gone(tx, ledger, page.gone_debtors, at)
    debtors.remove_parts(tx, ledger, page.gone_parts)
    journal.clear_faults(tx, ledger, chain(ids, (one.id for one in page.debtors)))
    journal.store_faults(tx, ledger, page.faults, run_id=run_id, at=at)
    counts.update(
        {
            "pages": 1,
            "items new": changes.new,
            "items changed": changes.changed,
            "items unchanged": changes.unchanged,
            "items closed": changes.closed,
            "items gone": gone.closed,
            "debtors changed": changed_debtors,
            "records set aside": len(page.faults),
        }
    )
    return changes.debtors | gone.debtors


def _keep_ledger_state(tx: Tx, ledger: str, pages: Sequence[Page], *, at: datetime) -> None:
    state = journal.read_ledger_state(tx, ledger)
    kept = replace(state, calibrated=pages[-1].calibrated)
    for page in pages:
        if page.control_total is not None:
            kept = replace(kept, control=page.control_total, control_at=at)
    if kept != state:
        journal.write_ledger_state(tx, ledger, kept)


def _mark_dirty(tx: Tx, ledger: str, debtor_ids: set[str], *, at: datetime) -> None:
    """All claims at an agency of a touched debtor: a receipt or credit note concerns each of them."""
    if debtor_ids:
        items.mark_dirty(tx, ledger, cases.live_claims_of(tx, ledger, sorted(debtor_ids)), at)


def _look_for_missing(workspace: Workspace, ledger: Ledger, listed: set[str] | None, *, report: Report) -> None:
    """What the source no longer has is gone, unless it is too much at once.

    `listed`: all rows that stand open at the source, from a snapshot; None without one. A source that began again
    has shown everything by now, closed rows too.
    """
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        again = resync.running(tx, ledger.name)
        if listed is None and not again:
            return
        known = items.open_ids(tx, ledger.name)
        missing = known - listed if listed is not None else set()
        if again:
            missing.update(resync.unseen(tx, ledger.name))
            resync.end(tx, ledger.name)
        if _too_much(len(missing & known), len(known), ledger.brake_percent):
            lost = len(missing & known)
            said = f"{lost} of {len(known)} open items are missing at the source"
            _set_brake(workspace, tx, ledger, said, missing=lost, of=len(known))
            return
        changes = item_changes.mark_gone(tx, ledger.name, sorted(missing), at)
        _mark_dirty(tx, ledger.name, changes.debtors, at=at)
    report.counts["items missing"] = changes.gone


def _check_total(workspace: Workspace, ledger: Ledger, page: Page) -> None:
    """What the source says is open in all, held against the rows of it that we have at that moment."""
    total = page.control_total
    if total is None:
        return
    with workspace.store.write() as tx:
        stored = items.open_in(tx, ledger.name, total.currency)
        found = control(total.minor, stored, total.currency)
        differences.settle(tx, ledger.name, found, of_cases=[""], at=workspace.clock.now())


def _brake(workspace: Workspace, ledger: Ledger, open_before: int, *, closed: int) -> None:
    """Too much closed in one pull: nothing is concluded from it until a person has looked."""
    if _too_much(closed, open_before, ledger.brake_percent):
        with workspace.store.write() as tx:
            said = f"{closed} of {open_before} open items closed in one pull"
            _set_brake(workspace, tx, ledger, said, closed=closed, of=open_before)


def _too_much(count: int, of: int, percent: int) -> bool:
    return of >= _BRAKE_FLOOR and count * 100 > of * percent


def _set_brake(workspace: Workspace, tx: Tx, ledger: Ledger, reason: str, **figures: Any) -> None:
    at = workspace.clock.now()
    state = journal.read_ledger_state(tx, ledger.name)
    journal.write_ledger_state(tx, ledger.name, replace(state, brake_reason=reason, brake_since=at))
    journal.note(tx, "brake.set", ledger.name, at=at, ledger=ledger.name, **figures)
    people.open_task(
        tx,
        ledger.name,
        "brake",
        ledger.name,
        subject=f"{reason}. Look at the ledger, then: incasso release {ledger.name}",
        at=at,
    )
