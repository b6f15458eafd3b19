"""`incasso differences`, `incasso difference …`: what source, store and agency do not agree on, and settling it."""

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption
from connector.cli.selection import pick_ledger

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.differences import Difference

NumberArgument = Annotated[int, typer.Argument(metavar="DIFFERENCE", help="The number of a difference.")]


def differences(
    context: typer.Context,
    ledger: Annotated[str, typer.Argument(metavar="[LEDGER]", help="Only this ledger.")] = "",
    every: Annotated[bool, typer.Option("--all", help="List those that are closed as well.")] = False,
    json: JsonOption = False,
) -> None:
    """List what source, store and agency do not agree on, oldest first; each night brings it up to date."""
    from connector.cli.output import print_line, show_json
    from connector.store import differences as stored

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        name = pick_ledger(workspace.settings, ledger).name if ledger else ""
        now = workspace.clock.now()
        with workspace.store.read() as tx:
            found = stored.differences(tx, name, closed=every)
    if json:
        show_json([{**vars(one), "age_days": _age(one, now)} for one in found])
    elif not found:
        print_line("No difference was ever found." if every else "There are no differences.")
    else:
        _show(found, now)


def _show(found: "list[Difference]", now: "datetime") -> None:
    from connector.cli.output import show_table

    amounts = ["source", "store", "agency"]
    rows = [
        [
            str(one.id),
            one.ledger,
            one.kind.replace("_", " "),
            one.case_ref or "-",
            one.number or "-",
            *(_amount(minor, one.currency) for minor in one.amounts),
            str(_age(one, now)),
            one.owner,
            _said(one),
        ]
        for one in found
    ]
    show_table(
        ["no", "ledger", "kind", "case", "invoice", *amounts, "days", "owner", "what"],
        rows,
        right=["no", *amounts, "days"],
        whole=["case"],
    )


def _amount(minor: int | None, currency: str) -> str:
    from connector.cli.output import money

    return "-" if minor is None else money(minor, currency)


def _age(one: "Difference", now: "datetime") -> int:
    """Whole days from the night that saw it first until it was closed, or until now."""
    return ((one.closed_at or now) - one.first_seen).days


def _said(one: "Difference") -> str:
    from connector.cli.output import instant

    parts = [one.seen, f"note: {one.note}" if one.note else ""]
    if one.closed_at:
        parts.append(f"closed {instant(one.closed_at)} by {one.closed_by}: {one.closed_why}")
    return "; ".join(part for part in parts if part)


def assign(
    context: typer.Context,
    difference: NumberArgument,
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Who mends it: a name, or a part such as 'agency'.")],
    note: Annotated[str, typer.Option("--note", help="What is known of it so far.")] = "",
) -> None:
    """Give a difference to somebody else."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        actions.assign_difference(workspace, difference, owner=owner, note=note, actor=invocation.actor)
    print_line(f"Difference {difference} is {owner}'s.")


def close(
    context: typer.Context,
    difference: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why it is none, or is not mended.")],
) -> None:
    """Take a difference off the list. It comes back when a night sees it with other amounts."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        actions.close_difference(workspace, difference, why=reason, actor=invocation.actor)
    print_line(f"Difference {difference} is closed.")
