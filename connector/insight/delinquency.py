"""How long money stood overdue, from the ledger's own history: in money-days, so that debtors add up."""

from dataclasses import dataclass
from datetime import date

from connector.insight.past import ONE_DAY, DebtorPast
from connector.insight.replay import File, Period
from connector.insight.span import Span

_SALES = frozenset({"invoice", "credit_note"})


@dataclass
class Delinquency:
    """Sums over a period, in one currency; `*_money_days` are minor units times days.

    - `overdue_money_days`: what stood overdue, day by day; `away_money_days`: how much of it a policy had handed over.
    - `sales_minor`: what was invoiced in the period, less credit notes.
    - `paid_minor`: what was paid in the period with evidence, `paid_late_money_days` and `paid_term_money_days` the
      same times the days from due date and from invoice date to payment; early payments count below zero.
    """

    overdue_money_days: int = 0
    away_money_days: int = 0
    sales_minor: int = 0
    paid_minor: int = 0
    paid_late_money_days: int = 0
    paid_term_money_days: int = 0

    def add(self, other: "Delinquency") -> None:
        """Take in another debtor's."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def measure(past: DebtorPast, currency: str, period: Period, files: list[File]) -> Delinquency:
    """One debtor's sums over a period, with what a policy's `files` took away. Credit is not subtracted."""
    found = Delinquency()
    away = {claim.claim: file.day for file in files for claim in file.claims}
    for (claim, own), spans in past.spans.items():
        if own != currency:
            continue
        for span in spans:
            _stood_overdue(span, away.get(claim), period, found)
        # What was moved to another debtor is told there.
        if spans[-1].past == date.max:
            _was_sold(spans[-1], period, found)
            _was_paid(spans[-1], period, found)
    return found


def _stood_overdue(span: Span, away_from: date | None, period: Period, found: Delinquency) -> None:
    first, past = max(span.first, period.first), min(span.past, period.last + ONE_DAY)
    for row in span.owed_rows:
        if row.open_minor <= 0 or row.due_date is None or row.due_date >= past:
            continue
        begin = max(first, row.due_date + ONE_DAY)
        if begin >= past:
            continue
        found.overdue_money_days += row.open_minor * (past - begin).days
        if away_from is not None and away_from < past:
            found.away_money_days += row.open_minor * (past - max(begin, away_from)).days


def _was_sold(last: Span, period: Period, found: Delinquency) -> None:
    row = last.added
    is_deleted = row.gone == len(last.rows)
    if row.kind in _SALES and not is_deleted and row.invoice_date and period.first <= row.invoice_date <= period.last:
        found.sales_minor += row.original_minor or row.total_minor


def _was_paid(last: Span, period: Period, found: Delinquency) -> None:
    for one in last.rows:
        row, payment = one.version, last.payments.get(one.version.id)
        if payment is None or payment.minor <= 0 or not period.first <= payment.on <= period.last:
            continue
        if row.due_date is None or row.invoice_date is None:
            continue
        found.paid_minor += payment.minor
        found.paid_late_money_days += payment.minor * (payment.on - row.due_date).days
        found.paid_term_money_days += payment.minor * (payment.on - row.invoice_date).days
