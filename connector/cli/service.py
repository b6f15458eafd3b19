"""`incasso run`, `status`, `runs`: the service, and how everything stands."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.failures import ExitCode, code_of, tell
from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption, LedgerArgument
from connector.cli.selection import pick_ledger, pick_ledgers

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.workspace import Workspace
    from connector.runtime.visit import Turn

LedgersOption = Annotated[
    list[str] | None, typer.Option("--ledger", metavar="NAME", help="Only this ledger; may be given more than once.")
]


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Visit each ledger once, print what was done, and end.")] = False,
    ledger: LedgersOption = None,
    json: JsonOption = False,
) -> None:
    """Visit every ledger at its interval until stopped: pull, plan, hand over where that is automatic, follow, report.

    Listens on the address under [daemon] for health, status, metrics and webhooks. SIGTERM ends it at the next
    commit; whatever was under way goes on in the next run.
    """
    invocation: Invocation = context.obj
    if once:
        with invocation.workspace() as workspace:
            code = _visit_each(workspace, pick_ledgers(workspace.settings, ledger or []), as_json=json)
        raise typer.Exit(code)
    if json:
        raise typer.BadParameter("goes with --once only", param_hint="--json")
    _serve(invocation, ledger or [])


def _visit_each(workspace: "Workspace", ledgers: "list[Ledger]", *, as_json: bool) -> int:
    from connector.cli.output import show_json, showing_progress
    from connector.cli.verbs import read_brake
    from connector.runtime.once import visit_once

    turns, failed = visit_once(workspace, ledgers, lambda: showing_progress(quiet=as_json))
    if failed and not turns:
        raise failed[0]
    brakes = [reason for ledger in ledgers if (reason := read_brake(workspace, ledger))]
    if as_json:
        show_json([_facts(workspace, turn) for turn in turns])
    else:
        _show_turns(workspace, turns)
    for error in failed:
        tell(error, as_json=False, verbose=False)
    return _judge(turns, failed, braked=bool(brakes))


def _judge(turns: "list[Turn]", failed: list[Exception], *, braked: bool) -> int:
    """The gravest of what the verbs left: a fault, a log-in, a configuration to mend, a person, a later run."""
    from connector.cli.verbs import judge

    codes = {code_of(turn.error) for turn in turns if turn.error} | {code_of(error) for error in failed}
    codes |= {judge(turn.report.counts, brake="") for turn in turns if turn.report}
    if braked:
        codes.add(ExitCode.PERSON)
    gravest = (ExitCode.FAULT, ExitCode.LOGIN, ExitCode.CONFIG, ExitCode.PERSON, ExitCode.LATER)
    return next((code for code in gravest if code in codes), ExitCode.DONE)


def _facts(workspace: "Workspace", turn: "Turn") -> dict[str, object]:
    from connector.cli.naming import names_in, report_facts

    return {
        "ledger": turn.ledger,
        "verb": turn.verb,
        "outcome": turn.outcome,
        "seconds": round(turn.seconds, 3),
        "message": turn.told,
        "report": turn.report and report_facts(names_in(workspace, turn.report), turn.report),
    }


def _show_turns(workspace: "Workspace", turns: "list[Turn]") -> None:
    from connector.cli.counts import as_counts
    from connector.cli.naming import names_in
    from connector.cli.output import print_line, show_table

    rows = [
        [
            turn.ledger,
            turn.verb,
            turn.outcome,
            f"{turn.seconds:.1f} s",
            turn.told or as_counts(turn.report.counts if turn.report else {}),
        ]
        for turn in turns
    ]
    show_table(["ledger", "verb", "outcome", "time", "what"], rows, right=["time"], whole=["ledger", "verb", "outcome"])
    for turn in turns:
        if turn.report:
            names = names_in(workspace, turn.report)
            for remark in turn.report.remarks:
                print_line(f"{turn.ledger} {turn.verb}: {names.tell(remark)}")


def _serve(invocation: Invocation, names: list[str]) -> None:
    from connector.cli.output import print_line
    from connector.flow.workspace import open_workspace
    from connector.log import configure
    from connector.runtime.daemon import Daemon, leave_now

    log = invocation.settings().log
    configure("debug" if invocation.verbose else log.level, log.format)

    def _say(text: str) -> None:
        print_line(text)
        sys.stdout.flush()

    with open_workspace(invocation.home, os.environ) as workspace:
        if not Daemon(workspace, pick_ledgers(workspace.settings, names)).run(_say):
            leave_now()


def status(context: typer.Context, json: JsonOption = False) -> None:
    """How each ledger and each agency stands, and what waits for a person."""
    from connector.cli.output import show_json
    from connector.cli.status_table import show_status
    from connector.runtime.status import collect

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = collect(workspace)
    if json:
        show_json(found)
    else:
        show_status(found)


def runs(
    context: typer.Context,
    ledger: LedgerArgument = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 20,
    json: JsonOption = False,
) -> None:
    """List the reports of the last runs of a ledger, newest first."""
    from connector.cli.counts import as_counts
    from connector.cli.output import instant, show_json, show_table
    from connector.runtime.status import run_status
    from connector.store import journal

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        with workspace.store.read() as tx:
            found = [run_status(one) for one in journal.last_runs(tx, owner.name, limit=limit)]
    if json:
        show_json(found)
        return
    rows = [
        [
            instant(one.started_at),
            one.verb,
            one.outcome,
            "-" if one.seconds is None else f"{one.seconds:.1f} s",
            one.message or as_counts({count.word: count.count for count in one.counts}),
        ]
        for one in found
    ]
    show_table(
        ["started", "verb", "outcome", "time", "what"], rows, right=["time"], whole=["started", "verb", "outcome"]
    )
