"""What the machinery remembers of itself: cursors, runs, faults, the state of ledgers, the audit trail."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from connector.model import Money, RecordFault
from connector.store import chain
from connector.store.among import among
from connector.store.bulk import bulk_insert, bulk_upsert
from connector.store.engine import Tx, at_the_end
from connector.store.tables import audit, connection_state, cursor, cursor_mark, ledger_state, record_fault, run

# What stands in the audit trail for a text that was left out.
TEXT = "(text)"
_KEY = re.compile(r"[^\s@]{0,128}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")

# Built once: these run with every page of a pull.
_CURSOR = select(cursor.c.value, cursor.c.at, cursor.c.completed_at).where(cursor.c.scope == bindparam("of_scope"))
_SET_ASIDE = select(record_fault.c.record_id).where(record_fault.c.ledger == bindparam("of_ledger"))
_LEDGER_STATE = select(ledger_state).where(ledger_state.c.ledger == bindparam("of_ledger"))


@dataclass(frozen=True)
class Cursor:
    """How far a feed was read. `completed_at` is when a reading last came to the feed's end."""

    value: str
    at: datetime
    completed_at: datetime | None


@dataclass(frozen=True)
class LedgerState:
    """What is known of a ledger as a whole. A brake (reason not empty) waits for a person."""

    calibrated: bool = True
    control: Money | None = None
    control_at: datetime | None = None
    brake_reason: str = ""
    brake_since: datetime | None = None


@dataclass(frozen=True)
class Run:
    """One run of one verb. `outcome` is `running`, `ok`, `stopped` or the class of the error."""

    id: str
    ledger: str
    verb: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    message: str
    counts: Mapping[str, int]


def read_cursor(tx: Tx, scope: str) -> Cursor | None:
    """The cursor of a feed, such as `pull:acme`, or None at the beginning."""
    row = tx.execute(_CURSOR, {"of_scope": scope}).one_or_none()
    return Cursor(row.value, row.at, row.completed_at) if row else None


def write_cursor(tx: Tx, scope: str, value: str, *, at: datetime, complete: bool) -> None:
    """Move the cursor, in the transaction of what was read up to it."""
    before = read_cursor(tx, scope)
    completed = at if complete else (before.completed_at if before else None)
    bulk_upsert(tx, cursor, [(scope, value, at, completed)])


def mark_cursor(tx: Tx, scope: str, day: date, value: str | None) -> None:
    """Remember where a feed stood when it was first read on this day; None is its beginning."""
    bulk_insert(tx, cursor_mark, columns=[[scope], [day], [value]])


def marked_cursor(tx: Tx, scope: str, day: date) -> str | None:
    """Where a feed stood on this day or the last one before; on the oldest known day where there is none before.

    None, the beginning of the feed, when nothing is known. Older marks are forgotten.
    """
    marks = tx.execute(
        select(cursor_mark.c.day, cursor_mark.c.value).where(cursor_mark.c.scope == scope).order_by(cursor_mark.c.day)
    ).all()
    if not marks:
        return None
    found = next((mark for mark in reversed(marks) if mark.day <= day), marks[0])
    tx.execute(cursor_mark.delete().where(cursor_mark.c.scope == scope, cursor_mark.c.day < found.day))
    value: str | None = found.value
    return value


def start_run(tx: Tx, run_id: str, ledger: str, verb: str, *, at: datetime) -> None:
    """Note that a run began."""
    bulk_upsert(tx, run, [(run_id, ledger, verb, at, None, "running", "", {})])


def end_run(tx: Tx, run_id: str, *, at: datetime, outcome: str, message: str, counts: Mapping[str, int]) -> None:
    """Note how a run ended."""
    tx.execute(
        update(run).where(run.c.id == run_id).values(ended_at=at, outcome=outcome, message=message, counts=dict(counts))
    )


def last_runs(tx: Tx, ledger: str, *, limit: int = 20) -> list[Run]:
    """The newest runs of a ledger, newest first."""
    rows: Sequence[Any] = tx.execute(
        select(run).where(run.c.ledger == ledger).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(limit)
    ).all()
    return [Run(**row._mapping) for row in rows]


def store_faults(tx: Tx, ledger: str, faults: Sequence[RecordFault], *, run_id: str, at: datetime) -> None:
    """Set malformed records aside; the first sighting of each is kept."""
    if not faults:
        return
    key = (record_fault.c.ledger, record_fault.c.entity, record_fault.c.record_id)
    known = {
        tuple(row[:3]): row.first_seen
        for row in tx.execute(select(*key, record_fault.c.first_seen).where(record_fault.c.ledger == ledger))
    }
    rows = {}
    for one in faults:
        where = (ledger, one.entity, one.id)
        rows[where] = (*where, one.field, one.why, known.get(where, at), at, run_id)
    bulk_upsert(tx, record_fault, list(rows.values()))


def clear_faults(tx: Tx, ledger: str, read_well: Iterable[str]) -> None:
    """Take records off the list that were read well after all."""
    set_aside = set(tx.scalars(_SET_ASIDE, {"of_ledger": ledger}))
    mended = set_aside.intersection(read_well) if set_aside else set()
    if mended:
        where = record_fault.c.ledger == ledger
        tx.execute(record_fault.delete().where(where, among(tx, record_fault.c.record_id, sorted(mended))))


def faults(tx: Tx, ledger: str) -> list[RecordFault]:
    """Records that are set aside."""
    columns = record_fault.c
    rows = tx.execute(
        select(columns.record_id, columns.field, columns.why, columns.entity)
        .where(columns.ledger == ledger)
        .order_by(columns.entity, columns.record_id)
    )
    return [RecordFault(id=row.record_id, field=row.field, why=row.why, entity=row.entity) for row in rows]


def read_ledger_state(tx: Tx, ledger: str) -> LedgerState:
    """What is known of the ledger as a whole."""
    row = tx.execute(_LEDGER_STATE, {"of_ledger": ledger}).one_or_none()
    if row is None:
        return LedgerState()
    control = Money(minor=row.control_minor, currency=row.control_currency) if row.control_currency else None
    return LedgerState(row.calibrated, control, row.control_at, row.brake_reason, row.brake_since)


def write_ledger_state(tx: Tx, ledger: str, state: LedgerState) -> None:
    """Keep what is known of the ledger as a whole."""
    minor = state.control.minor if state.control else None
    currency = state.control.currency if state.control else None
    row = (ledger, state.calibrated, minor, currency, state.control_at, state.brake_reason, state.brake_since)
    bulk_upsert(tx, ledger_state, [row])


def write_connection_state(tx: Tx, connection: str, state: str, message: str, *, at: datetime) -> None:
    """Note how a connection stands: `ok`, `login`, `config`, `quota` or `trouble`, with a sentence."""
    bulk_upsert(tx, connection_state, [(connection, state, message, at)])


def connection_states(tx: Tx) -> dict[str, tuple[str, str, datetime]]:
    """State, sentence and instant by connection."""
    rows = tx.execute(select(connection_state))
    return {row.connection: (row.state, row.message, row.at) for row in rows}


def note(
    tx: Tx, action: str, subject: str, *, at: datetime, ledger: str = "", actor: str = "incasso", **detail: Any
) -> None:
    """Add to the audit trail: as the last thing of this transaction, at the end of the ledger's chain.

    Personal data stays out, because a row can never be changed: name things by their keys. A text in `detail` that
    is no key and no word (it has blanks or an @, over 128 characters, or is an IBAN) is left out and stands there as
    `TEXT`.
    """
    kept = {name: _without_text(value) for name, value in detail.items()}
    at_the_end(tx, chain.append, chain.Entry(at, ledger, actor, action, subject, kept))


def _without_text(value: Any) -> Any:
    if isinstance(value, str):
        return value if _KEY.fullmatch(value) and not _is_iban(value) else TEXT
    if isinstance(value, Mapping):
        return {str(name): _without_text(one) for name, one in value.items()}
    return [_without_text(one) for one in value] if isinstance(value, list | tuple) else value


def _is_iban(text: str) -> bool:
    """Whether the check digits of ISO 13616 hold: a key may look like an IBAN, but hardly ever adds up like one."""
    if not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def audit_trail(tx: Tx, ledger: str, subject: str) -> list[tuple[datetime, str, str, dict[str, Any]]]:
    """What was done with a subject, oldest first: (at, actor, action, detail)."""
    rows = tx.execute(
        select(audit.c.at, audit.c.actor, audit.c.action, audit.c.detail)
        .where(audit.c.ledger == ledger, audit.c.subject == subject)
        .order_by(audit.c.number)
    )
    return [(row.at, row.actor, row.action, row.detail) for row in rows]
