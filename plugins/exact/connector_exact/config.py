"""What the connection file and a ledger's `[source]` table may say. Every setting has a safe default.

Settings marked *uncertain* decide something that no public source settles (Exact Online reference, section 10);
their default is the choice that can do least harm.
"""

from hashlib import sha256
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connector.api import PluginConfig, SecretRef

Region = Literal["nl", "be", "de", "uk", "us", "es", "fr"]
HOSTS: dict[Region, str] = {
    "nl": "start.exactonline.nl",
    "be": "start.exactonline.be",
    "de": "start.exactonline.de",
    "uk": "start.exactonline.co.uk",
    "us": "start.exactonline.com",
    "es": "start.exactonline.es",
    "fr": "start.exactonline.fr",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Days = Annotated[int, Field(ge=0, le=366)]
Classification = Literal[
    "", "Classification1", "Classification2", "Classification3", "Classification4", "Classification5",
    "Classification6", "Classification7", "Classification8",
]  # fmt: skip


class ExactConfig(PluginConfig):
    """Settings of one Exact Online connection. App registrations and divisions belong to one region only."""

    region: Region = Field(default="nl", description="the country site; app, log-in and divisions belong to one site")
    base_url: str = Field(default="", description="another address than the region's, for the stand-in server")
    client_id: str = Field(min_length=1, description="client id of the app registration in the App Centre")
    client_secret: SecretRef = Field(description="client secret of the app registration, by reference")
    division: int | None = Field(default=None, ge=1, description="number of the administration; usually in the ledger")

    redirect_uri: str = Field(
        default="",
        description="the registered redirect address when it differs from the one `incasso connect` listens on, such "
        "as a tunnel; Exact Online accepts https addresses only",
    )
    pkce: bool = Field(default=False, description="send a PKCE challenge at log-in; uncertain: not documented")
    force_login: bool = Field(default=False, description="show the log-in form even when a session is open")

    sign: Literal["calibrate", "negative_owes", "positive_owes"] = Field(
        default="calibrate",
        description="which sign of AmountDC means that the debtor owes; uncertain: `calibrate` measures it on the "
        "division's own invoices and nothing escalates before that has succeeded",
    )
    uncalibrated_sign: Literal["negative_owes", "positive_owes"] = Field(
        default="negative_owes",
        description="the sign assumed for display until calibration has succeeded; uncertain",
    )
    calibration_rows: int = Field(default=20, ge=1, description="invoice rows needed for a calibration")
    calibration_percent: int = Field(default=95, ge=51, le=100, description="share of those rows that must agree")

    invoice_number: Literal["InvoiceNumber", "YourRef", "Description"] = Field(
        default="InvoiceNumber",
        description="the field that holds the number printed on the invoice; YourRef where invoices are imported",
    )
    foreign_amounts: Literal["invoice_currency", "division_currency"] = Field(
        default="invoice_currency",
        description="claim invoices in a foreign currency in that currency, or in the administration's own; "
        "uncertain: the sign of AmountFC is never used, only its size",
    )
    paid_evidence: Literal["last_payment_date", "never"] = Field(
        default="last_payment_date",
        description="what proves that a matched invoice was paid; uncertain: with `never` a matched invoice is "
        "reported as closed, not as paid",
    )
    gl_accounts: tuple[str, ...] = Field(
        default=(), description="codes of the receivable accounts in the general ledger to read; empty reads all"
    )
    debtors: Literal["all", "customers"] = Field(
        default="all", description="read every relation, or only those with status customer"
    )
    product_group: Literal["none", "journal"] = Field(
        default="none",
        description="what tells what was sold, for the segments of a policy: nothing, or the code of the sales journal",
    )
    customer_group: Classification = Field(
        default="",
        description="which classification of a relation is its customer group, by its code, for the segments of a "
        "policy; `none` stands for a relation without it. Costs one call a pull; empty asks for none",
    )

    calls_per_minute: int = Field(default=60, ge=1, description="calls a minute and company before the server says so")
    calls_per_day: int = Field(default=5000, ge=1, description="calls a day and company before the server says so")
    keep_per_minute: int = Field(default=5, ge=0, description="calls a minute kept for people who wait")
    keep_for_people: int = Field(default=250, ge=0, description="calls a day kept for people")
    keep_for_writing: int = Field(
        default=1000, ge=0, description="calls a day that reading leaves for notes, documents and people"
    )
    errors_per_hour: int = Field(
        default=5,
        ge=1,
        le=9,
        description="refused calls an hour and endpoint at which we stop; Exact Online blocks the key at 10",
    )
    block_minutes: int = Field(
        default=65, ge=1, description="pause after answers that look like a blocked key; uncertain: no form is known"
    )
    connect_timeout: float = Field(default=15, gt=0, description="seconds to wait for a connection")
    read_timeout: float = Field(default=120, gt=0, description="seconds to wait for an answer")
    clock_skew_seconds: int = Field(default=300, ge=30, description="difference of clocks at which calls stop")

    snapshot_days: Days = Field(
        default=1,
        description="list all open terms every so many days and compare; 0 never; uncertain: un-matching may not "
        "renew the row version, and then only this listing sees it",
    )
    control_total: bool = Field(
        default=True, description="ask the total of open receivables once a day; needs Financial payables as well"
    )
    rights_days: Days = Field(default=7, description="ask the rights every so many days; 0 only at `check`")
    asleep_days: int = Field(
        default=50, ge=1, le=59, description="days without a full run after which everything is read again"
    )
    overlap: int = Field(
        default=0, ge=0, description="row versions to step back at the start of a pull, for late commits; uncertain"
    )

    write_back: bool = Field(default=True, description="keep a note per case on the debtor's card")
    note_type: int = Field(
        default=55, ge=1, description="document type of the notes; uncertain: 55 (miscellaneous) or one of your own"
    )
    note_format: Literal["text", "html"] = Field(
        default="text", description="how the note's text is sent; uncertain: choose html if line breaks get lost"
    )
    invoice_documents: bool = Field(default=True, description="fetch the invoice PDF of what is handed over")
    document_by_number: bool = Field(
        default=True,
        description="look for the PDF by invoice number when the entry has none; uncertain: the entry field may hold "
        "the id of the sales invoice",
    )

    @field_validator("base_url")
    @classmethod
    def _https_or_loopback(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if value and not (parts.hostname and (parts.scheme == "https" or local)):
            raise ValueError("give an https address, or http on this machine")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.keep_per_minute >= self.calls_per_minute:
            raise ValueError("keep_per_minute must be below calls_per_minute")
        if max(self.keep_for_people, self.keep_for_writing) >= self.calls_per_day:
            raise ValueError("keep_for_people and keep_for_writing must be below calls_per_day")
        return self

    @property
    def base(self) -> str:
        """The site's address without a slash at the end."""
        return self.base_url or f"https://{HOSTS[self.region]}"

    @property
    def reading(self) -> str:
        """A short text that changes with the settings that decide how rows are read: stored rows then no longer fit.

        The sign is not among them: it is kept with the rows. Nor is the customer group: only relations hang on it.
        """
        settings: tuple[object, ...] = (
            self.invoice_number, self.foreign_amounts, self.paid_evidence, self.gl_accounts, self.debtors,
        )  # fmt: skip
        # Left out where it is off: rows that were read before it existed still fit.
        settings += (self.product_group,) if self.product_group != "none" else ()
        return sha256(repr(settings).encode()).hexdigest()[:12]

    @property
    def issuer(self) -> str:
        """Whose tokens these are: tokens of another site or app registration are never used."""
        return f"{self.base}|{self.client_id}"
