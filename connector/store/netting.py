"""From the rows of a claim, added up, to what the rule layer sees: a claim that is owed, or credit."""

from collections.abc import Iterable
from typing import Literal

from connector.model import Claim
from connector.model.record import build
from connector.store.claim_rows import CREDIT_KINDS, ClaimRow

_CLAIM_KINDS: dict[str, Literal["invoice", "opening", "other"]] = {"invoice": "invoice", "opening": "opening"}


def is_credit(row: ClaimRow) -> bool:
    """Whether it is in the debtor's favour: a credit note, a receipt, an invoice that was paid beyond its amount."""
    return row.kind in CREDIT_KINDS or row.open_minor + row.in_collection_minor < 0


def credit_of(rows: Iterable[ClaimRow]) -> dict[str, int]:
    """The open credit among a debtor's rows: positive minor units per currency."""
    credit: dict[str, int] = {}
    for row in rows:
        if is_credit(row) and row.open_minor < 0:
            credit[row.currency] = credit.get(row.currency, 0) - row.open_minor
    return credit


def claim_of(row: ClaimRow) -> Claim:
    """The claim of rows added up."""
    (
        _, claim, currency, kind, number, open_minor, overdue_minor, in_collection_minor, _, original_minor,
        invoice_date, due_date, last_due_date, undated, _, description, payment_reference, product_group, case_ref,
    ) = row  # fmt: skip
    return build(
        Claim,
        {
            "claim": claim,
            "number": number,
            "kind": _CLAIM_KINDS.get(kind, "other"),
            "currency": currency,
            "open_minor": open_minor,
            "overdue_minor": overdue_minor,
            "in_collection_minor": in_collection_minor,
            "original_minor": original_minor,
            "invoice_date": invoice_date,
            # One row without a due date makes the whole claim's due date unknown.
            "due_date": None if undated else due_date,
            "last_due_date": last_due_date,
            "case_ref": case_ref,
            "whole": row.whole,
            "description": description,
            "payment_reference": payment_reference,
            "product_group": product_group,
        },
    )
