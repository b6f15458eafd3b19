"""The settings of an installation, as frozen records: what `load` makes of the files."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from connector.api import SecretRef
from connector.config.law import LawTable
from connector.model import Creditor, Currency, DebtorKind, LegalFacts, Product, Receiver
from connector.model.record import Record

Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]


class LogSettings(Record):
    """How the log of the service is written, to stderr.

    - `level`: what is left out below it.
    - `format`: `console` for people, `json` for machines, one object a line.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class TraceSettings(Record):
    """What the work does, step by step, for a collector of OpenTelemetry; needs the extra `otel`.

    - `endpoint`: where the collector takes traces over HTTP: "http://127.0.0.1:4318/v1/traces"; empty: none are made.
    """

    endpoint: str = ""

    @field_validator("endpoint")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError('this is not an address such as "http://127.0.0.1:4318/v1/traces"')
        return value


class DaemonSettings(Record):
    """The service, `incasso run`.

    - `host`: where health, status, metrics and webhooks are served; a machine's name or address.
    - `port`: the port there; 0 is any free one, and `incasso run` says which.
    - `grace_seconds`: how long work under way may go on after the service was asked to stop.
    - `every_minutes`: how often a ledger is visited that does not say so itself.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8085
    grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    every_minutes: Minutes = 15


class EngineSettings(Record):
    """The engine of the service: when and where a ledger's work runs, on one machine or on many.

    - `at_once`: how many ledgers one machine works on at a time.
    - `lost_after_seconds`: a machine that gives no sign of life for so long loses its work to the others.
    - `budget_minutes`: a run that goes on for longer is shown as stuck; after three times as long its process gives
      no sign of life any more, so that the service manager starts it again.
    """

    at_once: Annotated[int, Field(ge=1, le=64)] = 8
    lost_after_seconds: Annotated[int, Field(ge=30, le=3600)] = 60
    budget_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 120


class PluginSettings(Record):
    """Which plugins are loaded.

    - `disabled`: names of plugins that stay unloaded.
    - `prefer`: plugin name to distribution: which one is loaded where two offer one plugin name.
    """

    disabled: tuple[str, ...] = ()
    prefer: dict[str, str] = Field(default_factory=dict)


class Connection(Record):
    """A configured source or sink: `connections/NAME.toml`.

    `values` are its plugin's settings, not yet validated: see `connector.config.bind`. `shown` is the file's
    name in messages.
    """

    name: str
    plugin: str
    file: Path
    shown: str
    values: dict[str, Any] = Field(default_factory=dict, repr=False)


class AgencyFacts(Record):
    """What holds at one agency in place of what the ledger's file says; what is left out, the ledger says.

    - `product`: what is ordered there, in place of the ledger's `product`.
    - `client_number`: the creditor's number there, in place of `[creditor] agency_client_number`.
    - `receiver`: whether this agency is in the register of the Wki, or of art. XIX.6, in place of `[law] receiver`;
      `exempt` is a bailiff or a lawyer.
    """

    product: Product | None = None
    client_number: Annotated[str, Field(max_length=50)] | None = None
    receiver: Receiver | None = None


class Link(Record):
    """A ledger's use of a connection: its name, and the settings that the ledger's file adds or replaces.

    `shown`, `table` and `number` say where they stand, for messages: "ledgers/acme.toml", "sink", and which of
    several tables of that name, from 0 on; None where there is one. `agency` is of a sink alone.
    """

    connection: str
    overrides: dict[str, Any] = Field(default_factory=dict, repr=False)
    agency: AgencyFacts = AgencyFacts()
    shown: str
    table: Literal["source", "sink"]
    number: int | None = None

    @property
    def key(self) -> str:
        """The table as a key of the file: `sink`, or `sink[1]`."""
        return self.table if self.number is None else f"{self.table}[{self.number}]"

    @property
    def heading(self) -> str:
        """The table as it is written: `[sink]`, or `[[sink]]`."""
        return f"[{self.table}]" if self.number is None else f"[[{self.table}]]"


class LedgerOptions(Record):
    """What a ledger's file says apart from its connections.

    - `policy`: the name of a file in `policies/`.
    - `timezone`: an IANA name; days begin and end there.
    - `currency`: ISO 4217 code of the administration.
    - `product`: what is ordered at the agency.
    - `language`: of a debtor of whom the source states none.
    - `handover`: `person` waits for an approved plan, `automatic` hands over what the policy escalates.
    - `documents`: send the invoices of a case along.
    - `brake_percent`: when more of the open claims than this vanish in one pull, a person looks first.
    - `debtors_are`: the kind of every debtor of whom neither the source nor a person has stated it. Only for a
      ledger of which that is surely known, such as one that sells to businesses only.
    - `law`: what the law asks to know of all claims and debtors of the ledger.
    - `is_test`: cases are marked as tests at the agency.
    - `nightly_at`: from when on, by the ledger's clock, the first visit of a day also compares source, store and
      agency. Not between 02:00 and 03:00, which comes twice or never when the clocks change.
    - `nightly_cases`: how many cases the agency is asked about in one night; the next night goes on with the others.
    - `reread_days`: the night reads the agency's events of so many days again, for one that slipped in late.
    """

    title: str = Field(min_length=1, description="the ledger's name for people")
    policy: str = "standard"
    creditor: Creditor = Field(description="who is owed: name, company_number, iban and [creditor.address]")
    timezone: str = "Europe/Amsterdam"
    currency: Currency = "EUR"
    product: Product = "amicable"
    language: Literal["nl", "fr", "en", "de"] = "nl"
    handover: Literal["person", "automatic"] = "person"
    documents: bool = True
    brake_percent: Annotated[int, Field(ge=1, le=100)] = 20
    debtors_are: DebtorKind = "unknown"
    law: LegalFacts = LegalFacts()
    is_test: bool = False
    nightly_at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "03:30"
    nightly_cases: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    reread_days: Annotated[int, Field(ge=1, le=90)] = 7

    @field_validator("nightly_at")
    @classmethod
    def _not_twice_a_night(cls, value: str) -> str:
        if value.startswith("02:"):
            raise ValueError("between 02:00 and 03:00 the clocks change: that time comes twice, or never")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError('this is not an IANA time zone such as "Europe/Brussels"') from error
        return value


class Ledger(LedgerOptions):
    """One receivables administration of one creditor: `ledgers/NAME.toml`. It runs every `every_minutes`.

    `sinks` are its agencies, each once. The first gets what is sent to none by name.
    """

    name: str
    file: Path
    source: Link
    sinks: tuple[Link, ...] = ()
    every_minutes: Minutes

    def sink_at(self, connection: str) -> Link | None:
        """The agency at a connection, the first without a name; None when the file names no such agency."""
        if not connection:
            return self.sinks[0] if self.sinks else None
        return next((one for one in self.sinks if one.connection == connection), None)

    def product_at(self, sink: Link) -> Product:
        """What is ordered at an agency."""
        return sink.agency.product or self.product

    def creditor_at(self, sink: Link) -> Creditor:
        """The creditor as an agency knows it: under its own number there."""
        number = sink.agency.client_number
        return self.creditor if number is None else self.creditor.model_copy(update={"agency_client_number": number})

    def legal_at(self, sink: Link | None) -> LegalFacts:
        """What the law asks to know of all claims and debtors, for a hand-over to an agency; None: to nobody yet."""
        receiver = sink.agency.receiver if sink else None
        return self.law if receiver is None else self.law.model_copy(update={"receiver": receiver})


class Settings(Record):
    """Everything that is configured. Paths are absolute.

    `engine_url` is empty where the engine keeps to the store's place. `keys` encrypt tokens at rest: the first
    encrypts, all decrypt. `test_clock` is the file of a test clock, None for the machine's; beyond `clock_tolerance`
    seconds from a server's clock ours is called wrong.
    """

    home: Path
    store_url: str = Field(repr=False)
    engine_url: str = Field(default="", repr=False)
    test_clock: Path | None = None
    clock_tolerance: int = 60
    keys: tuple[SecretRef, ...] = ()
    log: LogSettings = LogSettings()
    traces: TraceSettings = TraceSettings()
    daemon: DaemonSettings = DaemonSettings()
    engine: EngineSettings = EngineSettings()
    plugins: PluginSettings = PluginSettings()
    law: LawTable = LawTable()
    connections: dict[str, Connection] = Field(default_factory=dict)
    ledgers: dict[str, Ledger] = Field(default_factory=dict)
    policies: dict[str, Path] = Field(default_factory=dict)
