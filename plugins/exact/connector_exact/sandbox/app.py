"""The web application: routes, the header that announces the stand-in, the webhook carrier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector_exact.sandbox.api import answer_api
from connector_exact.sandbox.control import control_routes
from connector_exact.sandbox.documents import answer_download
from connector_exact.sandbox.login import answer_consent, answer_token
from connector_exact.sandbox.webhooks import install_world
from connector_exact.sandbox.world import World

_EVERY = ["GET", "POST", "PUT", "DELETE", "PATCH", "MERGE"]
_CARRIER_PAUSE = 0.2


def build_app(world: World) -> ASGIApp:
    """The application over `world`; every answer carries `X-Sandbox: 1` and a `Date` of its clock."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        carrier = asyncio.create_task(_carry(app))
        yield
        carrier.cancel()
        with suppress(asyncio.CancelledError):
            await carrier

    routes = [
        Route("/", _front_page),
        Route("/api/oauth2/auth", answer_consent, methods=["GET", "POST"]),
        Route("/api/oauth2/token", answer_token, methods=["POST"]),
        Route("/api/v1/{rest:path}", answer_api, methods=_EVERY),
        Route("/docs/SysAttachment.aspx", answer_download, methods=["GET"]),
        *control_routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    install_world(app, world)
    return _Announced(app, world)


class _Announced:
    """Adds `X-Sandbox: 1` to every answer, so that nobody takes the stand-in for the real service, and its `Date`."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._clock = world.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def announced(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now, usegmt=True).encode()
                message["headers"] = [*message.get("headers", []), (b"x-sandbox", b"1"), (b"date", date)]
            await send(message)

        await self._app(scope, receive, announced)


async def _carry(app: Starlette) -> None:
    """Make webhook calls as they fall due on the stand-in's clock."""
    while True:
        if app.state.post.waiting:
            await app.state.post.deliver()
        await asyncio.sleep(_CARRIER_PAUSE)


async def _front_page(request: Request) -> Response:
    world: World = request.app.state.world
    rows = "".join(f"<li>{code}</li>" for code in world.divisions)
    return HTMLResponse(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title></head><body>'
        f"<h1>Sandbox</h1><p>Region {world.settings.region}. Divisions:</p><ul>{rows}</ul></body></html>"
    )
