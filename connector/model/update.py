"""What is written back to the ledger about a case."""

from datetime import date
from typing import Literal

from connector.model.money import Money
from connector.model.record import Record


class BookedPayment(Record):
    """Money the agency collected for a claim: for the bookkeeper to book, never booked by us."""

    payment_id: str
    claim: str
    received_on: date
    amount: Money
    remittance_id: str = ""


class SourceUpdate(Record):
    """The state of one case, for a person who opens the debtor in the accounting package.

    `marker` is stable for the case (put at the front of the subject): the plugin finds an earlier note by it
    and changes that note, so that there is one note per case however often the update is sent.
    """

    marker: str
    case_ref: str
    debtor_id: str
    claims: tuple[str, ...]
    subject: str
    body: str
    state: Literal["running", "closed", "rejected"]
    payments: tuple[BookedPayment, ...] = ()
