"""The ledger engine under any order of events: what the terms say is what bookings and matches say."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connector_exact.sandbox.bookkeeping import Books
from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.control_models import (
    Allocate,
    NewAccount,
    NewCreditNote,
    NewInvoice,
    NewReceipt,
    OnInvoice,
    Pay,
    Unallocate,
)
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger import home_amount, proportional
from connector_exact.sandbox.ledger_records import Kind, Status
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.settings import Settings
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.world import build_world

DAY = date(2026, 1, 5)
INVOICES = (1, 2, 3)
amounts = st.integers(min_value=1, max_value=20_000).map(lambda cents: str(Decimal(cents) / 100))
picks = st.sampled_from(INVOICES)
events = st.one_of(
    st.tuples(st.just("pay"), picks, amounts),
    st.tuples(st.just("pay_at_rate"), picks, amounts),
    st.tuples(st.just("receipt"), picks, amounts),
    st.tuples(st.just("credit"), picks, amounts),
    st.tuples(st.just("allocate"), picks, amounts),
    st.tuples(st.just("unallocate"), picks, amounts),
    st.tuples(st.just("write_off"), picks, amounts),
    st.tuples(st.just("select"), picks, amounts),
    st.tuples(st.just("process"), picks, amounts),
    st.tuples(st.just("collect"), picks, amounts),
    st.tuples(st.just("bounce"), picks, amounts),
)
toggles = st.builds(Toggles, split_keeps_id=st.sampled_from(["matched", "remainder"]), unallocate_merges=st.booleans())


def open_books(wanted: Toggles) -> Books:
    world = build_world(Settings(), Clock())
    books = Books(division=world.division(123456), toggles=wanted)
    books.account(NewAccount(code="1", name="A"))
    books.invoice(NewInvoice(account="1", number=1, date=DAY, amount="100.00"))
    books.invoice(NewInvoice(account="1", number=2, date=DAY, amount="77.77", currency="USD", rate="0.913"))
    parts = [{"due": date(2026, month, 1), "amount": "33.33"} for month in (2, 3, 4)]
    books.invoice(
        NewInvoice.model_validate({"account": "1", "number": 3, "date": DAY, "amount": "99.99", "instalments": parts})
    )
    return books


def carry_out(books: Books, event: tuple[str, int, str]) -> None:
    what, number, amount = event
    currency = books.entry(number).currency
    match what:
        case "pay":
            books.pay(Pay(invoice=number, amount=amount))
        case "pay_at_rate":
            books.pay(Pay(invoice=number, amount=amount, rate="0.871" if currency == "USD" else "1"))
        case "receipt":
            rate = "0.95" if currency == "USD" else "1"
            books.receipt(NewReceipt(account="1", amount=amount, date=DAY, currency=currency, rate=rate))
        case "credit":
            rate = "0.95" if currency == "USD" else "1"
            books.credit_note(NewCreditNote(account="1", amount=amount, date=DAY, currency=currency, rate=rate))
        case "allocate":
            loose = [entry for entry in books.division.entries if entry.kind in (Kind.CASH, Kind.CREDIT)]
            for entry in loose:
                with suppress(Refusal):
                    books.allocate(Allocate(invoice=number, credit=entry.id))
        case "unallocate":
            books.unallocate(Unallocate(invoice=number))
        case "write_off":
            books.write_off(OnInvoice(invoice=number, amount=amount))
        case step:
            books.direct_debit(OnInvoice(invoice=number), step)


def check(division: Division, books: Books) -> None:
    told = {row["entry_id"]: (row["open_home"], row["open"]) for row in books.balances()["entries"]}
    for entry in division.entries:
        terms = division.terms_of[entry.id]
        assert (sum(term.dc for term in terms), sum(term.fc for term in terms)) == (entry.dc, entry.fc)
        left = [term for term in terms if term.is_open]
        assert (sum(term.dc for term in left), sum(term.fc for term in left)) == told[entry.id]
        assert all(term.fc * entry.fc >= 0 for term in terms)
    for match in division.matches.values():
        assert sum(term.dc for term in match.terms) == 0
        assert sum(term.fc for term in match.terms) == 0
        assert all(term.status is Status.MATCHED and term.match == match.id for term in match.terms)
    closed = [term for term in division.terms if not term.is_open]
    assert all(term.match in division.matches for term in closed)
    assert {term.id for term in division.terms} == {term.id for terms in division.terms_of.values() for term in terms}
    versions = [term.version for term in division.terms.changed()]
    assert versions == sorted(versions)
    assert len(versions) == len(division.terms)
    assert sum(line.dc for line in division.lines) == 0


@settings(max_examples=120, deadline=None)
@given(toggles, st.lists(events, max_size=25))
def test_terms_bookings_and_matches_agree_after_any_events(wanted: Toggles, story: list[tuple[str, int, str]]) -> None:
    books = open_books(wanted)
    for event in story:
        with suppress(Refusal):
            carry_out(books, event)
        check(books.division, books)


@given(
    whole=st.integers(-(10**9), 10**9),
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=5),
)
def test_parts_of_an_amount_are_within_a_cent_each(whole: int, parts: list[int]) -> None:
    of = sum(parts)
    shares = [proportional(whole, part, of) for part in parts]
    assert abs(sum(shares) - whole) <= len(parts)


def test_amounts_change_currency_by_their_own_minor_units() -> None:
    assert home_amount(1000, "JPY", rate=Decimal("0.0062"), home="EUR") == 620
    assert home_amount(12345, "EUR", rate=Decimal(1), home="EUR") == 12345
    assert home_amount(1500, "KWD", rate=Decimal("3.0"), home="EUR") == 450
