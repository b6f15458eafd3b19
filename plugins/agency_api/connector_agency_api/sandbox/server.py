"""The stand-in as a process: routes, document, socket, and the thread that keeps time."""

import socket
import sys
import threading
from collections.abc import Mapping
from email.utils import format_datetime
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.errors import ConfigError
from connector_agency_api.sandbox import control, v1
from connector_agency_api.sandbox.agency import Agency
from connector_agency_api.sandbox.agenda import AgencyClock
from connector_agency_api.sandbox.calls import refuse_http
from connector_agency_api.sandbox.faults import FaultyFront
from connector_agency_api.sandbox.filework import keep_working
from connector_agency_api.sandbox.options import AgencyOptions

_TICK_SECONDS = 0.1


def run(*, host: str, port: int, clock_file: Path | None, options: Mapping[str, str]) -> None:
    """Serve until stopped. Raises ConfigError for a host that is not loopback, and for wrong options."""
    if not _is_loopback(host):
        raise ConfigError("the stand-in runs on loopback only.", key="host", mend="Use 127.0.0.1.")
    agency = Agency(AgencyOptions.parse(options), AgencyClock(clock_file))
    stop = threading.Event()
    threading.Thread(target=_keep_time, args=(agency, stop), daemon=True).start()
    with _listen(host, port) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        if agency.options.files:
            work = (agency.options.files, url, agency.options.api_key, stop)
            threading.Thread(target=keep_working, args=work, daemon=True).start()
        sys.stdout.write(f"listening on {url}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            application(agency),
            http="h11",
            ws="none",
            lifespan="off",
            log_level="error",
            headers=[("X-Sandbox", "1")],
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listener])
    stop.set()


def _listen(host: str, port: int) -> socket.socket:
    # The protocol is named so that asyncio turns Nagle's algorithm off: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def application(agency: Agency) -> ASGIApp:
    """The whole HTTP surface of an agency."""
    routes = [*v1.routes(agency), *control.routes(agency), *_document_routes()]
    app = Starlette(routes=routes, exception_handlers={HTTPException: refuse_http})
    return FaultyFront(_Dated(app, agency), agency.faults, agency.options.hang_seconds)


class _Dated:
    """Adds the `Date` of the stand-in's clock: the machine's is that of another time."""

    def __init__(self, app: ASGIApp, agency: Agency) -> None:
        self._app = app
        self._agency = agency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._agency.now(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", []), (b"date", date)]
            await send(message)

        await self._app(scope, receive, dated)


def _document_routes() -> list[Route]:
    def serve_file(name: str, media_type: str) -> Route:
        content = files("connector_agency_api").joinpath(name).read_bytes()

        async def answer(_request: Request) -> Response:
            return Response(content, media_type=media_type)

        return Route(f"/{name}", answer, methods=["GET"])

    return [serve_file("openapi.yaml", "application/yaml"), serve_file("openapi.json", "application/json")]


def _keep_time(agency: Agency, stop: threading.Event) -> None:
    while not stop.wait(_TICK_SECONDS):
        try:
            agency.tick()
        except (OSError, ValueError) as error:
            # A test clock that is being replaced at this moment is there again at the next tick.
            sys.stderr.write(f"the stand-in's clock cannot be read: {error}\n")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
