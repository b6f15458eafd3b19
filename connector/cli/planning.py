"""`incasso plan`, `plans`, `steps`, `release`: what comes next for every debtor, and that it was done."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.letters import Kind, Valid, evidence
from connector.cli.options import JsonOption, LedgerArgument, PlanArgument, parse_day
from connector.cli.selection import pick_debtor, pick_ledger, pick_plan

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.workspace import Workspace
    from connector.model import LetterFact

ExplainOption = Annotated[
    str,
    typer.Option(
        "--explain",
        metavar="DEBTOR",
        help="Say why, for one debtor, with every condition; stores nothing. Goes with --on and --show.",
    ),
]
PageOption = Annotated[
    Path | None,
    typer.Option(
        "--page", metavar="FILE.html", help="With --explain: write it as one page, for the debtor or a lawyer."
    ),
]
LanguageOption = Annotated[
    Literal["nl", "fr", "en"] | None,
    typer.Option("--language", help="Of the page; left out: the debtor's, else the ledger's."),
]
ShowOption = Annotated[int, typer.Option("--show", metavar="PLAN", help="Show a plan that was made before.")]
AheadOption = Annotated[
    date | None,
    typer.Option(
        "--on",
        parser=parse_day,
        metavar="DATE",
        help="Look ahead: what would come up to this day if nobody paid; stores nothing.",
    ),
]
DiffOption = Annotated[bool, typer.Option("--diff", help="Show only what differs from the plan before.")]
AllOption = Annotated[bool, typer.Option("--all", help="Show also those for whom nothing is done, and why.")]


def plan(
    context: typer.Context,
    ledger: LedgerArgument = "",
    explain: ExplainOption = "",
    show: ShowOption = 0,
    on: AheadOption = None,
    page: PageOption = None,
    language: LanguageOption = None,
    diff: DiffOption = False,
    everybody: AllOption = False,
    json: JsonOption = False,
) -> None:
    """Decide what comes next for every debtor, store it as a plan, and show it. Nothing leaves the house."""
    from connector.cli.explaining import explain_one
    from connector.cli.plan_table import Shown, show_plan

    invocation: Invocation = context.obj
    shown = Shown(everybody=everybody, differing=diff)
    if on and (show or page):
        raise typer.BadParameter("goes with neither --show nor --page: it looks ahead", param_hint="--on")
    if (page or language) and not (page and explain):
        raise typer.BadParameter("a page is of one debtor: give --explain DEBTOR and --page FILE", param_hint="--page")
    with invocation.workspace() as workspace:
        if show:
            chosen, owner = pick_plan(workspace, show)
            if explain:
                explain_one(workspace, owner, explain, plan=chosen, page=page, language=language, as_json=json)
                return
            show_plan(workspace, owner, chosen, shown=shown, as_json=json)
            return
        owner = pick_ledger(workspace.settings, ledger)
        if on:
            _look_ahead(workspace, owner, explain, on, as_json=json)
            return
        if explain:
            explain_one(workspace, owner, explain, page=page, language=language, as_json=json)
            return
        from connector.cli.output import showing_progress
        from connector.flow.plan import make_plan
        from connector.runtime.visit import alone

        with alone(workspace, owner), showing_progress(quiet=json) as progress:
            _, made = make_plan(workspace, owner, progress=progress)
        show_plan(workspace, owner, made, shown=shown, as_json=json)


def plans(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """List the plans that were made, newest first."""
    from connector.cli.output import instant, show_json, show_table
    from connector.store import figures

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        name = pick_ledger(workspace.settings, ledger).name if ledger else ""
        with workspace.store.read() as tx:
            found = figures.last_plans(tx, name)
    if json:
        show_json(found)
        return
    words = ("remind", "notice", "call", "escalate", "undecided")
    rows = [
        [str(one.id), one.ledger, instant(one.created_at), one.state, *(str(one.counts.get(word, 0)) for word in words)]
        for one in found
    ]
    show_table(["plan", "ledger", "made", "state", *words], rows, right=["plan", *words], whole=["made"])


def steps(
    context: typer.Context,
    plan: PlanArgument,
    taken: Annotated[str, typer.Option("--taken", metavar="remind|notice|call", help="The step that was taken.")],
    on: Annotated[
        date | None,
        typer.Option("--on", parser=parse_day, metavar="DATE", help="The day it was taken; today if left out."),
    ] = None,
    channel: Annotated[
        str, typer.Option("--channel", help="How: post, email, phone; left out: as the policy's step says, else post.")
    ] = "",
    letter: Annotated[
        Kind | None,
        typer.Option("--letter", help="What the law calls the letter: it is kept as evidence of each debtor."),
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=365, help="The days that the letter gives.")] = None,
    valid: Annotated[
        Valid, typer.Option("--valid", help="Whether it says all that the law asks of it, as you have read it.")
    ] = "unknown",
    document: Annotated[
        str, typer.Option("--document", help="Where the letters, or the proof that they were sent, are kept.")
    ] = "",
) -> None:
    """Record that the letters or calls of a plan were sent or made; the waiting times run from that day."""
    from connector.cli.output import print_line
    from connector.flow import actions
    from connector.runtime.words import plural

    if taken not in ("remind", "notice", "call"):
        raise typer.BadParameter("give remind, notice or call", param_hint="--taken")
    if letter is None and (days or document or valid != "unknown"):
        raise typer.BadParameter("--days, --valid and --document are about a letter: give --letter as well")
    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        chosen, owner = pick_plan(workspace, plan)
        day = on or workspace.clock.today(owner.timezone)
        if letter:
            fact = evidence(letter, channel or "post", day, days=days, valid=valid, document=document)
            _record_letters(workspace, owner, chosen.id, fact, taken=taken, actor=invocation.actor)
            return
        count = actions.record_steps(
            workspace, owner, chosen.id, action=taken, taken_on=day, channel=channel, actor=invocation.actor
        )
    print_line(f"{plural(count, 'step')} recorded as taken on {day}.")


def _record_letters(
    workspace: "Workspace", ledger: "Ledger", plan: int, fact: "LetterFact", *, taken: str, actor: str
) -> None:
    from connector.cli.output import print_line
    from connector.flow.letters import record_letters
    from connector.runtime.words import plural

    if taken == "call":
        raise typer.BadParameter("a call is no letter", param_hint="--letter")
    new, kept = record_letters(workspace, ledger, plan, fact, action=taken, actor=actor)
    print_line(f"{plural(new, 'step')} recorded as taken on {fact.sent_on}.")
    print_line(f"{plural(kept, 'letter')} recorded: {fact.kind} by {fact.channel}, valid: {fact.valid}.")


def release(context: typer.Context, ledger: LedgerArgument = "") -> None:
    """Take the brake off a ledger, after looking at it."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        reason = actions.release(workspace, owner, actor=invocation.actor)
    print_line(f"The brake is off. It was on because: {reason}" if reason else "There was no brake on.")


def compare(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """Hold the ledger against the agency, claim by claim; the exit code is 1 when they differ."""
    from connector.cli.compared import sides, summary
    from connector.cli.output import print_line, show_json, show_table
    from connector.flow.agencies import Troubles
    from connector.flow.compare import compare as act

    invocation: Invocation = context.obj
    troubles = Troubles()
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        found = act(workspace, owner, troubles)
    if json or not found:
        # A machine must not take a part for the whole.
        troubles.tell(owner)
    differ = [one for one in found if not one.agrees]
    if json:
        show_json([{**vars(one), "difference": one.difference, "agrees": one.agrees} for one in found])
    elif found:
        rows = [[one.case_ref, one.number, *sides(one)] for one in differ or found]
        amounts = ["in the ledger", "not yet booked", "at the agency", "difference"]
        show_table(["case", "invoice", *amounts], rows, right=amounts, whole=["case", "invoice"])
        print_line(summary(found))
    else:
        print_line("No claim is at an agency.")
    troubles.tell(owner)
    raise typer.Exit(ExitCode.PERSON if differ else ExitCode.DONE)


def _look_ahead(workspace: "Workspace", ledger: "Ledger", text: str, until: date, *, as_json: bool) -> None:
    from connector.cli.ahead_table import show_outlook, show_prospect
    from connector.cli.output import showing_progress
    from connector.flow.ahead import look, look_at

    if text:
        key = pick_debtor(workspace, ledger, text)
        show_prospect(workspace, ledger, key, look_at(workspace, ledger, key, until), as_json=as_json)
        return
    with showing_progress(quiet=as_json) as progress:
        found = look(workspace, ledger, until, progress=progress)
    show_outlook(workspace, found, as_json=as_json)
