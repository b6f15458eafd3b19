"""One stand-in agency for a test session, begun anew for every test; a sink opened against it."""

from collections.abc import Callable, Iterator

import pytest

from connector.testing import RecordedContext, make_context
from connector_agency_api.config import AgencyConfig
from connector_agency_api.sink import AgencySink
from plugins.agency_api.tests.sandbox_server import API_KEY, START, SandboxServer, running_sandbox

OpenSink = Callable[..., AgencySink]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("agency")) as server:
        yield server


@pytest.fixture
def server(shared_server: SandboxServer) -> SandboxServer:
    shared_server.clock.set(START)
    shared_server.control("POST", "reset")
    return shared_server


@pytest.fixture
def context() -> RecordedContext:
    return make_context(secrets={"env:AGENCY_KEY": API_KEY})


@pytest.fixture
def open_sink(context: RecordedContext) -> OpenSink:
    """Opens a sink on a URL; settings as keywords."""

    def open_(url: str, **settings: object) -> AgencySink:
        values = {"base_url": url, "api_key": {"env": "AGENCY_KEY"}, "read_timeout": 1, **settings}
        return AgencySink(AgencyConfig.model_validate(values), context)

    return open_


@pytest.fixture
def sink(server: SandboxServer, open_sink: OpenSink) -> AgencySink:
    return open_sink(server.url)
