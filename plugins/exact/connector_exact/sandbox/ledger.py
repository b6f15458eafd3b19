"""The ledger engine, first half: bookings and their terms. Amounts are claims in integer minor units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from connector.model import exponent
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger_records import JOURNALS, PAYABLE, RECEIVABLE, Entry, Kind, Line, SalesInvoice, Term

DEBTORS, CREDITORS, BANK, REVENUE, DIFFERENCES, OPENINGS, COSTS = "1300", "1600", "1100", "8000", "4990", "0900", "7000"

_CONTRA = {
    Kind.OPENING: OPENINGS,
    Kind.SALE: REVENUE,
    Kind.CREDIT: REVENUE,
    Kind.PURCHASE: COSTS,
    Kind.CASH: BANK,
    Kind.EXCHANGE: DIFFERENCES,
    Kind.DIFFERENCE: DIFFERENCES,
    Kind.OTHER: DIFFERENCES,
}
NUMBERED = frozenset({Kind.SALE, Kind.CREDIT, Kind.OPENING, Kind.PURCHASE})
_BANK_FIRST = frozenset({Kind.CASH})


@dataclass(frozen=True, slots=True)
class Booking:
    """What is to be booked on an account. `fc` is the claim in `currency`; `rate` makes the division's currency.

    `instalments` are (due date, fc) pairs adding up to `fc`; empty is one term due on `due`. Without a `journal` it is
    the first for such bookings.
    """

    kind: Kind
    account: str
    day: date
    due: date
    fc: int
    currency: str
    rate: Decimal = Decimal(1)
    number: int | None = None
    description: str = ""
    your_ref: str | None = None
    payment_reference: str | None = None
    payment_method: str = "B"
    invoice: str = ""
    reversal: bool = False
    source: int = 1
    dc: int | None = None
    instalments: Sequence[tuple[date, int]] = ()
    journal: tuple[str, str] | None = None


def book(division: Division, booking: Booking) -> Entry:
    """Book an entry with its two lines and its terms, visible at once in every list."""
    now = division.clock.now
    entry = Entry(
        id=division.new_id(),
        kind=booking.kind,
        number=division.entry_number(booking.kind),
        account=booking.account,
        day=booking.day,
        due=booking.due,
        currency=booking.currency,
        rate=booking.rate,
        dc=_home_amount(division, booking),
        fc=booking.fc,
        control_line=division.new_id(),
        created=now,
        modified=now,
        description=booking.description,
        your_ref=booking.your_ref,
        payment_reference=booking.payment_reference,
        invoice=booking.invoice,
        reversal=booking.reversal,
        line_type=PAYABLE if booking.kind is Kind.PURCHASE else RECEIVABLE,
        journal=booking.journal or JOURNALS[booking.kind],
    )
    entry.invoice_number = booking.number if booking.number is not None else _own_number(entry)
    if entry.kind in NUMBERED and entry.invoice_number is not None:
        division.numbers.setdefault(entry.invoice_number, entry)
    division.entries.put(entry, now)
    _book_lines(division, entry)
    _book_terms(division, entry, booking)
    if entry.invoice:
        division.invoices.put(SalesInvoice(id=entry.invoice, entry=entry, created=now, modified=now), now)
        division.tell("invoices", "Create", entry.invoice)
    return entry


def _own_number(entry: Entry) -> int | None:
    return entry.number if entry.kind in NUMBERED else None


def _home_amount(division: Division, booking: Booking) -> int:
    if booking.dc is not None:
        return booking.dc
    return home_amount(booking.fc, booking.currency, rate=booking.rate, home=division.currency)


def home_amount(fc: int, currency: str, *, rate: Decimal, home: str) -> int:
    """`fc` minor units of `currency` in minor units of `home` at `rate` (AmountFC x RateFC = AmountDC, 4.5)."""
    scale = Decimal(10) ** (exponent(home) - exponent(currency))
    return int((Decimal(fc) * rate * scale).to_integral_value(rounding=ROUND_HALF_EVEN))


def _book_lines(division: Division, entry: Entry) -> None:
    control = CREDITORS if entry.line_type == PAYABLE else DEBTORS
    own = Line(
        id=entry.control_line,
        entry=entry,
        number=0,
        ledger_account=control,
        dc=entry.dc,
        fc=entry.fc,
        created=entry.created,
        modified=entry.created,
    )
    contra = Line(
        id=division.new_id(),
        entry=entry,
        number=1,
        ledger_account=_CONTRA[entry.kind],
        dc=-entry.dc,
        fc=-entry.fc,
        created=entry.created,
        modified=entry.created,
    )
    if entry.kind in _BANK_FIRST:
        own.number, contra.number = 1, 0
    division.lines_of[entry.id] = [own, contra]
    for line in (own, contra):
        division.lines.put(line, entry.created)


def _book_terms(division: Division, entry: Entry, booking: Booking) -> None:
    shares = booking.instalments or ((booking.due, booking.fc),)
    division.terms_of[entry.id] = []
    left = entry.dc
    for index, (due, fc) in enumerate(shares):
        last = index == len(shares) - 1
        dc = left if last else proportional(entry.dc, fc, entry.fc)
        left -= dc
        term = Term(
            id=division.new_id(),
            entry=entry,
            entry_id=division.new_id(),
            hid=division.number("hid", 1),
            dc=dc,
            fc=fc,
            due=due,
            created=entry.created,
            modified=entry.created,
            source=booking.source,
            payment_method=booking.payment_method,
            description=entry.description,
            payment_reference=entry.payment_reference,
            invoice_number=entry.invoice_number,
            your_ref=entry.your_ref,
        )
        add_term(division, term)


def proportional(whole: int, part: int, of: int) -> int:
    """`whole` x `part` / `of`, rounded half to even, in integers."""
    if of == 0:
        return 0
    return int((Decimal(whole) * part / of).to_integral_value(rounding=ROUND_HALF_EVEN))


def add_term(division: Division, term: Term) -> None:
    """Keep a new term with its entry."""
    division.terms_of[term.entry.id].append(term)
    division.terms.put(term, division.clock.now)


def drop_term(division: Division, term: Term) -> None:
    """Delete a term; the log of deletes keeps its key (reference 4.7)."""
    division.terms_of[term.entry.id].remove(term)
    division.terms.remove(term.id)
    division.log_delete("terms", term.id)


def drop_entry(division: Division, entry: Entry) -> None:
    """Delete an entry with its lines, terms and invoice, leaving their keys in the log of deletes."""
    for term in list(division.terms_of[entry.id]):
        drop_term(division, term)
    for line in division.lines_of.pop(entry.id):
        division.lines.remove(line.id)
        division.log_delete("lines", line.id)
    if entry.invoice:
        division.invoices.remove(entry.invoice)
        division.log_delete("invoices", entry.invoice)
        division.tell("invoices", "Delete", entry.invoice)
    division.entries.remove(entry.id)
    if entry.invoice_number is not None and division.numbers.get(entry.invoice_number) is entry:
        del division.numbers[entry.invoice_number]
    del division.terms_of[entry.id]


def open_terms(division: Division, entry: Entry) -> list[Term]:
    """The open pieces of an entry, the earliest due first."""
    return sorted((term for term in division.terms_of[entry.id] if term.is_open), key=lambda term: (term.due, term.hid))


def touch(division: Division, terms: Iterable[Term]) -> None:
    """Give changed terms a new row version."""
    for term in terms:
        division.terms.put(term, division.clock.now)
