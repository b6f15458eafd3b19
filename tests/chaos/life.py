"""The life of a ledger in any order: invoices, payments, credits, disputes, collections, pay-outs, kills, restarts.

    python tests/chaos/life.py [--examples 100000] [--seed 1]

A Hypothesis state machine plays creditor, agency, bookkeeper and machine at once, on the product's own flow and a real
database; only the two ends live in memory, and keep books of their own. Whatever happened: no invoice ever stands in
two open files, and once everything has come to rest source, store and agency agree to the cent.
"""

# ruff: noqa: E402 - the desk stands beside the tests of the flow
import argparse
import sys
import tempfile
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from shutil import copy
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "unit" / "flow")]

from desk import START, Desk, MemoryAgency, MemoryLedger, open_desk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from connector.config import Ledger
from connector.errors import ConnectorError
from connector.flow import actions
from connector.flow.compare import compare
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.report import report_back
from connector.model import (
    Allocation,
    CaseView,
    LineView,
    Money,
    PaymentReceived,
    PaymentReversed,
    Remittance,
    RemittanceItem,
)
from connector.store import items, open_store, outbox, schema
from connector.testing import ManualClock, make_item

DEBTORS = ("d1", "d2", "d3")
FATES = ("refused", "lost before", "lost after", "crash before", "crash after", "refused after")
EURO = "EUR"


def euros(minor: int) -> Money:
    return Money(minor=minor, currency=EURO)


@dataclass
class Piece:
    """A part of an invoice that was settled."""

    id: str
    minor: int
    reason: str
    on: date
    from_agency: bool = False


@dataclass
class Invoice:
    """An invoice in the creditor's books."""

    number: int
    debtor: str
    minor: int
    pieces: list[Piece] = field(default_factory=list)
    made: int = 0

    @property
    def open(self) -> int:
        return self.minor - sum(piece.minor for piece in self.pieces)

    @property
    def booked(self) -> int:
        """What of it the agency paid out."""
        return sum(piece.minor for piece in self.pieces if piece.from_agency)

    def rows(self) -> list[Any]:
        """The rows that the source shows of it."""
        common = {
            "claim": f"INV-{self.number}", "debtor_id": self.debtor, "kind": "invoice", "currency": EURO,
            "original_minor": self.minor, "number": str(self.number), "invoice_date": date(2026, 1, 1),
            "due_date": date(2026, 1, 31),
        }  # fmt: skip
        shown = [
            make_item(
                **common, id=piece.id, state="closed", amount_minor=piece.minor, open_minor=0,
                closed_reason=piece.reason, settled_on=piece.on if piece.reason == "paid" else None,
            )
            for piece in self.pieces
        ]  # fmt: skip
        if self.open:
            shown.append(
                make_item(**common, id=self.remainder, state="open", amount_minor=self.open, open_minor=self.open)
            )
        return shown

    @property
    def remainder(self) -> str:
        return f"t-{self.number}"


@dataclass
class Collected:
    """A payment that the agency received."""

    id: str
    case_ref: str
    line_id: str
    minor: int
    reversed: bool = False
    paid_out: bool = False


class Agency(MemoryAgency):
    """Keeps its own books of what it was handed, told and paid."""

    def __init__(self) -> None:
        super().__init__()
        self.payments: list[Collected] = []

    def left(self, case_ref: str) -> dict[str, int]:
        """What is still to be collected, by line."""
        left = {line.line_id: line.open.minor for line in self.cases[case_ref].lines}
        for mutation in self.mutations:
            if mutation.case_ref == case_ref:
                adds = mutation.kind == "reverse_payment" or getattr(mutation, "direction", "") == "up"
                for line in getattr(mutation, "lines", ()):
                    left[line.line_id] += line.amount.minor if adds else -line.amount.minor
        for payment in self.payments:
            if payment.case_ref == case_ref and not payment.reversed:
                left[payment.line_id] -= payment.minor
        return left

    def snapshot(self, case_ref: str) -> CaseView | None:
        if case_ref not in self.cases:
            return None
        lines = tuple(LineView(line_id=key, open=euros(minor)) for key, minor in self.left(case_ref).items())
        return CaseView(case_ref=case_ref, agency_ref="A", handover="accepted", lines=lines, as_of=START)


@dataclass(frozen=True)
class Birth:
    """Where every life begins: some invoices, at the agency already. Made once, because it costs as much as a life."""

    desk: Desk
    ledger: Ledger
    store: Path
    invoices: list[Invoice]

    @property
    def template(self) -> Path:
        return self.store.with_suffix(".template")


def _remittance(name: str, due: list[Collected], *, on: date) -> Remittance:
    parts = tuple(
        RemittanceItem(
            case_ref=one.case_ref,
            payment_id=one.id,
            line_id=one.line_id,
            gross=euros(one.minor),
            principal=euros(one.minor),
        )
        for one in due
    )
    total = euros(sum(one.minor for one in due))
    return Remittance(remittance_id=name, paid_on=on, gross=total, costs=euros(0), vat=euros(0), net=total, items=parts)


class Life(RuleBasedStateMachine):
    """See the module."""

    birth: Birth

    def __init__(self) -> None:
        super().__init__()
        self.ledger = self.birth.ledger
        self.birth.desk.store.close()
        for name in ("-wal", "-shm"):
            Path(f"{self.birth.store}{name}").unlink(missing_ok=True)
        copy(self.birth.template, self.birth.store)
        self.agency: Agency = deepcopy(self.birth.desk.agency)
        clock = ManualClock(self.birth.desk.clock.now())
        self.desk = replace(self.birth.desk, agency=self.agency, books=MemoryLedger(), clock=clock)
        self.invoices = deepcopy(self.birth.invoices)
        self.changed: set[int] = set()
        self.gone: list[str] = []
        self.payouts = 0

    def teardown(self) -> None:
        self.come_to_rest()
        self.check_balances()

    # -- what happens at the creditor

    @rule(debtor=st.sampled_from(DEBTORS), minor=st.integers(5_000, 50_000))
    def invoice(self, debtor: str, minor: int) -> None:
        self._book(debtor, minor)

    @precondition(lambda self: any(one.open for one in self.invoices))
    @rule(
        pick=st.integers(0, 99),
        share=st.sampled_from((1, 2, 3)),
        reason=st.sampled_from(("paid", "paid", "paid", "credited", "written_off", "unknown")),
    )
    def settle(self, pick: int, share: int, reason: str) -> None:
        """A payment, a credit note, a write-off: the whole or a part."""
        standing = [one for one in self.invoices if one.open]
        invoice = standing[pick % len(standing)]
        self._close(invoice, max(1, invoice.open // share), reason)

    @precondition(lambda self: any(piece for one in self.invoices for piece in one.pieces if not piece.from_agency))
    @rule(pick=st.integers(0, 99))
    def undo(self, pick: int) -> None:
        """A match is undone, or a payment bounces."""
        matched = [(one, piece) for one in self.invoices for piece in one.pieces if not piece.from_agency]
        invoice, piece = matched[pick % len(matched)]
        invoice.pieces.remove(piece)
        self.gone.append(piece.id)
        self.changed.add(invoice.number - 1)

    @rule(debtor=st.sampled_from(DEBTORS), what=st.sampled_from(("dispute", "agreed", "hold", "resume")))
    def person(self, debtor: str, what: str) -> None:
        """A credit controller says something of a debtor."""
        if what == "dispute":
            actions.open_dispute(self.desk, self.ledger, debtor, reason="broken", claim="", actor="anna")
        elif what == "agreed":
            actions.settle_dispute(self.desk, self.ledger, debtor, actor="anna")
        elif what == "hold":
            actions.hold_debtor(self.desk, self.ledger, debtor, reason="promised", until=None, actor="anna")
        else:
            actions.resume_debtor(self.desk, self.ledger, debtor, actor="anna")

    # -- what happens at the agency

    @precondition(lambda self: self.agency.cases)
    @rule(pick=st.integers(0, 99), share=st.sampled_from((1, 2, 4)))
    def collect(self, pick: int, share: int) -> None:
        """The debtor pays the agency."""
        case_ref = sorted(self.agency.cases)[pick % len(self.agency.cases)]
        owed = {line: minor for line, minor in self.agency.left(case_ref).items() if minor > 0}
        for line_id, minor in list(owed.items())[:1]:
            payment = Collected(f"P{len(self.agency.payments) + 1}", case_ref, line_id, max(1, minor // share))
            self.agency.payments.append(payment)
            self.agency.feed.append(
                PaymentReceived(
                    id=f"e-{payment.id}",
                    case_ref=case_ref,
                    occurred_at=self.desk.clock.now(),
                    payment_id=payment.id,
                    received_on=self.today,
                    gross=euros(payment.minor),
                    allocation=(Allocation(component="principal", amount=euros(payment.minor), line_id=line_id),),
                )
            )

    @precondition(lambda self: any(not (one.reversed or one.paid_out) for one in self.agency.payments))
    @rule(pick=st.integers(0, 99))
    def reverse(self, pick: int) -> None:
        """A payment at the agency bounces before it was paid out."""
        standing = [one for one in self.agency.payments if not (one.reversed or one.paid_out)]
        payment = standing[pick % len(standing)]
        payment.reversed = True
        self.agency.feed.append(
            PaymentReversed(
                id=f"r-{payment.id}",
                case_ref=payment.case_ref,
                occurred_at=self.desk.clock.now(),
                payment_id=payment.id,
            )
        )

    @rule(together=st.booleans())
    def pay_out(self, together: bool) -> None:
        """The agency pays out; a bookkeeper books it on the invoices, in one sum for each or payment by payment."""
        due: list[Collected] = []
        fits = {one.number: one.open for one in self.invoices}
        for one in self.agency.payments:
            # What an invoice has no room for any more belongs to the debtor, and stays out of this ledger.
            if not (one.reversed or one.paid_out) and one.minor <= fits[self._number(one)]:
                fits[self._number(one)] -= one.minor
                due.append(one)
        if not due:
            return
        self.payouts += 1
        self.agency.payouts.append(_remittance(f"R{self.payouts}", due, on=self.today))
        booked: dict[int, list[int]] = {}
        for one in due:
            one.paid_out = True
            booked.setdefault(self._number(one), []).append(one.minor)
        for number, amounts in booked.items():
            for minor in [sum(amounts)] if together else amounts:
                self._close(self.invoices[number - 1], minor, "paid", from_agency=True)

    # -- what happens to the machine

    @rule(fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4))
    def trouble(self, fates: list[str]) -> None:
        """The next calls to the agency end badly, or with them the process."""
        self.agency.wire.extend(fates)

    @rule(hours=st.sampled_from((0.2, 3, 30)))
    def time_passes(self, hours: float) -> None:
        self.desk.later(hours=hours)

    @rule()
    def restart(self) -> None:
        """Another process goes on: nothing is known but what stands in the store."""
        self.desk.store.close()
        self.desk = replace(self.desk, clock=ManualClock(self.desk.clock.now()))

    @rule()
    def visit(self) -> None:
        """A visit of the service, which may be killed in the middle."""
        with suppress(KeyboardInterrupt):
            self.tell()
            plan = make_plan(self.desk, self.ledger)[1]
            for act in (lambda: hand_over(self.desk, self.ledger, plan.id), self._follow, self._report):
                with suppress(ConnectorError):
                    act()

    @invariant()
    def no_invoice_stands_in_two_files(self) -> None:
        numbers = [line.number for case in self.agency.cases.values() for line in case.lines]
        assert len(numbers) == len(set(numbers)), numbers

    # -- the rest

    @property
    def today(self) -> date:
        return self.desk.clock.today(self.ledger.timezone)

    def tell(self) -> None:
        """The source shows what changed since it was read last."""
        rows = [row for index in sorted(self.changed) for row in self.invoices[index].rows()]
        # A remainder of nothing is no row; one that is there again is none that went.
        closed = [self.invoices[index].remainder for index in self.changed if not self.invoices[index].open]
        shown = {row.id for row in rows}
        self.desk.books.holds(*rows, gone=tuple(one for one in [*self.gone, *closed] if one not in shown))
        self.changed.clear()
        self.gone.clear()
        pull(self.desk, self.ledger)

    def come_to_rest(self) -> None:
        self.agency.wire.clear()
        for _ in range(9):
            self.desk.later(hours=7)
            self.visit()
            with self.desk.store.read() as tx:
                moving = [state for (_, state), n in outbox.counts(tx).items() if n and state not in outbox.ENDED]
            if not moving and not self.changed:
                return
        raise AssertionError(f"it does not come to rest: {moving}")

    def check_balances(self) -> None:
        with self.desk.store.read() as tx:
            stored = items.open_total(tx, "acme").get(EURO, 0)
        assert stored == sum(one.open for one in self.invoices), "source and store differ"
        wrong = [one for one in compare(self.desk, self.ledger) if not one.agrees]
        assert not wrong, wrong
        for case_ref, case in self.agency.cases.items():
            left = self.agency.left(case_ref)
            for line in case.lines:
                invoice = self.invoices[int(line.number) - 1]
                unbooked = self._collected(line.line_id) - invoice.booked
                assert left[line.line_id] == invoice.open - unbooked, (line.number, left, invoice)

    def _collected(self, line_id: str) -> int:
        return sum(one.minor for one in self.agency.payments if one.line_id == line_id and not one.reversed)

    def _book(self, debtor: str, minor: int) -> None:
        self.invoices.append(Invoice(len(self.invoices) + 1, debtor, minor))
        self.changed.add(len(self.invoices) - 1)

    def _close(self, invoice: Invoice, minor: int, reason: str, *, from_agency: bool = False) -> None:
        invoice.made += 1
        invoice.pieces.append(Piece(f"t-{invoice.number}-{invoice.made}", minor, reason, self.today, from_agency))
        self.changed.add(invoice.number - 1)

    def _number(self, payment: Collected) -> int:
        lines = self.agency.cases[payment.case_ref].lines
        return int(next(line.number for line in lines if line.line_id == payment.line_id))

    def _follow(self) -> None:
        follow(self.desk, self.ledger)

    def _report(self) -> None:
        report_back(self.desk, self.ledger)


def live(home: Path, *, examples: int, steps: int = 25, **more: Any) -> None:
    """Play `examples` lives of at most `steps` steps each; raises AssertionError with the shortest that goes wrong."""

    class _Life(Life):
        birth = be_born(home)

    run_state_machine_as_test(
        _Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            **more,
        ),
    )


def be_born(home: Path) -> Birth:
    """An installation in `home` whose first four invoices were handed over."""
    store = open_store(f"sqlite:///{home / 'store.sqlite3'}")
    schema.upgrade(store)
    desk, ledger = open_desk(store, home)
    desk = replace(desk, agency=Agency())
    invoices = [
        Invoice(number, debtor, 10_000 + 1_000 * number)
        for number, debtor in enumerate((*DEBTORS, DEBTORS[0]), start=1)
    ]
    desk.books.holds(*(row for one in invoices for row in one.rows()))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    assert len(desk.agency.cases) == len(DEBTORS)
    birth = Birth(desk, ledger, home / "store.sqlite3", invoices)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy(birth.store, birth.template)
    return birth


def memory_folder() -> "tempfile.TemporaryDirectory[str]":
    """A folder in memory where there is one: a life writes to the disk some hundred times."""
    return tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def main() -> None:
    """Live many lives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=2_000)
    parser.add_argument("--steps", type=int, default=25)
    options = parser.parse_args()
    with memory_folder() as folder:
        live(Path(folder), examples=options.examples, steps=options.steps)
    print(f"{options.examples} lives: source, store and agency agree to the cent; no invoice in two files")


if __name__ == "__main__":
    main()
