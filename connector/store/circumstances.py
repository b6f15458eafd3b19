"""What befell debtors, and where they were looked up."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select, update

from connector.model import Circumstance, CircumstanceKind, RegisterFact
from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.tables import circumstance, register_lookup


def record(tx: Tx, ledger: str, debtor_id: str, fact: Circumstance, *, at: datetime) -> None:
    """Keep what befell a debtor. The same kind, regime and first day replaces what was known of it."""
    row = (
        ledger, debtor_id, fact.kind, fact.regime, fact.country, fact.since, fact.until,
        fact.reference, fact.administrator, fact.reason, fact.origin, at,
    )  # fmt: skip
    bulk_upsert(tx, circumstance, [row])


def end(tx: Tx, ledger: str, debtor_id: str, kind: CircumstanceKind, *, on: date) -> int:
    """End what goes on: the day before `on` is its last. Returns how many that were."""
    columns = circumstance.c
    where = (columns.ledger == ledger, columns.debtor_id == debtor_id, columns.kind == kind)
    going_on = or_(columns.until.is_(None), columns.until >= on)
    last = on - timedelta(days=1)
    return tx.execute(update(circumstance).where(*where, going_on).values(until=last)).rowcount


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
        facts = {name: getattr(row, name) for name in Circumstance.model_fields}
        found.setdefault(row.debtor_id, []).append(Circumstance(**facts))
    return found


def record_lookups(tx: Tx, ledger: str, facts: Mapping[str, Sequence[RegisterFact]], *, at: datetime) -> None:
    """Keep look-ups, by debtor id. One in the same register on the same day replaces the other."""
    rows = {
        (ledger, debtor_id, one.register_name, one.looked_up): (one.found, one.origin, at)
        for debtor_id, looked in facts.items()
        for one in looked
    }
    bulk_upsert(tx, register_lookup, [(*key, *values) for key, values in rows.items()])


def lookups(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[RegisterFact]]:
    """The look-ups, the oldest first, by debtor id."""
    columns = register_lookup.c
    rows = tx.execute(
        select(columns.debtor_id, columns.register, columns.looked_up, columns.found, columns.origin)
        .where(columns.ledger == ledger, among(tx, columns.debtor_id, ids))
        .order_by(columns.looked_up, columns.register)
    )
    found: dict[str, list[RegisterFact]] = {}
    for debtor_id, register, looked_up, hit, origin in rows:
        fact = RegisterFact(register_name=register, looked_up=looked_up, found=hit, origin=origin)
        found.setdefault(debtor_id, []).append(fact)
    return found
