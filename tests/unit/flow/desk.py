"""A workspace on a real store, with an agency in memory whose wire can be cut at either end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.api import Capabilities, SecretRef
from connector.config import Ledger, Link, Settings
from connector.errors import ConflictError, RejectedError, TransientError, UnknownOutcome
from connector.flow.workspace import Workspace
from connector.model import (
    Case,
    CaseView,
    Document,
    Event,
    EventPage,
    LineView,
    Money,
    Mutation,
    OpenItem,
    Page,
    Preflight,
    Receipt,
    Remittance,
    SourceUpdate,
)
from connector.plugins import Plugins
from connector.secrets import SecretReader, generate_key
from connector.store import Store
from connector.testing import ManualClock, make_creditor, make_debtor, make_item

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class MemoryAgency:
    """Takes cases like an agency with keys and look-up. `wire` says what happens to the next writes."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.mutations: list[Mutation] = []
        self.documents: list[tuple[str, Document]] = []
        self.answers: dict[str, Receipt] = {}
        self.writes = 0
        self.wire: list[str] = []
        # It cannot say yet what it has under a key.
        self.busy = False
        self.feed: list[Event] = []
        self.payouts: list[Remittance] = []
        self.findings: Preflight = Preflight()
        self.promise = Capabilities(idempotent=True, lookup=True)

    def check(self) -> None: ...

    def capabilities(self) -> Capabilities:
        return self.promise

    def preflight(self, case: Case) -> Preflight:
        return self.findings

    def submit(self, case: Case, *, key: str) -> Receipt:
        def commit() -> Receipt:
            assert case.case_ref not in self.cases, "handed over twice"
            self.cases[case.case_ref] = case
            return Receipt(reference=f"A-{len(self.cases)}")

        return self._write(key, commit)

    def find(self, key: str) -> Receipt | None:
        if self.busy:
            raise TransientError("still working on it")
        return self.answers.get(key)

    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        def commit() -> Receipt:
            self.mutations.append(mutation)
            return Receipt(reference=mutation.mutation_id, state="done")

        return self._write(key, commit)

    def attach(self, case_ref: str, document: Document, *, key: str) -> Receipt:
        def commit() -> Receipt:
            self.documents.append((case_ref, document))
            return Receipt(reference=document.id, state="done")

        return self._write(key, commit)

    def changes(self, cursor: str | None) -> Iterator[EventPage]:
        start = int(cursor or 0)
        yield EventPage(events=tuple(self.feed[start:]), cursor=str(len(self.feed)), complete=True)

    def snapshot(self, case_ref: str) -> CaseView | None:
        case = self.cases.get(case_ref)
        if case is None:
            return None
        left = {line.line_id: line.open.minor for line in case.lines}
        for mutation in self.mutations:
            if mutation.case_ref == case_ref:
                sign = 1 if mutation.kind == "reverse_payment" or getattr(mutation, "direction", "") == "up" else -1
                for line in getattr(mutation, "lines", ()):
                    left[line.line_id] += sign * line.amount.minor
        for event in self.feed:
            if event.kind == "payment_received" and event.case_ref == case_ref:
                for part in event.allocation:
                    if part.component == "principal":
                        left[part.line_id] -= part.amount.minor
        views = tuple(LineView(line_id=key, open=Money(minor=minor, currency="EUR")) for key, minor in left.items())
        return CaseView(case_ref=case_ref, agency_ref="A", handover="accepted", lines=views, as_of=START)

    def remittances(self, since: date | None) -> Iterator[Remittance]:
        yield from (one for one in self.payouts if since is None or one.paid_on >= since)

    def verify_webhook(self, headers: Any, body: bytes) -> tuple[Event, ...]:
        raise RejectedError("unsigned")

    def _write(self, key: str, commit: Any) -> Receipt:
        self.writes += 1
        fate = self.wire.pop(0) if self.wire else ""
        if fate == "refused":
            raise TransientError("connection refused")
        if fate == "conflict":
            raise ConflictError("something else is there")
        if fate == "rejected":
            raise RejectedError("no", reasons=("no address",))
        if fate == "lost before":
            raise UnknownOutcome("no answer", key=key)
        if fate == "crash before":
            raise KeyboardInterrupt
        if key not in self.answers:
            self.answers[key] = commit()
        if fate == "refused after":
            raise TransientError("503, though it was taken in")
        if fate == "lost after":
            raise UnknownOutcome("no answer", key=key)
        if fate == "crash after":
            raise KeyboardInterrupt
        return self.answers[key]


class MemoryLedger:
    """A source whose next pull gives `pages`."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.updates: list[SourceUpdate] = []
        self.papers: dict[str, Document] = {}

    def check(self) -> None: ...

    def pull(self, cursor: str | None) -> Iterator[Page]:
        while self.pages:
            yield self.pages.pop(0)

    def report(self, update: SourceUpdate, *, key: str) -> Receipt:
        self.updates.append(update)
        return Receipt(reference="note", state="done")

    def document(self, claim: str) -> Document | None:
        return self.papers.get(claim)

    def holds(self, *items: OpenItem, **changes: Any) -> None:
        """The next pull brings these rows, and the debtors they name."""
        debtors = tuple(make_debtor(id=key) for key in sorted({item.debtor_id for item in items}))
        page = {"items": items, "debtors": debtors, "cursor": "{}", "complete": True, **changes}
        self.pages.append(Page(**page))


@dataclass(frozen=True)
class Desk(Workspace):
    """A workspace whose source and sink live in memory."""

    agency: MemoryAgency = field(default_factory=MemoryAgency)
    books: MemoryLedger = field(default_factory=MemoryLedger)

    def source(self, ledger: Ledger) -> MemoryLedger:
        return self.books

    def source_provides(self, ledger: Ledger, ability: str) -> bool:
        return True

    def sink(self, ledger: Ledger) -> MemoryAgency:
        return self.agency

    def later(self, **delta: float) -> None:
        """Move the clock."""
        self.clock.set(self.clock.now() + timedelta(**delta))


POLICY = """
name = "plain"
version = "1"
currency = "EUR"

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 10
"""


def open_desk(store: Store, folder: Path) -> tuple[Desk, Ledger]:
    """A desk with one ledger, `acme`."""
    policy = folder / "plain.toml"
    policy.write_text(POLICY, encoding="utf-8")
    ledger = Ledger(
        name="acme",
        file=folder / "acme.toml",
        title="Acme",
        source=Link(connection="books", shown="ledgers/acme.toml", table="source"),
        sink=Link(connection="agency", shown="ledgers/acme.toml", table="sink"),
        policy="plain",
        creditor=make_creditor(),
        every_minutes=15,
    )
    key = folder / "key"
    key.write_text(generate_key(), encoding="utf-8")
    key.chmod(0o600)
    settings = Settings(
        home=folder,
        store_url="unused",
        keys=(SecretRef(file=str(key)),),
        ledgers={"acme": ledger},
        policies={"plain": policy},
    )
    reader = SecretReader(folder, {})
    desk = Desk(settings=settings, store=store, clock=ManualClock(START), plugins=Plugins(()), reader=reader)
    return desk, ledger


def invoice(number: str, amount: int = 10_000, **changes: Any) -> OpenItem:
    """A row of an invoice of EUR 100 of debtor d1, due on 2026-01-31."""
    base = {
        "id": f"t-{number}", "claim": f"INV-{number}", "debtor_id": "d1", "kind": "invoice", "state": "open",
        "currency": "EUR", "amount_minor": amount, "open_minor": amount, "original_minor": 10_000,
        "number": number, "invoice_date": date(2026, 1, 1), "due_date": date(2026, 1, 31),
    }  # fmt: skip
    return make_item(**{**base, **changes})


def closed(number: str, amount: int, *, reason: str = "paid", on: date = date(2026, 3, 3)) -> OpenItem:
    """A closed piece of an invoice."""
    changes = {"id": f"t-{number}-b", "open_minor": 0, "state": "closed", "closed_reason": reason, "settled_on": on}
    return invoice(number, amount, **changes)
