"""An agency that is reached by files, as a sink."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import get_args

from connector.api import Context
from connector.errors import RejectedError
from connector.model import (
    ApprovalDecision,
    Capabilities,
    Case,
    CaseView,
    Document,
    Event,
    EventPage,
    Mutation,
    MutationKind,
    Preflight,
    Receipt,
    Remittance,
    RequestAnswer,
)
from connector_agency_api import outgoing
from connector_agency_api.client import case_path
from connector_agency_api.files.book import Book
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.folder import FolderPlace
from connector_agency_api.files.handing import Handing, Parcel
from connector_agency_api.files.inbox import Inbox
from connector_agency_api.files.payouts import Payouts
from connector_agency_api.files.place import Place
from connector_agency_api.files.returns import Returns
from connector_agency_api.files.sftp import SftpPlace
from connector_agency_api.files.standing import Standing
from connector_agency_api.fitness import REFERENCE, case_findings, refuse_unfit

# Nothing is forgotten: the notes stay in the host's store, the receipts in the folder.
_KEY_LIFE = timedelta(days=3650)
# A rename that was asked for, and the look of a share that several machines keep in memory.
_MAX_PROCESSING = timedelta(seconds=60)
_READ_LAG = timedelta(seconds=30)
# In base64 and with its envelope it stays below what the reader of a file takes.
_MOST_DOCUMENT_BYTES = 20_000_000


class AgencyFilesSink:
    """See `connector.api.Sink`. Notes what it sent in `context.state`."""

    def __init__(self, config: AgencyFilesConfig, context: Context) -> None:
        self._config = config
        place: Place = SftpPlace(config, context.secrets) if config.host else FolderPlace(config.folder)
        self._place = place
        self._book = Book(context)
        inbox = Inbox(place, config, context.clock)
        self._handing = Handing(place, self._book, config, context)
        self._returns = Returns(place, inbox, self._book, config, context)
        self._standing = Standing(inbox, self._book)
        self._payouts = Payouts(place, inbox, self._book, context, payer_iban=config.payer_iban)

    def check(self) -> None:
        """Both folders are there. Writes nothing, so that the right to write shows with the first message."""
        self._place.check(self._config.to_agency)
        self._place.check(self._config.from_agency)

    def capabilities(self) -> Capabilities:
        """Everything goes as a file that a program at the agency reads."""
        return Capabilities(
            mutations=dict.fromkeys(get_args(MutationKind), "native"),
            idempotent=True,
            key_life=_KEY_LIFE,
            lookup=True,
            max_processing=_MAX_PROCESSING,
            read_lag=_READ_LAG,
            documents=outgoing.DOCUMENT_KINDS,
            max_document_bytes=_MOST_DOCUMENT_BYTES,
            webhooks=False,
            sends=outgoing.sent_fields(self._config.withhold),
        )

    def preflight(self, case: Case) -> Preflight:
        """Our own findings: a folder cannot be asked for a price."""
        return Preflight(findings=tuple(case_findings(case)))

    def submit(self, case: Case, *, key: str) -> Receipt:
        """Hand over: one file, which is there once however often it is asked for."""
        refuse_unfit(case)
        body = outgoing.case_json(
            case,
            client_number=self._config.client_number,
            product=self._config.product or "",
            withhold=self._config.withhold,
        )
        if self._book.given(case.case_ref) is None:
            self._book.note_given(case)
        return self._hand("case", case.case_ref, "/v1/cases", body, key=key)

    def find(self, key: str) -> Receipt | None:
        """What lies in the folders and what was noted decides; see `connector_agency_api.files.handing`."""
        return self._handing.find(outgoing.checked_key(key))

    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        """Tell what happened at the creditor."""
        rest, body = outgoing.mutation_json(mutation)
        kind = "answer" if isinstance(mutation, RequestAnswer | ApprovalDecision) else mutation.kind
        return self._hand(kind, mutation.case_ref, case_path(mutation.case_ref, rest), body, key=key)

    def attach(self, case_ref: str, document: Document, *, key: str) -> Receipt:
        """Add a document, in base64 inside its message: one file is there or not, two may be there by half."""
        body = outgoing.document_json(document)
        return self._hand("document", case_ref, case_path(case_ref, "documents"), body, key=key)

    def changes(self, cursor: str | None) -> Iterator[EventPage]:
        """What the agency put into its folder since; see `connector_agency_api.files.returns`."""
        self._handing.forget_listing()
        yield from self._returns.pages(cursor)

    def snapshot(self, case_ref: str) -> CaseView | None:
        """From the newest status file. Raises ConfigError for an agency that gives none."""
        return self._standing.view(case_ref)

    def remittances(self, since: date | None) -> Iterator[Remittance]:
        """Pay-outs from their files, oldest first."""
        yield from self._payouts.since(since)

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Nobody calls about files."""
        raise RejectedError("An agency that is reached by files sends no webhooks.")

    def _hand(self, kind: str, case_ref: str, path: str, body: outgoing.Json, *, key: str) -> Receipt:
        if not REFERENCE.fullmatch(case_ref):
            raise RejectedError("This is not a case reference that a file can be named after.", detail=repr(case_ref))
        return self._handing.hand(Parcel(case_ref, kind, path, body, outgoing.checked_key(key)))
