"""The commands by name. This module and what it imports are all that `incasso --help` pays for."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from connector import __version__
from connector.cli import (
    asking,
    auditing,
    backtesting,
    cases,
    circumstances,
    connecting,
    database,
    debtors,
    demonstration,
    differences,
    faults,
    holds,
    install,
    keys,
    letters,
    outbox,
    planning,
    policies,
    promises,
    quarantine,
    registers,
    service,
    tasks,
    verbs,
    withdrawing,
)
from connector.cli.failures import tell
from connector.cli.invocation import Invocation

_WAY = "The way of the data"
_SERVICE = "The service"
_PEOPLE = "What people look at and decide"
_SETUP = "Setting up"

EPILOG = (
    "Exit codes: 0 done; 1 done, and something needs a person; 2 the command or the configuration is wrong; "
    "3 log in again; 70 a fault in this program; 75 not now, try again later; 130 interrupted."
)


class Sections(TyperGroup):
    """Help that lists the commands by section, in plain text: rich's costs more than all the rest of a call."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None) or "Commands"
                sections.setdefault(str(panel), []).append((name, command.get_short_help_str(limit=100)))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)


def _new(**settings: Any) -> typer.Typer:
    return typer.Typer(
        cls=Sections,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        **settings,
    )


app = _new(name="incasso", epilog=EPILOG)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"incasso {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="The installation; else INCASSO_HOME, else the current folder."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log every step, and show where an error came from.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Carry overdue invoices from an accounting package to a collection agency, and every answer back."""
    context.obj = Invocation(home, verbose)


def _add(group: typer.Typer, section: str | None, **commands: Callable[..., None]) -> None:
    for name, command in commands.items():
        group.command(name, rich_help_panel=section)(command)


_add(app, _WAY, pull=verbs.pull, plan=planning.plan, handover=verbs.handover, follow=verbs.follow, report=verbs.report)
_add(app, _SERVICE, run=service.run, status=service.status, runs=service.runs, health=asking.health)
_add(app, _SERVICE, compare=planning.compare)
_add(app, _PEOPLE, plans=planning.plans, tasks=tasks.tasks, steps=planning.steps, release=planning.release)
_add(app, _PEOPLE, faults=faults.faults, differences=differences.differences, backtest=backtesting.backtest)
_task, _debtor, _case = (
    _new(help=text)
    for text in ("Settle a task.", "Look at a debtor, or say something of one.", "Look at a case, or ask it back.")
)
_add(_task, None, show=tasks.show, done=tasks.finish, answer=tasks.answer, approve=tasks.approve, refuse=tasks.refuse)
_add(_debtor, None, find=debtors.find, show=debtors.show, hold=debtors.hold, resume=debtors.resume)
_add(_debtor, None, dispute=debtors.dispute, settle=debtors.settle, kind=debtors.kind, letter=letters.letter)
_add(_debtor, None, promise=promises.promise, plan=promises.plan, veto=holds.veto, unveto=holds.unveto)
_ledger = _new(help="Leave a ledger alone for a while.")
_add(_ledger, None, hold=holds.hold_ledger, resume=holds.resume_ledger)
_add(_debtor, None, insolvency=circumstances.insolvency, deceased=circumstances.deceased)
_add(_debtor, None, vulnerable=circumstances.vulnerable, lift=circumstances.lift)
_add(_debtor, None, forget=circumstances.forget)
_add(_debtor, None, register=registers.register)
_add(_case, None, list=cases.listing, show=cases.show, message=cases.message)
_add(_case, None, withdraw=withdrawing.withdraw, keep=withdrawing.keep)
_add(app, _SETUP, init=install.init, doctor=install.doctor, connect=connecting.connect, plugins=install.plugins)
_add(app, _SETUP, sandbox=connecting.sandbox, demo=demonstration.demo)
_outbox = _new(help="Look at what is on its way to the agencies, and settle what is parked.")
_add(_outbox, None, list=outbox.listing, show=outbox.show, resolve=outbox.resolve)
_quarantine = _new(help="After a restore: see what is not known yet, and settle what only a person can.")
_add(_quarantine, None, show=quarantine.show, adopt=quarantine.adopt, dismiss=quarantine.dismiss, end=quarantine.end)
_difference = _new(help="Give a difference to somebody, or close it.")
_add(_difference, None, assign=differences.assign, close=differences.close)
_policy = _new(help="Look at the policies before they decide.")
_add(_policy, None, check=policies.check)
_keys, _db, _audit = (_new(help=text) for text in ("Keys of the token store.", "The database.", "The audit trail."))
_add(_keys, None, new=keys.new_key, rotate=keys.rotate)
_add(_db, None, upgrade=database.upgrade, check=database.check, backup=database.backup, restore=database.restore)
_add(_audit, None, verify=auditing.verify, head=auditing.head)
for _name, _group, _section in (
    ("task", _task, _PEOPLE),
    ("debtor", _debtor, _PEOPLE),
    ("ledger", _ledger, _PEOPLE),
    ("case", _case, _PEOPLE),
    ("difference", _difference, _PEOPLE),
    ("outbox", _outbox, _PEOPLE),
    ("quarantine", _quarantine, _PEOPLE),
    ("policy", _policy, _SETUP),
    ("keys", _keys, _SETUP),
    ("db", _db, _SETUP),
    ("audit", _audit, _SETUP),
):
    app.add_typer(_group, name=_name, rich_help_panel=_section)


def run(arguments: list[str]) -> int:
    """Carry out a command line; returns the exit code. An error is told in one sentence, masked."""
    # What this program writes holds names, addresses and keys: for its owner only, unless somebody opens it up.
    os.umask(0o077)
    try:
        app(args=arguments, prog_name="incasso")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except Exception as error:
        return tell(error, as_json="--json" in arguments, verbose="--verbose" in arguments)
    return 0
