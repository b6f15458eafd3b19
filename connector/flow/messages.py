"""Putting a message to an agency into the outbox: frozen, encrypted, under a key that can be derived again."""

from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from pydantic import TypeAdapter

from connector.flow.workspace import Workspace
from connector.model import Case, Document, Mutation
from connector.store import Tx, cases, outbox
from connector.store.cases import CaseRow
from connector.store.outbox import Outgoing

OPEN = "case.open"
_MUTATION: TypeAdapter[Mutation] = TypeAdapter(Mutation)
_PRIORITY = {OPEN: 5, outbox.DOCUMENT: 7, "case.message": 6, "case.request_answer": 4, "case.correct_claim": 1}
# What stops or shrinks a collection goes before everything else.
_FIRST = 0


def derive_key(ledger: str, connection: str, kind: str, case_ref: str, seq: int) -> str:
    """The key of a delivery: from business facts only, so that a restored backup derives the same one."""
    facts = "|".join((ledger, connection, kind, case_ref, str(seq)))
    return b32encode(sha256(facts.encode()).digest()).decode().lower()[:40]


def derive_case_ref(ledger: str, debtor_id: str, claims: list[str], *, attempt: int) -> str:
    """Our reference of a case, 12 characters after the ledger's name; the same facts give the same reference."""
    facts = "|".join((ledger, debtor_id, *sorted(claims), str(attempt)))
    return f"{_stem(ledger)}{b32encode(sha256(facts.encode()).digest()).decode().lower()[:12]}"


def ledger_of_reference(case_ref: str, ledgers: Iterable[str]) -> str | None:
    """Which of these ledgers a reference of ours belongs to: it begins with the name. None: to none of them."""
    named = [name for name in ledgers if case_ref.startswith(_stem(name))]
    return max(named, key=len, default=None)


def _stem(ledger: str) -> str:
    return f"{ledger[:36]}-"


def put_open(workspace: Workspace, tx: Tx, row: CaseRow, case: Case, *, at: datetime) -> None:
    """The hand-over itself."""
    _put(workspace, tx, row, OPEN, case.model_dump_json().encode(), at=at)


def put_document(workspace: Workspace, tx: Tx, row: CaseRow, document_id: str, *, at: datetime) -> None:
    """A document to follow the hand-over."""
    _put(workspace, tx, row, outbox.DOCUMENT, document_id.encode(), at=at)


def put_mutation(workspace: Workspace, tx: Tx, row: CaseRow, mutation: Mutation, *, at: datetime) -> None:
    """What happened at the creditor since."""
    _put(workspace, tx, row, f"case.{mutation.kind}", mutation.model_dump_json().encode(), at=at)


def message_purpose(key: str) -> str:
    """The purpose under which a message is sealed, by its key."""
    return f"outbox:{key}"


def document_purpose(document_id: str) -> str:
    """The purpose under which a document's content is sealed."""
    return f"document:{document_id}"


def read_payload(workspace: Workspace, message: Outgoing) -> bytes:
    """What a message says, decrypted."""
    return workspace.keys.open(message.payload, purpose=message_purpose(message.key))


def read_mutation(workspace: Workspace, message: Outgoing) -> Mutation:
    """The mutation that a message carries."""
    return _MUTATION.validate_json(read_payload(workspace, message))


def seal_document(workspace: Workspace, document: Document) -> bytes:
    """A document's content, encrypted for keeping."""
    return workspace.keys.seal(document.content, purpose=document_purpose(document.id)).blob


def open_document(workspace: Workspace, kept: Document) -> Document:
    """A kept document with its content decrypted."""
    content = workspace.keys.open(kept.content, purpose=document_purpose(kept.id))
    return kept.model_copy(update={"content": content})


def next_mutation_id(tx: Tx, case_ref: str) -> str:
    """The id of the next mutation of a case."""
    row = cases.read_case(tx, case_ref)
    assert row is not None
    return f"{case_ref}-{row.next_seq}"


def _put(workspace: Workspace, tx: Tx, row: CaseRow, kind: str, payload: bytes, *, at: datetime) -> None:
    seq = cases.take_seq(tx, row.case_ref)
    key = derive_key(row.ledger, row.connection, kind, row.case_ref, seq)
    outbox.put(
        tx,
        ledger=row.ledger,
        connection=row.connection,
        kind=kind,
        case_ref=row.case_ref,
        seq=seq,
        priority=_PRIORITY.get(kind, _FIRST),
        payload=workspace.keys.seal(payload, purpose=message_purpose(key)).blob,
        payload_sha256=sha256(payload).hexdigest(),
        key=key,
        at=at,
    )
