"""The rows we read, each with the fields it asks for. Typed dictionaries: they validate a third faster than
models, and no row leaves this plugin.
"""

from typing import Literal, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from connector_exact.values import Amount, Day, IsoCurrency, Key, RowVersion

_LENIENT = ConfigDict(extra="ignore")


@with_config(_LENIENT)
class OpenTerm(TypedDict):
    """A receivable term as `bulk/Cashflow/Receivables` lists it (reference 4.4, 4.5)."""

    ID: Key
    Account: Key
    TransactionEntryID: NotRequired[Key | None]
    TransactionID: NotRequired[Key | None]
    TransactionType: NotRequired[int | None]
    TransactionIsReversal: NotRequired[bool | None]
    Status: Literal[20, 30, 40, 50]
    AmountDC: Amount
    AmountFC: NotRequired[Amount | None]
    TransactionAmountDC: NotRequired[Amount | None]
    TransactionAmountFC: NotRequired[Amount | None]
    Currency: IsoCurrency
    InvoiceNumber: NotRequired[int | None]
    EntryNumber: NotRequired[int | None]
    YourRef: NotRequired[str | None]
    Description: NotRequired[str | None]
    PaymentReference: NotRequired[str | None]
    InvoiceDate: NotRequired[Day]
    DueDate: NotRequired[Day]
    LastPaymentDate: NotRequired[Day]
    GLAccountCode: NotRequired[str | None]
    Journal: NotRequired[str | None]


@with_config(_LENIENT)
class Term(OpenTerm):
    """A term of `sync/Cashflow/PaymentTerms`: receivable (LineType 20) or payable."""

    Timestamp: RowVersion
    LineType: int


@with_config(_LENIENT)
class AccountRow(TypedDict):
    """A relation. National numbers and birth dates are never asked for (reference 4.6)."""

    Timestamp: RowVersion
    ID: Key
    Name: NotRequired[str | None]
    Code: NotRequired[str | None]
    Status: NotRequired[str | None]
    AddressLine1: NotRequired[str | None]
    AddressLine2: NotRequired[str | None]
    AddressLine3: NotRequired[str | None]
    Postcode: NotRequired[str | None]
    City: NotRequired[str | None]
    Country: NotRequired[str | None]
    Phone: NotRequired[str | None]
    Email: NotRequired[str | None]
    Language: NotRequired[str | None]
    VATNumber: NotRequired[str | None]
    ChamberOfCommerce: NotRequired[str | None]
    OINNumber: NotRequired[str | None]
    Parent: NotRequired[Key | None]
    Blocked: NotRequired[bool | None]
    EndDate: NotRequired[Day]
    Classification1: NotRequired[Key | None]
    Classification2: NotRequired[Key | None]
    Classification3: NotRequired[Key | None]
    Classification4: NotRequired[Key | None]
    Classification5: NotRequired[Key | None]
    Classification6: NotRequired[Key | None]
    Classification7: NotRequired[Key | None]
    Classification8: NotRequired[Key | None]


@with_config(_LENIENT)
class ClassificationRow(TypedDict):
    """What a classification of a relation stands for (reference 4.6)."""

    ID: Key
    Code: NotRequired[str | None]
    Description: NotRequired[str | None]


@with_config(_LENIENT)
class ContactRow(TypedDict):
    """A person at a relation."""

    Timestamp: RowVersion
    ID: Key
    Account: NotRequired[Key | None]
    FirstName: NotRequired[str | None]
    MiddleName: NotRequired[str | None]
    LastName: NotRequired[str | None]
    BusinessEmail: NotRequired[str | None]
    Email: NotRequired[str | None]
    BusinessPhone: NotRequired[str | None]
    BusinessMobile: NotRequired[str | None]
    Phone: NotRequired[str | None]
    Mobile: NotRequired[str | None]
    Language: NotRequired[str | None]
    IsMainContact: NotRequired[bool | None]
    EndDate: NotRequired[Day]


@with_config(_LENIENT)
class AddressRow(TypedDict):
    """An address of a relation; Type 1 visit, 2 postal, 3 invoice, 4 delivery."""

    Timestamp: RowVersion
    ID: Key
    Account: NotRequired[Key | None]
    Type: NotRequired[int | None]
    AddressLine1: NotRequired[str | None]
    AddressLine2: NotRequired[str | None]
    AddressLine3: NotRequired[str | None]
    Postcode: NotRequired[str | None]
    City: NotRequired[str | None]
    Country: NotRequired[str | None]


@with_config(_LENIENT)
class DeletedRow(TypedDict):
    """A line in the log of deletes: the kind and key of what was removed (reference 4.7)."""

    Timestamp: RowVersion
    EntityKey: Key
    EntityType: int


@with_config(_LENIENT)
class DivisionRow(TypedDict):
    """An administration (reference 4.1). `DivisionMoveDate` is kept as its raw text, to be compared."""

    Code: int
    Description: NotRequired[str | None]
    Currency: NotRequired[IsoCurrency | None]
    Status: NotRequired[int | None]
    BlockingStatus: NotRequired[int | None]
    DivisionMoveDate: NotRequired[str | None]


@with_config(_LENIENT)
class MeRow(TypedDict):
    """Who is logged in."""

    CurrentDivision: int
    FullName: NotRequired[str | None]


@with_config(_LENIENT)
class TotalRow(TypedDict):
    """The control total of one currency (reference 4.3)."""

    CurrencyCode: IsoCurrency
    OutstandingReceivableInvoiceAmount: Amount


@with_config(_LENIENT)
class DocumentRow(TypedDict):
    """A document: an invoice's, or a note of ours."""

    ID: Key
    Type: NotRequired[int | None]


@with_config(_LENIENT)
class AttachmentRow(TypedDict):
    """A file of a document; the content is fetched from `Url`."""

    ID: Key
    Document: Key
    FileName: NotRequired[str | None]
    Url: NotRequired[str | None]


@with_config(_LENIENT)
class EntryRow(TypedDict):
    """A sales entry: which invoice number and customer it has."""

    EntryID: Key
    InvoiceNumber: NotRequired[int | None]
    Customer: NotRequired[Key | None]
