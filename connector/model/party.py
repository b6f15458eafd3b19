"""Who is owed and who owes."""

from typing import Literal

from connector.model.record import Record

DebtorKind = Literal["consumer", "business", "sole_trader", "public_body", "unknown"]


class Address(Record):
    """A postal address.

    - `kind`: what the address is for.
    - `lines`: street and number, as they stand on an envelope.
    - `postcode`, `city`: as they stand there.
    - `country`: ISO 3166-1 alpha-2, upper case, or empty when the source has none.
    """

    kind: Literal["visit", "postal", "invoice", "delivery", "other"] = "postal"
    lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = ""


class ContactPerson(Record):
    """A person at the debtor. Personal data: never logged."""

    name: str
    email: str = ""
    phone: str = ""
    language: str = ""
    main: bool = False


class Debtor(Record):
    """Who owes, as the source knows them. `id` is the source's immutable key within the ledger.

    `kind` is `unknown` until the source states it or a person confirms it; `suggested_kind` is a guess
    from company numbers and never decides anything by itself. `blocked` and `inactive` are the source's marks.
    `customer_group` is how the source groups its customers, by the name that people there know: empty is not known, and
    `none` is known to be in no group.
    """

    id: str
    code: str = ""
    name: str
    kind: DebtorKind = "unknown"
    suggested_kind: DebtorKind = "unknown"
    company_number: str = ""
    vat_number: str = ""
    language: str = ""
    email: str = ""
    phone: str = ""
    iban: str = ""
    addresses: tuple[Address, ...] = ()
    contacts: tuple[ContactPerson, ...] = ()
    parent_id: str = ""
    blocked: bool = False
    inactive: bool = False
    customer_group: str = ""


class DebtorAddress(Record):
    """An address that the source delivers apart from its debtor. `id` is its key in the source."""

    id: str
    debtor_id: str
    address: Address


class DebtorContact(Record):
    """A contact person that the source delivers apart from the debtor. `id` is its key in the source."""

    id: str
    debtor_id: str
    contact: ContactPerson


class Creditor(Record):
    """Who is owed: the client of the agency, as the ledger's configuration states it.

    - `name`: as registered.
    - `company_number`: KvK or KBO number.
    - `vat_number`: with the country before it.
    - `vat_recoverable`: False when the creditor cannot reclaim VAT: it is then part of the collection costs.
    - `iban`: where the agency pays out to.
    - `email`, `phone`: where the agency reaches the creditor.
    - `language`: ISO 639-1, in which the agency writes to the creditor.
    - `agency_client_number`: the creditor's number at the agency.
    """

    name: str
    company_number: str
    vat_number: str = ""
    vat_recoverable: bool = True
    iban: str
    address: Address
    email: str = ""
    phone: str = ""
    language: str = "nl"
    agency_client_number: str = ""
