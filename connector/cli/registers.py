"""`incasso debtor register`: debtors were looked up in a public register."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import LedgerOption, parse_day
from connector.cli.selection import pick_debtor, pick_ledger

Register = Literal["cir", "wsnp", "ccbr", "regsol", "cbb", "all"]
Found = Literal["yes", "no"]


def register(
    context: typer.Context,
    debtor: Annotated[
        str,
        typer.Argument(metavar="[DEBTOR]", help="The debtor's code or key, or a part of the name that fits one only."),
    ] = "",
    where: Annotated[
        Register | None, typer.Option("--register", help="Which; all: every one that the debtor's law asks for.")
    ] = None,
    looked_up: Annotated[
        date | None, typer.Option("--looked-up", parser=parse_day, metavar="DATE", help="The day of the look-up.")
    ] = None,
    found: Annotated[Found | None, typer.Option("--found", help="Whether the debtor was found there.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Many at once: a file with debtor,register,looked_up,found."),
    ] = None,
    ledger: LedgerOption = "",
) -> None:
    """Record that a debtor, or each of a file, was looked up in a register; a plan counts it while it is young."""
    from connector.cli.output import print_line
    from connector.flow import circumstances
    from connector.flow.register_file import read_lookups
    from connector.model import RegisterFact
    from connector.runtime.words import plural

    one = (debtor, where, looked_up, found)
    if csv and any(one):
        raise typer.BadParameter("give either a file or one debtor", param_hint="--csv")
    if not csv and not all(one):
        raise typer.BadParameter("give DEBTOR, --register, --looked-up and --found, or a file with --csv")
    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        if csv:
            facts = read_lookups(workspace, owner, csv, origin=invocation.actor)
        else:
            fact = RegisterFact.model_validate(
                {
                    "register_name": where,
                    "looked_up": looked_up,
                    "found": found == "yes",
                    "origin": invocation.actor,
                }
            )
            facts = {pick_debtor(workspace, owner, debtor): [fact]}
        count = circumstances.record_lookups(workspace, owner, facts, actor=invocation.actor)
    hits = sum(fact.found for looked in facts.values() for fact in looked)
    print_line(f"{plural(count, 'look-up')} recorded.")
    if hits:
        print_line(
            f"{plural(hits, 'debtor was', 'debtors were')} found: record the regime with incasso debtor insolvency."
        )
