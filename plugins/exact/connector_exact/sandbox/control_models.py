"""What the control interface takes, as JSON. Amounts are decimal texts in major units, dates ISO 8601."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,3})?$", description="positive, such as 121.00")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
EntryRef = int | str
"""An invoice number, or an entry id as the control interface returned it."""


class Order(BaseModel):
    """Base of every order: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NewDivision(Order):
    code: int = Field(gt=0)
    country: str = Field(default="NL", pattern="^[A-Z]{2}$")
    currency: Currency = "EUR"
    description: str = ""


class NewContact(Order):
    first_name: str = ""
    last_name: str = ""
    email: str | None = None
    phone: str | None = None
    main: bool = True


class NewAccount(Order):
    """A debtor. An existing `code` is changed. `fields` are further fields by the API's names."""

    code: str | None = None
    name: str | None = None
    address: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None
    vat_number: str | None = None
    chamber_of_commerce: str | None = None
    iban: str | None = None
    contact: NewContact | None = None
    fields: dict[str, Any] = {}


class NewJournal(Order):
    """A further sales journal."""

    code: str = Field(min_length=1, max_length=6)
    description: str = ""


class Classify(Order):
    """A value of the classification `slot`, made where there is none with this `code`; `was` is its code until now.

    `account` (a code or an id) gets it; an empty `code` takes the account's value away.
    """

    slot: int = Field(default=1, ge=1, le=8)
    code: str = ""
    description: str = ""
    was: str | None = None
    account: str | None = None


class Instalment(Order):
    due: dt.date
    amount: Amount


class NewInvoice(Order):
    """`account` is a code or an id. `module` is `invoice` (invoice module) or `entry` (booked without it);
    `opening` books an opening balance, which has neither. `rate` turns the currency into the division's. `journal` is
    the code of a sales journal, left out the first one.
    """

    account: str
    amount: Amount
    number: int | None = Field(default=None, gt=0)
    date: dt.date
    due: dt.date | None = None
    currency: Currency | None = None
    rate: Amount = "1"
    your_ref: str | None = None
    description: str = ""
    payment_reference: str | None = None
    payment_method: Literal["B", "I", "K", "V"] = "B"
    instalments: tuple[Instalment, ...] = ()
    pdf: bool = False
    module: Literal["invoice", "entry"] = "invoice"
    opening: bool = False
    journal: str | None = None


class NewCreditNote(Order):
    """A credit note; `against` matches it at once with an invoice, as far as possible."""

    account: str
    amount: Amount
    number: int | None = Field(default=None, gt=0)
    date: dt.date
    due: dt.date | None = None
    currency: Currency | None = None
    rate: Amount = "1"
    your_ref: str | None = None
    description: str = ""
    pdf: bool = False
    module: Literal["invoice", "entry"] = "invoice"
    against: EntryRef | None = None
    journal: str | None = None


class NewReceipt(Order):
    """Money on the bank account that is not matched with anything yet."""

    account: str
    amount: Amount
    date: dt.date
    currency: Currency | None = None
    rate: Amount = "1"
    description: str = ""


class NewPayable(Order):
    account: str
    amount: Amount
    date: dt.date
    due: dt.date | None = None
    number: int | None = Field(default=None, gt=0)


class Allocate(Order):
    """Match `credit` (receipt or credit note) with `invoice`; no amount is as much as possible."""

    invoice: EntryRef
    credit: EntryRef
    amount: Amount | None = None
    date: dt.date | None = None


class Pay(Order):
    """Receipt and match in one. No amount pays what is open; more than is open leaves a loose receipt."""

    invoice: EntryRef
    amount: Amount | None = None
    date: dt.date | None = None
    rate: Amount | None = None
    description: str = ""


class Unallocate(Order):
    """Undo the last match of an invoice, or the match with this id."""

    invoice: EntryRef | None = None
    match: str | None = None


class OnInvoice(Order):
    """An order about one invoice: write-off, direct debit, reversal, deletion."""

    invoice: EntryRef
    amount: Amount | None = None
    date: dt.date | None = None


class Load(Order):
    """Many orders at once, carried out in this order."""

    accounts: tuple[NewAccount, ...] = ()
    invoices: tuple[NewInvoice, ...] = ()
    credit_notes: tuple[NewCreditNote, ...] = ()
    receipts: tuple[NewReceipt, ...] = ()
    payments: tuple[Pay, ...] = ()
    payables: tuple[NewPayable, ...] = ()


class Standing(Order):
    """`reason` is a 403 Reason (empty lets calls in again); `blocking_status` and `status` as in Divisions."""

    reason: str = ""
    blocking_status: int = 0
    status: int = 1


class Scopes(Order):
    """Areas of the app registration with `view` or `manage`; null grants everything."""

    scopes: dict[str, Literal["view", "manage"]] | None


class Denial(Order):
    """Endpoints a user has no rights to; an empty list gives all rights back."""

    user: str
    endpoints: tuple[str, ...]


class EndChains(Order):
    user: str
