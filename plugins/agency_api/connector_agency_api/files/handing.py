"""Handing a message over as a file: a temporary name, a check of its size, a note, the final name.

After whatever broke, what lies in the folder and what was noted decide:

| in the agency's folder         | noted          | so it                                        |
|--------------------------------|----------------|----------------------------------------------|
| a receipt, also in `done`      | anything       | arrived: the agency says so                  |
| the final name                 | anything       | arrived                                      |
| the temporary name alone       | it was whole   | did not: it is renamed when sent again       |
| the temporary name alone       | it arrived     | arrived: a server took the name away late    |
| neither                        | it was whole   | arrived: it was renamed, and fetched         |
| neither                        | not that       | did not                                      |
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ValidationError

from connector.api import Context
from connector.errors import RejectedError, TransientError, UnknownOutcome
from connector.model import Receipt
from connector_agency_api.files import naming
from connector_agency_api.files.book import Book, Sent
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.place import Denied, Place, Unanswered
from connector_agency_api.files.returned import ReceiptFile

Json = dict[str, Any]


@dataclass(frozen=True)
class Parcel:
    """One message on its way: `kind` for its name, `path` and `body` as the open agency API has them."""

    case_ref: str
    kind: str
    path: str
    body: Json
    key: str

    def content(self, sequence: int) -> bytes:
        """The file. The same message gives the same bytes: there is no time in it."""
        envelope = {
            "format": naming.FORMAT,
            "key": self.key,
            "kind": self.kind,
            "case_ref": self.case_ref,
            "sequence": sequence,
            "path": self.path,
            "body": self.body,
        }
        return json.dumps(envelope, ensure_ascii=False, indent=1).encode() + b"\n"


class Handing:
    """Sends, and finds out whether it was sent."""

    def __init__(self, place: Place, book: Book, config: AgencyFilesConfig, context: Context) -> None:
        self._place = place
        self._book = book
        self._config = config
        self._log = context.log
        self._answered: dict[str, str] | None = None
        self._waiting: frozenset[str] | None = None

    def hand(self, parcel: Parcel) -> Receipt:
        """Put the file into the agency's folder, once. Raises UnknownOutcome when the renaming was not answered."""
        tag = naming.tag_of(parcel.key)
        new = self._book.sent(tag) is None
        noted = self._book.begin(tag, parcel.kind, parcel.case_ref)
        if (noted.kind, noted.case_ref) != (parcel.kind, parcel.case_ref):
            raise RejectedError(
                "This key was used for another message.", detail=f"{noted.kind} {noted.case_ref}, now {parcel.kind}"
            )
        content = parcel.content(noted.sequence)
        name = naming.name_message(parcel.case_ref, noted.sequence, parcel.kind, key=parcel.key, content=content)
        before = None if new and tag not in self._traces() else self.find(parcel.key)
        if before is not None:
            if noted.name not in ("", name.final):
                self._log.warning("sent before with other settings, and not sent again", file=noted.name)
            return before
        self._write_part(name, content)
        whole = replace(noted, stage="whole", name=name.final)
        self._book.note_sent(tag, whole)
        self._rename(parcel.key, name, len(content))
        self._note_arrival(tag, whole)
        return Receipt(reference=name.final, state=_state_of(parcel.kind), raw="file in place")

    def find(self, key: str) -> Receipt | None:
        """What became of a message; see the table above. Moves nothing: a case may have been taken back meanwhile."""
        tag = naming.tag_of(key)
        noted = self._book.sent(tag)
        answer = self._receipt(tag)
        if answer is not None:
            self._book.close(tag)
            return answer
        there = self._place.listed(self._config.to_agency)
        final = next((name for name in there if naming.sent_tag(name) == tag), "")
        waits = any(naming.is_part(name, tag) for name in there)
        if not _has_arrived(noted, final=bool(final), waits=waits):
            return None
        if noted is None or not noted.name:
            kind, reference = naming.kind_in(final), final
        else:
            kind, reference = noted.kind, noted.name
            self._note_arrival(tag, noted)
        raw = "file in place" if final else "file fetched"
        return Receipt(reference=reference, state=_state_of(kind), raw=raw, replayed=True)

    def forget_listing(self) -> None:
        """List anew at the next question: the reader of the agency's files is about to move the receipts."""
        self._answered = self._waiting = None

    def _write_part(self, name: naming.SentName, content: bytes) -> None:
        """On disk at the agency and whole; written anew, because a part of the same size may hold older settings."""
        path = f"{self._config.to_agency}/{name.part}"
        self._place.write(path, content)
        seen = self._place.look(path)
        if seen is None or seen.size != len(content):
            had = "nothing" if seen is None else f"{seen.size} bytes"
            raise TransientError("The file did not arrive whole.", detail=f"{name.part}: {had} of {len(content)}")

    def _rename(self, key: str, name: naming.SentName, size: int) -> None:
        folder = self._config.to_agency
        try:
            self._place.move(f"{folder}/{name.part}", f"{folder}/{name.final}")
        except Unanswered as error:
            raise UnknownOutcome("Whether the file got its final name is not known.", key=key) from error
        except Denied as error:
            # An earlier renaming may have come through late.
            if self._place.look(f"{folder}/{name.part}") is not None:
                raise
            if self._place.look(f"{folder}/{name.final}") is None:
                raise UnknownOutcome("The file is gone, and was not renamed by this call.", key=key) from error
            return
        self._verify(key, f"{folder}/{name.final}", size)

    def _verify(self, key: str, path: str, size: int) -> None:
        """The server said that it is there. A quick agency has it by now; a broken line takes nothing back."""
        try:
            seen = self._place.look(path)
        except TransientError as error:
            self._log.warning("the file could not be looked at after it was renamed", why=error.message)
            return
        if seen is not None and seen.size != size:
            raise UnknownOutcome("The file in the folder is not the one that was sent.", key=key)

    def _note_arrival(self, tag: str, sent: Sent) -> None:
        if sent.stage != "arrived":
            self._book.note_sent(tag, replace(sent, stage="arrived"))
            if self._config.receipt_days:
                self._book.await_receipt(tag, sent.name)

    def _receipt(self, tag: str) -> Receipt | None:
        """What the agency itself said, when it said something that can be read."""
        path = self._receipts().get(tag)
        if path is None:
            return None
        try:
            told = ReceiptFile.model_validate_json(self._place.read(path), extra="ignore")
        except (ValidationError, Denied):
            return None
        return Receipt(reference=told.reference, state=told.receipt_state, raw=told.state, replayed=True)

    def _traces(self) -> frozenset[str]:
        """Of which messages there is a file, of an earlier host whose notes were lost. Listed once for a run, because
        listing for every message makes a thousand of them take minutes.
        """
        if self._waiting is None:
            there = self._place.listed(self._config.to_agency)
            self._waiting = frozenset(filter(None, map(naming.sent_tag, there)))
        return self._waiting | self._receipts().keys()

    def _receipts(self) -> dict[str, str]:
        """Where the receipts are, by the key's piece of their name. Listed once for a run: what is read is kept."""
        if self._answered is None:
            inbox = self._config.from_agency
            folders = (f"{inbox}/{naming.DONE}", inbox)
            self._answered = dict(
                found for folder in folders if folder == inbox or self._place.look(folder) for found in self._in(folder)
            )
        return self._answered

    def _in(self, folder: str) -> Iterable[tuple[str, str]]:
        for name in self._place.listed(folder):
            if naming.is_finished(name) and (tag := naming.receipt_tag(name)):
                yield tag, f"{folder}/{name}"


def _has_arrived(noted: Sent | None, *, final: bool, waits: bool) -> bool:
    """The table of this module, without its first row."""
    stage = noted.stage if noted else ""
    return final or stage == "arrived" or (stage == "whole" and not waits)


def _state_of(kind: str) -> Literal["received", "done"]:
    return "received" if kind == "case" else "done"
