"""`incasso init`, `doctor`, `plugins`: setting up an installation, and looking whether it is well."""

import os
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.database import bring_up
from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.keys import write_key
from connector.cli.options import JsonOption
from connector.errors import ConfigError


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to; left out: --home, else the current folder.")
    ] = None,
) -> None:
    """Write an example installation with a key and an empty database; overwrites nothing."""
    from connector.cli.output import print_line
    from connector.config import find_home, load
    from connector.config.home import write_home

    invocation: Invocation = context.obj
    home = find_home(folder, {}) if folder else invocation.home
    key = home / "keys" / "main.key"
    if key.exists():
        raise ConfigError(
            "there is a key already, and nothing is overwritten.", file=str(key), mend="Choose another folder."
        )
    written = write_home(home)
    write_key(key)
    bring_up(load(home, os.environ))
    for path in (*written, key):
        print_line(f"wrote {path.relative_to(home)}")
    print_line(f"Fill in connections/ and ledgers/ in {home}, then run: incasso --home {home} doctor")


def doctor(context: typer.Context, json: JsonOption = False) -> None:
    """Try everything a run needs - connections, clock, disk, keys, rights - and say the mend of what is wrong."""
    from connector.cli.output import print_line, show_json, show_table
    from connector.log import configure
    from connector.runtime.doctor import examine, worst

    invocation: Invocation = context.obj
    configure("debug" if invocation.verbose else "error")
    findings = list(examine(invocation.home, os.environ))
    verdict = worst(findings)
    if json:
        show_json({"verdict": verdict, "findings": findings})
    else:
        rows = [[one.verdict, one.subject, one.said, one.mend] for one in findings]
        show_table(["", "what", "how it is", "mend"], rows, whole=["", "what"])
        print_line({"ok": "All is well.", "warn": "It works; look at the warnings."}.get(verdict, "Not all is well."))
    raise typer.Exit(ExitCode.CONFIG if verdict == "fail" else ExitCode.DONE)


def plugins(context: typer.Context, json: JsonOption = False) -> None:
    """List the plugins: what each offers, and why one is not loaded."""
    from connector.cli.output import show_json, show_table

    invocation: Invocation = context.obj
    reports = invocation.plugins().report()
    if json:
        show_json(reports)
        return
    rows = [
        [
            one.name,
            one.state,
            ", ".join(one.sources),
            ", ".join(one.sinks),
            ", ".join(one.conditions),
            ", ".join(one.sandboxes),
            f"{one.distribution} {one.version}",
            one.reason,
        ]
        for one in reports
    ]
    columns = ["plugin", "state", "sources", "sinks", "conditions", "sandboxes", "distribution", "why"]
    show_table(columns, rows, whole=columns[:-1])
