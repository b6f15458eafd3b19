"""Payment terms as open items (Exact Online reference 4.4, 4.5)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from connector.model import ClosedReason, ItemKind, ItemState, OpenItem, build, exponent
from connector_exact.config import ExactConfig
from connector_exact.rows import OpenTerm

RECEIVABLE = 20
SALE, CREDIT_NOTE = 20, 21
_SOLD = (SALE, CREDIT_NOTE)
_KINDS: dict[int | None, ItemKind] = {
    10: "opening",
    SALE: "invoice",
    CREDIT_NOTE: "credit_note",
    40: "receipt",
    82: "difference",
    83: "difference",
}
_STATES: dict[int, ItemState] = {20: "open", 30: "in_collection", 40: "in_collection", 50: "closed"}
_SETTLED_BY_PAYMENT = frozenset({"invoice", "opening", "other"})


def not_asked(config: ExactConfig) -> frozenset[str]:
    """The fields of a term for which these settings have no use."""
    unused = {"GLAccountCode": not config.gl_accounts, "Journal": config.product_group != "journal"}
    return frozenset(name for name, is_unused in unused.items() if is_unused)


class TermMapping:
    """Maps the terms of one division. `sign` is 1 when a positive AmountDC means that the debtor owes, else -1."""

    def __init__(self, config: ExactConfig, *, sign: int, home_currency: str) -> None:
        self._sign = sign
        self._home = home_currency
        self._scale = 10 ** exponent(home_currency)
        self._foreign = config.foreign_amounts == "invoice_currency"
        self._paid_by_date = config.paid_evidence == "last_payment_date"
        self._number_field = config.invoice_number
        self._accounts = frozenset(config.gl_accounts)
        self._by_journal = config.product_group == "journal"

    def items(self, terms: Iterable[OpenTerm]) -> tuple[OpenItem, ...]:
        """The receivables among `terms`.

        Not validated a second time: whatever values a term may have by its own type make a valid item, which a
        property test holds. A hundred thousand rows would take a tenth longer.
        """
        return tuple(build(OpenItem, self._values(term)) for term in terms if self._is_wanted(term))

    def _is_wanted(self, term: OpenTerm) -> bool:
        if term.get("LineType", RECEIVABLE) != RECEIVABLE:
            return False
        return not self._accounts or (term.get("GLAccountCode") or "").strip() in self._accounts

    def _values(self, term: OpenTerm) -> dict[str, Any]:
        """The fields of an `OpenItem`. Runs for each row of the ledger, so it calls little."""
        state = _STATES[term["Status"]]
        currency, amount, original = self._amounts(term)
        kind = _KINDS.get(term.get("TransactionType"), "other")
        if (kind == "invoice" and amount < 0) or (kind == "credit_note" and amount > 0):
            kind = _turned(term, kind)
        is_closed = state == "closed"
        reason, settled_on = self._closing(term, kind) if is_closed else ("", None)
        payment_text = term.get("PaymentReference")
        # Other journals, such as that of the opening balance, do not tell what was sold.
        sold = self._by_journal and term.get("TransactionType") in _SOLD
        return {
            "id": term["ID"],
            "claim": claim_of(term),
            "debtor_id": term["Account"],
            "kind": kind,
            "state": state,
            "currency": currency,
            "amount_minor": amount,
            "open_minor": 0 if is_closed else amount,
            "original_minor": original,
            "number": str(
                term.get(self._number_field) or term.get("InvoiceNumber") or term.get("EntryNumber") or ""
            ).strip(),
            "invoice_date": term.get("InvoiceDate"),
            "due_date": term.get("DueDate"),
            "settled_on": settled_on,
            "closed_reason": reason,
            "reference": term.get("YourRef") or "",
            "payment_reference": payment_reference(payment_text) if payment_text else "",
            "description": term.get("Description") or "",
            "reversal": term.get("TransactionIsReversal") or False,
            "product_group": (term.get("Journal") or "").strip() if sold else "",
        }

    def _amounts(self, term: OpenTerm) -> tuple[str, int, int]:
        """Currency, this row's amount and the whole claim's amount as invoiced, as claims in minor units.

        Both take their sign from AmountDC, the only one that is calibrated; AmountFC gives a size alone. Doubles
        carry rounding noise: `round` takes the nearest unit, and of a Decimal that is exact.
        """
        currency, home = term["Currency"], term["AmountDC"]
        sign = self._sign if home >= 0 else -self._sign
        size: Decimal = home
        whole = term.get("TransactionAmountDC")
        scale = self._scale
        if currency != self._home:
            foreign = term.get("AmountFC")
            if self._foreign and foreign is not None:
                size, whole = foreign, term.get("TransactionAmountFC")
                scale = 10 ** exponent(currency)
            else:
                currency = self._home
        return currency, sign * abs(round(size * scale)), sign * abs(round(whole * scale)) if whole else 0

    def _closing(self, term: OpenTerm, kind: ItemKind) -> tuple[ClosedReason, Any]:
        """Why a matched term is closed. Matched is not paid: a write-off and a set-off look the same."""
        if kind == "credit_note":
            return "credited", None
        paid_on = term.get("LastPaymentDate")
        if self._paid_by_date and paid_on is not None and kind in _SETTLED_BY_PAYMENT:
            return "paid", paid_on
        return "unknown", None


def _turned(term: OpenTerm, kind: ItemKind) -> ItemKind:
    """The kind of a row on the unusual side: a reversal keeps its kind, a negative sales entry is a credit."""
    if term.get("TransactionIsReversal"):
        return kind
    return "credit_note" if kind == "invoice" else "other"


def claim_of(term: OpenTerm) -> str:
    """The invoice a term belongs to; survives splitting and un-matching.

    For sales entries and credit notes the entry. An opening entry, a bank statement or a journal holds lines of
    many debtors under one entry: there it is the line, which the pieces of a split share as well.
    """
    entry, line = term.get("TransactionEntryID"), term.get("TransactionID")
    by_entry = term.get("TransactionType") in _SOLD
    return (entry or line if by_entry else line or entry) or term["ID"]


def payment_reference(text: str) -> str:
    """A Belgian structured communication as its 12 digits when the check digits hold; any other text trimmed.

    Which form the field carries is uncertain (reference 4.5), so all of them are read.
    """
    text = text.strip()
    digits = text.translate(_PUNCTUATION)
    if len(digits) == 12 and digits.isascii() and digits.isdigit() and _checks(digits):
        return digits
    return text


_PUNCTUATION = str.maketrans("", "", "+*/ ")


def _checks(digits: str) -> bool:
    return int(digits[:10]) % 97 in (int(digits[10:]), int(digits[10:]) - 97)
