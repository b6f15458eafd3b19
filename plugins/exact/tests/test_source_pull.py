"""Pulls against the stand-in: what happens in the ledger arrives, and nothing else."""

import json
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from connector.errors import ConfigError
from connector_exact.cursor import Position
from plugins.exact.tests.exact_ledger import ExactLedger, log_in

TERMS = "sync/Cashflow/PaymentTerms"
FEEDS = ["sync/Deleted", TERMS, "sync/CRM/Accounts", "sync/CRM/Contacts", "sync/CRM/Addresses"]


def test_a_first_load_brings_the_ledger_and_its_control_total(ledger: ExactLedger) -> None:
    contact = {"first_name": "Renée", "last_name": "de Wit", "email": "renee@example.com"}
    debtor = ledger.account(address="Oudegracht 112", postcode="3511 AV", city="Utrecht", country="NL", contact=contact)
    ledger.invoices()
    claim = ledger.invoice(900, "29.99", your_ref="PO-17")

    pages = ledger.pull()

    assert ledger.store.open_of(claim) == 2999
    (piece,) = ledger.store.pieces(claim)
    assert (piece.number, piece.reference, piece.debtor_id, piece.state) == ("900", "PO-17", debtor, "open")
    assert piece.due_date is not None
    assert (piece.due_date - ledger.today()).days == 30
    assert len(ledger.store.items) == 21
    found = ledger.store.debtors[debtor]
    assert (found.code, found.name, found.suggested_kind) == ("10", "Bakkerij 10 B.V.", "business")
    kinds = Counter(type(part).__name__ for part in ledger.store.parts.values())
    assert kinds == {"DebtorAddress": 1, "DebtorContact": 1}
    last = pages[-1]
    assert (last.complete, last.snapshot, last.calibrated) == (True, False, True)
    assert last.control_total is not None
    assert last.control_total.minor == ledger.store.open_total


def test_the_calls_of_a_first_load_follow_the_call_plan(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    calls = ledger.calls_of()
    assert [call for call in calls if call != "users/UserHasRights"] == [
        "system/Divisions",
        *FEEDS,
        "read/financial/OutstandingInvoicesOverview",
    ]
    assert calls.index("sync/Deleted") < calls.index(TERMS)


def test_an_unchanged_ledger_costs_one_call_an_endpoint_and_gives_one_empty_page(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    ledger.context.http.calls.clear()
    (page,) = ledger.pull()
    assert (page.items, page.debtors, page.gone, page.complete) == ((), (), (), True)
    assert ledger.endpoints() == FEEDS


def test_pages_of_a_thousand_cost_one_call_each_and_none_is_refused_under_the_minute_limit(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(3000)
    calls = ledger.calls_of()
    assert Counter(calls)[TERMS] == 3
    assert len(ledger.store.items) == 3000
    assert all(call.status == 200 for call in ledger.context.http.calls)


def test_a_page_is_given_before_the_next_call_is_made(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(1001)
    pages = ledger.pages()
    next(pages)
    assert Counter(ledger.endpoints())[TERMS] == 1


def test_a_part_payment_splits_the_term_and_leaves_the_rest_open(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.book("payments", invoice=900, amount="50.00")
    ledger.pull()
    assert (ledger.store.open_of(claim), ledger.store.total_of(claim)) == (7100, 12100)
    paid = [piece for piece in ledger.store.pieces(claim) if piece.state == "closed"]
    assert [(piece.amount_minor, piece.closed_reason, piece.settled_on) for piece in paid] == [
        (5000, "paid", ledger.today())
    ]
    assert {piece.original_minor for piece in ledger.store.pieces(claim)} == {12100}


@pytest.mark.parametrize("keeps", ["matched", "remainder"])
def test_it_does_not_matter_which_piece_of_a_split_keeps_its_id(ledger: ExactLedger, keeps: str) -> None:
    ledger.server.control("toggles", {"split_keeps_id": keeps})
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.book("payments", invoice=900, amount="50.00")
    ledger.book("payments", invoice=900, amount="20.01")
    ledger.pull()
    assert (ledger.store.open_of(claim), ledger.store.total_of(claim)) == (5099, 12100)


def test_a_full_payment_closes_the_invoice_with_its_day(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.book("payments", invoice=900)
    ledger.pull()
    (piece,) = ledger.store.pieces(claim)
    assert (piece.state, piece.open_minor, piece.closed_reason, piece.settled_on) == (
        "closed",
        0,
        "paid",
        ledger.today(),
    )


def test_a_written_off_invoice_is_closed_but_not_paid(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.book("write-offs", invoice=900)
    ledger.pull()
    (piece,) = ledger.store.pieces(claim)
    assert (piece.state, piece.open_minor, piece.closed_reason, piece.settled_on) == ("closed", 0, "unknown", None)


def test_a_credit_note_stands_against_the_debtor_until_it_is_matched(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    before = _after_pull(ledger)
    credit = ledger.book("credit-notes", account="10", amount="21.00", number=901, date=ledger.today().isoformat())
    assert _after_pull(ledger) == before - 2100
    (note,) = ledger.store.pieces(credit["entry_id"])
    assert (note.kind, note.open_minor, note.state) == ("credit_note", -2100, "open")
    ledger.book("allocations", invoice=900, credit=901)
    ledger.pull()
    assert ledger.store.open_of(claim) == 10000
    (note,) = ledger.store.pieces(credit["entry_id"])
    assert (note.open_minor, note.closed_reason) == (0, "credited")


def test_a_loose_receipt_lowers_what_the_debtor_owes_and_not_the_invoice(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    before = _after_pull(ledger)
    ledger.book("receipts", account="10", amount="50.00", date=ledger.today().isoformat())
    assert _after_pull(ledger) == before - 5000
    assert ledger.store.open_of(claim) == 12100
    receipts = [item for item in ledger.store.items.values() if item.kind == "receipt"]
    assert [item.open_minor for item in receipts] == [-5000]


@pytest.mark.parametrize("merges", [False, True])
def test_un_matching_opens_the_invoice_again(ledger: ExactLedger, merges: bool) -> None:
    ledger.server.control("toggles", {"unallocate_merges": merges})
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    ledger.book("payments", invoice=900, amount="50.00")
    ledger.pull()
    assert ledger.store.open_of(claim) == 7100
    ledger.book("unallocations", invoice=900)
    ledger.pull()
    assert (ledger.store.open_of(claim), ledger.store.total_of(claim)) == (12100, 12100)


def test_a_direct_debit_on_its_way_is_not_open_for_escalation_and_comes_back_when_it_bounces(
    ledger: ExactLedger,
) -> None:
    ledger.account()
    claim = ledger.invoice(900)
    for step, state in (("direct-debits", "in_collection"), ("direct-debits/process", "in_collection")):
        ledger.book(step, invoice=900)
        ledger.pull()
        assert [piece.state for piece in ledger.store.pieces(claim)] == [state]
        assert ledger.store.open_of(claim) == 12100
    ledger.book("direct-debits/bounce", invoice=900)
    ledger.pull()
    assert [piece.state for piece in ledger.store.pieces(claim)] == ["open"]


def test_a_collected_direct_debit_is_paid_and_bounces_after_that_too(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900)
    for step in ("direct-debits", "direct-debits/process", "direct-debits/collect"):
        ledger.book(step, invoice=900)
    ledger.pull()
    assert [(piece.state, piece.closed_reason) for piece in ledger.store.pieces(claim)] == [("closed", "paid")]
    ledger.book("direct-debits/bounce", invoice=900)
    ledger.pull()
    assert ledger.store.open_of(claim) == 12100


def test_a_deleted_entry_is_gone_and_not_paid(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.book("deletions", invoice=900)
    pages = ledger.pull()
    assert ledger.store.pieces(claim) == []
    assert sum(len(page.gone) for page in pages) == 1
    assert all(item.closed_reason != "paid" for page in pages for item in page.items)


def test_a_reversed_invoice_is_closed_with_its_reversal(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.book("reversals", invoice=900)
    ledger.pull()
    assert ledger.store.open_of(claim) == 0
    assert [item.kind for item in ledger.store.items.values() if item.reversal] == ["invoice"]


def test_instalments_are_rows_of_one_claim_with_their_own_due_dates(ledger: ExactLedger) -> None:
    ledger.account()
    parts = [{"due": "2026-12-01", "amount": "40.00"}, {"due": "2027-01-01", "amount": "81.00"}]
    claim = ledger.invoice(900, instalments=parts)
    ledger.pull()
    pieces = sorted(ledger.store.pieces(claim), key=lambda piece: piece.amount_minor)
    assert [(piece.open_minor, str(piece.due_date)) for piece in pieces] == [(4000, "2026-12-01"), (8100, "2027-01-01")]


def test_payables_never_come_in(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.book("payables", account="10", amount="500.00", date=ledger.today().isoformat())
    ledger.pull()
    assert len(ledger.store.items) == 20


def test_a_foreign_invoice_comes_in_its_own_currency(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900, "140.36", currency="USD", rate="0.9")
    ledger.pull()
    (piece,) = ledger.store.pieces(claim)
    assert (piece.currency, piece.open_minor, piece.original_minor) == ("USD", 14036, 14036)


def test_noise_of_doubles_never_changes_a_cent(ledger: ExactLedger) -> None:
    ledger.server.control("toggles", {"double_noise": True})
    ledger.account()
    wanted = {
        ledger.invoice(number, f"{number}.{number % 100:02d}"): number * 100 + number % 100 for number in range(1, 60)
    }
    ledger.pull()
    assert {claim: ledger.store.open_of(claim) for claim in wanted} == wanted


def test_two_openings_in_one_entry_stay_two_claims_of_their_debtors(ledger: ExactLedger) -> None:
    ledger.account("10")
    ledger.account("11")
    ledger.invoice(900, account="10", opening=True)
    ledger.invoice(901, account="11", opening=True)
    ledger.pull()
    assert sorted(item.kind for item in ledger.store.items.values()) == ["opening", "opening"]
    assert len({item.claim for item in ledger.store.items.values()}) == 2


def test_what_is_open_equals_the_books_after_a_busy_day(ledger: ExactLedger) -> None:
    ledger.account("10")
    ledger.account("11")
    ledger.invoices(40)
    ledger.pull()
    day = ledger.today().isoformat()
    for number in range(1, 41, 4):
        ledger.book("payments", invoice=number, amount=f"{number}.37")
    ledger.book("credit-notes", account="10", amount="33.10", number=500, date=day, against=2)
    ledger.book("receipts", account="11", amount="7.77", date=day)
    ledger.book("write-offs", invoice=3, amount="0.50")
    ledger.book("unallocations", invoice=5)
    ledger.book("payments", invoice=6, amount="200.00")
    ledger.pull()
    books = ledger.server.control(f"{ledger.division}/balances", method="GET")
    assert ledger.store.open_total == books["total"]
    entries = {entry["entry_id"]: entry["open"] for entry in books["entries"] if entry["kind"] in (20, 21)}
    assert {claim: ledger.store.open_of(claim) for claim in entries} == entries


def test_a_pull_that_stops_after_any_page_goes_on_without_loss_or_repetition(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(2500)
    for code in range(20, 30):
        ledger.account(str(code), contact={"first_name": "A", "last_name": "B"})
    ledger.book("deletions", invoice=1)
    seen: Counter[str] = Counter()
    complete = False
    rounds = 0
    while not complete:
        rounds += 1
        ledger.restart()
        for page in islice(ledger.pages(), 1):
            seen.update(item.id for item in page.items)
            seen.update(debtor.id for debtor in page.debtors)
            ledger.store.take(page)
            complete = page.complete
    assert rounds >= 6
    assert set(seen.values()) == {1}
    assert len(ledger.store.items) == 2499
    assert len(ledger.store.debtors) == 11


def test_the_cursor_is_a_small_json_text(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    for page in ledger.pull():
        assert isinstance(json.loads(page.cursor), dict)
        assert len(page.cursor) < 4096


def test_a_cursor_of_another_administration_is_refused(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.pull()
    ledger.configure(division=123456)
    with pytest.raises(ConfigError, match=f"administration {ledger.division}"):
        list(ledger.source.pull(ledger.store.cursor))


def test_an_unreadable_cursor_is_refused(ledger: ExactLedger) -> None:
    with pytest.raises(ConfigError, match="position of this ledger cannot be read"):
        list(ledger.source.pull('{"site": 5}'))


def test_a_moved_administration_is_read_again_from_the_beginning(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    before = dict(ledger.store.items)
    ledger.server.control(f"move/{ledger.division}")
    ledger.clock.advance(days=1)
    pages = ledger.pull()
    assert pages[0].full_resync
    assert [page.full_resync for page in pages[1:]] == [False] * (len(pages) - 1)
    assert sum(len(page.items) for page in pages if page.stream == "payment terms") == 20
    assert ledger.store.items == before
    assert pages[-1].snapshot


def test_after_a_long_sleep_everything_is_read_again(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    ledger.clock.advance(days=51)
    log_in(ledger.config, ledger.context)  # a refresh token lives 30 days
    pages = ledger.pull()
    assert pages[0].full_resync
    assert pages[-1].snapshot


def test_a_short_sleep_changes_nothing(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    ledger.clock.advance(days=29)
    assert not any(page.full_resync for page in ledger.pull())


@pytest.mark.parametrize(
    "change", [{"invoice_number": "YourRef"}, {"gl_accounts": ("1300",)}, {"debtors": "customers"}]
)
def test_rows_are_read_again_when_the_settings_that_read_them_change(
    ledger: ExactLedger, change: dict[str, Any]
) -> None:
    ledger.account()
    claim = ledger.invoice(900, your_ref="F-17")
    ledger.pull()
    ledger.configure(**change)
    pages = ledger.pull()
    assert pages[0].full_resync
    (piece,) = ledger.store.pieces(claim)
    assert piece.number == ("F-17" if "invoice_number" in change else "900")
    assert not any(page.full_resync for page in ledger.pull())


def test_other_settings_change_nothing_that_is_stored(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    ledger.configure(calls_per_minute=30, note_type=183)
    assert not any(page.full_resync for page in ledger.pull())


def test_an_overlap_reads_the_last_row_versions_again(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    ledger.configure(overlap=3)
    again = [page for page in ledger.pull() if page.stream == "payment terms"]
    assert sum(len(page.items) for page in again) in (1, 2, 3)


def test_the_position_never_goes_back_by_an_overlap(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    before = Position.model_validate_json(ledger.store.cursor or "")
    ledger.configure(overlap=1000)
    ledger.pull()
    assert Position.model_validate_json(ledger.store.cursor or "").terms == before.terms


def _after_pull(ledger: ExactLedger) -> int:
    ledger.pull()
    return ledger.store.open_total
