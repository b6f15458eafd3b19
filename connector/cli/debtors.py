"""`incasso debtor …`: what is known of a debtor, and what a person says of one."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import DebtorArgument, JsonOption, LedgerOption, ReasonOption, SinceOption, UntilOption
from connector.cli.selection import pick_claims, pick_debtor, pick_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.config import Ledger
    from connector.flow.workspace import Workspace
    from connector.model import Account, Debtor, HoldFact
    from connector.policy.promised import Promised
    from connector.store.cases import CaseRow

ClaimOption = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="INVOICE", help="An open invoice, again for more; left out: the whole debtor."),
]
Kind = Literal["consumer", "business", "sole_trader", "public_body"]


def find(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A code or key, or a part of the name.")],
    ledger: LedgerOption = "",
    json: JsonOption = False,
) -> None:
    """Find debtors by code, key or a part of the name; at most 20."""
    from connector.cli.output import print_line, show_json, show_table
    from connector.store import debtors

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        with workspace.store.read() as tx:
            found = debtors.find(tx, owner.name, text)
    if json:
        show_json([one._asdict() for one in found])
    elif not found:
        print_line(f"No debtor of {owner.name} fits {text!r}.")
    else:
        rows = [
            [one.code or one.id, one.name, one.kind, one.country or "-", "yes" if one.blocked else "no"]
            for one in found
        ]
        show_table(["debtor", "name", "kind", "country", "blocked"], rows, whole=["debtor"])


def show(context: typer.Context, debtor: DebtorArgument, ledger: LedgerOption = "", json: JsonOption = False) -> None:
    """Show what is open, what was done, what was said, and what comes next."""
    from connector.cli.output import show_json
    from connector.flow.plan import explain
    from connector.flow.reasons import with_reasons
    from connector.policy import explain as told
    from connector.policy.promised import read_promised
    from connector.policy.ways import gates_of
    from connector.store import cases, journal
    from connector.store import debtors as stored

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        key = pick_debtor(workspace, owner, debtor)
        account, decision = explain(workspace, owner, key)
        account = with_reasons(workspace, account)
        promised = read_promised(account, gates_of(account, workspace.policy(owner)))
        with workspace.store.read() as tx:
            who = stored.debtor_of(tx, owner.name, key)
            handed = cases.cases(tx, ledger=owner.name, debtor_id=key)
            trail = journal.audit_trail(tx, owner.name, key)
    if json:
        stand = [one._asdict() for one in promised]
        parts = {"debtor": who, "account": account, "decision": told(decision), "cases": handed, "trail": trail}
        show_json(parts | {"promised": stand})
        return
    _print_account(who, account, handed, promised, headline=told(decision).headline)


def _print_account(
    who: "Debtor | None",
    account: "Account",
    handed: "list[CaseRow]",
    promised: "Sequence[Promised]",
    *,
    headline: str,
) -> None:
    from connector.cli.output import money, print_line, show_facts, show_table

    credit = ", ".join(money(minor, code) for code, minor in account.credit_minor.items())
    show_facts(
        {
            "debtor": (who and who.code) or account.debtor_id,
            "name": who.name if who else "a debtor the source has not sent",
            "kind": account.debtor_kind,
            "country": account.debtor_country,
            "customer group": account.debtor_group,
            "blocked": "yes, in the accounting package" if account.debtor_blocked else "",
            "credit": credit,
            "next": headline,
        }
    )
    if account.claims:
        rows = [
            [
                one.number or one.claim,
                str(one.due_date or "-"),
                money(one.open_minor, one.currency),
                money(one.overdue_minor, one.currency),
                one.case_ref or "-",
            ]
            for one in sorted(account.claims, key=lambda one: (str(one.due_date or ""), len(one.number), one.number))
        ]
        show_table(
            ["invoice", "due", "open", "overdue", "case"], rows, right=["open", "overdue"], whole=["due", "case"]
        )
    for line in _said(account, handed, promised):
        print_line(line)


def _said(account: "Account", handed: "list[CaseRow]", promised: "Sequence[Promised]") -> "list[str]":
    lines = [f"{one.taken_on}  step {one.step} taken by {one.channel or 'an unknown channel'}" for one in account.steps]
    lines += [
        f"{one.sent_on}  letter {one.kind} by {one.channel}, valid: {one.valid}"
        + (f", delivered {one.delivered_on}" if one.delivered_on else "")
        for one in account.letters
    ]
    lines += [_held(one, account) for one in account.holds if one.scope != "ledger"]
    days = [*(one.made_on for one in account.promises), *(one.agreed_on for one in account.payment_plans)]
    lines += [f"{day}  {one.seen}" for day, one in zip(days, promised, strict=True)]
    lines += [
        " ".join(filter(None, (f"{one.since} ", one.kind, one.regime, one.country, one.reference, one.administrator)))
        + (f" until {one.until}" if one.until else "")
        + (f": {one.reason}" if one.reason else "")
        for one in account.circumstances
    ]
    lines += [
        f"{one.looked_up}  looked up in {one.register_name}: {'found' if one.found else 'not found'}"
        for one in account.lookups
    ]
    lines += [
        f"{one.opened_on}  disputed{f', settled {one.settled_on}' if one.settled_on else ''}: {one.reason}"
        for one in account.disputes
    ]
    lines += [f"{one.opened_at:%Y-%m-%d}  case {one.case_ref} at {one.connection}: {one.handover}" for one in handed]
    return sorted(lines)


def _held(one: "HoldFact", account: "Account") -> str:
    until = one.until or "somebody resumes"
    if one.before == "escalate":
        return f"{one.since}  hand-over vetoed by {one.origin} until {one.until or 'it is lifted'}: {one.reason}"
    what = f"invoice {_number(one.key, account)} " if one.scope == "claim" else ""
    return f"{one.since}  {what}on hold until {until}: {one.reason}"


def _number(claim: str, account: "Account") -> str:
    return next((one.number for one in account.claims if one.claim == claim and one.number), claim)


def hold(
    context: typer.Context,
    debtor: DebtorArgument,
    reason: ReasonOption,
    since: SinceOption = None,
    until: UntilOption = None,
    claim: ClaimOption = None,
    ledger: LedgerOption = "",
) -> None:
    """Leave a debtor, or some of his invoices, alone; agencies with a case of it are asked to rest."""
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key, claims = pick_claims(workspace, ledger, debtor, claim)
        told = actions.hold_debtor(
            workspace, owner, key, reason=reason, until=until, actor=invocation.actor, since=since, claims=claims
        )
        to_come = since and since > workspace.clock.today(owner.timezone)
    _say(f"On hold{f' from {since} on' if since else ''}{f' until {until}' if until else ''}.", owner, told=told)
    if to_come:
        _say(f"An agency that works a case of it then is told on {since}.", owner)


def resume(
    context: typer.Context, debtor: DebtorArgument, claim: ClaimOption = None, ledger: LedgerOption = ""
) -> None:
    """End the holds on a debtor and all his invoices, or on some of them."""
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key, claims = pick_claims(workspace, ledger, debtor, claim)
        ended = actions.resume_debtor(workspace, owner, key, actor=invocation.actor, claims=claims)
    _say("It goes on." if ended else "There was no hold.", owner)


def dispute(
    context: typer.Context,
    debtor: DebtorArgument,
    reason: ReasonOption,
    claim: Annotated[str, typer.Option("--claim", help="The key of one claim; left out: everything.")] = "",
    ledger: LedgerOption = "",
) -> None:
    """Record that the debtor disputes a claim, or everything; agencies are told."""
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        told = actions.open_dispute(workspace, owner, key, reason=reason, claim=claim, actor=invocation.actor)
    _say("Disputed.", owner, told=told)


def settle(context: typer.Context, debtor: DebtorArgument, ledger: LedgerOption = "") -> None:
    """Record that the disputes of a debtor are settled."""
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        settled = actions.settle_dispute(workspace, owner, key, actor=invocation.actor)
    _say("Settled." if settled else "There was no dispute.", owner)


def kind(
    context: typer.Context,
    debtor: DebtorArgument,
    kind: Annotated[Kind, typer.Argument(help="What kind of debtor it is.")],
    ledger: LedgerOption = "",
) -> None:
    """Say what kind of debtor this is, where the accounting package does not."""
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner, key = _who(workspace, ledger, debtor)
        actions.confirm_kind(workspace, owner, key, kind, actor=invocation.actor)
    _say(f"Confirmed: {kind}.", owner)


def _who(workspace: "Workspace", ledger: str, debtor: str) -> "tuple[Ledger, str]":
    owner = pick_ledger(workspace.settings, ledger)
    return owner, pick_debtor(workspace, owner, debtor)


def _say(text: str, ledger: "Ledger", *, told: int = 0) -> None:
    from connector.cli.output import print_line
    from connector.runtime.words import plural

    print_line(text)
    if told:
        print_line(f"The agency is told about {plural(told, 'case')} with: incasso follow {ledger.name}")
