"""The outbox: what has to reach a receiver, written with the decision and settled one state at a time.

States: READY, SENDING, UNKNOWN, DELIVERED, REJECTED, PARKED, CANCELLED. Every move is a compare-and-set on
(state, attempt), so that a late writer changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from connector.store.engine import Tx
from connector.store.tables import outbox

DOCUMENT = "case.document"
ENDED = ("DELIVERED", "REJECTED", "CANCELLED")
# Whether these arrived is not known; nobody who lives is in the middle of sending one that a new run finds.
IN_DOUBT = ("SENDING", "UNKNOWN")
STATES = ("READY", *IN_DOUBT, "PARKED", *ENDED)


@dataclass(frozen=True)
class Outgoing:
    """One message to one receiver. `payload` is encrypted; `key` is what the receiver recognises a repeat by."""

    id: int
    ledger: str
    connection: str
    kind: str
    case_ref: str
    seq: int
    priority: int
    payload: bytes
    payload_sha256: str
    key: str
    state: str
    attempt: int
    created_at: datetime
    sent_at: datetime | None
    doubtful_since: datetime | None
    settle_until: datetime | None
    next_at: datetime
    reference: str
    last_error: str
    ended_at: datetime | None


def put(
    tx: Tx,
    *,
    ledger: str,
    connection: str,
    kind: str,
    case_ref: str,
    seq: int,
    priority: int,
    payload: bytes,
    payload_sha256: str,
    key: str,
    at: datetime,
) -> None:
    """Add a message, ready to be sent. The same receiver, case and number twice is refused by the database."""
    tx.execute(
        insert(outbox).values(
            ledger=ledger, connection=connection, kind=kind, case_ref=case_ref, seq=seq, priority=priority,
            payload=payload, payload_sha256=payload_sha256, key=key, state="READY", attempt=0, created_at=at,
            next_at=at, reference="", last_error="",
        )
    )  # fmt: skip


def due(tx: Tx, ledger: str, *, at: datetime, connection: str = "", without: str = "") -> Outgoing | None:
    """The next message to send, to one receiver or to any: lowest priority number first, within a case in order.

    A document holds nothing up: a payment never waits for a PDF. Messages of the kind `without` stay where they are,
    and with them what follows them in their case.
    """
    earlier = outbox.alias("earlier")
    blocked = (
        select(earlier.c.id)
        .where(
            earlier.c.connection == outbox.c.connection,
            earlier.c.case_ref == outbox.c.case_ref,
            earlier.c.seq < outbox.c.seq,
            earlier.c.kind != DOCUMENT,
            earlier.c.state.not_in(ENDED),
        )
        .exists()
    )
    query = (
        select(outbox)
        .where(outbox.c.ledger == ledger, outbox.c.state == "READY", outbox.c.next_at <= at, ~blocked)
        .where(outbox.c.kind != without)
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(1)
    )
    if connection:
        query = query.where(outbox.c.connection == connection)
    row: Any = tx.execute(query).one_or_none()
    return Outgoing(**row._mapping) if row else None


def count_ready(tx: Tx, ledger: str, kind: str) -> int:
    """How many messages of a kind wait to be sent."""
    where = (outbox.c.ledger == ledger, outbox.c.state == "READY", outbox.c.kind == kind)
    return tx.scalar(select(func.count()).select_from(outbox).where(*where)) or 0


def in_state(tx: Tx, ledger: str, state: str, *, connection: str = "") -> list[Outgoing]:
    """Messages in a state, to one receiver or to any, what stops a collection first."""
    query = select(outbox).where(outbox.c.ledger == ledger, outbox.c.state == state)
    if connection:
        query = query.where(outbox.c.connection == connection)
    return [Outgoing(**row._mapping) for row in tx.execute(query.order_by(outbox.c.priority, outbox.c.id))]


def read(tx: Tx, number: int) -> Outgoing | None:
    """A message by its number."""
    row: Any = tx.execute(select(outbox).where(outbox.c.id == number)).one_or_none()
    return Outgoing(**row._mapping) if row else None


def listing(tx: Tx, *, ledger: str = "", state: str = "", limit: int) -> list[Outgoing]:
    """Messages that have not ended, or those in `state`; what stops a collection first, `limit` at most."""
    query = select(outbox).where(outbox.c.state == state if state else outbox.c.state.not_in(ENDED))
    if ledger:
        query = query.where(outbox.c.ledger == ledger)
    query = query.order_by(outbox.c.priority, outbox.c.id).limit(limit)
    return [Outgoing(**row._mapping) for row in tx.execute(query)]


def of_case(tx: Tx, case_ref: str) -> list[Outgoing]:
    """All messages about a case, in order."""
    query = select(outbox).where(outbox.c.case_ref == case_ref).order_by(outbox.c.seq)
    return [Outgoing(**row._mapping) for row in tx.execute(query)]


def move(tx: Tx, message: Outgoing, state: str, **values: Any) -> bool:
    """Take `message` to `state` if it is still as it was read. False when somebody else moved it."""
    where = (outbox.c.id == message.id, outbox.c.state == message.state, outbox.c.attempt == message.attempt)
    return tx.execute(update(outbox).where(*where).values(state=state, **values)).rowcount == 1


def counts(tx: Tx, ledgers: Sequence[str] = ()) -> dict[tuple[str, str], int]:
    """How many messages stand in each state, of these ledgers or of all: {(ledger, state): count}."""
    query = select(outbox.c.ledger, outbox.c.state, func.count()).group_by(outbox.c.ledger, outbox.c.state)
    if ledgers:
        query = query.where(outbox.c.ledger.in_(list(ledgers)))
    return {(ledger, state): count for ledger, state, count in tx.execute(query)}


def oldest_waiting(tx: Tx, ledger: str) -> datetime | None:
    """Since when the oldest message that has not arrived waits."""
    query = select(func.min(outbox.c.created_at)).where(outbox.c.ledger == ledger, outbox.c.state.not_in(ENDED))
    oldest: datetime | None = tx.scalar(query)
    return oldest
