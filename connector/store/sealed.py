"""What lies encrypted in the store: found in bounded batches, and put back under another key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Table, func, select, tuple_, update

from connector.store.engine import Tx
from connector.store.tables import document, outbox, private_reason, token

Kind = Literal["token", "message", "document", "reason"]
_PLACES: dict[Kind, tuple[Table, tuple[str, ...], str]] = {
    "token": (token, ("connection", "name"), "blob"),
    "message": (outbox, ("key",), "payload"),
    "document": (document, ("ledger", "id"), "content"),
    "reason": (private_reason, ("ledger", "debtor_id", "about"), "blob"),
}
KINDS: tuple[Kind, ...] = tuple(_PLACES)
_MOST_ROWS = 200
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class SealedRow:
    """An encrypted value. `place`: (connection, name) of a token, (key,) of a message, (ledger, id) of a document,
    (ledger, debtor, what it is about) of a reason.
    """

    kind: Kind
    place: tuple[str, ...]
    blob: bytes


def read_batch(tx: Tx, kind: Kind, *, after: Sequence[str] | None) -> list[SealedRow]:
    """The next rows behind the place `after`, None for the first: 200 or 4 MB at most, but one row at least.

    A row that is added while somebody goes through them may be missed.
    """
    table, names, content = _PLACES[kind]
    keys = [table.c[name] for name in names]
    behind = (tuple_(*keys) > tuple(after),) if after else ()
    sizes = select(*keys, func.length(table.c[content])).where(*behind).order_by(*keys).limit(_MOST_ROWS)
    last: Sequence[Any] | None = None
    room = _MOST_BYTES
    for *place, size in tx.execute(sizes):
        room -= size
        if last is not None and room < 0:
            break
        last = place
    if last is None:
        return []
    query = select(*keys, table.c[content]).where(*behind, tuple_(*keys) <= tuple(last)).order_by(*keys)
    return [SealedRow(kind, tuple(place), bytes(blob)) for *place, blob in tx.execute(query)]


def replace(tx: Tx, row: SealedRow, blob: bytes, *, key_id: str) -> bool:
    """Put `blob` in the place of what was read. False, and nothing done, when it was written anew since."""
    table, names, content = _PLACES[row.kind]
    where = [table.c[name] == value for name, value in zip(names, row.place, strict=True)]
    values: dict[str, Any] = {content: blob}
    if "key_id" in table.c:
        values["key_id"] = key_id
    return tx.execute(update(table).where(*where, table.c[content] == row.blob).values(values)).rowcount == 1
