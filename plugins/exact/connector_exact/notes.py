"""The note on the debtor's card: one document per case, changed as the case goes on (reference 4.12)."""

import hashlib
import html
import json
from collections.abc import Mapping
from typing import Any

from connector.api import Context
from connector.errors import ConfigError, RejectedError, TransientError, UnknownOutcome
from connector.model import Receipt, SourceUpdate
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.pages import RowReader, read_all, unwrap
from connector_exact.rows import DocumentRow
from connector_exact.values import guid

_ENDPOINT = "documents/Documents"
_NOTES: RowReader[DocumentRow] = RowReader(DocumentRow, _ENDPOINT, entity="notes")
_LONGEST_SUBJECT = 200


class NoteKeeper:
    """Keeps the notes of one division. Money is only told, never booked: that is the bookkeeper's."""

    def __init__(self, config: ExactConfig, context: Context, client: Client) -> None:
        self._config = config
        self._context = context
        self._client = client

    def keep(self, update: SourceUpdate, *, key: str) -> Receipt:
        """Make the case's note, or change it; the same update twice costs no call and changes nothing.

        Raises UnknownOutcome under `key` when an answer was lost: the next call finds the note by its marker.
        """
        content = self._content(update)
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        remembered = self._context.state.get(self._state_key(update)) or {}
        if remembered.get("digest") == digest:
            return Receipt(reference=remembered["id"], state="done", replayed=True)
        note = remembered.get("id") or self._find(update)
        if not (note and self._change(note, content, key=key)):
            note = self._make(update, content, key=key)
        self._context.state.put(self._state_key(update), {"id": note, "digest": digest})
        return Receipt(reference=note, state="done")

    def _state_key(self, update: SourceUpdate) -> str:
        return f"{self._config.division}/note/{update.marker}"

    def _find(self, update: SourceUpdate) -> str:
        """The note that carries the case's marker at the front of its subject, or nothing."""
        front = marked(update.marker).replace("'", "''")
        condition = f"startswith(Subject,'{front}') eq true and Account eq guid'{guid(update.debtor_id)}'"
        notes = read_all(self._client, _NOTES, {"$filter": condition})
        return notes[0]["ID"] if notes else ""

    def _change(self, note: str, content: Mapping[str, Any], *, key: str) -> bool:
        """Change the note. False when somebody has deleted it."""
        url = self._client.url(f"{_ENDPOINT}(guid'{guid(note)}')")
        body = {field: content[field] for field in ("Subject", "Body")}
        return self._client.write("PUT", url, _ENDPOINT, body=body, key=key) is not None

    def _make(self, update: SourceUpdate, content: Mapping[str, Any], *, key: str) -> str:
        response = self._client.write("POST", self._client.url(_ENDPOINT), _ENDPOINT, body=content, key=key)
        if response is None:
            raise ConfigError("notes cannot be kept in this administration", key="write_back", mend="Set it to false.")
        return _new_id(response.content) or self._find(update) or _lost(key)

    def _content(self, update: SourceUpdate) -> dict[str, Any]:
        return {
            "Subject": f"{marked(update.marker)} {update.subject}"[:_LONGEST_SUBJECT],
            "Body": self._body(update),
            "Type": self._config.note_type,
            "Account": guid(update.debtor_id),
        }

    def _body(self, update: SourceUpdate) -> str:
        lines = [*update.body.splitlines()]
        if update.payments:
            lines += ["", "Received by the agency, for the bookkeeper to book:"]
            lines += [f"{paid.received_on.isoformat()}  {paid.amount}  {paid.payment_id}" for paid in update.payments]
        if self._config.note_format == "html":
            return "<br/>".join(html.escape(line) for line in lines)
        return "\r\n".join(lines)


def marked(marker: str) -> str:
    """The front of a note's subject."""
    return f"[{marker}]"


def _new_id(body: bytes) -> str:
    """The new document's key. A created entity may come back with nothing but nulls (reference 2.7)."""
    try:
        records, _ = unwrap(body, _ENDPOINT)
        return guid(records[0]["ID"])
    except (TransientError, RejectedError, LookupError, TypeError):
        return ""


def _lost(key: str) -> str:
    raise UnknownOutcome(f"{_ENDPOINT}: the note was taken, but cannot be found yet", key=key)
