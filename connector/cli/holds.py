"""`incasso debtor veto` and `unveto`, `incasso ledger hold` and `resume`: holds that no agency is told of."""

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import DebtorArgument, LedgerArgument, LedgerOption, ReasonOption, SinceOption, UntilOption
from connector.cli.selection import pick_debtor, pick_ledger


def veto(
    context: typer.Context,
    debtor: DebtorArgument,
    reason: ReasonOption,
    until: UntilOption = None,
    ledger: LedgerOption = "",
) -> None:
    """Bar the hand-over of a debtor, as sales may ask; letters and calls go on."""
    from connector.cli.output import print_line
    from connector.flow import holds

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        key = pick_debtor(workspace, owner, debtor)
        holds.veto(workspace, owner, key, reason=reason, until=until, actor=invocation.actor)
    print_line(f"No hand-over{f' until {until}' if until else ', until it is lifted: incasso debtor unveto'}.")


def unveto(context: typer.Context, debtor: DebtorArgument, ledger: LedgerOption = "") -> None:
    """Lift the vetoes on the hand-over of a debtor."""
    from connector.cli.output import print_line
    from connector.flow import holds

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        ended = holds.lift_veto(workspace, owner, pick_debtor(workspace, owner, debtor), actor=invocation.actor)
    print_line("The veto is lifted." if ended else "There was no veto.")


def hold_ledger(
    context: typer.Context,
    reason: ReasonOption,
    ledger: LedgerArgument = "",
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Leave all debtors of a ledger alone; agencies go on with what they have."""
    from connector.cli.output import print_line
    from connector.flow import holds

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        holds.hold_ledger(workspace, owner, reason=reason, since=since, until=until, actor=invocation.actor)
    start, end = (f" {word} {day}" if day else "" for word, day in (("from", since), ("until", until)))
    print_line(f"Ledger {owner.name} is on hold{start}{end}.")


def resume_ledger(context: typer.Context, ledger: LedgerArgument = "") -> None:
    """End the holds on a ledger."""
    from connector.cli.output import print_line
    from connector.flow import holds

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        ended = holds.resume_ledger(workspace, owner, actor=invocation.actor)
    print_line("It goes on." if ended else "There was no hold on the ledger.")
