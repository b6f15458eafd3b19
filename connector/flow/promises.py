"""Promises to pay and payment plans: a person says what a debtor promised, or what was agreed with him."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.accounts import account
from connector.flow.letters import claims_named
from connector.flow.promised import standing
from connector.flow.rest import rest_or_go_on
from connector.flow.workspace import Workspace
from connector.model import Currency, Instalment, PaymentPlanFact, PromiseFact, minor_units
from connector.policy.promised import Promised
from connector.store import Tx, cases, claim_rows, items, journal, promises
from connector.store.netting import is_credit


@dataclass(frozen=True)
class Recorded:
    """What was recorded, what is open of its claims by then in minor units, and how many agencies are asked to rest."""

    fact: PromiseFact | PaymentPlanFact
    open_minor: int
    told: int


def record_promise(
    workspace: Workspace,
    ledger: Ledger,
    debtor_id: str,
    *,
    amount: str,
    pay_by: date,
    made_on: date | None,
    claims: Sequence[str],
    reason: str,
    actor: str,
) -> Recorded:
    """Keep what a debtor promised: `amount` in major units, about the invoices with these numbers or keys, else all.

    Agencies that work one of them are asked to rest. Raises ConfigError for days and invoices that cannot be.
    """
    made = _past_day(workspace, ledger, made_on)
    if pay_by < made:
        raise ConfigError(f"promised for {pay_by}, before it was made on {made}", mend="Give the promised day.")
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        currency, then = _about(workspace, tx, ledger, debtor_id, claims, made)
        fact = PromiseFact(
            made_on=made, pay_by=pay_by, amount_minor=_minor(amount, currency), currency=currency,
            claims=then, reason=reason, origin=actor,
        )  # fmt: skip
        promises.add_promise(tx, ledger.name, debtor_id, fact, at=at)
        journal.note(
            tx, "debtor.promise", debtor_id, at=at, ledger=ledger.name, actor=actor,
            made_on=str(made), pay_by=str(pay_by), amount_minor=fact.amount_minor, currency=currency, lines=len(then),
        )  # fmt: skip
        told = _tell(workspace, tx, ledger, debtor_id)
    return Recorded(fact, sum(then.values()), told)


def record_plan(
    workspace: Workspace,
    ledger: Ledger,
    debtor_id: str,
    *,
    instalments: Sequence[tuple[date, str]],
    agreed_on: date | None,
    claims: Sequence[str],
    reason: str,
    actor: str,
) -> Recorded:
    """Keep a payment plan: the days with amounts in major units, about invoices as in `record_promise`.

    Agencies that work one of them are asked to rest, for as long as the plan is kept.
    """
    agreed = _past_day(workspace, ledger, agreed_on)
    early = min((day for day, _ in instalments), default=agreed)
    if not instalments or early < agreed:
        said = f"an instalment is due on {early}, before {agreed}" if instalments else "a plan has instalments"
        raise ConfigError(said, mend="Give each instalment with its day.")
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        currency, then = _about(workspace, tx, ledger, debtor_id, claims, agreed)
        parts = tuple(Instalment(due_on=day, amount_minor=_minor(amount, currency)) for day, amount in instalments)
        fact = PaymentPlanFact(
            agreed_on=agreed, instalments=parts, currency=currency, claims=then, reason=reason, origin=actor
        )
        promises.add_plan(tx, ledger.name, debtor_id, fact, at=at)
        journal.note(
            tx, "debtor.plan", debtor_id, at=at, ledger=ledger.name, actor=actor,
            agreed_on=str(agreed), count=len(parts), amount_minor=sum(one.amount_minor for one in parts),
            currency=currency, lines=len(then),
        )  # fmt: skip
        told = _tell(workspace, tx, ledger, debtor_id)
    return Recorded(fact, sum(then.values()), told)


def end_promises(workspace: Workspace, ledger: Ledger, debtor_id: str, *, claims: Sequence[str], actor: str) -> int:
    """A person withdraws the promises that still run, of these claims when any are named. Returns how many."""
    with workspace.store.write() as tx:
        known = promises.promises(tx, ledger.name, [debtor_id]).get(debtor_id, {})
        stand = standing(workspace, tx, ledger, debtor_id, promised=tuple(known.values()), agreed=())
        numbers = [
            number
            for number, one in zip(known, stand, strict=True)
            if one.state == "running" and _is_about(one, claims)
        ]
        if numbers:
            promises.end_promises(
                tx, numbers, on=workspace.clock.today(ledger.timezone), by=actor, at=workspace.clock.now()
            )
            _end(workspace, tx, ledger, debtor_id, action="debtor.promise_ended", count=len(numbers), actor=actor)
    return len(numbers)


def end_plans(workspace: Workspace, ledger: Ledger, debtor_id: str, *, claims: Sequence[str], actor: str) -> int:
    """A person ends the payment plans that are not paid off, of these claims when any are named. Returns how many."""
    with workspace.store.write() as tx:
        known = promises.plans(tx, ledger.name, [debtor_id]).get(debtor_id, {})
        stand = standing(workspace, tx, ledger, debtor_id, promised=(), agreed=tuple(known.values()))
        over = ("kept", "over")
        numbers = [
            number for number, one in zip(known, stand, strict=True) if one.state not in over and _is_about(one, claims)
        ]
        if numbers:
            promises.end_plans(
                tx, numbers, on=workspace.clock.today(ledger.timezone), by=actor, at=workspace.clock.now()
            )
            _end(workspace, tx, ledger, debtor_id, action="debtor.plan_ended", count=len(numbers), actor=actor)
    return len(numbers)


def _about(
    workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str, named: Sequence[str], day: date
) -> tuple[Currency, dict[str, int]]:
    """The currency of the claims that are meant, and what was open of each on that day, in minor units.

    Of a day that has passed it is the larger of what was open as it began and what is open now: what was paid since
    counts, and so does a claim that was paid off since.
    """
    today = workspace.clock.today(ledger.timezone)
    present = account(tx, ledger, debtor_id, today)
    chosen = claims_named(present, named) or tuple(one for one in present.claims if one.open_minor > 0)
    currencies = sorted({one.currency for one in chosen})
    if len(currencies) != 1:
        said = f"its invoices are in {' and '.join(currencies)}" if currencies else "nothing of this debtor is open"
        raise ConfigError(said, mend="Name the invoices of one currency with --claim." if currencies else "")
    then = {one.claim: max(0, one.open_minor) for one in chosen}
    if day < today:
        at = datetime.combine(day, time(), ZoneInfo(ledger.timezone))
        keys = list(then) if named else items.claims_of(tx, ledger.name, debtor_id)
        rows = claim_rows.claims_named(tx, ledger.name, debtor_id, keys, today)
        for key, row in rows.items():
            earlier = promises.open_before(tx, ledger.name, debtor_id, key, at)
            if row.currency == currencies[0] and not is_credit(row) and earlier > then.get(key, 0):
                then[key] = earlier
    return currencies[0], then


def _minor(amount: str, currency: Currency) -> int:
    try:
        minor = minor_units(amount, currency)
    except ValueError as error:
        raise ConfigError(str(error), mend="Write an amount as 100.00.") from error
    if minor <= 0:
        raise ConfigError(f"{amount} is not an amount that can be paid", mend="Write an amount as 100.00.")
    return minor


def _past_day(workspace: Workspace, ledger: Ledger, day: date | None) -> date:
    today = workspace.clock.today(ledger.timezone)
    if day and day > today:
        raise ConfigError(f"{day} lies after today", mend="Record it once it was said.")
    return day or today


def _is_about(one: Promised, claims: Sequence[str]) -> bool:
    return not claims or not one.claims or bool(one.claims.intersection(claims))


def _end(workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str, *, action: str, count: int, actor: str) -> None:
    journal.note(tx, action, debtor_id, at=workspace.clock.now(), ledger=ledger.name, actor=actor, count=count)
    _tell(workspace, tx, ledger, debtor_id)


def _tell(workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str) -> int:
    """Agencies rest or go on; returns how many cases that concerns."""
    day, at = workspace.clock.today(ledger.timezone), workspace.clock.now()
    live = [
        row
        for row in cases.cases(tx, ledger=ledger.name, debtor_id=debtor_id)
        if any(line.live for line in cases.lines(tx, row.case_ref))
    ]
    return sum(rest_or_go_on(workspace, tx, ledger, row, day=day, at=at) for row in live)
