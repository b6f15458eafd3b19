"""`incasso case …`: what was handed over, how it stands, and writing to the agency about it."""

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import CaseArgument, JsonOption, LedgerArgument
from connector.cli.selection import pick_case, pick_ledger

if TYPE_CHECKING:
    from connector.model import Event
    from connector.store.cases import CaseRow, LineRow
    from connector.store.outbox import Outgoing
    from connector.store.withdrawals import Withdrawal


def listing(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """List the cases of a ledger, oldest first."""
    from connector.cli.naming import Names
    from connector.cli.output import print_line, show_json, show_table
    from connector.store import cases, withdrawals

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        with workspace.store.read() as tx:
            found = cases.cases(tx, ledger=owner.name)
            back = withdrawals.standing(tx, owner.name)
        names = Names(workspace, owner.name, (one.debtor_id for one in found))
    if json:
        show_json([{**names.coded(one), "withdrawal": back.get(one.case_ref)} for one in found])
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
                "asked back" if one.case_ref in back else one.closure or one.activity,
                one.agency_ref or "-",
            ]
            for one in found
        ]
        columns = ["case", "debtor", "agency", "opened", "hand-over", "phase", "standing", "agency's number"]
        show_table(columns, rows, whole=["case", "opened", "agency's number"])


def show(context: typer.Context, case: CaseArgument, json: JsonOption = False) -> None:
    """Show a case: its claims, what the agency told, what was sent to it."""
    from connector.cli.naming import Names
    from connector.cli.output import print_line, show_json
    from connector.flow.paid_twice import PAID_TWICE
    from connector.store import agency, cases, differences, outbox, people, withdrawals

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        row, _ = pick_case(workspace, case)
        with workspace.store.read() as tx:
            lines = cases.lines(tx, case)
            events = agency.events(tx, case)
            sent = outbox.of_case(tx, case)
            collected = agency.collected(tx, [case])
            asked_back = withdrawals.of_case(tx, case)
            twice = [one for one in people.tasks(tx, row.ledger) if one.kind == PAID_TWICE and one.case_ref == case]
            differ = differences.differences(tx, row.ledger, case_refs=[case])
        names = Names(workspace, row.ledger, [row.debtor_id])
    if json:
        show_json(
            {
                "case": names.coded(row),
                "lines": lines,
                "events": events,
                "messages": [_message(one) for one in sent],
                "withdrawals": asked_back,
                "paid_twice": [one.body for one in twice],
                "differences": differ,
            }
        )
        return
    _print_case(row, lines, collected, debtor=names.full(row.debtor_id), asked_back=asked_back)
    for task in twice:
        print_line(task.subject)
    for one in differ:
        print_line(f"Difference {one.id}, {one.owner}: {one.seen}")
    _print_story(events, sent)


def _message(one: "Outgoing") -> dict[str, object]:
    """A message without its content, which is encrypted."""
    return {name: value for name, value in vars(one).items() if name != "payload"}


def _print_case(
    row: "CaseRow",
    lines: "list[LineRow]",
    collected: "dict[tuple[str, str], int]",
    *,
    debtor: str,
    asked_back: "list[Withdrawal]",
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
            "asked back": "; ".join(_asked_back(one, row.currency) for one in asked_back),
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


def _asked_back(one: "Withdrawal", currency: str) -> str:
    from connector.cli.output import instant, money

    fee = f", {money(one.fee_minor, currency)} agreed" if one.fee_minor else ""
    outcome = one.outcome.replace("_", " ") or "not confirmed yet"
    why = f": {one.why}" if one.why else ""
    return f"{instant(one.asked_at)} by {one.asked_by} ({one.reason}{fee}), {outcome}{why}"


def _print_story(events: "list[Event]", sent: "list[Outgoing]") -> None:
    from connector.cli.output import instant, print_line

    told = [(one.occurred_at, f"agency: {one.kind.replace('_', ' ')}") for one in events]
    told += [(one.sent_at or one.created_at, f"to the agency: {_delivery(one)}") for one in sent]
    for at, text in sorted(told):
        print_line(f"{instant(at)}  {text}")


def _delivery(one: "Outgoing") -> str:
    trouble = f": {one.last_error}" if one.last_error else ""
    return f"{one.kind.removeprefix('case.').replace('_', ' ')}, {one.state.lower()}{trouble}"


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
