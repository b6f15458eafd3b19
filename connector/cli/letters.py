"""`incasso debtor letter`: the evidence of a letter that the law asks for before a hand-over."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import DebtorArgument, JsonOption, LedgerOption, parse_day
from connector.cli.selection import pick_debtor, pick_ledger

if TYPE_CHECKING:
    from connector.flow.workspace import Workspace
    from connector.law.netherlands.letter_text import LetterCheck
    from connector.model import Account, Claim, LetterFact

Kind = Literal["fourteen_days", "first_reminder", "notice", "interruption"]
Channel = Literal["post", "registered", "email", "portal", "other"]
Valid = Literal["yes", "no", "unknown"]


def letter(
    context: typer.Context,
    debtor: DebtorArgument,
    kind: Annotated[Kind, typer.Option("--kind", help="What the law calls it: see docs/law.md.")],
    sent: Annotated[
        date, typer.Option("--sent", parser=parse_day, metavar="DATE", help="The day on which it was sent.")
    ],
    channel: Annotated[Channel, typer.Option("--channel", help="How it was sent.")],
    delivered: Annotated[
        date | None,
        typer.Option(
            "--delivered", parser=parse_day, metavar="DATE", help="The proven day of arrival, if there is one."
        ),
    ] = None,
    disputed: Annotated[bool, typer.Option("--disputed", help="The debtor denies that it arrived.")] = False,
    days: Annotated[int | None, typer.Option("--days", min=1, max=365, help="The days that the letter gives.")] = None,
    valid: Annotated[
        Valid, typer.Option("--valid", help="Whether it says all that the law asks of it, as you have read it.")
    ] = "unknown",
    text: Annotated[
        Path | None, typer.Option("--text", help="A file that tells what a fourteen-day letter says, to be checked.")
    ] = None,
    document: Annotated[
        str, typer.Option("--document", help="Where the letter, or the proof that it was sent, is kept.")
    ] = "",
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="INVOICE", help="An invoice it is about, again for more; left out: all."),
    ] = None,
    ledger: LedgerOption = "",
    json: JsonOption = False,
) -> None:
    """Record a letter that was sent, as evidence; one of the same kind and day is replaced."""
    from connector.flow.letters import claims_named, present_account, record_letter

    if text:
        _only_where_it_can_be_checked(kind, valid)
    invocation: Invocation = context.obj
    fact = evidence(kind, channel, sent, days=days, valid=valid, document=document)
    arrived = {"delivered_on": delivered, "disputed": disputed, "origin": invocation.actor}
    fact = fact.model_copy(update=arrived)
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        key = pick_debtor(workspace, owner, debtor)
        present = present_account(workspace, owner, key)
        about = claims_named(present, claim or [])
        fact = fact.model_copy(update={"claims": tuple(one.claim for one in about)})
        check = _check(workspace, present, fact, about, text) if text else None
        if check:
            fact = fact.model_copy(update={"valid": check.valid})
        record_letter(workspace, owner, key, fact, actor=invocation.actor)
    _print(fact, check, as_json=json)


def evidence(kind: Kind, channel: str, sent: date, *, days: int | None, valid: Valid, document: str) -> "LetterFact":
    """What is told of a letter, however many debtors it went to."""
    from connector.model import LetterFact

    if channel not in get_args(Channel):
        raise typer.BadParameter(f"a letter goes by one of: {', '.join(get_args(Channel))}", param_hint="--channel")
    values = {"kind": kind, "channel": channel, "sent_on": sent, "days": days, "valid": valid, "document": document}
    return LetterFact.model_validate(values)


def _check(
    workspace: "Workspace", present: "Account", fact: "LetterFact", about: "tuple[Claim, ...]", text: Path
) -> "LetterCheck":
    """Without invoices named, the letter is about all that had fallen due when it was sent."""
    from connector.flow.letter_check import check_letter

    due = [one for one in present.claims if one.overdue_minor and one.due_date and one.due_date < fact.sent_on]
    return check_letter(workspace.law, present.debtor_kind, fact, about or due, text)


def _only_where_it_can_be_checked(kind: Kind, valid: Valid) -> None:
    if kind != "fourteen_days":
        raise typer.BadParameter("only a letter of kind fourteen_days can be checked", param_hint="--text")
    if valid != "unknown":
        raise typer.BadParameter("give --valid or --text, not both", param_hint="--text")


def _print(fact: "LetterFact", check: "LetterCheck | None", *, as_json: bool) -> None:
    from connector.cli.output import print_line, show_json

    if as_json:
        show_json({"letter": fact, "check": check})
        return
    print_line(f"Recorded: {fact.kind}, sent on {fact.sent_on} by {fact.channel}, valid: {fact.valid}.")
    if check:
        for defect in check.defects:
            print_line(f"It makes no costs due: {defect}.")
        for point in check.open_points:
            print_line(f"A person has to look at it: {point}.")
