"""Figures over many rows, counted by the database: for the status, the metrics and lists on a screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from connector.store.engine import Tx
from connector.store.journal import Run
from connector.store.outbox import ENDED
from connector.store.plans import Plan
from connector.store.tables import (
    budget,
    case_line,
    collection_case,
    dirty_claim,
    open_item,
    outbox,
    plan,
    record_fault,
    run,
    task,
)


@dataclass(frozen=True)
class CaseCount:
    """How many cases stand at the same place on the axes of a case."""

    handover: str
    activity: str
    closure: str
    count: int


@dataclass(frozen=True)
class RunCount:
    """How many runs of a verb ended in the same way."""

    ledger: str
    verb: str
    outcome: str
    count: int


@dataclass(frozen=True)
class DayBudget:
    """The calls of a running day at one connection for one company. `left` is None while the server has not said."""

    connection: str
    company: str
    used: int
    left: int | None


def count_debtors(tx: Tx, ledger: str) -> int:
    """How many debtors have something open."""
    wanted = (open_item.c.ledger == ledger, open_item.c.state != "closed", open_item.c.gone.is_(False))
    return tx.scalar(select(func.count(open_item.c.debtor_id.distinct())).where(*wanted)) or 0


def count_cases(tx: Tx, ledger: str) -> list[CaseCount]:
    """The cases of a ledger by where they stand."""
    axes = (collection_case.c.handover, collection_case.c.activity, collection_case.c.closure)
    query = select(*axes, func.count()).where(collection_case.c.ledger == ledger).group_by(*axes).order_by(*axes)
    return [CaseCount(*row) for row in tx.execute(query)]


def count_tasks(tx: Tx) -> dict[tuple[str, str], int]:
    """What waits for a person: {(ledger, kind): count}. The ledger is empty for what belongs to none."""
    query = (
        select(task.c.ledger, task.c.kind, func.count())
        .where(task.c.done_at.is_(None))
        .group_by(task.c.ledger, task.c.kind)
        .order_by(task.c.ledger, task.c.kind)
    )
    return {(ledger, kind): count for ledger, kind, count in tx.execute(query)}


def first_waiting(tx: Tx, ledger: str) -> datetime | None:
    """Since when the oldest message of the first priority has not arrived: what stops or shrinks a collection."""
    where = (outbox.c.ledger == ledger, outbox.c.priority == 0, outbox.c.state.not_in(ENDED))
    oldest: datetime | None = tx.scalar(select(func.min(outbox.c.created_at)).where(*where))
    return oldest


def first_untold(tx: Tx, ledger: str) -> datetime | None:
    """Since when the oldest changed claim at an agency has not been looked at, apart from those a person was asked
    about: a payment may be in it.
    """
    asked = select(task.c.key).where(task.c.ledger == ledger, task.c.kind == "perhaps_paid", task.c.done_at.is_(None))
    live = select(case_line.c.claim).where(case_line.c.ledger == ledger, case_line.c.live.is_(True))
    claim = dirty_claim.c.claim
    where = (dirty_claim.c.ledger == ledger, claim.in_(live), claim.not_in(asked))
    oldest: datetime | None = tx.scalar(select(func.min(dirty_claim.c.since)).where(*where))
    return oldest


def count_faults(tx: Tx, ledger: str) -> int:
    """How many malformed records are set aside."""
    return tx.scalar(select(func.count()).select_from(record_fault).where(record_fault.c.ledger == ledger)) or 0


def count_runs(tx: Tx) -> list[RunCount]:
    """All runs that were ever kept, by ledger, verb and outcome."""
    by = (run.c.ledger, run.c.verb, run.c.outcome)
    return [RunCount(*row) for row in tx.execute(select(*by, func.count()).group_by(*by).order_by(*by))]


def last_run_of_each(tx: Tx, ledger: str) -> list[Run]:
    """The newest run of each verb, in the order in which they began."""
    newest = (
        select(run.c.verb, func.max(run.c.started_at).label("started_at"))
        .where(run.c.ledger == ledger)
        .group_by(run.c.verb)
        .subquery()
    )
    query = (
        select(run)
        .join(newest, (run.c.verb == newest.c.verb) & (run.c.started_at == newest.c.started_at))
        .where(run.c.ledger == ledger)
        .order_by(run.c.started_at, run.c.id)
    )
    rows: Sequence[Any] = tx.execute(query).all()
    # Two runs of one instant (a test clock stands still): the last of them counts.
    return list({row.verb: Run(**row._mapping) for row in rows}.values())


def last_plans(tx: Tx, ledger: str = "", *, limit: int = 20) -> list[Plan]:
    """The newest plans, newest first; of all ledgers when none is named."""
    query = select(plan).order_by(plan.c.id.desc()).limit(limit)
    rows: Sequence[Any] = tx.execute(query.where(plan.c.ledger == ledger) if ledger else query).all()
    return [Plan(**row._mapping) for row in rows]


def day_budgets(tx: Tx, at: datetime) -> list[DayBudget]:
    """The budgets of days that are not over at the instant `at`."""
    columns = budget.c
    query = (
        select(columns.connection, columns.company, columns.day_used, columns.day_left)
        .where(columns.day_until > int(at.timestamp() * 1000))
        .order_by(columns.connection, columns.company)
    )
    return [DayBudget(*row) for row in tx.execute(query)]
