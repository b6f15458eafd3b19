"""`incasso debtor promise` and `plan`: what a debtor promised to pay, and what was agreed with him."""

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import DebtorArgument, JsonOption, LedgerOption, parse_day
from connector.cli.selection import pick_claims

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.promises import Recorded

Every = Literal["week", "month"]
ClaimOption = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="INVOICE", help="An invoice it is about, again for more; left out: all."),
]
NoteOption = Annotated[str, typer.Option("--note", help="What else was said, in words.")]


def promise(
    context: typer.Context,
    debtor: DebtorArgument,
    amount: Annotated[str, typer.Option("--amount", metavar="AMOUNT", help="How much was promised: 100.00.")] = "",
    by: Annotated[date | None, typer.Option("--by", parser=parse_day, metavar="DATE", help="The promised day.")] = None,
    claim: ClaimOption = None,
    made: Annotated[
        date | None,
        typer.Option(
            "--made", parser=parse_day, metavar="DATE", help="The day on which it was made; today if left out."
        ),
    ] = None,
    note: NoteOption = "",
    end: Annotated[bool, typer.Option("--end", help="Withdraw the promises that still run.")] = False,
    ledger: LedgerOption = "",
    json: JsonOption = False,
) -> None:
    """Record a promise to pay: its invoices are left alone until its day has passed; agencies rest."""
    from connector.flow import promises

    if bool(amount and by) == end or (end and bool(amount or by)):
        raise typer.BadParameter("give --amount and --by, or --end alone")
    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key, claims = pick_claims(workspace, ledger, debtor, claim)
        if end:
            count = promises.end_promises(workspace, owner, key, claims=claims, actor=invocation.actor)
            _say_ended(count, "promise", as_json=json)
            return
        assert by
        done = promises.record_promise(
            workspace, owner, key, amount=amount, pay_by=by, made_on=made, claims=claims, reason=note,
            actor=invocation.actor,
        )  # fmt: skip
    _say(done, f"Recorded: a promise of {amount} by {by}", owner, as_json=json)


def plan(
    context: typer.Context,
    debtor: DebtorArgument,
    instalment: Annotated[
        list[str] | None,
        typer.Option(
            "--instalment", metavar='"DATE AMOUNT"', help='An instalment: "2026-12-01 100.00"; again for more.'
        ),
    ] = None,
    first: Annotated[
        date | None,
        typer.Option("--first", parser=parse_day, metavar="DATE", help="The first of instalments that are all alike."),
    ] = None,
    every: Annotated[Every, typer.Option("--every", help="How far they lie apart.")] = "month",
    times: Annotated[int, typer.Option("--times", min=0, max=240, help="How many there are.")] = 0,
    amount: Annotated[str, typer.Option("--amount", metavar="AMOUNT", help="How much each of them is: 100.00.")] = "",
    claim: ClaimOption = None,
    agreed: Annotated[
        date | None,
        typer.Option("--agreed", parser=parse_day, metavar="DATE", help="The day it was agreed; today if left out."),
    ] = None,
    note: NoteOption = "",
    end: Annotated[bool, typer.Option("--end", help="End the payment plans that are not paid off.")] = False,
    ledger: LedgerOption = "",
    json: JsonOption = False,
) -> None:
    """Record a payment plan: its invoices are left alone while the instalments come in; agencies rest."""
    from connector.flow import promises
    from connector.runtime.words import plural

    parts = [_instalment(one) for one in instalment or ()]
    alike = bool(first and times and amount)
    if [bool(parts), alike, end].count(True) != 1 or (not alike and bool(first or times or amount)):
        raise typer.BadParameter("give each --instalment, or --first, --times and --amount, or --end")
    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key, claims = pick_claims(workspace, ledger, debtor, claim)
        if end:
            count = promises.end_plans(workspace, owner, key, claims=claims, actor=invocation.actor)
            _say_ended(count, "payment plan", as_json=json)
            return
        parts = parts or [(day, amount) for day in _days(first, every, times)]
        done = promises.record_plan(
            workspace, owner, key, instalments=parts, agreed_on=agreed, claims=claims, reason=note,
            actor=invocation.actor,
        )  # fmt: skip
    last = max(day for day, _ in parts)
    _say(
        done, f"Recorded: a payment plan in {plural(len(parts), 'instalment')}, the last by {last}", owner, as_json=json
    )


def _instalment(text: str) -> tuple[date, str]:
    day, _, amount = text.strip().partition(" ")
    if not amount.strip():
        raise typer.BadParameter('write an instalment as "2026-12-01 100.00"', param_hint="--instalment")
    return parse_day(day), amount.strip()


def _days(first: date | None, every: Every, times: int) -> list[date]:
    """The same day of each month, or the last one of a month that is too short; or the same day of each week."""
    assert first
    if every == "week":
        return [first + timedelta(weeks=number) for number in range(times)]
    months = [divmod(first.year * 12 + first.month - 1 + number, 12) for number in range(times)]
    return [
        first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))
        for year, month in months
    ]


def _say(done: "Recorded", text: str, ledger: "Ledger", *, as_json: bool) -> None:
    from connector.cli.output import money, print_line, show_json
    from connector.runtime.words import plural

    fact = done.fact
    if as_json:
        show_json({"recorded": fact, "told": done.told})
        return
    print_line(f"{text}, of {money(done.open_minor, fact.currency)} in {plural(len(fact.claims), 'invoice')}.")
    if done.told:
        print_line(f"The agency is told about {plural(done.told, 'case')} with: incasso follow {ledger.name}")


def _say_ended(count: int, what: str, *, as_json: bool) -> None:
    from connector.cli.output import print_line, show_json
    from connector.runtime.words import plural

    if as_json:
        show_json({"ended": count})
    else:
        print_line(f"Ended: {plural(count, what)}." if count else f"There was no {what} to end.")
