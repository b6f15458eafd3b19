"""The sign of the amounts is measured on each division before anything may escalate."""

from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.testing import make_context
from connector_exact.calibration import Calibration
from connector_exact.config import ExactConfig
from connector_exact.rows import OpenTerm
from plugins.exact.tests.exact_ledger import ExactLedger


def config(**changes: Any) -> ExactConfig:
    values: dict[str, Any] = {"client_id": "app", "client_secret": {"env": "EXACT_SECRET"}, "division": 1}
    return ExactConfig.model_validate(values | changes)


def term(shown: str = "-121", whole: str | None = "121", **changes: Any) -> OpenTerm:
    values: dict[str, Any] = {
        "TransactionType": 20,
        "AmountDC": Decimal(shown),
        "TransactionAmountDC": None if whole is None else Decimal(whole),
    }
    return cast("OpenTerm", values | changes)


def measured(*terms: OpenTerm, **settings: Any) -> Calibration:
    calibration = Calibration(config(**settings), make_context(), "terms")
    calibration.count(terms)
    return calibration


def test_twenty_invoices_that_agree_are_enough_and_nineteen_are_not() -> None:
    assert measured(*[term()] * 20).measured == -1
    assert measured(*[term()] * 19).measured == 0
    assert measured(*[term("121")] * 20).measured == 1


@given(same=st.integers(0, 60), opposite=st.integers(0, 60))
def test_a_sign_is_measured_exactly_when_95_percent_of_20_rows_agree(same: int, opposite: int) -> None:
    rows = [term("121")] * same + [term("-121")] * opposite
    expected = 0
    if same + opposite >= 20:
        expected = 1 if same >= 0.95 * (same + opposite) else -1 if opposite >= 0.95 * (same + opposite) else 0
    assert measured(*rows).measured == expected


@pytest.mark.parametrize(
    "row",
    [
        term(TransactionType=21),
        term(TransactionType=40),
        term(TransactionIsReversal=True),
        term(whole="0"),
        term(whole=None),
        term(shown="0"),
        term(LineType=22),
    ],
)
def test_only_sales_entries_with_both_amounts_are_evidence(row: OpenTerm) -> None:
    assert measured(*[row] * 50).measured == 0


def test_credits_booked_as_negative_invoices_are_evidence_too() -> None:
    assert measured(*[term("121", "-121")] * 20).measured == -1


def test_the_evidence_survives_a_restart() -> None:
    context = make_context()
    first = Calibration(config(), context, "terms")
    first.count([term()] * 12)
    first.save()
    second = Calibration(config(), context, "terms")
    second.count([term()] * 8)
    assert second.measured == -1


def test_a_configured_sign_is_trusted_until_the_evidence_contradicts_it() -> None:
    assert measured(sign="positive_owes").vouched
    assert measured(*[term("121")] * 20, sign="positive_owes").vouched
    contradicted = measured(*[term()] * 20, sign="positive_owes")
    assert not contradicted.vouched
    assert contradicted.sign(0) == 1


def test_without_evidence_the_sign_is_assumed_and_not_vouched_for() -> None:
    assert (measured().sign(0), measured().vouched) == (-1, False)
    assert measured(uncalibrated_sign="positive_owes").sign(0) == 1


def test_losing_evidence_does_not_turn_stored_amounts_round() -> None:
    mixed = measured(*[term("121")] * 20, *[term("-121")] * 20)
    assert (mixed.sign(1), mixed.sign(-1), mixed.vouched) == (1, -1, False)


@pytest.mark.parametrize("sign", ["negative", "positive"])
def test_either_sign_of_the_service_gives_the_same_claims(ledger: ExactLedger, sign: str) -> None:
    ledger.server.control("toggles", {"amount_sign": sign})
    ledger.account()
    ledger.invoices()
    claim = ledger.invoice(900)
    ledger.book("credit-notes", account="10", amount="21.00", number=901, date=ledger.today().isoformat())
    pages = ledger.pull()
    assert pages[-1].calibrated
    assert ledger.store.open_of(claim) == 12100
    books = ledger.server.control(f"{ledger.division}/balances", method="GET")
    assert ledger.store.open_total == books["total"]


def test_a_small_ledger_is_read_but_not_vouched_for(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900)
    pages = ledger.pull()
    assert not pages[-1].calibrated
    assert ledger.store.open_of(claim) == 12100


def test_a_person_may_vouch_for_the_sign_of_a_small_ledger(ledger: ExactLedger) -> None:
    ledger.server.control("toggles", {"amount_sign": "positive"})
    ledger.configure(sign="positive_owes")
    ledger.account()
    claim = ledger.invoice(900)
    assert ledger.pull()[-1].calibrated
    assert ledger.store.open_of(claim) == 12100


def test_when_the_ledger_grows_the_wrong_assumption_is_mended_and_everything_read_again(ledger: ExactLedger) -> None:
    ledger.server.control("toggles", {"amount_sign": "positive"})
    ledger.account()
    claim = ledger.invoice(900)
    ledger.pull()
    assert ledger.store.open_of(claim) == -12100  # the assumption was wrong, and said to be one
    assert ledger.store.last is not None
    assert not ledger.store.last.calibrated
    ledger.invoices()
    pages = ledger.pull()
    assert ledger.store.open_of(claim) == 12100
    assert pages[-1].calibrated
    assert [page.full_resync for page in pages if page.stream == "payment terms"] == [True]
    assert all(item.amount_minor > 0 for item in ledger.store.items.values())


def test_a_sign_that_a_person_sets_later_turns_what_is_stored_at_once(ledger: ExactLedger) -> None:
    ledger.server.control("toggles", {"amount_sign": "positive"})
    ledger.account()
    claim = ledger.invoice(900)
    ledger.pull()
    assert ledger.store.open_of(claim) == -12100
    ledger.configure(sign="positive_owes")
    pages = ledger.pull()
    assert ledger.store.open_of(claim) == 12100
    assert pages[0].full_resync
    assert pages[-1].calibrated


def test_divisions_are_measured_apart(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices()
    ledger.pull()
    other = ExactLedger.open(ledger.server, ledger.division + 50_000)
    other.context.state.values.update(ledger.context.state.values)
    other.account()
    other.invoice(900)
    assert not other.pull()[-1].calibrated
