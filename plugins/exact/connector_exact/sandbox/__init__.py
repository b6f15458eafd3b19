"""A stand-in for Exact Online: a real HTTP server that behaves as the Exact Online reference describes it.

Nothing here was copied from the vendor; facts come from the reference, section numbers stand at each rule.
Importing this package is light: the server's libraries are loaded when it is started.
"""

from collections.abc import Mapping
from pathlib import Path

from connector.api import Sandbox


def serve(*, host: str, port: int, clock_file: Path | None, options: Mapping[str, str]) -> None:
    """Run the stand-in until stopped. See README.md beside this file for `options` and the control interface.

    Raises ConfigError for an unknown option, a wrong value, or a host that is not loopback.
    """
    from connector_exact.sandbox.server import run

    run(host=host, port=port, clock_file=clock_file, options=options)


SANDBOX = Sandbox(
    name="exact",
    title="Stand-in for Exact Online",
    serve=serve,
    options={
        "region": "nl, be, de, uk, us or es: the country instance (one server is one country)",
        "divisions": "administrations as CODE:COUNTRY[:CURRENCY], separated by commas",
        "client_id": "the app registration's id",
        "client_secret": "the app registration's secret",
        "redirect_uri": "the registered redirect address; empty takes any address in loose mode",
        "webhook_secret": "the app registration's webhook secret",
        "users": "who may log in, separated by commas; the first is the default",
        "consent": "division codes the user grants by default, separated by commas; empty grants all",
        "seed": "number from which every identifier is drawn",
        "demo": "yes loads a few invented debtors and invoices into the first division",
        "(toggles)": "any toggle of toggles.py by its name",
    },
)
