"""Open items: what a source pulls, row by row, and the page that carries them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from connector.model.money import Currency, Money
from connector.model.party import Debtor, DebtorAddress, DebtorContact
from connector.model.record import Record

ItemKind = Literal["invoice", "credit_note", "receipt", "opening", "difference", "other"]
ItemState = Literal["open", "in_collection", "closed"]
ClosedReason = Literal["", "paid", "credited", "written_off", "unknown"]

Minor = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15, description="integer minor units")]


class OpenItem(Record):
    """One receivable row of one ledger: an invoice, an instalment or split piece of it, a credit note, a receipt.

    Signs: positive means the debtor owes, negative is in the debtor's favour. All amounts are integer minor
    units of `currency`.

    - `id`: the source's key of this row. Rows may be split, merged and renumbered by the source.
    - `claim`: the key of the invoice the row belongs to; survives splitting and un-matching. A source without
      pieces sets `claim` equal to `id`.
    - `amount_minor`: this row's amount, also when closed; the pieces of one claim add up to its total.
    - `open_minor`: what is still open of this row; 0 when closed.
    - `original_minor`: the whole claim's amount as invoiced, or 0 when the source does not say.
    - `state`: `in_collection` is open money on its way by direct debit: it must not be escalated.
    - `product_group`: what was sold, as the source groups it; empty: not known. One claim is best in one group.
    - `closed_reason`: `paid` only with evidence of a payment (then `settled_on` tells the day). Closed is not paid.
    """

    id: str
    claim: str
    debtor_id: str
    kind: ItemKind
    state: ItemState
    currency: Currency
    amount_minor: Minor
    open_minor: Minor
    original_minor: Minor = 0
    number: str = ""
    invoice_date: date | None = None
    due_date: date | None = None
    settled_on: date | None = None
    closed_reason: ClosedReason = ""
    reference: str = ""
    payment_reference: str = ""
    description: str = ""
    reversal: bool = False
    product_group: str = ""

    @property
    def open(self) -> Money:
        """What is still open of this row."""
        return Money(minor=self.open_minor, currency=self.currency)


class RecordFault(Record):
    """A record that could not be read: set aside, counted and shown while its page goes on.

    `id` is the record's key in the source where it could be read, else its place ("page 3, row 17").
    `why` names the reason and the expectation, without personal data.
    """

    id: str
    field: str
    why: str
    entity: str = ""


class Page(Record):
    """One page of a pull. The host stores it, perhaps with the next, and the last `cursor` in one transaction.

    - `gone`: ids of items the source has deleted; not a payment. `gone_debtors`, `gone_parts` (addresses and
      contact persons) likewise.
    - `addresses`, `contacts`: for sources that deliver them apart from their debtor.
    - `cursor`: JSON text under 4 kB with which `Source.pull` goes on after this page.
    - `complete`: the last page of a pull that has seen everything up to now. Nothing is ever concluded from a
      row's absence unless `snapshot` is true as well: this pull listed every open item of the ledger.
    - `stream`: for progress, what the page held, such as "payment terms".
    - `control_total`: the source's own sum of what is open, where it offers one; compared, never stored as truth.
    - `calibrated`: the source vouches for the sign of the ledger's amounts; the last page's word counts. While it
      is False nothing of this ledger may be escalated.
    - `full_resync`: the source starts again from its beginning with this page: a row that is on no page from this
      one to the next complete one (also of later pulls, when this one stops early) is perhaps gone.
    """

    items: tuple[OpenItem, ...] = ()
    debtors: tuple[Debtor, ...] = ()
    gone: tuple[str, ...] = ()
    gone_debtors: tuple[str, ...] = ()
    addresses: tuple[DebtorAddress, ...] = ()
    contacts: tuple[DebtorContact, ...] = ()
    gone_parts: tuple[str, ...] = ()
    faults: tuple[RecordFault, ...] = ()
    cursor: str
    complete: bool = False
    snapshot: bool = False
    stream: str = ""
    control_total: Money | None = None
    calibrated: bool = True
    full_resync: bool = False
