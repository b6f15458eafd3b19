"""What the ledger engine keeps. Amounts are integer minor units, signed as claims: plus is owed to us."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum


class Kind(IntEnum):
    """Transaction types (reference 4.4): the same list for terms and transaction lines."""

    OPENING = 10
    SALE = 20
    CREDIT = 21
    PURCHASE = 30
    CASH = 40
    EXCHANGE = 82
    DIFFERENCE = 83
    OTHER = 90


class Status(IntEnum):
    """States of a term (reference 4.4)."""

    OPEN = 20
    SELECTED = 30
    PROCESSED = 40
    MATCHED = 50


RECEIVABLE, PAYABLE = 20, 22

JOURNALS = {
    Kind.OPENING: ("90", "Memoriaal"),
    Kind.SALE: ("70", "Verkoopboek"),
    Kind.CREDIT: ("70", "Verkoopboek"),
    Kind.PURCHASE: ("60", "Inkoopboek"),
    Kind.CASH: ("20", "Bank"),
    Kind.EXCHANGE: ("90", "Memoriaal"),
    Kind.DIFFERENCE: ("90", "Memoriaal"),
    Kind.OTHER: ("90", "Memoriaal"),
}


@dataclass(slots=True, eq=False)
class Entry:
    """One booking. `dc` is in the division's currency, `fc` in `currency`; `rate` turns fc into dc.

    `control_line` is the id of its line on the debtor account, the TransactionID of its terms. `invoice` is
    the id in the invoice module, empty for an entry made without it. `journal` is its code and description.
    """

    id: str
    kind: Kind
    number: int
    account: str
    day: date
    due: date
    currency: str
    rate: Decimal
    dc: int
    fc: int
    control_line: str
    created: datetime
    modified: datetime
    description: str = ""
    your_ref: str | None = None
    invoice_number: int | None = None
    payment_reference: str | None = None
    invoice: str = ""
    document: str = ""
    reversal: bool = False
    line_type: int = RECEIVABLE
    journal: tuple[str, str] = ("", "")
    version: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """One transaction line; number 0 is the entry's header line."""

    id: str
    entry: Entry
    number: int
    ledger_account: str
    dc: int
    fc: int
    created: datetime
    modified: datetime
    version: int = 0


@dataclass(slots=True, eq=False)
class Term:
    """One payment term, or a piece of one. `entry_id` is its own EntryID, not the transaction's."""

    id: str
    entry: Entry
    entry_id: str
    hid: int
    dc: int
    fc: int
    due: date
    created: datetime
    modified: datetime
    status: Status = Status.OPEN
    source: int = 1
    payment_method: str = "B"
    description: str = ""
    payment_reference: str | None = None
    invoice_number: int | None = None
    your_ref: str | None = None
    match: str = ""
    end_date: date | None = None
    last_payment: date | None = None
    batch: int | None = None
    selected: datetime | None = None
    file_reference: str | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        return self.status is not Status.MATCHED


@dataclass(slots=True, eq=False)
class SalesInvoice:
    """A processed invoice in the invoice module; the booking is `entry`."""

    id: str
    entry: Entry
    created: datetime
    modified: datetime
    version: int = 0


@dataclass(slots=True, eq=False)
class Match:
    """Pieces closed against each other. `shares` is what each entry gave, as (dc, fc) claims by entry id:

    kept beside the terms, so that balances can be told without looking at terms at all.
    """

    id: str
    day: date
    terms: list[Term]
    shares: dict[str, tuple[int, int]]
    booked: list[Entry] = field(default_factory=list)
