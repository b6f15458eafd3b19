"""Runs the stand-in: loopback only, any free port with port 0."""

import ipaddress
import socket
from collections.abc import Mapping
from pathlib import Path

from connector.errors import ConfigError
from connector_exact.sandbox.app import build_app
from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.demo_data import start_world
from connector_exact.sandbox.settings import read_options


def run(*, host: str, port: int, clock_file: Path | None, options: Mapping[str, str]) -> None:
    """Serve until stopped; prints `listening on http://HOST:PORT` when ready. Raises ConfigError."""
    import uvicorn

    _check_loopback(host)
    world = start_world(read_options(options), Clock(clock_file))
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # Without it an answer's body waits for the caller's delayed acknowledgement of its head: 40 ms a call.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    where = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(build_app(world), log_level="error", access_log=False, lifespan="on", date_header=False)
    # The socket already takes connections: whoever reads this line may call at once.
    print(f"listening on http://{where}:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - the announced contract
    uvicorn.Server(config).run(sockets=[listener])


def _check_loopback(host: str) -> None:
    if host == "localhost":
        return
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ConfigError(
            f"{host} is not a loopback address: the sandbox is never served to others",
            key="host",
            mend="Take 127.0.0.1.",
        )
