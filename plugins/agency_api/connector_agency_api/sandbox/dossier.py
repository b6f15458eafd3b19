"""One case at the stand-in agency: what was handed over, how it stands, what is planned."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from connector_agency_api.sandbox.books import CaseBook, LineBook
from connector_agency_api.sandbox.feed import instant
from connector_agency_api.sandbox.scenarios import ScriptedQuestion, Step
from connector_agency_api.sandbox.wire import CaseSubmission, DocumentUpload

Handover = Literal["received", "under_review", "needs_info", "accepted", "rejected"]


@dataclass
class AgencyRequest:
    """A question or an approval request. `outcome` is empty while it waits."""

    request_id: str
    kind: Literal["info", "approval"]
    subject: str
    deadline: date
    questions: tuple[ScriptedQuestion, ...] = ()
    outcome: str = ""
    expiry: int = 0


@dataclass(eq=False)
class Dossier:
    """A case. `rests` are the reasons for which its script rests, since `paused_at`: hold, dispute, no_answer, or
    the id of a request that waits for the creditor. `asked_back` is why, while a withdrawal waits.
    """

    submission: CaseSubmission
    agency_ref: str
    received_at: datetime
    scenario: str
    book: CaseBook
    handover: Handover = "received"
    phase: str = ""
    activity: str = "running"
    closure: str = ""
    merged_into: str = ""
    interest_until: date | None = None
    requests: dict[str, AgencyRequest] = field(default_factory=dict)
    documents: dict[str, DocumentUpload] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)
    script: deque[Step] = field(default_factory=deque)
    ticket: int = 0
    due: datetime | None = None
    rests: set[str] = field(default_factory=set)
    paused_at: datetime | None = None
    resume_ticket: int = 0
    asked_back: str = ""

    @property
    def case_ref(self) -> str:
        """The creditor's reference."""
        return self.submission.case_ref

    @property
    def raw_status(self) -> str:
        """The state in this agency's own words."""
        if self.closure:
            return f"GESLOTEN/{self.closure.upper()}"
        return f"{self.handover.upper()}/{self.phase.upper() or '-'}/{self.activity.upper()}"

    def money(self, minor: int) -> dict[str, Any]:
        """An amount of this case, as the API writes it."""
        return {"minor": minor, "currency": self.submission.currency}


def open_book(case: CaseSubmission) -> CaseBook:
    """The books of a case on the day of hand-over."""
    return CaseBook(
        {line.line_id: LineBook(line.line_id, line.kind, line.due_date, line.open.minor) for line in case.lines}
    )


def view(dossier: Dossier, now: datetime) -> dict[str, Any]:
    """The case as `GET /v1/cases/{case_ref}` shows it: money from the books, never from the state."""
    book, money = dossier.book, dossier.money
    shown = {
        "case_ref": dossier.case_ref,
        "agency_ref": dossier.agency_ref,
        "debtor_id": dossier.submission.debtor.debtor_id,
        "handover": dossier.handover,
        "phase": dossier.phase,
        "activity": dossier.activity,
        "closure": dossier.closure,
        "raw_status": dossier.raw_status,
        "lines": [_line(dossier, line) for line in book.lines.values()],
        "payments": [
            {"payment_id": paid.payment_id, "received_on": paid.received_on.isoformat(), "gross": money(paid.gross)}
            for paid in book.payments.values()
            if not paid.reversed
        ],
        "charges": money(book.charges),
        "costs": money(book.creditor_costs),
        "requests": [_request(request) for request in dossier.requests.values() if not request.outcome],
        "documents": [
            {"document_id": held.document_id, "kind": held.kind, "sha256": held.sha256}
            for held in dossier.documents.values()
        ],
        "as_of": instant(now),
    }
    return shown | ({"merged_into": dossier.merged_into} if dossier.merged_into else {})


def _line(dossier: Dossier, line: LineBook) -> dict[str, Any]:
    columns = {column: line.applied[column] for column in ("collected", "direct", "credited", "corrected")}
    amounts = {
        "handed_over": line.handed_over,
        "raised": line.raised,
        "open": line.open,
        **columns,
        "surplus": sum(line.surplus.values()),
        "told_direct": line.told("direct"),
        "told_credited": line.told("credited"),
        "told_corrected": line.told("corrected") - line.raised,
    }
    number = next((one.number for one in dossier.submission.lines if one.line_id == line.line_id), line.line_id)
    facts = {"line_id": line.line_id, "number": number}
    return facts | {name: dossier.money(minor) for name, minor in amounts.items()}


def _request(request: AgencyRequest) -> dict[str, Any]:
    return {
        "request_id": request.request_id,
        "kind": request.kind,
        "subject": request.subject,
        "deadline": request.deadline.isoformat(),
    }
