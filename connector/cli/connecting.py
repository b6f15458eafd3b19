"""`incasso connect` and `incasso sandbox`: logging in at an accounting package, and the stand-in servers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.api import Login
    from connector.flow.workspace import Workspace


def connect(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="The connection to log in at.")],
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste the address the browser ends on, where it cannot reach this machine.")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Listen on this port; 0 is any free one.")] = 0,
    timeout: Annotated[int, typer.Option("--timeout", min=1, help="Wait for the answer so many seconds.")] = 300,
) -> None:
    """Log in, in a browser, at a connection that needs a person for it."""
    from connector.cli.loopback import Listener, read_address
    from connector.cli.output import print_line

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace, workspace.closing():
        login = workspace.login(workspace.connection(connection))
        if login is None:
            raise ConfigError(
                f"nobody logs in at {connection}: its plugin knows no log-in.", mend="See: incasso doctor"
            )
        with Listener(port) as listener:
            _send_person(login, listener.redirect_uri, browser=browser, paste=paste)
            query = read_address(typer.prompt("Address")) if paste else listener.wait(timeout)
            print_line(login.finish(listener.redirect_uri, query))
        _note_well(workspace, connection)


def _send_person(login: "Login", redirect_uri: str, *, browser: bool, paste: bool) -> None:
    import sys
    import webbrowser

    from connector.cli.output import print_line

    address = login.authorize_url(redirect_uri)
    print_line(f"Open this page and log in:\n{address}")
    sent_to = parse_qs(urlsplit(address).query).get("redirect_uri", [redirect_uri])[0]
    if paste:
        print_line(f"Then copy the address the browser ends on (it begins with {sent_to}) and paste it here.")
    elif sent_to != redirect_uri:
        print_line(f"The answer goes to {sent_to}, which has to lead to {redirect_uri}. If it does not: use --paste.")
    else:
        print_line(f"Waiting for the answer on {redirect_uri}")
    sys.stdout.flush()
    if browser:
        webbrowser.open(address)


def _note_well(workspace: "Workspace", connection: str) -> None:
    from connector.flow.runs import note_connection

    note_connection(workspace, connection, None)


def sandbox(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The stand-in; lists them when left out.")] = "",
    host: Annotated[str, typer.Option("--host", help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free one.")] = 0,
    clock_file: Annotated[
        Path | None, typer.Option("--clock-file", help="Live by the test clock in this file.")
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the stand-in; may be repeated.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run a stand-in of an accounting package or agency on this machine, for trying out and for tests."""
    from connector.cli.output import show_json, show_table

    invocation: Invocation = context.obj
    plugins = invocation.plugins()
    if name:
        chosen = plugins.sandbox(name)
        chosen.serve(host=host, port=port, clock_file=clock_file, options=read_options(options or []))
        return
    found = sorted(plugins.sandboxes.values(), key=lambda one: one.name)
    if json:
        show_json([{"name": one.name, "title": one.title, "options": dict(one.options)} for one in found])
        return
    show_table(["sandbox", "what it is"], [[one.name, one.title] for one in found], whole=["sandbox"])
    rows = [[one.name, key, said] for one in found for key, said in one.options.items()]
    if rows:
        show_table(["sandbox", "--set", "what it sets"], rows, whole=["sandbox", "--set"])


def read_options(given: list[str]) -> dict[str, str]:
    """`key=value` texts as a mapping. Raises ConfigError for a text without `=` and for a key given twice."""
    options: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise ConfigError(f"--set {text!r} is not key=value.", mend="Write --set key=value.")
        if key in options:
            raise ConfigError(f"--set {key} is given twice.", mend="Give it once.")
        options[key] = value
    return options
