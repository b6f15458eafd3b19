"""`incasso pull`, `handover`, `follow`, `report`: one verb of one ledger."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption, LedgerArgument, PlanArgument
from connector.cli.selection import pick_ledger, pick_plan

if TYPE_CHECKING:
    from connector.cli.naming import Names
    from connector.config import Ledger
    from connector.flow.runs import Progress, Report
    from connector.flow.workspace import Workspace

_FOR_A_PERSON = ("rejected", "parked", "refused", "agencies not named")
_FOR_LATER = ("put off", "unknown")


def pull(
    context: typer.Context,
    ledger: LedgerArgument = "",
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Read everything again, also what was read before.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Bring in what is open at the accounting package."""
    from connector.flow.pull import pull as act

    _one_verb(context.obj, ledger, partial(act, from_beginning=from_beginning), as_json=json)


def follow(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """Bring in what the agency did, then tell it what changed here."""
    from connector.flow.follow import follow as act

    _one_verb(context.obj, ledger, act, as_json=json)


def report(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """Write the state of each case back into the accounting package."""
    from connector.flow.report import report_back as act

    _one_verb(context.obj, ledger, act, as_json=json)


def handover(context: typer.Context, plan: PlanArgument, json: JsonOption = False) -> None:
    """Carry out exactly a plan: what has changed since is left out, by name."""
    from connector.flow.handover import hand_over

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found, ledger = pick_plan(workspace, plan)

        def _act(workspace: "Workspace", ledger: "Ledger", *, progress: "Progress") -> "Report":
            return hand_over(workspace, ledger, found.id, progress=progress)

        code = _run(workspace, ledger, _act, as_json=json)
    raise typer.Exit(code)


def _one_verb(invocation: Invocation, name: str, act: Callable[..., "Report"], *, as_json: bool) -> None:
    with invocation.workspace() as workspace:
        code = _run(workspace, pick_ledger(workspace.settings, name), act, as_json=as_json)
    raise typer.Exit(code)


def _run(workspace: "Workspace", ledger: "Ledger", act: Callable[..., "Report"], *, as_json: bool) -> int:
    from connector.cli.naming import names_in, report_facts
    from connector.cli.output import show_json, showing_progress
    from connector.runtime.visit import alone

    with alone(workspace, ledger), showing_progress(quiet=as_json) as progress:
        done = act(workspace, ledger, progress=progress)
    brake = read_brake(workspace, ledger)
    names = names_in(workspace, done)
    if as_json:
        show_json(report_facts(names, done))
    else:
        show_report(done, names, brake=brake)
    return judge(done.counts, brake=brake)


def judge(counts: Mapping[str, int], *, brake: str) -> ExitCode:
    """What a run that ended well leaves to do: for a person, for a later run, or nothing."""
    if brake or any(counts.get(word) for word in _FOR_A_PERSON):
        return ExitCode.PERSON
    return ExitCode.LATER if any(counts.get(word) for word in _FOR_LATER) else ExitCode.DONE


def read_brake(workspace: "Workspace", ledger: "Ledger") -> str:
    """Why the ledger waits for a person; empty when it does not."""
    from connector.store import journal

    with workspace.store.read() as tx:
        return journal.read_ledger_state(tx, ledger.name).brake_reason


def show_report(done: "Report", names: "Names", *, brake: str) -> None:
    """Print what a run did, in lines."""
    from connector.cli.counts import as_counts
    from connector.cli.output import print_line

    print_line(f"{done.verb} of {done.ledger}: {as_counts(done.counts)}")
    for remark in done.remarks:
        print_line(f"  {names.tell(remark)}")
    if brake:
        print_line(f"Brake: {brake}. Look at the ledger, then: incasso release {done.ledger}")
