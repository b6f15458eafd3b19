"""The audit trail as a chain: every row carries its number and a hash over the row before it and its own content.

One chain a ledger; the rows that belong to no ledger are the chain of the empty name. Whoever changes, removes, adds
or moves a row breaks every hash behind it, and `connector.store.chain_check` finds where.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from connector.store.engine import Tx
from connector.store.tables import audit, audit_head

# What stands before the first row.
BEGINNING = bytes(32)


@dataclass(frozen=True)
class Entry:
    """What a row says. `detail` holds what JSON can hold."""

    at: datetime
    ledger: str
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


class Head(NamedTuple):
    """Where a chain ends: the number and the hash of its last row."""

    ledger: str
    number: int
    hash: bytes


def link(previous: bytes, number: int, entry: Entry) -> bytes:
    """The hash of a row behind the row with the hash `previous`.

    Canonical JSON: keys sorted, no blanks, UTF-8, the instant in UTC with six decimals. This never changes: the rows
    that are written carry it, and outsiders compute it.
    """
    content = {
        "number": number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "ledger": entry.ledger,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
    }
    return sha256(previous + _canonical(content)).digest()


def append(tx: Tx, entries: Sequence[Entry]) -> None:
    """Add rows at the end of their chains. Other writers of the same ledger wait until this transaction ends."""
    # In the order of their names: two transactions that write several chains never wait for each other in a ring.
    in_order = sorted(entries, key=lambda entry: entry.ledger)
    for ledger, group in groupby(in_order, key=lambda entry: entry.ledger):
        head = _locked_head(tx, ledger)
        rows = []
        for given in group:
            # As it will be read again: a tuple as a list, a number as a key as text.
            entry = replace(given, detail=json.loads(json.dumps(given.detail, allow_nan=False)))
            number = head.number + 1
            head = Head(ledger, number, link(head.hash, number, entry))
            rows.append({**vars(entry), "number": number, "hash": head.hash})
        tx.execute(insert(audit), rows)
        tx.execute(_MOVE_HEAD, {"of": ledger, "to": head.number, "with_hash": head.hash})


def heads(tx: Tx) -> list[Head]:
    """Where every chain ends, by the name of the ledger."""
    columns = audit_head.c
    rows = tx.execute(select(columns.ledger, columns.number, columns.hash).order_by(columns.ledger))
    return [Head(row.ledger, row.number, bytes(row.hash)) for row in rows]


def hash_at(tx: Tx, ledger: str, number: int) -> bytes | None:
    """The hash that the row `number` of a chain carries, or None when there is no such row."""
    found = tx.scalar(select(audit.c.hash).where(audit.c.ledger == ledger, audit.c.number == number))
    return None if found is None else bytes(found)


_MOVE_HEAD = (
    update(audit_head)
    .where(audit_head.c.ledger == bindparam("of"))
    .values(number=bindparam("to"), hash=bindparam("with_hash"))
)
_READ_HEAD = (
    select(audit_head.c.number, audit_head.c.hash).where(audit_head.c.ledger == bindparam("of")).with_for_update()
)


def _locked_head(tx: Tx, ledger: str) -> Head:
    """The end of a chain, for this transaction alone. SQLite has one writer anyway."""
    row = tx.execute(_READ_HEAD, {"of": ledger}).one_or_none()
    if row is None:
        begun = {"ledger": ledger, "number": 0, "hash": BEGINNING}
        if tx.dialect.name == "postgresql":
            # Imported at use: most stores are SQLite files.
            from sqlalchemy.dialects import postgresql

            # Two may begin the same chain: the second waits here, then finds the row of the first.
            tx.execute(postgresql.insert(audit_head).on_conflict_do_nothing(), begun)
        else:
            tx.execute(insert(audit_head), begun)
        row = tx.execute(_READ_HEAD, {"of": ledger}).one()
    return Head(ledger, row.number, bytes(row.hash))


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
