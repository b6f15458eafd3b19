"""Terms as open items: signs, states, kinds, currencies, and what belongs to one invoice."""

from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from connector.model import OpenItem
from connector_exact.config import ExactConfig
from connector_exact.mapping import TermMapping, claim_of, payment_reference
from connector_exact.rows import OpenTerm, Term

ENTRY, LINE, ROW, DEBTOR = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "1234")


def config(**changes: Any) -> ExactConfig:
    return ExactConfig.model_validate({"client_id": "app", "client_secret": {"env": "EXACT_SECRET"}} | changes)


def term(**changes: Any) -> OpenTerm:
    values: dict[str, Any] = {
        "ID": ROW,
        "LineType": 20,
        "Account": DEBTOR,
        "TransactionEntryID": ENTRY,
        "TransactionID": LINE,
        "TransactionType": 20,
        "Status": 20,
        "AmountDC": Decimal("-121.00"),
        "AmountFC": Decimal("-121.00"),
        "TransactionAmountDC": Decimal("121.00"),
        "TransactionAmountFC": Decimal("121.00"),
        "Currency": "EUR",
        "InvoiceNumber": 26700001,
        "EntryNumber": 26700009,
        "YourRef": "F-2026-17",
        "Description": "October",
        "DueDate": date(2026, 10, 31),
        "InvoiceDate": date(2026, 10, 1),
        "LastPaymentDate": None,
    }
    return cast("OpenTerm", values | changes)


def item(term_: OpenTerm, *, sign: int = -1, **settings: Any) -> OpenItem:
    (found,) = TermMapping(config(**settings), sign=sign, home_currency="EUR").items([term_])
    return found


def test_an_unpaid_invoice_is_owed_in_full() -> None:
    found = item(term())
    assert (found.id, found.claim, found.debtor_id, found.kind, found.state) == (ROW, ENTRY, DEBTOR, "invoice", "open")
    assert (found.amount_minor, found.open_minor, found.original_minor, found.currency) == (12100, 12100, 12100, "EUR")
    assert (found.number, found.reference, found.description) == ("26700001", "F-2026-17", "October")
    assert (found.invoice_date, found.due_date) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (found.closed_reason, found.settled_on) == ("", None)


def test_a_piece_of_a_split_invoice_keeps_the_amount_as_invoiced_beside_its_own() -> None:
    found = item(term(AmountDC=Decimal("-71.00"), AmountFC=Decimal("-71.00")))
    assert (found.open_minor, found.original_minor) == (7100, 12100)


def test_the_other_sign_gives_the_same_claim() -> None:
    assert item(term(AmountDC=Decimal("121.00")), sign=1).open_minor == 12100


def test_a_credit_note_and_a_loose_receipt_stand_in_the_debtors_favour() -> None:
    credit = item(term(TransactionType=21, AmountDC=Decimal("2032.80"), TransactionAmountDC=Decimal("-2032.80")))
    receipt = item(term(TransactionType=40, AmountDC=Decimal("50")))
    assert (credit.kind, credit.open_minor, credit.original_minor) == ("credit_note", -203280, -203280)
    assert (receipt.kind, receipt.open_minor) == ("receipt", -5000)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(10, "opening"), (20, "invoice"), (40, "receipt"), (82, "difference"), (83, "difference"), (90, "other")],
)
def test_transaction_types_have_kinds(code: int, kind: str) -> None:
    assert item(term(TransactionType=code)).kind == kind


def test_a_row_on_the_unusual_side_is_named_for_what_it_does() -> None:
    assert item(term(AmountDC=Decimal(5))).kind == "credit_note"
    assert item(term(TransactionType=21, AmountDC=Decimal(-5))).kind == "other"


def test_a_reversal_keeps_its_kind_and_says_so() -> None:
    found = item(term(AmountDC=Decimal(5), TransactionIsReversal=True))
    assert (found.kind, found.reversal, found.open_minor) == ("invoice", True, -500)


@pytest.mark.parametrize("status", [30, 40])
def test_a_direct_debit_on_its_way_is_open_but_in_collection(status: int) -> None:
    found = item(term(Status=status))
    assert (found.state, found.open_minor) == ("in_collection", 12100)


def test_matched_with_a_payment_date_is_paid_on_that_day() -> None:
    found = item(term(Status=50, LastPaymentDate=date(2026, 11, 2)))
    assert (found.state, found.open_minor, found.amount_minor) == ("closed", 0, 12100)
    assert (found.closed_reason, found.settled_on) == ("paid", date(2026, 11, 2))


def test_matched_without_a_payment_is_closed_but_not_paid() -> None:
    assert item(term(Status=50)).closed_reason == "unknown"


def test_a_payment_date_proves_nothing_when_the_setting_says_so() -> None:
    found = item(term(Status=50, LastPaymentDate=date(2026, 11, 2)), paid_evidence="never")
    assert (found.closed_reason, found.settled_on) == ("unknown", None)


def test_a_used_credit_note_is_credited_and_a_used_receipt_is_no_payment_of_an_invoice() -> None:
    paid_on = date(2026, 11, 2)
    credit = item(term(Status=50, TransactionType=21, AmountDC=Decimal(5), LastPaymentDate=paid_on))
    assert credit.closed_reason == "credited"
    assert item(term(Status=50, TransactionType=40, LastPaymentDate=paid_on)).closed_reason == "unknown"


def test_payables_are_left_out() -> None:
    mapping = TermMapping(config(), sign=-1, home_currency="EUR")
    assert mapping.items([term(LineType=22)]) == ()


def test_a_listed_term_without_a_line_type_is_a_receivable() -> None:
    listed = dict(term())
    del listed["LineType"]
    assert item(cast("OpenTerm", listed)).open_minor == 12100


def test_only_the_chosen_ledger_accounts_are_read() -> None:
    mapping = TermMapping(config(gl_accounts=("1300",)), sign=-1, home_currency="EUR")
    items = mapping.items([term(GLAccountCode=" 1300"), term(GLAccountCode="1305"), term()])
    assert len(items) == 1


@pytest.mark.parametrize(
    ("field", "number"),
    [("InvoiceNumber", "26700001"), ("YourRef", "F-2026-17"), ("Description", "October")],
)
def test_the_creditor_chooses_which_field_is_the_printed_number(field: str, number: str) -> None:
    assert item(term(), invoice_number=field).number == number


def test_a_missing_number_falls_back_to_invoice_and_entry_number() -> None:
    assert item(term(YourRef=None), invoice_number="YourRef").number == "26700001"
    assert item(term(InvoiceNumber=None)).number == "26700009"
    assert item(term(InvoiceNumber=None, EntryNumber=None)).number == ""


def test_a_foreign_invoice_is_claimed_in_its_own_currency() -> None:
    found = item(term(Currency="USD", AmountFC=Decimal("-140.36"), TransactionAmountFC=Decimal("140.36")))
    assert (found.currency, found.open_minor, found.original_minor) == ("USD", 14036, 14036)


def test_the_sign_of_a_foreign_amount_comes_from_the_home_amount_alone() -> None:
    assert item(term(Currency="USD", AmountFC=Decimal("140.36"))).open_minor == 14036
    assert item(term(Currency="USD", TransactionType=21, AmountDC=Decimal(5), AmountFC=Decimal(-6))).open_minor == -600


def test_a_foreign_invoice_can_be_claimed_in_the_administrations_currency() -> None:
    found = item(term(Currency="USD", AmountFC=Decimal("-140.36")), foreign_amounts="division_currency")
    assert (found.currency, found.open_minor) == ("EUR", 12100)


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 121), ("KWD", 121000)])
def test_a_currency_has_its_own_number_of_decimals(currency: str, minor: int) -> None:
    assert item(term(Currency=currency)).open_minor == minor


@given(st.integers(-(10**13), 10**13), st.floats(-1e-6, 1e-6))
def test_rounding_noise_never_moves_a_cent(cents: int, noise: float) -> None:
    noisy = Decimal(cents) / 100 + Decimal(repr(noise))
    assert item(term(AmountDC=noisy, Status=20)).amount_minor == -cents


_texts = st.text(max_size=20) | st.none()
_amounts = st.decimals(-(10**12) + 1, 10**12 - 1, allow_nan=False, allow_infinity=False)
_keys = st.text(min_size=36, max_size=36)
_days = st.integers(-(10**13), 10**14).map(lambda ms: f"/Date({ms})/") | st.none()
_rows = st.fixed_dictionaries(
    {
        "ID": _keys,
        "Account": _keys,
        "Timestamp": st.integers(0, 2**63 - 1),
        "LineType": st.just(20),
        "Status": st.sampled_from([20, 30, 40, 50]),
        "AmountDC": _amounts,
        "Currency": st.sampled_from(["EUR", "USD", "KWD", "JPY", "XXX"]),
    },
    optional={
        "TransactionEntryID": _keys | st.none(),
        "TransactionID": _keys | st.none(),
        "TransactionType": st.sampled_from([10, 20, 21, 40, 82, 90]) | st.integers() | st.none(),
        "TransactionIsReversal": st.booleans() | st.none(),
        "AmountFC": _amounts | st.none(),
        "TransactionAmountDC": _amounts | st.none(),
        "TransactionAmountFC": _amounts | st.none(),
        "InvoiceNumber": st.integers() | st.none(),
        "EntryNumber": st.integers() | st.none(),
        "YourRef": _texts,
        "Description": _texts,
        "PaymentReference": _texts,
        "InvoiceDate": _days,
        "DueDate": _days,
        "LastPaymentDate": _days,
        "Journal": _texts,
    },
)


@given(_rows, st.sampled_from([1, -1]), st.sampled_from(["EUR", "KWD", "JPY"]), st.sampled_from(["none", "journal"]))
def test_what_is_made_of_any_readable_term_is_a_valid_item(
    raw: dict[str, Any], sign: int, home: str, group: str
) -> None:
    row = TypeAdapter(Term).validate_python(raw)
    settings = config(product_group=group, foreign_amounts="invoice_currency", paid_evidence="last_payment_date")
    (made,) = TermMapping(settings, sign=sign, home_currency=home).items([row])
    assert list(vars(made)) == list(OpenItem.model_fields)
    assert OpenItem.model_validate(vars(made), strict=True) == made


def test_pieces_of_a_sales_entry_belong_to_the_entry() -> None:
    assert claim_of(term()) == ENTRY
    assert claim_of(term(TransactionType=21)) == ENTRY


@pytest.mark.parametrize("code", [10, 40, 90])
def test_lines_of_many_debtors_under_one_entry_stay_apart(code: int) -> None:
    assert claim_of(term(TransactionType=code)) == LINE


def test_a_term_without_an_entry_or_a_line_stands_alone() -> None:
    assert claim_of(term(TransactionEntryID=None)) == LINE
    assert claim_of(term(TransactionEntryID=None, TransactionID=None)) == ROW


@pytest.mark.parametrize("form", ["+++090/9337/55493+++", "090/9337/55493", "090933755493", " *** 090/9337/55493 ***"])
def test_every_form_of_a_belgian_reference_becomes_its_twelve_digits(form: str) -> None:
    assert payment_reference(form) == "090933755493"


def test_check_digits_of_97_stand_for_no_remainder() -> None:
    assert payment_reference("+++000/0000/09797+++") == "000000009797"


def test_what_fails_the_check_digits_is_kept_as_it_was_written() -> None:
    assert payment_reference(" 090/9337/55494 ") == "090/9337/55494"
    assert payment_reference("RF18 5390 0754 7034") == "RF18 5390 0754 7034"
