"""Agencies with the shapes of the open agency API (openapi.yaml), over REST or by files, and a stand-in agency."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector import hookimpl
from connector.api import Context, Sandbox, SinkType
from connector_agency_api.config import AgencyConfig
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.sandbox import serve
from connector_agency_api.sandbox.options import described_options

if TYPE_CHECKING:
    from connector_agency_api.files.sink import AgencyFilesSink
    from connector_agency_api.sink import AgencySink


def _open(config: AgencyConfig, context: Context) -> "AgencySink":
    # Imported at use: every command loads the plugins, and most talk to no agency.
    from connector_agency_api.sink import AgencySink

    return AgencySink(config, context)


def _hosts(config: AgencyConfig) -> list[str]:
    return [urlsplit(config.base_url).netloc]


def _open_files(config: AgencyFilesConfig, context: Context) -> "AgencyFilesSink":
    from connector_agency_api.files.sink import AgencyFilesSink

    return AgencyFilesSink(config, context)


def _no_hosts(_config: AgencyFilesConfig) -> list[str]:
    """Files need no HTTP."""
    return []


@hookimpl
def register_sinks() -> Iterable[SinkType]:
    """The sinks for agencies that speak the open agency API: over REST, or by files of the same shapes."""
    return [
        SinkType(name="agency_api", title="Open agency API (REST)", config=AgencyConfig, open=_open, hosts=_hosts),
        SinkType(
            name="agency_files",
            title="Agency by files (folder or SFTP)",
            config=AgencyFilesConfig,
            open=_open_files,
            hosts=_no_hosts,
        ),
    ]


@hookimpl
def register_sandboxes() -> Iterable[Sandbox]:
    """The stand-in agency: `incasso sandbox agency`."""
    title = "Stand-in agency with the open agency API"
    return [Sandbox(name="agency", title=title, serve=serve, options=described_options())]
