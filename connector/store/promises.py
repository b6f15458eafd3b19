"""Promises to pay and payment plans: kept with date and origin, ended, never deleted."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, or_, select, union, update

from connector.model import Instalment, PaymentPlanFact, PromiseFact
from connector.store import items
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.known import keep
from connector.store.tables import case_line, collection_case, payment_plan, promise


def add_promise(tx: Tx, ledger: str, debtor_id: str, fact: PromiseFact, *, at: datetime) -> None:
    """Keep what a debtor promised."""
    tx.execute(insert(promise).values(ledger=ledger, debtor_id=debtor_id, at=at, **fact.model_dump()))


def add_plan(tx: Tx, ledger: str, debtor_id: str, fact: PaymentPlanFact, *, at: datetime) -> None:
    """Keep a payment plan."""
    parts = [[str(one.due_on), one.amount_minor] for one in fact.instalments]
    values = fact.model_dump() | {"instalments": parts}
    tx.execute(insert(payment_plan).values(ledger=ledger, debtor_id=debtor_id, at=at, **values))


def promises(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, dict[int, PromiseFact]]:
    """Promises by debtor id and number, those that are over as well, in the order in which they were recorded."""
    found: dict[str, dict[int, PromiseFact]] = {}
    for row in _of(tx, promise, ledger, ids):
        found.setdefault(row.debtor_id, {})[row.id] = promise_of(row)
    return found


def plans(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, dict[int, PaymentPlanFact]]:
    """Payment plans by debtor id and number, those that are over as well, in the order in which they were recorded."""
    found: dict[str, dict[int, PaymentPlanFact]] = {}
    for row in _of(tx, payment_plan, ledger, ids):
        found.setdefault(row.debtor_id, {})[row.id] = plan_of(row)
    return found


def promise_of(row: Any) -> PromiseFact:
    """The promise in a row of its table."""
    return PromiseFact(**{name: getattr(row, name) for name in PromiseFact.model_fields})


def plan_of(row: Any) -> PaymentPlanFact:
    """The payment plan in a row of its table."""
    values = {name: getattr(row, name) for name in PaymentPlanFact.model_fields}
    parts = (Instalment(due_on=date.fromisoformat(day), amount_minor=minor) for day, minor in row.instalments)
    return PaymentPlanFact(**values | {"instalments": tuple(parts)})


def end_promises(tx: Tx, numbers: Sequence[int], *, on: date, by: str, at: datetime) -> None:
    """A person withdraws promises: they count no more from the day `on` on."""
    for row in tx.execute(select(promise).where(promise.c.id.in_(numbers)).order_by(promise.c.id)).all():
        body = promise_of(row).model_dump_json()
        keep(tx, row.ledger, "promise", row.debtor_id, str(row.id), body, recorded=row.at, at=at)
    tx.execute(update(promise).where(promise.c.id.in_(numbers)).values(ended_on=on, ended_by=by))


def end_plans(tx: Tx, numbers: Sequence[int], *, on: date, by: str, at: datetime) -> None:
    """A person ends payment plans: they count no more from the day `on` on."""
    for row in tx.execute(select(payment_plan).where(payment_plan.c.id.in_(numbers)).order_by(payment_plan.c.id)).all():
        body = plan_of(row).model_dump_json()
        keep(tx, row.ledger, "payment_plan", row.debtor_id, str(row.id), body, recorded=row.at, at=at)
    tx.execute(update(payment_plan).where(payment_plan.c.id.in_(numbers)).values(ended_on=on, ended_by=by))


def promising(tx: Tx, ledger: str, *, day: date, grace_days: int) -> set[str]:
    """Debtors with a case at an agency who promised to pay by a day that, with its days of grace, has not passed."""
    columns = promise.c
    where = (columns.pay_by >= day - timedelta(days=grace_days), _not_ended(promise, day), _at_an_agency(promise))
    return set(tx.scalars(select(columns.debtor_id).distinct().where(columns.ledger == ledger, *where)))


def plans_going_on(tx: Tx, ledger: str, *, day: date) -> Iterator[tuple[str, PaymentPlanFact]]:
    """The payment plans that nobody ended, of debtors with a case at an agency, each with its debtor."""
    where = (payment_plan.c.ledger == ledger, _not_ended(payment_plan, day), _at_an_agency(payment_plan))
    for row in tx.execute(select(payment_plan).where(*where).order_by(payment_plan.c.id)):
        yield row.debtor_id, plan_of(row)


def at_rest(tx: Tx, ledger: str) -> set[str]:
    """Who ever promised anything, or has had a payment plan, and has a case whose agency rests."""
    resting = collection_case.c.credit_hold.is_(True)
    both = (
        select(table.c.debtor_id).where(table.c.ledger == ledger, _at_an_agency(table, resting))
        for table in (promise, payment_plan)
    )
    return set(tx.scalars(union(*both)))


def open_before(tx: Tx, ledger: str, debtor_id: str, claim: str, at: datetime) -> int:
    """What was open of a claim just before an instant, in minor units; 0 where it was not known then."""
    versions = items.history(tx, ledger, debtor_id, claim)
    return sum(minor for since, until, _, minor in versions if since < at and (until is None or until >= at))


def _not_ended(table: Table, day: date) -> ColumnElement[bool]:
    return or_(table.c.ended_on.is_(None), table.c.ended_on > day)


def _at_an_agency(table: Table, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """The debtor of the row has a case with a live hand-over."""
    return (
        select(case_line.c.line_id)
        .join(collection_case, collection_case.c.case_ref == case_line.c.case_ref)
        .where(collection_case.c.ledger == table.c.ledger, collection_case.c.debtor_id == table.c.debtor_id)
        .where(case_line.c.live.is_(True), *more)
        .exists()
    )


def _of(tx: Tx, table: Table, ledger: str, ids: Sequence[str]) -> Iterator[Any]:
    where = (table.c.ledger == ledger, among(tx, table.c.debtor_id, ids))
    yield from tx.execute(select(table).where(*where).order_by(table.c.id))
