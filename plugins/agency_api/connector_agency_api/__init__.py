"""Agencies that serve the open agency API (openapi.yaml), and a stand-in agency to try it with."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from connector import hookimpl
from connector.api import Context, Sandbox, SinkType
from connector_agency_api.config import AgencyConfig
from connector_agency_api.sandbox import serve
from connector_agency_api.sandbox.options import described_options
from connector_agency_api.sink import AgencySink


def _open(config: AgencyConfig, context: Context) -> AgencySink:
    return AgencySink(config, context)


def _hosts(config: AgencyConfig) -> list[str]:
    return [urlsplit(config.base_url).netloc]


@hookimpl
def register_sinks() -> Iterable[SinkType]:
    """The sink for every agency that serves the open agency API."""
    return [SinkType(name="agency_api", title="Open agency API (REST)", config=AgencyConfig, open=_open, hosts=_hosts)]


@hookimpl
def register_sandboxes() -> Iterable[Sandbox]:
    """The stand-in agency: `incasso sandbox agency`."""
    title = "Stand-in agency with the open agency API"
    return [Sandbox(name="agency", title=title, serve=serve, options=described_options())]
