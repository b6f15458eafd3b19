"""What is in the agency's files, in our words; what cannot be read is named by line and field."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from pydantic import AwareDatetime, ValidationError

from connector.model import Accepted, Event, Received, Record, Rejected, Unmapped, WithdrawalRefused
from connector_agency_api.incoming import read_event


class ReceiptFile(Record):
    """The agency's word about one file of ours. `agency_ref` of a case; of anything else a booking number."""

    key: str
    case_ref: str
    state: Literal["received", "accepted", "rejected"]
    agency_ref: str = ""
    at: AwareDatetime
    reasons: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """How the agency calls it; else our key, since every receipt has a reference."""
        return self.agency_ref or self.key

    @property
    def receipt_state(self) -> Literal["received", "accepted"]:
        """A file that was refused was received as well: the refusal follows as an event."""
        return "accepted" if self.state == "accepted" else "received"


@dataclass(frozen=True)
class Trouble:
    """A line that cannot be read. `line` counts from 1; `field` is empty when nothing of it can be read."""

    file: str
    line: int
    field: str
    why: str
    case_ref: str = ""

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.field}: {self.why}" if self.field else f"{where}: {self.why}"

    def event(self, now: datetime) -> Unmapped:
        """For a person."""
        digest = sha256(str(self).encode()).hexdigest()[:24]
        return Unmapped(
            id=f"unread:{digest}", case_ref=self.case_ref, occurred_at=now, raw="unreadable file", text=str(self)
        )


@dataclass(frozen=True)
class Line:
    """One line of an event file, read: the event, or the trouble; `end` is where the next line begins, in bytes."""

    number: int
    end: int
    event: Event
    trouble: Trouble | None = None


def is_cut_off(content: bytes) -> bool:
    """Whether an event file ends in the middle of a line."""
    last = content[content.rfind(b"\n") + 1 :].strip()
    if not last:
        return False
    try:
        json.loads(last)
    except ValueError:
        return True
    return False


def read_events(file: str, content: bytes, *, start: int, line: int, now: datetime) -> Iterator[Line]:
    """The lines of an event file from byte `start` on, the last one read being `line`. Empty lines count, and say
    nothing.
    """
    position, number = start, line
    for raw in content[start:].splitlines(keepends=True):
        position, number = position + len(raw), number + 1
        text = raw.removeprefix(b"\xef\xbb\xbf").strip()
        if text:
            yield _read_line(file, text, number, end=position, now=now)


def read_receipt_file(
    file: str, content: bytes, *, kind: str, now: datetime
) -> tuple[Event | None, str, Trouble | None]:
    """The event a receipt stands for, if any; the key it is for; the trouble, if it cannot be read."""
    try:
        told = ReceiptFile.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"), extra="ignore")
    except ValidationError as error:
        trouble = _trouble(file, 1, error, _case_ref_in(content))
        return trouble.event(now), "", trouble
    return _event_of(told, kind), told.key, None


def _event_of(told: ReceiptFile, kind: str) -> Event | None:
    digest = sha256(told.key.encode()).hexdigest()[:24]
    head: dict[str, Any] = {"id": f"receipt:{told.state}:{digest}", "case_ref": told.case_ref, "occurred_at": told.at}
    reasons = tuple(told.reasons) or ("the agency gave no reason",)
    if kind != "case":
        if told.state != "rejected":
            return None
        if kind == "withdraw":
            return WithdrawalRefused(**head, raw="rejected", reason="; ".join(reasons))
        return Unmapped(**head, raw="rejected", text=f"the agency refuses the {kind}: {'; '.join(reasons)}")
    if told.state == "rejected":
        return Rejected(**head, reasons=reasons)
    made = Accepted if told.state == "accepted" else Received
    return made(**head, agency_ref=told.reference)


def _read_line(file: str, text: bytes, number: int, *, end: int, now: datetime) -> Line:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else "is not JSON"
        trouble = Trouble(file, number, "", why)
        return Line(number, end, trouble.event(now), trouble)
    if not isinstance(entry, dict):
        trouble = Trouble(file, number, "", "is not an event, which is an object in braces")
        return Line(number, end, trouble.event(now), trouble)
    missing = [name for name in ("id", "case_ref", "occurred_at", "kind") if not _is_text(entry.get(name))]
    if missing:
        trouble = Trouble(file, number, missing[0], "is missing", str(entry.get("case_ref") or ""))
        return Line(number, end, trouble.event(now), trouble)
    event = read_event(entry, now)
    if isinstance(event, Unmapped) and entry["kind"] != "unmapped":
        # Read, but not understood: a new kind, or a field that is wrong. The event itself goes to a person.
        field, _, why = event.text.partition(": ")[2].rpartition(": ")
        trouble = Trouble(file, number, field, why or event.text, event.case_ref)
        return Line(number, end, event.model_copy(update={"text": str(trouble)}), trouble)
    return Line(number, end, event)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _trouble(file: str, line: int, error: ValidationError, case_ref: str = "") -> Trouble:
    first = error.errors(include_url=False, include_input=False)[0]
    return Trouble(file, line, ".".join(str(part) for part in first["loc"]), first["msg"], case_ref)


def _case_ref_in(content: bytes) -> str:
    try:
        entry = json.loads(content)
    except ValueError:
        return ""
    return str(entry.get("case_ref") or "") if isinstance(entry, dict) else ""
