"""`incasso debtor insolvency`, `deceased`, `vulnerable`, `lift`: what befell a debtor, and that it is over."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import DebtorArgument, LedgerOption, parse_day
from connector.cli.selection import pick_debtor, pick_ledger

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.workspace import Workspace
    from connector.model import Circumstance

Kind = Literal["insolvency", "deceased", "vulnerable"]
UntilOption = Annotated[
    date | None, typer.Option("--until", parser=parse_day, metavar="DATE", help="The last day; left out: no end.")
]


def insolvency(
    context: typer.Context,
    debtor: DebtorArgument,
    regime: Annotated[str, typer.Option("--regime", help='Which, such as "bankruptcy": see docs/law.md.')],
    since: Annotated[date, typer.Option("--since", parser=parse_day, metavar="DATE", help="Its first day.")],
    until: UntilOption = None,
    reference: Annotated[str, typer.Option("--reference", help="The number of the case at the court.")] = "",
    administrator: Annotated[
        str, typer.Option("--administrator", metavar="NAME", help="Whom to address: trustee, administrator, mediator.")
    ] = "",
    country: Annotated[
        str, typer.Option("--country", metavar="NL|BE", help="Whose law; left out: that of the debtor's address.")
    ] = "",
    ledger: LedgerOption = "",
) -> None:
    """Record an insolvency or debt arrangement: what the law stops is stopped, what it asks is put on the list."""
    from connector.flow import circumstances
    from connector.model import Circumstance

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        law = circumstances.law_of(workspace, owner, key, country)
        circumstances.check_regime(regime, law)
        fact = Circumstance(
            kind="insolvency", regime=regime, country=law, since=since, until=until, reference=reference,
            administrator=administrator, origin=invocation.actor,
        )  # fmt: skip
        _record(workspace, owner, key, fact, actor=invocation.actor)


def deceased(
    context: typer.Context,
    debtor: DebtorArgument,
    on: Annotated[
        date | None,
        typer.Option("--on", parser=parse_day, metavar="DATE", help="The day of death; left out: known since today."),
    ] = None,
    ledger: LedgerOption = "",
) -> None:
    """Record that the debtor has died: every step stops, and the heirs are put on the list."""
    from connector.flow import circumstances
    from connector.model import Circumstance

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        fact = Circumstance(
            kind="deceased",
            regime="death",
            country=circumstances.law_of(workspace, owner, key),
            since=on or workspace.clock.today(owner.timezone),
            origin=invocation.actor,
        )
        _record(workspace, owner, key, fact, actor=invocation.actor)


def vulnerable(
    context: typer.Context,
    debtor: DebtorArgument,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept encrypted, and in no decision, log or audit trail.")
    ],
    until: UntilOption = None,
    ledger: LedgerOption = "",
) -> None:
    """Record that a debtor is to be spared; the policy says before which steps."""
    from connector.model import Circumstance

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        today = workspace.clock.today(owner.timezone)
        fact = Circumstance(kind="vulnerable", since=today, until=until, reason=reason, origin=invocation.actor)
        _record(workspace, owner, key, fact, actor=invocation.actor)


def lift(
    context: typer.Context,
    debtor: DebtorArgument,
    kind: Annotated[Kind, typer.Argument(help="What is over.")],
    on: Annotated[
        date | None,
        typer.Option("--on", parser=parse_day, metavar="DATE", help="The first day without it; today if left out."),
    ] = None,
    ledger: LedgerOption = "",
) -> None:
    """End what was recorded of a debtor; the record stays."""
    from connector.cli.output import print_line
    from connector.flow import circumstances

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        ended, told = circumstances.lift(workspace, owner, key, kind, on=on, actor=invocation.actor)
        to_come = on and on > workspace.clock.today(owner.timezone)
    over = f"It will be over on {on}." if to_come else "It is over."
    print_line(over if ended else f"There was nothing to end: {kind}.")
    _say_told(told, owner)


def forget(context: typer.Context, debtor: DebtorArgument, ledger: LedgerOption = "") -> None:
    """Erase why a debtor is vulnerable; that he is, and from when to when, stays."""
    from connector.cli.output import print_line
    from connector.flow import reasons
    from connector.runtime.words import plural

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        erased = reasons.erase(workspace, owner, key, actor=invocation.actor)
    print_line(f"Erased {plural(erased, 'reason')}." if erased else "There was no reason to erase.")


def _record(workspace: "Workspace", ledger: "Ledger", key: str, fact: "Circumstance", *, actor: str) -> None:
    from connector.cli.output import print_line
    from connector.flow import circumstances

    stop, told = circumstances.record(workspace, ledger, key, fact, actor=actor)
    print_line(f"Recorded: {stop.seen}.")
    if stop.deadline:
        print_line(f"On the list, by {stop.deadline}: incasso tasks")
    elif stop.task:
        print_line("On the list: incasso tasks")
    _say_told(told, ledger)


def _say_told(told: int, ledger: "Ledger") -> None:
    from connector.cli.output import print_line
    from connector.runtime.words import plural

    if told:
        print_line(f"The agency is told about {plural(told, 'case')} with: incasso follow {ledger.name}")


def _who(workspace: "Workspace", ledger: str, debtor: str) -> "tuple[Ledger, str]":
    owner = pick_ledger(workspace.settings, ledger)
    return owner, pick_debtor(workspace, owner, debtor)
