"""A claim as it stood for a while: its rows added up, and what of it was paid."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from connector.model import Claim
from connector.store.claim_rows import ClaimRow
from connector.store.netting import claim_of, is_credit
from connector.store.past import ItemVersion

# What a claim that the replay handed over carries as its hand-over.
REPLAYED = "replayed"


class Standing(NamedTuple):
    """A version of a row, and the days from `first` up to, not including, `past` on which it was what was known."""

    version: ItemVersion
    first: date
    past: date


class Payment(NamedTuple):
    """A row that closed with evidence of a payment: its amount in minor units, and the day."""

    row_id: str
    minor: int
    on: date


class Span:
    """The rows of one claim from `first` up to, not including, `past`: nothing about them changes in between."""

    def __init__(self, first: date, past: date, rows: Sequence[Standing]) -> None:
        self.first = first
        self.past = past
        self.rows = rows
        present = [one.version for one in rows if not one.version.gone]
        self.open_rows = [one for one in present if one.state == "open"]
        self.owed_rows = [one for one in present if one.state != "closed"]
        # A claim whose rows cancel out is not looked at, as in a plan.
        self.is_listed = sum(one.open_minor for one in present) != 0
        self._dues = [(one.due_date, one.open_minor) for one in self.open_rows if one.due_date]
        self._claims: dict[tuple[int, bool], Claim] = {}

    def overdue_minor(self, day: date) -> int:
        """What is past its due date on a day, in minor units."""
        return sum(minor for due, minor in self._dues if due < day)

    def claim(self, day: date, *, is_away: bool) -> Claim:
        """The claim as the rule layer sees it on a day; `is_away` when the replay has handed it over."""
        key = (self.overdue_minor(day), is_away)
        if key not in self._claims:
            row = self.added._replace(overdue_minor=key[0], case_ref=REPLAYED if is_away else "")
            self._claims[key] = claim_of(row)
        return self._claims[key]

    @cached_property
    def is_credit(self) -> bool:
        """Whether it is in the debtor's favour."""
        return is_credit(self.added)

    @cached_property
    def payments(self) -> dict[str, Payment]:
        """The rows that are closed with evidence of a payment, by their key."""
        paid = [
            one
            for one in self.rows
            if one.version.state == "closed" and one.version.closed_reason == "paid" and not one.version.gone
        ]
        return {
            one.version.id: Payment(one.version.id, one.version.amount_minor, one.version.settled_on or one.first)
            for one in paid
        }

    @property
    def open_minor(self) -> int:
        """What is open, also what is on its way by direct debit; minor units."""
        return sum(one.open_minor for one in self.owed_rows)

    @cached_property
    def added(self) -> ClaimRow:
        """The rows added up as the store adds them up for a plan; what is overdue, and texts for people, left out."""
        versions = [one.version for one in self.rows]
        present = [one for one in versions if not one.gone]
        standing = self.open_rows
        dues = [one.due_date for one in standing if one.due_date]
        groups = {one.product_group for one in present}
        return ClaimRow(
            debtor_id=versions[0].debtor_id,
            claim=versions[0].claim,
            currency=versions[0].currency,
            kind=min(one.kind for one in versions),
            number=max(one.number for one in versions),
            open_minor=sum(one.open_minor for one in standing),
            overdue_minor=0,
            in_collection_minor=sum(one.open_minor for one in present if one.state == "in_collection"),
            total_minor=sum(one.amount_minor for one in present),
            original_minor=max(one.original_minor for one in versions),
            invoice_date=min((one.invoice_date for one in versions if one.invoice_date), default=None),
            due_date=min(dues, default=None),
            last_due_date=max(dues, default=None),
            undated=sum(1 for one in standing if one.due_date is None),
            gone=len(versions) - len(present),
            description="",
            payment_reference="",
            product_group=groups.pop() if len(groups) == 1 else "",
        )
