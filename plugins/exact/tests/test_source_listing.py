"""The daily listing of open terms, the control total, and the rights without which neither is believed."""

from collections import Counter

import pytest

from connector.errors import AuthError, ConfigError
from plugins.exact.tests.exact_ledger import ExactLedger

TERMS, LISTING = "sync/Cashflow/PaymentTerms", "bulk/Cashflow/Receivables"
TOTAL, RIGHTS = "read/financial/OutstandingInvoicesOverview", "users/UserHasRights"


@pytest.fixture
def filled(ledger: ExactLedger) -> ExactLedger:
    ledger.account()
    ledger.invoices(25)
    return ledger


def test_the_first_pull_of_a_day_lists_everything_open_once(filled: ExactLedger) -> None:
    filled.pull()
    filled.book("payments", invoice=1)
    filled.clock.advance(days=1)
    pages = filled.pull()
    listed = {item.id for page in pages if page.stream == "open terms" for item in page.items}
    assert listed == {item.id for item in filled.store.items.values() if item.state != "closed"}
    assert len(listed) == 24
    assert (pages[-1].complete, pages[-1].snapshot) == (True, True)
    assert Counter(filled.calls_of())[LISTING] == 0


def test_the_listing_can_be_less_often_or_never(filled: ExactLedger) -> None:
    for days, expected in ((3, [0, 0, 1]), (0, [0, 0, 0])):
        filled.configure(snapshot_days=days)
        filled.store.cursor = None
        filled.pull()
        found = []
        for _ in range(3):
            filled.clock.advance(days=1)
            found.append(Counter(filled.calls_of())[LISTING])
        assert found == expected


def test_a_listed_item_is_the_same_as_the_synced_one(filled: ExactLedger) -> None:
    filled.invoice(900, "140.36", currency="USD", rate="0.9", your_ref="R", payment_reference="+++090/9337/55493+++")
    filled.book("credit-notes", account="10", amount="21.00", number=901, date=filled.today().isoformat())
    filled.book("receipts", account="10", amount="5.00", date=filled.today().isoformat())
    filled.book("direct-debits", invoice=2)
    filled.pull()
    synced = {key: item for key, item in filled.store.items.items() if item.state != "closed"}
    filled.clock.advance(days=1)
    listed = {item.id: item for page in filled.pull() if page.stream == "open terms" for item in page.items}
    assert listed == synced


def test_a_pull_that_stopped_in_the_listing_starts_the_listing_again(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(1200)
    ledger.pull()
    ledger.clock.advance(days=1)
    first = next(ledger.pages())
    assert (first.stream, len(first.items)) == ("open terms", 1000)
    ledger.store.take(first)
    pages = ledger.pull()
    assert sum(len(page.items) for page in pages if page.stream == "open terms") == 1200
    assert pages[-1].snapshot


def test_nothing_is_concluded_from_a_listing_with_an_unreadable_record(filled: ExactLedger) -> None:
    filled.pull()
    filled.clock.advance(days=1)
    _spoil(filled, LISTING)
    pages = filled.pull()
    assert len(filled.store.faults) == 1
    assert (pages[-1].complete, pages[-1].snapshot) == (True, False)
    assert Counter(filled.calls_of())[LISTING] == 0
    filled.clock.advance(days=1)
    assert filled.pull()[-1].snapshot


def test_an_inconclusive_listing_is_tried_again_the_next_day_however_rare_listings_are(filled: ExactLedger) -> None:
    filled.configure(snapshot_days=7)
    filled.pull()
    filled.clock.advance(days=7)
    _spoil(filled, LISTING)
    assert not filled.pull()[-1].snapshot
    filled.clock.advance(days=1)
    assert filled.pull()[-1].snapshot


def test_an_empty_listing_is_believed_only_when_the_rights_are_there(filled: ExactLedger) -> None:
    filled.configure(rights_days=0)
    filled.pull()
    filled.clock.advance(days=1)
    filled.server.control("rights", {"user": "anna", "endpoints": [LISTING]})
    with pytest.raises(AuthError, match=f"no right to {LISTING}: .*Financial receivables"):
        filled.pull()
    assert filled.store.last is not None
    assert not filled.store.last.snapshot


def test_when_everybody_has_paid_the_listing_is_empty_and_says_so(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoice(900)
    ledger.pull()
    ledger.book("payments", invoice=900)
    ledger.clock.advance(days=1)
    pages = ledger.pull()
    assert pages[-1].snapshot
    assert [page.stream for page in pages if page.stream == "open terms"] == []


def test_a_listing_whose_sign_may_differ_is_not_used(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900)
    ledger.pull()
    ledger.clock.advance(days=1)
    ledger.configure(uncalibrated_sign="negative_owes")
    ledger.server.control("toggles", {"amount_sign": "positive"})
    pages = ledger.pull()
    assert not pages[-1].snapshot
    assert ledger.store.open_of(claim) == 12100


def test_the_control_total_is_asked_once_a_day_and_after_a_first_load(filled: ExactLedger) -> None:
    assert Counter(filled.calls_of())[TOTAL] == 1
    assert Counter(filled.calls_of())[TOTAL] == 0
    filled.clock.advance(days=1)
    assert Counter(filled.calls_of())[TOTAL] == 1


def test_a_control_total_that_may_not_be_asked_is_done_without_for_a_week(filled: ExactLedger) -> None:
    filled.server.control("toggles", {"missing_rights": "forbidden"})
    filled.server.control("rights", {"user": "anna", "endpoints": [TOTAL]})
    pages = filled.pull()
    assert (pages[-1].complete, pages[-1].control_total) == (True, None)
    filled.server.control("rights", {"user": "anna", "endpoints": []})
    asked = []
    for _ in range(8):
        filled.clock.advance(days=1)
        asked.append(Counter(filled.calls_of())[TOTAL])
    assert asked == [0, 0, 0, 0, 0, 0, 1, 1]


def test_the_control_total_can_be_switched_off(filled: ExactLedger) -> None:
    filled.configure(control_total=False)
    assert Counter(filled.calls_of())[TOTAL] == 0


def test_a_total_that_moves_while_no_term_comes_means_reading_everything_again(filled: ExactLedger) -> None:
    filled.pull()
    filled.clock.advance(days=1)
    filled.pull()
    filled.book("payments", invoice=1)
    position = filled.store.cursor or ""
    filled.configure(snapshot_days=0)
    filled.store.cursor = position.replace('"terms":', '"terms":9')  # as after versions that started again unannounced
    for _ in range(2):
        filled.clock.advance(days=1)
        assert [page.full_resync for page in filled.pull()] == [False]
    again = filled.pull()
    assert again[0].full_resync
    assert sum(item.open_minor for item in filled.store.items.values()) == 24 * 12100


def test_a_payment_between_the_last_term_and_the_total_raises_no_alarm(filled: ExactLedger) -> None:
    filled.pull()
    filled.clock.advance(days=1)
    pages = filled.pages()
    filled.store.cursor = None
    for page in pages:
        filled.store.take(page)
        if page.stream == "open terms":
            filled.book("payments", invoice=1)  # the terms have been read, the total has not
    for _ in range(3):
        filled.clock.advance(days=1)
        assert not any(page.full_resync for page in filled.pull())


def test_a_missing_right_makes_an_empty_first_load_an_error(filled: ExactLedger) -> None:
    filled.server.control("rights", {"user": "anna", "endpoints": [TERMS]})
    with pytest.raises(AuthError, match=f"no right to {TERMS}: .*scope 'Financial cashflow'.*incasso connect exact-nl"):
        filled.pull()
    assert filled.store.last is None


def test_a_missing_scope_is_found_at_check(filled: ExactLedger) -> None:
    areas = ("Crm accounts", "Financial receivables", "Organization administration", "Organization documents")
    filled.server.control("scopes", {"scopes": dict.fromkeys(areas, "manage")})
    with pytest.raises(AuthError, match="Financial cashflow"):
        filled.source.check()


def test_check_asks_each_right_once_and_a_pull_within_a_week_none(filled: ExactLedger) -> None:
    filled.source.check()
    assert Counter(filled.endpoints()) == {"system/Divisions": 1, RIGHTS: 9}
    assert Counter(filled.calls_of())[RIGHTS] == 0
    filled.clock.advance(days=6)
    assert Counter(filled.calls_of())[RIGHTS] == 0
    filled.clock.advance(days=1)
    assert Counter(filled.calls_of())[RIGHTS] == 6


def test_only_the_rights_that_the_settings_use_are_asked(filled: ExactLedger) -> None:
    filled.configure(write_back=False, invoice_documents=False, snapshot_days=0)
    filled.source.check()
    assert Counter(filled.endpoints())[RIGHTS] == 5


@pytest.mark.parametrize("endpoint", ["documents/Documents", "documents/DocumentAttachments"])
def test_a_missing_right_to_documents_stops_the_check_and_not_the_pull(filled: ExactLedger, endpoint: str) -> None:
    filled.server.control("rights", {"user": "anna", "endpoints": [endpoint]})
    with pytest.raises(AuthError, match=f"no right to {endpoint}"):
        filled.source.check()
    filled.pull()
    assert len(filled.store.items) == 25


def test_check_without_a_division_lists_those_to_choose_from(filled: ExactLedger) -> None:
    filled.configure(division=None)
    with pytest.raises(ConfigError, match=r"division: no administration is chosen\. .*you may use: \d{6} "):
        filled.source.check()
    for act in (lambda: filled.source.pull(None), lambda: filled.source.document("x")):
        with pytest.raises(ConfigError, match="no administration is chosen"):
            act()


def _spoil(ledger: ExactLedger, endpoint: str) -> None:
    order = {"endpoint": endpoint, "kind": "malformed_row", "field": "AmountDC", "value": "?", "row": 2}
    ledger.server.control("faults", order)
