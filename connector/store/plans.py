"""Plans: stored decisions with a fingerprint of the facts they were made on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator
from sqlalchemy import BigInteger, case, cast, func, insert, or_, select, update

from connector.model import Because, Decision
from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.tables import decision, plan


@dataclass(frozen=True)
class Plan:
    """The head of a plan. `state`: `making`, `open`, `applied` or `superseded`; `counts` by action and by change."""

    id: int
    ledger: str
    day: date
    policy: str
    policy_version: str
    created_at: datetime
    facts: str
    counts: Mapping[str, int]
    state: str
    applied_at: datetime | None


@dataclass(frozen=True)
class Planned:
    """One decision of the plan `plan_id`: its state (`connector.policy.diff.Change.kind`), what differs from the plan
    before, and what became of it.
    """

    plan_id: int
    decision: Decision
    change: str
    change_why: str
    outcome: str
    outcome_why: str
    case_ref: str


def start_plan(tx: Tx, ledger: str, *, day: date, policy: str, policy_version: str, at: datetime) -> int:
    """Open a plan that is still being made; returns its number."""
    opening = insert(plan).values(
        ledger=ledger, day=day, policy=policy, policy_version=policy_version, created_at=at,
        facts="", counts={}, state="making",
    )  # fmt: skip
    return int(tx.execute(opening.returning(plan.c.id)).scalar_one())


def add_decisions(tx: Tx, plan_id: int, decided: Iterable[tuple[Decision, str, str]]) -> None:
    """Add decisions, each with its change against the plan before and why."""
    rows = [
        (
            plan_id, one.debtor_id, one.ledger, one.action, one.step, change, why, one.amount_minor or one.held_minor,
            one.currency, one.facts, one.model_dump_json(), "", "", "",
            None,
        )
        for one, change, why in decided
    ]  # fmt: skip
    bulk_upsert(tx, decision, rows)


def finish_plan(tx: Tx, plan_id: int, ledger: str, *, facts: str, counts: Mapping[str, int]) -> None:
    """The plan is complete: it stands open, and older open ones are superseded."""
    tx.execute(
        update(plan)
        .where(plan.c.ledger == ledger, plan.c.id != plan_id, plan.c.state.in_(["making", "open"]))
        .values(state="superseded")
    )
    tx.execute(update(plan).where(plan.c.id == plan_id).values(facts=facts, counts=dict(counts), state="open"))


def mark_applied(tx: Tx, plan_id: int, *, at: datetime) -> None:
    """The plan was carried out."""
    tx.execute(update(plan).where(plan.c.id == plan_id).values(state="applied", applied_at=at))


def read_plan(tx: Tx, plan_id: int) -> Plan | None:
    """A plan by number."""
    row: Any = tx.execute(select(plan).where(plan.c.id == plan_id)).one_or_none()
    return Plan(**row._mapping) if row else None


def last_plan(tx: Tx, ledger: str) -> Plan | None:
    """The newest complete plan of a ledger."""
    newest = tx.scalar(select(func.max(plan.c.id)).where(plan.c.ledger == ledger, plan.c.state != "making"))
    return read_plan(tx, newest) if newest else None


@dataclass(frozen=True)
class Total:
    """What the decisions of a plan with one change and one action, in one currency, come to in minor units.

    `differing` of them differ from the plan before.
    """

    change: str
    action: str
    currency: str
    count: int
    differing: int
    amount_minor: int


# What was not so in the plan before; what stayed held or undecided for the same reason has nothing to tell.
_DIFFERS = or_(decision.c.change.in_(("new", "changed", "withdrawn")), decision.c.change_why != "")


def totals(tx: Tx, plan_id: int) -> list[Total]:
    """What a plan comes to, in the order in which its debtors bring it up."""
    columns = decision.c
    by = (columns.change, columns.action, columns.currency)
    differing = func.sum(case((_DIFFERS, 1), else_=0))
    rows = tx.execute(
        select(*by, func.count(), cast(differing, BigInteger), cast(func.sum(columns.amount_minor), BigInteger))
        .where(columns.plan_id == plan_id)
        .group_by(*by)
        .order_by(func.min(columns.debtor_id))
    )
    return [Total(*row) for row in rows]


_first = decision.alias("first")
_has_body = (_first.c.plan_id == decision.c.same_as) & (_first.c.debtor_id == decision.c.debtor_id)
# A row of a plan for which nothing had changed has its body in the row of another.
_PLANNED = select(
    decision.c.plan_id, decision.c.debtor_id, decision.c.change, decision.c.change_why, decision.c.outcome,
    decision.c.outcome_why, decision.c.case_ref, func.coalesce(_first.c.body, decision.c.body).label("body"),
).outerjoin_from(decision, _first, _has_body)  # fmt: skip


def next_decisions(
    tx: Tx, plan_id: int, *, after: str, most: int, change: str = "", action: str = "", differing: bool = False
) -> list[Planned]:
    """At most so many decisions of a plan, of the debtors after the one named (empty: from the first).

    With `differing` only those that differ from the plan before.
    """
    query = _PLANNED.where(decision.c.plan_id == plan_id, decision.c.debtor_id > after)
    if change:
        query = query.where(decision.c.change == change)
    if action:
        query = query.where(decision.c.action == action)
    if differing:
        query = query.where(_DIFFERS)
    return [_planned(row) for row in tx.execute(query.order_by(decision.c.debtor_id).limit(most))]


def decisions(tx: Tx, plan_id: int, *, action: str = "") -> Iterator[Planned]:
    """The decisions of a plan in the order of debtors; streams."""
    query = _PLANNED.where(decision.c.plan_id == plan_id).order_by(decision.c.debtor_id)
    if action:
        query = query.where(decision.c.action == action)
    rows: Iterable[Any] = tx.execute(query.execution_options(yield_per=1000))
    for row in rows:
        yield _planned(row)


def standing(tx: Tx, plan_id: int) -> set[str]:
    """The debtors of whom the plan says more than that nothing comes: a step, one that is held, a missing fact."""
    columns = decision.c
    says = or_(columns.action != "none", columns.change == "held")
    return set(tx.scalars(select(columns.debtor_id).where(columns.plan_id == plan_id, says)))


def latest_decisions(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, Planned]:
    """The newest decision about each debtor, from whichever plan holds it, without its reasons: they are most of it."""
    newest = (
        select(decision.c.debtor_id, func.max(decision.c.plan_id).label("plan_id"))
        .where(decision.c.ledger == ledger, among(tx, decision.c.debtor_id, ids))
        .group_by(decision.c.debtor_id)
        .subquery()
    )
    rows: Iterable[Any] = tx.execute(
        _PLANNED.join(newest, (decision.c.plan_id == newest.c.plan_id) & (decision.c.debtor_id == newest.c.debtor_id))
    )
    return {row.debtor_id: _planned(row, _WithoutReasons) for row in rows}


def decision_as_of(tx: Tx, plan_id: int, ledger: str, debtor_id: str) -> tuple[Plan, Planned] | None:
    """What a plan says of a debtor: its own decision, else that of the plan before it in which he last had one."""
    mine = (decision.c.ledger == ledger, decision.c.debtor_id == debtor_id, decision.c.plan_id <= plan_id)
    row = tx.execute(_PLANNED.where(*mine).order_by(decision.c.plan_id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    of = read_plan(tx, row.plan_id)
    return (of, _planned(row)) if of else None


def settle_decision(tx: Tx, plan_id: int, debtor_id: str, *, outcome: str, why: str = "", case_ref: str = "") -> None:
    """What became of a decision when the plan was carried out."""
    tx.execute(
        update(decision)
        .where(decision.c.plan_id == plan_id, decision.c.debtor_id == debtor_id)
        .values(outcome=outcome, outcome_why=why, case_ref=case_ref)
    )


class _WithoutReasons(Decision):
    because: Annotated[tuple[Because, ...], BeforeValidator(lambda _: ())] = ()


def _planned(row: Any, record: type[Decision] = Decision) -> Planned:
    decided = record.model_validate_json(row.body)
    return Planned(row.plan_id, decided, row.change, row.change_why, row.outcome, row.outcome_why, row.case_ref)
