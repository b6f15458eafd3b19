"""Where a case stands by all that the agency told of it, in whatever order that came: a fold over its events.

Pure. The events are put in the order in which they happened and read from the first to the last, so that one set of
events ends in one standing, however late, often or mixed up its members arrive.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from connector.model import (
    Accepted,
    Activity,
    ActivityChanged,
    Closed,
    Closure,
    Event,
    Handover,
    InfoRequested,
    LineRejected,
    Merged,
    Phase,
    PhaseChanged,
    Received,
    Rejected,
    Reopened,
    RequestSettled,
    UnderReview,
)
from connector.store.cases import CaseRow

_E = TypeVar("_E", bound=Event)

# Of one instant: an agency that counts in seconds receives and accepts in one.
_FIRST = ("received", "under_review", "info_requested", "request_settled", "accepted")
_OF_THE_HANDOVER = (Received, UnderReview, InfoRequested, Accepted, Rejected, Reopened)
# A payment that was read off a snapshot yields to the event of it.
SNAPSHOT = "snapshot:"


@dataclass(frozen=True)
class Standing:
    """A case on its axes, each with the instant of its last word; `refused` are lines the agency does not work."""

    handover: Handover
    handover_at: datetime
    agency_ref: str = ""
    phase: Phase = ""
    phase_at: datetime | None = None
    activity: Activity = "running"
    activity_at: datetime | None = None
    closure: Closure = ""
    closure_at: datetime | None = None
    closure_why: str = ""
    merged_into: str = ""
    raw_status: str = ""
    refused: frozenset[str] = frozenset()
    before_rejection: Handover = "under_review"

    @property
    def is_away(self) -> bool:
        """Whether the agency works it; when not, its claims are at home."""
        return not self.closure and self.handover != "rejected"

    def columns(self) -> dict[str, object]:
        """What is kept of it in the case's row."""
        return {name: value for name, value in vars(self).items() if name not in ("refused", "before_rejection")}


def in_order(events: Iterable[_E]) -> list[_E]:
    """Events as they happened, not as they came."""
    return sorted(events, key=_place)


def newest(events: Iterable[_E]) -> _E:
    """The version of one and the same thing that counts: the agency's last word on it."""
    return max(events, key=lambda one: (not one.id.startswith(SNAPSHOT), *_place(one)))


def stand(row: CaseRow, events: Iterable[Event]) -> Standing:
    """The standing by these events. What the delivery made known counts until an event speaks of the hand-over."""
    told = in_order(events)
    spoken = any(isinstance(one, _OF_THE_HANDOVER) for one in told)
    now = Standing(
        handover="received" if spoken else row.handover,
        handover_at=row.opened_at if spoken else row.handover_at,
        agency_ref=row.agency_ref,
        closure_why="" if spoken or row.handover != "rejected" else row.closure_why,
        raw_status=row.raw_status,
    )
    for event in told:
        now = _move(now, event)
        if event.raw:
            now = replace(now, raw_status=event.raw)
    return now


def _place(event: Event) -> tuple[datetime, int, str]:
    rank = _FIRST.index(event.kind) if event.kind in _FIRST else len(_FIRST)
    return event.occurred_at, rank, event.id


def _move(now: Standing, event: Event) -> Standing:
    at = event.occurred_at
    match event:
        case Received(agency_ref=ref) if now.handover == "rejected":
            return replace(now, agency_ref=ref)
        case Received(agency_ref=ref):
            return replace(now, handover="received", handover_at=at, agency_ref=ref)
        case Accepted(agency_ref=ref):
            taken = replace(now, handover="accepted", handover_at=at, agency_ref=ref)
            # Taken after all: a refusal before does not stand any more.
            refused = now.closure == "rejected_late"
            return replace(taken, closure="", closure_at=at, closure_why="") if refused else taken
        case UnderReview() if now.handover != "rejected":
            return replace(now, handover="under_review", handover_at=at)
        case InfoRequested() if now.handover not in ("accepted", "rejected"):
            return replace(now, handover="needs_info", handover_at=at)
        case RequestSettled() if now.handover == "needs_info":
            return replace(now, handover="under_review", handover_at=at)
        case PhaseChanged(phase=phase):
            return replace(now, phase=phase, phase_at=at)
        case ActivityChanged(activity=activity):
            return replace(now, activity=activity, activity_at=at)
        case Merged(into_agency_ref=into):
            return replace(now, merged_into=into)
        case LineRejected(line_id=line_id):
            return replace(now, refused=now.refused | {line_id})
        case Rejected() | Closed() | Reopened():
            return _end(now, event)
        case _:
            return now


def _end(now: Standing, event: Rejected | Closed | Reopened) -> Standing:
    at = event.occurred_at
    match event:
        case Rejected(reasons=reasons):
            closure: Closure = "rejected_late" if now.handover == "accepted" else now.closure
            before = now.before_rejection if now.handover == "rejected" else now.handover
            return replace(
                now, handover="rejected", handover_at=at, before_rejection=before,
                closure=closure, closure_at=at, closure_why="; ".join(reasons),
            )  # fmt: skip
        case Closed(closure=closure, reason=reason):
            return replace(now, closure=closure, closure_at=at, closure_why=reason)
        case _:
            word = now.before_rejection if now.handover == "rejected" else now.handover
            return replace(now, handover=word, closure="", closure_at=at, closure_why="")
