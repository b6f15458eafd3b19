"""Arguments and options that several commands share, so that a word means the same everywhere."""

from datetime import date
from typing import Annotated

import typer


def parse_day(text: str) -> date:
    """A day written as 2026-01-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a day as 2026-01-31") from None


LedgerArgument = Annotated[
    str, typer.Argument(metavar="[LEDGER]", help="The ledger; may be left out when there is only one.")
]
LedgerOption = Annotated[
    str, typer.Option("--ledger", metavar="NAME", help="The ledger; may be left out when there is only one.")
]
PlanArgument = Annotated[int, typer.Argument(metavar="PLAN", help="The number of a plan.")]
DebtorArgument = Annotated[
    str, typer.Argument(metavar="DEBTOR", help="The debtor's code or key, or a part of the name that fits one only.")
]
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Our reference of a case.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in words.")]
SinceOption = Annotated[
    date | None,
    typer.Option("--since", parser=parse_day, metavar="DATE", help="The first day, past or to come; left out: today."),
]
UntilOption = Annotated[
    date | None, typer.Option("--until", parser=parse_day, metavar="DATE", help="The last day; left out: no end.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
