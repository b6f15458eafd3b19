"""The shapes of the files: what may stand in `incasso.toml`, `connections/*.toml` and `ledgers/*.toml`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from connector.api import SecretRef
from connector.config.law import LawTable
from connector.config.settings import (
    AgencyFacts,
    DaemonSettings,
    EngineSettings,
    LedgerOptions,
    LogSettings,
    Minutes,
    PluginSettings,
    TraceSettings,
)
from connector.model.record import Record


def without_password(url: str, variable: str) -> str:
    """The URL as it is. Raises ValueError for one with a password, naming the variable that may hold it."""
    credentials = url.partition("://")[2].rpartition("@")[0]
    if ":" in credentials or "password=" in url:
        raise ValueError(
            "a password is never written in a configuration file: leave it out, and use ~/.pgpass or set "
            f"the whole address in the environment variable {variable}"
        )
    return url


class StoreTable(Record):
    """`[store]`: the database.

    - `url`: an SQLAlchemy URL, of SQLite or PostgreSQL, without a password. A relative SQLite file is relative to home.
    """

    url: str = "sqlite:///data/incasso.sqlite3"

    @field_validator("url")
    @classmethod
    def _without_password(cls, value: str) -> str:
        return without_password(value, "INCASSO_STORE_URL")


class EngineTable(EngineSettings):
    """`[engine]`: when and where a ledger's work runs, on one machine or on many.

    - `url`: where the engine keeps what waits and runs, a PostgreSQL database for a store on PostgreSQL. Left out: a
      schema of its own in the store's database, or the file `engine.db` beside an SQLite store.
    """

    url: str = ""

    @field_validator("url")
    @classmethod
    def _on_a_server_without_password(cls, value: str) -> str:
        if value and not value.startswith("postgresql"):
            raise ValueError('this has to be "postgresql://user@host/database", or be left out')
        return without_password(value, "INCASSO_ENGINE_URL")


class SecretsTable(Record):
    """`[secrets]`: the key ring under which log-ins, messages and documents are kept.

    - `keys`: newest first: the first encrypts, all decrypt.
    """

    keys: tuple[SecretRef, ...] = ()


class ClockTable(Record):
    """`[clock]`: how exact time has to be, and a test clock, for demonstrations and tests.

    - `tolerance_seconds`: when a server's clock is further from this machine's, `incasso doctor` says so.
    - `test_file`: a file that holds one ISO 8601 instant; empty is the machine's clock.
    """

    tolerance_seconds: Annotated[int, Field(ge=2, le=86_400)] = 60
    test_file: str = ""


class InstallationFile(Record):
    """`incasso.toml`."""

    store: StoreTable = StoreTable()
    secrets: SecretsTable = SecretsTable()
    clock: ClockTable = ClockTable()
    log: LogSettings = LogSettings()
    traces: TraceSettings = TraceSettings()
    daemon: DaemonSettings = DaemonSettings()
    engine: EngineTable = EngineTable()
    plugins: PluginSettings = PluginSettings()
    law: LawTable = LawTable()


class ConnectionFile(BaseModel):
    """`connections/NAME.toml`: the plugin's name, and the plugin's own settings beside it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    plugin: str = Field(min_length=1, description="the plugin's name, see `incasso plugins`")


class LinkTable(BaseModel):
    """`[source]` of a ledger: a connection's name, and settings that add to or replace its own."""

    model_config = ConfigDict(frozen=True, extra="allow")

    connection: str = Field(min_length=1, description="the name of a file in connections/")


class SinkTable(LinkTable):
    """`[sink]` of a ledger: an agency's connection, and settings that add to or replace its own."""

    agency: AgencyFacts = Field(
        default=AgencyFacts(), description="what holds at this agency in place of what the ledger says"
    )


class LedgerFile(LedgerOptions):
    """`ledgers/NAME.toml`.

    - `every_minutes`: how often the service visits it; left out: what `[daemon]` says.
    """

    every_minutes: Minutes | None = None
    source: LinkTable = Field(description="where the open items come from")
    sink: tuple[SinkTable, ...] = Field(
        default=(),
        validate_default=True,
        description="the agency, or one `[[sink]]` an agency where there are several: the first gets what is sent to "
        "none by name; left out: nothing is handed over",
    )

    @field_validator("sink", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else (value,)

    @field_validator("sink")
    @classmethod
    def _automatic_needs_a_sink(cls, value: tuple[SinkTable, ...], info: ValidationInfo) -> tuple[SinkTable, ...]:
        handover: Literal["person", "automatic"] = info.data.get("handover", "person")
        if not value and handover == "automatic":
            raise ValueError('handover = "automatic" needs a [sink] table that names the agency\'s connection')
        return value
