"""What befell debtors, and where they were looked up."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from connector.model import Circumstance, CircumstanceKind, RegisterFact
from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.known import keep
from connector.store.tables import circumstance, register_lookup


def record(tx: Tx, ledger: str, debtor_id: str, fact: Circumstance, *, at: datetime) -> None:
    """Keep what befell a debtor. The same kind, regime and first day replaces what was known of it."""
    columns = circumstance.c
    same = (columns.kind == fact.kind, columns.regime == fact.regime, columns.since == fact.since)
    _keep(tx, columns.ledger == ledger, columns.debtor_id == debtor_id, *same, at=at)
    row = (
        ledger, debtor_id, fact.kind, fact.regime, fact.country, fact.since, fact.until,
        fact.reference, fact.administrator, fact.reason, fact.origin, at,
    )  # fmt: skip
    bulk_upsert(tx, circumstance, [row])


def end(tx: Tx, ledger: str, debtor_id: str, kind: CircumstanceKind, *, on: date, at: datetime) -> list[Circumstance]:
    """End what goes on: the day before `on` is its last. Returns it as it was."""
    columns = circumstance.c
    where = (columns.ledger == ledger, columns.debtor_id == debtor_id, columns.kind == kind)
    going_on = or_(columns.until.is_(None), columns.until >= on)
    last = on - timedelta(days=1)
    ended = _keep(tx, *where, going_on, at=at)
    tx.execute(update(circumstance).where(*where, going_on).values(until=last))
    return ended


def circumstances(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Circumstance]]:
    """What befell debtors, ended or not, the first at first, by debtor id."""
    columns = circumstance.c
    rows = tx.execute(
        select(circumstance)
        .where(columns.ledger == ledger, among(tx, columns.debtor_id, ids))
        .order_by(columns.since, columns.kind, columns.regime)
    )
    found: dict[str, list[Circumstance]] = {}
    for row in rows:
        found.setdefault(row.debtor_id, []).append(circumstance_of(row))
    return found


def circumstance_of(row: Any) -> Circumstance:
    """What befell a debtor, in a row of its table."""
    return Circumstance(**{name: getattr(row, name) for name in Circumstance.model_fields})


def key_of(fact: Circumstance) -> str:
    """What tells it from everything else that befell the same debtor."""
    return f"{fact.kind}|{fact.regime}|{fact.since}"


def record_lookups(tx: Tx, ledger: str, facts: Mapping[str, Sequence[RegisterFact]], *, at: datetime) -> None:
    """Keep look-ups, by debtor id. One in the same register on the same day replaces the other."""
    rows = {
        (ledger, debtor_id, one.register_name, one.looked_up): (one.found, one.origin, at)
        for debtor_id, looked in facts.items()
        for one in looked
    }
    columns = register_lookup.c
    keys = [columns.ledger, columns.debtor_id, columns.register, columns.looked_up]
    days = {key[3] for key in rows}
    debtors = among(tx, columns.debtor_id, sorted({key[1] for key in rows}))
    known = tx.execute(
        select(register_lookup).where(columns.ledger == ledger, debtors, columns.looked_up.in_(days)).order_by(*keys)
    )
    for row in known.all():
        if (ledger, row.debtor_id, row.register, row.looked_up) in rows:
            fact = lookup_of(row)
            key = lookup_key(fact)
            keep(tx, ledger, "register_lookup", row.debtor_id, key, fact.model_dump_json(), recorded=row.at, at=at)
    bulk_upsert(tx, register_lookup, [(*key, *values) for key, values in rows.items()])


def lookups(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[RegisterFact]]:
    """The look-ups, the oldest first, by debtor id."""
    columns = register_lookup.c
    rows = tx.execute(
        select(register_lookup)
        .where(columns.ledger == ledger, among(tx, columns.debtor_id, ids))
        .order_by(columns.looked_up, columns.register)
    )
    found: dict[str, list[RegisterFact]] = {}
    for row in rows:
        found.setdefault(row.debtor_id, []).append(lookup_of(row))
    return found


def lookup_of(row: Any) -> RegisterFact:
    """The look-up in a row of its table."""
    return RegisterFact(register_name=row.register, looked_up=row.looked_up, found=row.found, origin=row.origin)


def lookup_key(fact: RegisterFact) -> str:
    """What tells a look-up from every other of the same debtor."""
    return f"{fact.register_name}|{fact.looked_up}"


def _keep(tx: Tx, *where: ColumnElement[bool], at: datetime) -> list[Circumstance]:
    """What is about to change is kept as it was known; returns it."""
    kept = []
    for row in tx.execute(select(circumstance).where(*where).order_by(circumstance.c.since)).all():
        fact = circumstance_of(row)
        kept.append(fact)
        # The reason is erased in one place.
        body = fact.model_copy(update={"reason": ""}).model_dump_json()
        keep(tx, row.ledger, "circumstance", row.debtor_id, key_of(fact), body, recorded=row.at, at=at)
    return kept
