"""`incasso health`: what a container or a watchman runs every few seconds, so it imports as little as it can."""

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.config import DaemonSettings

_SECONDS = 5.0
# What a service listens on that listens everywhere, and where it is reached from its own machine.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


def health(
    context: typer.Context,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where the service answers; left out: as [daemon] says.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Ask the running service whether it lives and is ready. Exit code 0: it does; 1: it does not, and why.

    A ledger that stalls is told, and is no reason for 1: starting the service again would not help it.
    """
    from connector.cli.output import print_line, show_json

    invocation: Invocation = context.obj
    address = url or _address(invocation.settings().daemon)
    found = _ask(address)
    if json:
        show_json(found)
    else:
        for line in _told(found):
            print_line(line)
    raise typer.Exit(ExitCode.PERSON if found["state"] == "failing" else ExitCode.DONE)


def _address(daemon: "DaemonSettings") -> str:
    if not daemon.port:
        raise ConfigError(
            "with port 0 the service listens on any free one.",
            file="incasso.toml",
            key="daemon.port",
            mend="Name the address it printed with --url, or give it a port.",
        )
    host = _EVERYWHERE.get(daemon.host, daemon.host)
    return f"http://[{host}]:{daemon.port}" if ":" in host else f"http://{host}:{daemon.port}"


def _ask(address: str) -> dict[str, Any]:
    """What `/healthz` answers; a service that cannot be asked fails."""
    parts = urlsplit(address)
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(f"{address} is not where a service answers.", mend="Write it as http://127.0.0.1:8085.")
    connection = HTTPConnection(parts.hostname, parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return {"state": "failing", "problems": [f"{address} does not answer: {why.lower()}"], "ledgers": []}
    finally:
        connection.close()
    return found


def _told(found: dict[str, Any]) -> list[str]:
    lines = [str(found["state"])]
    lines += [str(problem) for problem in found["problems"]]
    if not found.get("ticking", True):
        lines.append(f"the scheduler has not ticked for {found['silent_seconds']} s: the process hangs")
    for one in found["ledgers"]:
        if one["state"] == "stalled":
            why = f": {one['why']}" if one["why"] else ""
            lines.append(f"ledger {one['name']} is {one['late_seconds'] // 60} min late{why}")
    return lines
