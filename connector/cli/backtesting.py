"""`incasso backtest`: a policy tried on the ledger's own past, beside others."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption, LedgerOption, parse_day
from connector.cli.selection import pick_ledger, pick_policy

if TYPE_CHECKING:
    from connector.flow.workspace import Workspace
    from connector.insight.figures import Assumptions
    from connector.policy import Policy

FirstOption = Annotated[
    date | None,
    typer.Option("--from", parser=parse_day, metavar="DATE", help="The first day; the first known if left out."),
]
LastOption = Annotated[
    date | None,
    typer.Option("--to", parser=parse_day, metavar="DATE", help="The last day; the last known if left out."),
]
LawOption = Annotated[
    bool,
    typer.Option("--law", help="Ask the law too, on the letters, look-ups and statements that were known by then."),
]


def backtest(
    context: typer.Context,
    policy: Annotated[str, typer.Argument(metavar="POLICY|FILE", help="A policy by name, or a file.")],
    ledger: LedgerOption = "",
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="POLICY|FILE", help="Another policy beside it; may be given more than once."),
    ] = None,
    first: FirstOption = None,
    last: LastOption = None,
    fee: Annotated[
        str, typer.Option("--fee", metavar="PERCENT", help="Assumed: what the agency keeps of what it collects.")
    ] = "15",
    letter: Annotated[
        str, typer.Option("--letter", metavar="AMOUNT", help="Assumed: what a reminder or notice costs.")
    ] = "1.50",
    call: Annotated[str, typer.Option("--call", metavar="AMOUNT", help="Assumed: what a call costs.")] = "5.00",
    law: LawOption = False,
    files: Annotated[bool, typer.Option("--files", help="List every file that would have gone, and its end.")] = False,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE.svg", help="Also draw the hand-overs by month.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Try a policy on the ledger's past, with only what was known on each day. Changes nothing."""
    from connector.cli.backtest_chart import write_chart
    from connector.cli.backtest_table import as_json, show_backtest
    from connector.cli.output import print_line, show_json, showing_progress
    from connector.flow.backtest import back_test

    names = [policy, *(against or ())]
    if len(set(names)) < len(names):
        raise typer.BadParameter("name every policy once", param_hint="--against")
    if chart is not None and chart.suffix.lower() != ".svg":
        raise typer.BadParameter("name a file that ends in .svg", param_hint="--chart")
    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        policies = {name: _policy(workspace, name) for name in names}
        assumptions = _assumptions(policies[policy].currency, fee=fee, letter=letter, call=call)
        with showing_progress(quiet=json) as progress:
            found = back_test(
                workspace,
                owner,
                policies,
                first=first,
                last=last,
                assumptions=assumptions,
                lawfully=law,
                progress=progress,
            )
        if chart is not None:
            write_chart(chart, found)
        if json:
            show_json(as_json(workspace, found))
            return
        show_backtest(workspace, found, files=files)
        if chart is not None:
            print_line(f"The chart is in {chart}")


def _policy(workspace: "Workspace", name: str) -> "Policy":
    from connector.policy import load_policy

    settings = workspace.settings
    return load_policy(pick_policy(settings, name), home=settings.home, conditions=workspace.plugins.conditions)


def _assumptions(currency: str, *, fee: str, letter: str, call: str) -> "Assumptions":
    from connector.insight.figures import Assumptions

    return Assumptions(
        fee_bp=_basis_points(fee),
        letter_minor=_cost(letter, currency, "--letter"),
        call_minor=_cost(call, currency, "--call"),
    )


def _basis_points(text: str) -> int:
    from connector.model.money import minor_units

    try:
        # A percentage to two decimals is an amount of euros in cents.
        found = minor_units(text, "EUR")
    except ValueError:
        found = -1
    if not 0 <= found < 10_000:
        raise typer.BadParameter("write a percentage from 0 up to 99.99, such as 15 or 12.5", param_hint="--fee")
    return found


def _cost(text: str, currency: str, option: str) -> int:
    from connector.model.money import minor_units

    try:
        found = minor_units(text, currency)
    except ValueError:
        found = -1
    if found < 0:
        raise typer.BadParameter(f"write an amount in {currency}, such as 1.50", param_hint=option)
    return found
