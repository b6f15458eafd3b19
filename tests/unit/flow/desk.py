"""A workspace on a real store, with an agency in memory whose wire can be cut at either end."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.api import SecretRef
from connector.config import Ledger, Link, Settings
from connector.errors import ConflictError, RejectedError, TransientError, UnknownOutcome
from connector.flow.workspace import Workspace
from connector.model import (
    ActivityChanged,
    Capabilities,
    Case,
    CaseView,
    ClaimLine,
    Document,
    Event,
    EventPage,
    LegalFacts,
    LineView,
    Money,
    Mutation,
    OpenItem,
    Page,
    Preflight,
    Receipt,
    Received,
    Remittance,
    SourceUpdate,
)
from connector.plugins import Plugins
from connector.secrets import SecretReader, generate_key
from connector.store import Store
from connector.testing import ManualClock, make_creditor, make_debtor, make_item

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
_TOLD = {
    "direct_payment": "told_direct",
    "reverse_payment": "told_direct",
    "credit_note": "told_credited",
    "correct_claim": "told_corrected",
}


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
        self.now: Callable[[], datetime] = lambda: START
        # Whether it tells by itself that it has a case, and that one rests.
        self.tells = False
        # What its view shows besides what is open: whose case and which claims, and what it was told.
        self.shows: frozenset[str] = frozenset({"whose", "told"})

    def check(self) -> None: ...

    def capabilities(self) -> Capabilities:
        return self.promise

    def preflight(self, case: Case) -> Preflight:
        return self.findings

    def submit(self, case: Case, *, key: str) -> Receipt:
        def commit() -> Receipt:
            assert case.case_ref not in self.cases, "handed over twice"
            self.cases[case.case_ref] = case
            self._tell(Received, case.case_ref, agency_ref=f"A-{len(self.cases)}")
            return Receipt(reference=f"A-{len(self.cases)}")

        return self._write(key, commit)

    def find(self, key: str) -> Receipt | None:
        if self.busy:
            raise TransientError("still working on it")
        return self.answers.get(key)

    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        def commit() -> Receipt:
            self.mutations.append(mutation)
            if mutation.kind in ("hold", "resume"):
                activity = "on_hold" if mutation.kind == "hold" else "running"
                self._tell(ActivityChanged, mutation.case_ref, activity=activity, reason=mutation.reason)
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
        told: Counter[tuple[str, str]] = Counter()
        for mutation in self.mutations:
            if mutation.case_ref == case_ref:
                sign = 1 if mutation.kind == "reverse_payment" or getattr(mutation, "direction", "") == "up" else -1
                for line in getattr(mutation, "lines", ()):
                    left[line.line_id] += sign * line.amount.minor
                    told[_TOLD[mutation.kind], line.line_id] -= sign * line.amount.minor
        for event in self.feed:
            if event.kind == "payment_received" and event.case_ref == case_ref:
                for part in event.allocation:
                    if part.component == "principal":
                        left[part.line_id] -= part.amount.minor
        views = tuple(self._line(line, left[line.line_id], told) for line in case.lines)
        moved = [one for one in self.feed if one.kind == "activity_changed" and one.case_ref == case_ref]
        ended = [one for one in self.feed if one.kind in ("closed", "reopened") and one.case_ref == case_ref]
        return CaseView(
            case_ref=case_ref,
            agency_ref="A",
            debtor_id=case.debtor.id if "whose" in self.shows else "",
            handover="accepted",
            activity=moved[-1].activity if moved else "running",
            closure=getattr(ended[-1], "closure", "") if ended else "",
            lines=views,
            as_of=self.now(),
        )

    def _line(self, line: ClaimLine, left: int, told: Mapping[tuple[str, str], int]) -> LineView:
        more: dict[str, Any] = {"number": line.number} if "whose" in self.shows else {}
        if "told" in self.shows:
            more |= {name: Money(minor=told[name, line.line_id], currency="EUR") for name in set(_TOLD.values())}
        if self.shows:
            more["handed_over"] = line.open
        return LineView(line_id=line.line_id, open=Money(minor=left, currency="EUR"), **more)

    def _tell(self, kind: Any, case_ref: str, **facts: Any) -> None:
        if self.tells:
            event_id = f"evt-{len(self.feed)}"
            self.feed.append(kind(id=event_id, case_ref=case_ref, occurred_at=self.now(), **facts))

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
    # By connection, agencies of a ledger that has several.
    others: dict[str, MemoryAgency] = field(default_factory=dict)
    books: MemoryLedger = field(default_factory=MemoryLedger)

    def source(self, ledger: Ledger) -> MemoryLedger:
        return self.books

    def source_provides(self, ledger: Ledger, ability: str) -> bool:
        return True

    def sink(self, link: Link) -> MemoryAgency:
        return self.others.get(link.connection, self.agency)

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


# What the ledger's file says of a ledger that sells to Dutch businesses.
TRADE = LegalFacts(
    contractual="yes", due_date_agreed="yes", in_business="yes", registers_read="yes", receiver="registered"
)


def open_desk(store: Store, folder: Path) -> tuple[Desk, Ledger]:
    """A desk with one ledger, `acme`."""
    policy = folder / "plain.toml"
    policy.write_text(POLICY, encoding="utf-8")
    ledger = Ledger(
        name="acme",
        file=folder / "acme.toml",
        title="Acme",
        source=Link(connection="books", shown="ledgers/acme.toml", table="source"),
        sinks=(Link(connection="agency", shown="ledgers/acme.toml", table="sink"),),
        policy="plain",
        creditor=make_creditor(),
        law=TRADE,
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
    desk.agency.now = desk.clock.now
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
