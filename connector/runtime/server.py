"""The daemon's HTTP side: health, readiness, status, metrics, and webhooks of agencies."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connector.errors import ConfigError, ConnectorError, RejectedError
from connector.flow.follow import take_in
from connector.flow.workspace import Workspace
from connector.runtime import health, metrics
from connector.runtime.alarms import AlarmFigures
from connector.runtime.status import collect

_BODY_LIMIT = 1_000_000
_START_SECONDS = 30.0


@dataclass(frozen=True)
class Service:
    """What the HTTP side needs of the daemon: the workspace, the seconds since it ticked, whom to tell of a call."""

    workspace: Workspace
    silent: Callable[[], float]
    called: Callable[[str], None]


def build_app(service: Service) -> Starlette:
    """The routes. Nothing here needs a log-in: it tells numbers, and a webhook proves itself by its signature."""

    began = service.workspace.clock.now()

    # In the loop itself: threads that wait for a database must not make a process look dead that lives.
    async def livez(_request: Request) -> Response:
        return _verdict(
            []
            if health.is_ticking(service.silent())
            else ["no sign of life: the scheduler stands still, or a run hangs"]
        )

    def readyz(_request: Request) -> Response:
        return _verdict(health.problems(service.workspace))

    def healthz(_request: Request) -> Response:
        found = health.examine(service.workspace, since=began, silent=service.silent())
        code = 503 if found.state == "failing" else 200
        return Response(found.model_dump_json(), status_code=code, media_type="application/json")

    def status(_request: Request) -> Response:
        return Response(collect(service.workspace).model_dump_json(), media_type="application/json")

    def figures(_request: Request) -> Response:
        found = collect(service.workspace)
        text = metrics.render(found, AlarmFigures(service.workspace, found))
        return Response(text, media_type=metrics.CONTENT_TYPE)

    async def webhook(request: Request) -> Response:
        body = await _read(request)
        return await run_in_threadpool(_take, service, request.path_params["connection"], dict(request.headers), body)

    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/healthz", healthz),
            Route("/status", status),
            Route("/metrics", figures),
            Route("/webhooks/{connection}", webhook, methods=["POST"]),
        ],
        exception_handlers={ConnectorError: _failed},
    )


def _verdict(problems: list[str]) -> Response:
    if problems:
        return JSONResponse({"ok": False, "problems": problems}, status_code=503)
    return JSONResponse({"ok": True})


async def _failed(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{type(error).__name__}\n", status_code=503)


async def _read(request: Request) -> bytes:
    """The body as it came, for the signature is over its bytes; refused as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise HTTPException(413)
    return bytes(body)


def _take(service: Service, connection: str, headers: dict[str, str], body: bytes) -> Response:
    workspace = service.workspace
    configured = workspace.settings.connections.get(connection)
    if configured is None or configured.plugin not in workspace.plugins.sinks:
        return PlainTextResponse("no such agency\n", status_code=404)
    try:
        with workspace.closing():
            events = workspace.open_sink(configured).verify_webhook(headers, body)
    except RejectedError as error:
        workspace.log.warning("webhook refused", connection=connection, why=error.message)
        return PlainTextResponse("the signature does not fit\n", status_code=401)
    new = take_in(workspace, connection, events)
    service.called(connection)
    return JSONResponse({"events": len(events), "new": new}, status_code=202)


class Server:
    """uvicorn in a thread of its own. The address is bound when this returns, so a taken port is told at once."""

    def __init__(self, app: Starlette, *, host: str, port: int) -> None:
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        host = self._socket.getsockname()[0]
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> None:
        """Serve. Returns when it does."""
        self._thread.start()
        for _ in range(int(_START_SECONDS / 0.02)):
            if self._server.started:
                return
            time.sleep(0.02)
        raise ConfigError("the HTTP side did not start.", file="incasso.toml", key="daemon")

    def stop(self) -> None:
        """Finish the requests at hand, then end."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigError(
            f"the service cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}.",
            file="incasso.toml",
            key="daemon.port",
            mend="Choose another port, 0 for any free one, or stop what listens there.",
        ) from error
