"""What people say: steps taken, holds, disputes; and what waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from connector.model import DisputeFact, HoldFact, PriorStep
from connector.model.record import build
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.known import keep
from connector.store.tables import dispute, hold, step_taken, task


@dataclass(frozen=True)
class Task:
    """Something a person has to look at. `kind` and `key` are unique within the ledger; `body` is for machines."""

    id: int
    ledger: str
    kind: str
    key: str
    case_ref: str
    subject: str
    body: Mapping[str, Any]
    deadline: date | None
    opened_at: datetime
    done_at: datetime | None
    outcome: str


def record_step(
    tx: Tx, ledger: str, debtor_id: str, step: str, *, taken_on: date, channel: str, origin: str, at: datetime
) -> bool:
    """A step was taken. False when exactly this was already known."""
    try:
        with tx.begin_nested():
            tx.execute(
                insert(step_taken).values(
                    ledger=ledger, debtor_id=debtor_id, step=step, taken_on=taken_on,
                    channel=channel, origin=origin, at=at,
                )
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def steps(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[PriorStep]]:
    """Steps taken, oldest first, by debtor id."""
    columns = step_taken.c
    rows = tx.execute(
        select(columns.debtor_id, columns.step, columns.taken_on, columns.channel, columns.origin)
        .where(columns.ledger == ledger, among(tx, columns.debtor_id, ids))
        .order_by(columns.taken_on, columns.id)
    )
    found: dict[str, list[PriorStep]] = {}
    for id_, step, taken_on, channel, origin in rows:
        fact = {"step": step, "taken_on": taken_on, "channel": channel, "origin": origin}
        found.setdefault(id_, []).append(build(PriorStep, fact))
    return found


def add_hold(tx: Tx, ledger: str, fact: HoldFact, *, at: datetime) -> None:
    """Leave a ledger, debtor or claim alone for a while."""
    tx.execute(insert(hold).values(ledger=ledger, at=at, **fact.model_dump()))


def end_holds(
    tx: Tx, ledger: str, keys: Sequence[str], *, on: date, at: datetime, before: str = "every step"
) -> list[HoldFact]:
    """End the open holds on these debtors, claims or ledgers: the day before `on` is their last. Returns them as they
    were.

    `before`: those that stop every step, or (`escalate`) the vetoes.
    """
    open_then = or_(hold.c.until.is_(None), hold.c.until >= on)
    last = on - timedelta(days=1)
    where = (hold.c.ledger == ledger, among(tx, hold.c.key, keys), hold.c.before == before, open_then)
    ended = []
    for row in tx.execute(select(hold).where(*where).order_by(hold.c.id)).all():
        fact = HoldFact(**{name: getattr(row, name) for name in HoldFact.model_fields})
        keep(tx, ledger, "hold", fact.key, str(row.id), fact.model_dump_json(), recorded=row.at, at=at)
        ended.append(fact)
    tx.execute(update(hold).where(*where).values(until=last))
    return ended


def holds(tx: Tx, ledger: str) -> list[HoldFact]:
    """All holds of a ledger, ended ones too."""
    columns = hold.c
    rows = tx.execute(
        select(*(columns[name] for name in HoldFact.model_fields)).where(columns.ledger == ledger).order_by(columns.id)
    )
    return [HoldFact(**row._mapping) for row in rows]


def open_dispute(tx: Tx, ledger: str, debtor_id: str, fact: DisputeFact, *, at: datetime) -> None:
    """The debtor disputes a claim, or everything."""
    tx.execute(insert(dispute).values(ledger=ledger, debtor_id=debtor_id, at=at, **fact.model_dump()))


def settle_dispute(tx: Tx, ledger: str, debtor_id: str, *, on: date, at: datetime) -> int:
    """Settle the open disputes of a debtor; returns how many there were."""
    where = (dispute.c.ledger == ledger, dispute.c.debtor_id == debtor_id, dispute.c.settled_on.is_(None))
    for row in tx.execute(select(dispute).where(*where).order_by(dispute.c.id)).all():
        fact = DisputeFact(**{name: getattr(row, name) for name in DisputeFact.model_fields})
        keep(tx, ledger, "dispute", debtor_id, str(row.id), fact.model_dump_json(), recorded=row.at, at=at)
    return tx.execute(update(dispute).where(*where).values(settled_on=on)).rowcount


def disputes(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[DisputeFact]]:
    """Disputes, settled ones too, by debtor id."""
    columns = dispute.c
    rows = tx.execute(
        select(columns.debtor_id, columns.claim, columns.opened_on, columns.settled_on, columns.reason, columns.origin)
        .where(columns.ledger == ledger, among(tx, columns.debtor_id, ids))
        .order_by(columns.id)
    )
    found: dict[str, list[DisputeFact]] = {}
    for row in rows:
        facts = {name: value for name, value in row._mapping.items() if name != "debtor_id"}
        found.setdefault(row.debtor_id, []).append(DisputeFact(**facts))
    return found


def open_task(
    tx: Tx,
    ledger: str,
    kind: str,
    key: str,
    *,
    subject: str,
    at: datetime,
    case_ref: str = "",
    body: Mapping[str, Any] | None = None,
    deadline: date | None = None,
) -> bool:
    """Put something before a person, once per kind and key; a task that was done and is wanted again reopens.

    False when it already stands open.
    """
    where = (task.c.ledger == ledger, task.c.kind == kind, task.c.key == key)
    values = {"subject": subject, "body": dict(body or {}), "deadline": deadline, "case_ref": case_ref}
    known = tx.execute(select(task.c.done_at).where(*where)).one_or_none()
    if known is None:
        tx.execute(insert(task).values(ledger=ledger, kind=kind, key=key, opened_at=at, outcome="", **values))
    elif known.done_at is None:
        tx.execute(update(task).where(*where).values(**values))
    else:
        tx.execute(update(task).where(*where).values(opened_at=at, done_at=None, outcome="", **values))
    return known is None or known.done_at is not None


def finish_task(tx: Tx, ledger: str, kind: str, key: str, *, at: datetime, outcome: str) -> bool:
    """Take something off the list. False when it did not stand open."""
    where = (task.c.ledger == ledger, task.c.kind == kind, task.c.key == key, task.c.done_at.is_(None))
    return tx.execute(update(task).where(*where).values(done_at=at, outcome=outcome)).rowcount > 0


def open_keys(tx: Tx, ledger: str, kind: str, *, case_ref: str = "") -> list[str]:
    """The keys of the open tasks of a kind, of one case when it is named."""
    query = select(task.c.key).where(task.c.ledger == ledger, task.c.kind == kind, task.c.done_at.is_(None))
    if case_ref:
        query = query.where(task.c.case_ref == case_ref)
    return list(tx.scalars(query.order_by(task.c.key)))


def read_task(tx: Tx, ledger: str, kind: str, key: str) -> Task | None:
    """A task by its kind and key, done or not."""
    where = (task.c.ledger == ledger, task.c.kind == kind, task.c.key == key)
    row = tx.execute(select(task).where(*where)).one_or_none()
    return Task(**row._mapping) if row else None


def tasks(tx: Tx, ledger: str = "", *, done: bool = False) -> list[Task]:
    """What waits for a person (or, with `done`, what was settled), oldest first; all ledgers when none is named."""
    query = select(task).where(task.c.done_at.is_not(None) if done else task.c.done_at.is_(None))
    if ledger:
        query = query.where(task.c.ledger == ledger)
    return [Task(**row._mapping) for row in tx.execute(query.order_by(task.c.opened_at, task.c.id))]
