"""Payment terms and receivables as the service shows them (reference 4.4 and 4.5)."""

from collections.abc import Mapping
from typing import Any

from connector.model import exponent
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger import CREDITORS, DEBTORS
from connector_exact.sandbox.ledger_records import PAYABLE, RECEIVABLE, Status, Term
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.views import ByKey, ByVersion, Getter, View, account_getters

# Rounding noise of a double that went through sums (reference 2.3): invisible once rounded to cents.
_NOISE = 1.0 + 2.0**-51


def double(minor: int, currency: str, *, noise: bool) -> float:
    """Integer minor units as the double the service shows. The only place where money becomes a float."""
    value: float = minor / 10 ** exponent(currency)
    return value * _NOISE if noise else value


def term_view(division: Division, toggles: Toggles, *, sync: bool) -> View:
    """sync: every term with row versions. Otherwise receivables only, by id."""
    getters = _term_getters(division, toggles)
    if sync:
        return View(source=ByVersion(division.terms), getters=getters, key=getters["Timestamp"])
    source = ByKey(division.terms, where=lambda term: term.entry.line_type == RECEIVABLE)
    return View(source=source, getters=getters, key=getters["ID"])


def _term_getters(division: Division, toggles: Toggles) -> dict[str, Getter]:
    names = {"AccountCode": "Code", "AccountName": "Name", "AccountCountry": "Country", "AccountContact": "MainContact"}
    return {
        **_identity(division),
        **_amounts(division, toggles),
        **_dates(),
        **_descriptions(division),
        **_states(),
        **account_getters(division, names, lambda term: term.entry.account),
    }


def _identity(division: Division) -> dict[str, Getter]:
    return {
        "ID": lambda term: term.id,
        "Timestamp": lambda term: term.version,
        "Account": lambda term: term.entry.account,
        "Division": lambda term: division.code,
        "EntryID": lambda term: term.entry_id,
        "EntryNumber": lambda term: term.entry.number,
        "TransactionEntryID": lambda term: term.entry.id,
        "TransactionID": lambda term: term.entry.control_line,
        "TransactionType": lambda term: int(term.entry.kind),
        "TransactionIsReversal": lambda term: term.entry.reversal,
        "TransactionStatus": lambda term: 50 if not _has_open(division, term) else 20,
        "LineType": lambda term: term.entry.line_type,
        "GLAccount": lambda term: gl_account_id(division, _control(term)),
        "GLAccountCode": _control,
        "GLAccountDescription": lambda term: "Crediteuren" if _control(term) == CREDITORS else "Debiteuren",
        "Document": lambda term: term.entry.document or None,
    }


def _has_open(division: Division, term: Term) -> bool:
    return any(other.is_open for other in division.terms_of[term.entry.id])


def _control(term: Term) -> str:
    return CREDITORS if term.entry.line_type == PAYABLE else DEBTORS


def gl_account_id(division: Division, code: str) -> str | None:
    """The id of a general-ledger account by its code."""
    return next((row.id for row in division.rows["gl_accounts"] if row.values["Code"] == code), None)


def _amounts(division: Division, toggles: Toggles) -> dict[str, Getter]:
    sign = -1 if toggles.amount_sign == "negative" else 1
    noise = toggles.double_noise

    def home(minor: int) -> float:
        return double(minor, division.currency, noise=noise)

    def foreign(term: Term, minor: int) -> float:
        return double(minor, term.entry.currency, noise=noise)

    return {
        "AmountDC": lambda term: home(sign * term.dc),
        "AmountFC": lambda term: foreign(term, sign * term.fc),
        "TransactionAmountDC": lambda term: home(term.entry.dc),
        "TransactionAmountFC": lambda term: foreign(term, term.entry.fc),
        "AmountDiscountDC": lambda term: 0.0,
        "AmountDiscountFC": lambda term: 0.0,
        "PaymentDiscountPercentage": lambda term: 0.0,
        "Currency": lambda term: term.entry.currency,
        "RateFC": lambda term: float(term.entry.rate),
    }


def _dates() -> dict[str, Getter]:
    return {
        "Created": lambda term: term.created,
        "Modified": lambda term: term.modified,
        "DueDate": lambda term: term.due,
        "DiscountDueDate": lambda term: term.entry.day,
        "TransactionDueDate": lambda term: term.entry.due,
        "InvoiceDate": lambda term: term.entry.day,
        "EntryDate": lambda term: term.entry.day,
        "EndDate": lambda term: term.end_date,
        "EndYear": lambda term: term.end_date.year if term.end_date else None,
        "EndPeriod": lambda term: term.end_date.month if term.end_date else None,
        "LastPaymentDate": lambda term: term.last_payment,
        "PaymentDays": lambda term: (term.due - term.entry.day).days,
        "PaymentDaysDiscount": lambda term: 0,
        "TransactionReportingPeriod": lambda term: term.entry.day.month,
        "TransactionReportingYear": lambda term: term.entry.day.year,
    }


def _descriptions(division: Division) -> dict[str, Getter]:
    def document(term: Term) -> Mapping[str, Any]:
        row = division.rows["documents"].get(term.entry.document)
        return row.values if row else {}

    return {
        "Description": lambda term: term.description,
        "InvoiceNumber": lambda term: term.invoice_number,
        "YourRef": lambda term: term.your_ref,
        "PaymentReference": lambda term: term.payment_reference,
        "Journal": lambda term: term.entry.journal[0],
        "JournalDescription": lambda term: term.entry.journal[1],
        "DocumentNumber": lambda term: document(term).get("HID"),
        "DocumentSubject": lambda term: document(term).get("Subject"),
        "PaymentCondition": lambda term: "30",
        "PaymentConditionDescription": lambda term: "30 dagen",
    }


def _states() -> dict[str, Getter]:
    return {
        "Status": lambda term: int(term.status),
        "IsFullyPaid": lambda term: term.status is Status.MATCHED,
        "Source": lambda term: term.source,
        "PaymentMethod": lambda term: term.payment_method,
        "ReceivableBatchNumber": lambda term: term.batch,
        "ReceivableSelected": lambda term: term.selected,
        "CashflowTransactionBatchCode": lambda term: str(term.batch) if term.file_reference else None,
        "EndToEndID": lambda term: term.file_reference,
        "PaymentInformationID": lambda term: f"PMT{term.batch}" if term.file_reference else None,
        "IsBatchBooking": lambda term: 1 if term.batch is not None else 0,
    }
