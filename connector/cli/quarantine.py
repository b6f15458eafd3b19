"""`incasso quarantine …`: what a restored database does not know yet, and settling what only a person can settle."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption

if TYPE_CHECKING:
    from connector.flow.quarantined import Detained
    from connector.store.quarantine import Quarantine

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Our reference of a case.")]
_STAGES = {
    "": "not asked yet: nothing leaves",
    "doubted": "the agency is being asked: nothing leaves",
    "told": "what the agency was told is known: no new case leaves",
    "out": "out",
}


def show(context: typer.Context, json: JsonOption = False) -> None:
    """Show how far each ledger is, and what is not known yet."""
    from connector.cli.output import print_line, show_json
    from connector.flow.quarantined import standing

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = standing(workspace)
    if json:
        show_json(_facts(*found) if found else None)
    elif found is None:
        print_line("There is no quarantine.")
    else:
        _show(*found)


def _facts(quarantine: "Quarantine", ledgers: "list[Detained]") -> dict[str, Any]:
    rows = [{**vars(one), "strangers": [vars(stranger) for stranger in one.strangers]} for one in ledgers]
    return {**vars(quarantine), "ledgers": rows}


def _show(quarantine: "Quarantine", ledgers: "list[Detained]") -> None:
    from connector.cli.output import instant, print_line, show_table

    since = f"as it was on {instant(quarantine.backup_at)}" if quarantine.backup_at else "of an unknown age"
    print_line(f"Restored on {instant(quarantine.at)}, {since}.")
    rows = [[one.ledger, _STAGES[one.stage], str(one.in_doubt), str(one.parked)] for one in ledgers]
    show_table(["ledger", "stage", "in doubt", "parked"], rows, right=["in doubt", "parked"])
    unknown = [
        [one.ledger, stranger.connection, stranger.case_ref, stranger.why or "-"]
        for one in ledgers
        for stranger in one.strangers
    ]
    if unknown:
        print_line("At the agency, and not known here:")
        show_table(["ledger", "agency", "case", "why"], unknown, whole=["case"])


def adopt(
    context: typer.Context,
    case: CaseArgument,
    debtor: Annotated[str, typer.Option("--debtor", help="Whose case it is: the debtor's code or key.")],
    invoice: Annotated[
        list[str], typer.Option("--invoice", help="The invoice of each line, in the agency's order; once a line.")
    ],
) -> None:
    """Say whose a case is and which invoices are in it: it is known again from then on."""
    from connector.cli.output import print_line
    from connector.cli.selection import pick_debtor
    from connector.flow.adoption import Said
    from connector.flow.quarantined import adopt_as, owner_of
    from connector.runtime.visit import alone

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        ledger, stranger = owner_of(workspace, case)
        said = Said(pick_debtor(workspace, ledger, debtor), tuple(invoice))
        with alone(workspace, ledger):
            adopt_as(workspace, ledger, stranger, said, actor=invocation.actor)
    print_line(f"Case {case} is known again.")


def dismiss(context: typer.Context, case: CaseArgument) -> None:
    """Say that a case is none of ours: it keeps nothing in any more."""
    from connector.cli.output import print_line
    from connector.flow.quarantined import dismiss as settle
    from connector.flow.quarantined import owner_of

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        ledger, _ = owner_of(workspace, case)
        settle(workspace, ledger, case, actor=invocation.actor)
    print_line(f"Case {case} is none of ours.")


def end(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Although something is not known yet.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why that does no harm; it is kept.")] = "",
) -> None:
    """End the quarantine before it ends by itself. What is not known then can be handed over twice."""
    from connector.cli.output import print_line
    from connector.flow import quarantined

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        quarantined.end(workspace, force=force, reason=reason, actor=invocation.actor)
    print_line("The quarantine is over.")
