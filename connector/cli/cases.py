"""`incasso case …`: what was handed over, and asking it back."""

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import CaseArgument, JsonOption, LedgerArgument
from connector.cli.selection import pick_case, pick_ledger
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.model import Event, Money
    from connector.store.cases import CaseRow, LineRow
    from connector.store.outbox import Outgoing


def listing(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """List the cases of a ledger, oldest first."""
    from connector.cli.naming import Names
    from connector.cli.output import print_line, show_json, show_table
    from connector.store import cases

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        with workspace.store.read() as tx:
            found = cases.cases(tx, ledger=owner.name)
        names = Names(workspace, owner.name, (one.debtor_id for one in found))
    if json:
        show_json([names.coded(one) for one in found])
    elif not found:
        print_line(f"Nothing of {owner.name} was handed over yet.")
    else:
        rows = [
            [
                one.case_ref,
                names.full(one.debtor_id),
                one.connection,
                f"{one.opened_at:%Y-%m-%d}",
                one.handover,
                one.phase or "-",
                one.closure or one.activity,
                one.agency_ref or "-",
            ]
            for one in found
        ]
        columns = ["case", "debtor", "agency", "opened", "hand-over", "phase", "standing", "agency's number"]
        show_table(columns, rows, whole=["case", "opened", "agency's number"])


def show(context: typer.Context, case: CaseArgument, json: JsonOption = False) -> None:
    """Show a case: its claims, what the agency told, what was sent to it."""
    from connector.cli.naming import Names
    from connector.cli.output import show_json
    from connector.store import agency, cases, outbox

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        row, _ = pick_case(workspace, case)
        with workspace.store.read() as tx:
            lines = cases.lines(tx, case)
            events = agency.events(tx, case)
            sent = outbox.of_case(tx, case)
            collected = agency.collected(tx, [case])
        names = Names(workspace, row.ledger, [row.debtor_id])
    if json:
        show_json(
            {"case": names.coded(row), "lines": lines, "events": events, "messages": [_message(one) for one in sent]}
        )
        return
    _print_case(row, lines, collected, debtor=names.full(row.debtor_id))
    _print_story(events, sent)


def _message(one: "Outgoing") -> dict[str, object]:
    """A message without its content, which is encrypted."""
    return {name: value for name, value in vars(one).items() if name != "payload"}


def _print_case(
    row: "CaseRow", lines: "list[LineRow]", collected: "dict[tuple[str, str], int]", *, debtor: str
) -> None:
    from connector.cli.output import money, show_facts, show_table

    show_facts(
        {
            "case": row.case_ref,
            "agency": f"{row.connection} {row.agency_ref}".strip(),
            "debtor": debtor,
            "ledger": f"{row.ledger}, plan {row.plan_id}",
            "hand-over": row.handover,
            "phase": row.phase,
            "activity": row.activity.replace("_", " "),
            "closed": " ".join((row.closure, row.closure_why)).strip(),
            "agency's word": row.raw_status,
        }
    )
    amounts = ["handed over", "told paid", "told credited", "told corrected", "collected", "left"]
    rows = [
        [
            one.number,
            *(
                money(minor, row.currency)
                for minor in (
                    one.handed_minor,
                    one.told_paid,
                    one.told_credited,
                    one.told_corrected,
                    collected.get((one.case_ref, one.line_id), 0),
                    one.at_agency_minor - collected.get((one.case_ref, one.line_id), 0),
                )
            ),
            "yes" if one.live else "no",
        ]
        for one in lines
    ]
    show_table(["invoice", *amounts, "at the agency"], rows, right=amounts, whole=["invoice"])


def _print_story(events: "list[Event]", sent: "list[Outgoing]") -> None:
    from connector.cli.output import instant, print_line

    told = [(one.occurred_at, f"agency: {one.kind.replace('_', ' ')}") for one in events]
    told += [(one.sent_at or one.created_at, f"to the agency: {_delivery(one)}") for one in sent]
    for at, text in sorted(told):
        print_line(f"{instant(at)}  {text}")


def _delivery(one: "Outgoing") -> str:
    trouble = f": {one.last_error}" if one.last_error else ""
    return f"{one.kind.removeprefix('case.').replace('_', ' ')}, {one.state.lower()}{trouble}"


def withdraw(
    context: typer.Context,
    case: CaseArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, in words; the agency reads it.")],
    fee: Annotated[
        str, typer.Option("--fee", metavar="AMOUNT", help="The withdrawal fee you agree to, such as 45.00.")
    ] = "",
) -> None:
    """Ask a case back. It stays at the agency until the agency has closed it."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        row, owner = pick_case(workspace, case)
        agreed = _amount(fee, row.currency)
        actions.withdraw(workspace, owner, case, reason=reason, fee_ack=agreed, actor=invocation.actor)
    print_line(f"Asked back. It goes out with: incasso follow {owner.name}")


def _amount(text: str, currency: str) -> "Money | None":
    from connector.model import Money

    if not text:
        return None
    try:
        agreed = Money.of(text, currency)
    except ValueError as error:
        raise ConfigError(f"--fee: {error}.", mend="Write an amount as 45.00, without the currency.") from error
    if agreed.minor <= 0:
        raise ConfigError("--fee: a fee is more than nothing.", mend="Leave it out where there is none.")
    return agreed


def message(
    context: typer.Context,
    case: CaseArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to write.")],
) -> None:
    """Write to the agency about a case."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        _, owner = pick_case(workspace, case)
        actions.write_message(workspace, owner, case, text, actor=invocation.actor)
    print_line(f"Written. It goes out with: incasso follow {owner.name}")
