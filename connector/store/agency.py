"""What agencies told: events, payments, reversals, costs, remittances; and documents that go to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select

from connector.model import Document, Event, PaymentReceived, Remittance
from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.tables import (
    agency_cost,
    agency_event,
    agency_payment,
    agency_reversal,
    case_line,
    collection_case,
    document,
    remittance,
    remittance_item,
)

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


@dataclass(frozen=True)
class Remitted:
    """A part of a claim line's principal that the agency paid out; minor units."""

    remittance_id: str
    paid_on: date
    case_ref: str
    line_id: str
    payment_id: str
    principal_minor: int


def add_event(tx: Tx, connection: str, event: Event, *, at: datetime) -> bool:
    """Keep an event. False when it was kept before: an event counts once."""
    where = (agency_event.c.connection == connection, agency_event.c.id == event.id)
    if tx.scalar(select(func.count()).select_from(agency_event).where(*where)):
        return False
    tx.execute(
        insert(agency_event).values(
            connection=connection, id=event.id, case_ref=event.case_ref, kind=event.kind,
            occurred_at=event.occurred_at, observed_at=at, body=event.model_dump_json(),
        )
    )  # fmt: skip
    return True


def events(tx: Tx, case_ref: str) -> list[Event]:
    """The events of a case in the order in which they happened."""
    columns = agency_event.c
    query = select(columns.body).where(columns.case_ref == case_ref).order_by(columns.occurred_at, columns.id)
    return [_EVENT.validate_json(body) for body in tx.scalars(query)]


def strangers(tx: Tx, connection: str, *, since: datetime | None = None) -> list[str]:
    """References of which the agency told, and that are no case of ours at it; in the order in which that happened.

    With `since` those of which it told for the first time from then on.
    """
    event, ours = agency_event.c, collection_case.c
    known = select(ours.case_ref).where(ours.case_ref == event.case_ref, ours.connection == connection)
    query = (
        select(event.case_ref)
        .where(event.connection == connection, event.case_ref != "", ~known.exists())
        .group_by(event.case_ref)
        .order_by(func.min(event.occurred_at), event.case_ref)
    )
    return list(tx.scalars(query if since is None else query.having(func.min(event.observed_at) >= since)))


def put_payment(tx: Tx, event: PaymentReceived, *, at: datetime) -> None:
    """Book what the agency received, split as it allocated it, in the place of an earlier version of it."""
    columns = agency_payment.c
    same = (columns.case_ref == event.case_ref, columns.payment_id == event.payment_id)
    tx.execute(agency_payment.delete().where(*same))
    rows = [
        (
            event.case_ref, event.payment_id, part, one.component, one.line_id, one.amount.minor,
            one.amount.currency, event.received_on, at,
        )
        for part, one in enumerate(event.allocation)
    ]  # fmt: skip
    bulk_upsert(tx, agency_payment, rows)


def add_reversal(tx: Tx, case_ref: str, payment_id: str, reason: str, *, at: datetime) -> None:
    """Book that a payment was undone; its payment may still be on its way."""
    bulk_upsert(tx, agency_reversal, [(case_ref, payment_id, reason, at)])


def payments(tx: Tx, case_ref: str) -> list[tuple[str, date, str, str, int]]:
    """Payments of a case that stand: (payment id, received on, component, line id, minor units)."""
    columns = agency_payment.c
    undone = select(agency_reversal.c.payment_id).where(agency_reversal.c.case_ref == case_ref)
    query = (
        select(columns.payment_id, columns.received_on, columns.component, columns.line_id, columns.amount_minor)
        .where(columns.case_ref == case_ref, columns.payment_id.not_in(undone))
        .order_by(columns.received_on, columns.payment_id, columns.part)
    )
    return [(a, b, c, d, e) for a, b, c, d, e in tx.execute(query)]


def reversed_payments(tx: Tx, case_ref: str) -> set[str]:
    """Ids of the payments of a case that were undone, also of those that are not known yet."""
    return set(tx.scalars(select(agency_reversal.c.payment_id).where(agency_reversal.c.case_ref == case_ref)))


def collected(tx: Tx, case_refs: Sequence[str]) -> dict[tuple[str, str], int]:
    """Principal that the agency collected and that stands: {(case, line): minor units}."""
    columns = agency_payment.c
    undone = (
        select(agency_reversal.c.payment_id)
        .where(agency_reversal.c.case_ref == columns.case_ref, agency_reversal.c.payment_id == columns.payment_id)
        .exists()
    )
    query = (
        select(columns.case_ref, columns.line_id, func.sum(columns.amount_minor))
        .where(columns.component == "principal", among(tx, columns.case_ref, case_refs), ~undone)
        .group_by(columns.case_ref, columns.line_id)
    )
    return {(case_ref, line_id): int(total) for case_ref, line_id, total in tx.execute(query)}


def overpaid(tx: Tx, ledger: str) -> list[str]:
    """Lines on which the agency collected more than what it was told was left."""
    line, paid = case_line.c, agency_payment.c
    undone = (
        select(agency_reversal.c.payment_id)
        .where(agency_reversal.c.case_ref == paid.case_ref, agency_reversal.c.payment_id == paid.payment_id)
        .exists()
    )
    query = (
        select(line.line_id)
        .join(agency_payment, (paid.case_ref == line.case_ref) & (paid.line_id == line.line_id))
        .where(line.ledger == ledger, paid.component == "principal", ~undone)
        .group_by(line.case_ref, line.line_id)
        .having(
            func.sum(paid.amount_minor)
            > func.min(line.handed_minor - line.told_paid - line.told_credited - line.told_corrected)
        )
    )
    return list(tx.scalars(query))


def add_cost(
    tx: Tx, case_ref: str, cost_id: str, kind: str, *, net: int, vat: int, currency: str, borne_by: str, at: datetime
) -> None:
    """Book a cost of the agency; minor units."""
    bulk_upsert(tx, agency_cost, [(case_ref, cost_id, kind, net, vat, currency, borne_by, at)])


def costs(tx: Tx, case_ref: str) -> list[tuple[str, int, int, str]]:
    """Costs of a case: (kind, net, VAT, borne by); minor units."""
    columns = agency_cost.c
    query = select(columns.kind, columns.net_minor, columns.vat_minor, columns.borne_by)
    rows = tx.execute(query.where(columns.case_ref == case_ref).order_by(columns.at, columns.cost_id))
    return [(kind, net, vat, borne_by) for kind, net, vat, borne_by in rows]


def store_remittance(tx: Tx, connection: str, paid: Remittance, *, at: datetime) -> bool:
    """Keep a pay-out with its items. False when it was known."""
    where = (remittance.c.connection == connection, remittance.c.id == paid.remittance_id)
    known = tx.scalar(select(func.count()).select_from(remittance).where(*where))
    bulk_upsert(
        tx,
        remittance,
        [
            (
                connection, paid.remittance_id, paid.paid_on, paid.gross.currency, paid.gross.minor,
                paid.costs.minor, paid.vat.minor, paid.net.minor, paid.bank_reference, at,
            )
        ],
    )  # fmt: skip
    bulk_upsert(
        tx,
        remittance_item,
        [
            (
                connection, paid.remittance_id, position, one.case_ref, one.line_id, one.payment_id,
                one.gross.minor, one.principal.minor,
            )
            for position, one in enumerate(paid.items)
        ],
    )  # fmt: skip
    return not known


def last_remittance_day(tx: Tx, connection: str) -> date | None:
    """The day of the newest pay-out that is known."""
    newest: date | None = tx.scalar(select(func.max(remittance.c.paid_on)).where(remittance.c.connection == connection))
    return newest


def remitted(tx: Tx, case_refs: Sequence[str]) -> list[Remitted]:
    """What was paid out of the principal of these cases by the agency that has them, oldest first."""
    item, head, case = remittance_item.c, remittance.c, collection_case.c
    query = (
        select(head.id, head.paid_on, item.case_ref, item.line_id, item.payment_id, item.principal_minor)
        .join(remittance, (head.connection == item.connection) & (head.id == item.remittance_id))
        .join(collection_case, (case.case_ref == item.case_ref) & (case.connection == item.connection))
        .where(among(tx, item.case_ref, case_refs))
        .order_by(head.paid_on, head.id, item.position)
    )
    return [Remitted(*row) for row in _rows(tx.execute(query))]


def store_document(tx: Tx, ledger: str, one: Document, *, sealed: bytes, at: datetime) -> None:
    """Keep a document that goes with a case; `sealed` is its content, encrypted."""
    digest = sha256(one.content).hexdigest()
    row = (ledger, one.id, one.claim, one.kind, one.file_name, one.mime, digest, sealed, at)
    bulk_upsert(tx, document, [row])


def read_document(tx: Tx, ledger: str, document_id: str) -> Document | None:
    """A kept document; its content is still encrypted."""
    columns = document.c
    query = select(columns.id, columns.claim, columns.kind, columns.file_name, columns.mime, columns.content)
    row = tx.execute(query.where(columns.ledger == ledger, columns.id == document_id)).one_or_none()
    return Document(**row._mapping) if row else None


def _rows(result: Any) -> list[Any]:
    return list(result)
