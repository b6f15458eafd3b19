"""Documents: invoices as PDF, statements, proofs."""

from typing import Literal

from connector.model.record import Record

DocumentKind = Literal[
    "invoice", "statement", "contract", "terms", "delivery_proof", "notice", "correspondence",
    "mandate", "judgment", "other",
]  # fmt: skip


class Document(Record):
    """A file with its content. `id` is unique within the ledger; `claim` names the claim it proves, if any."""

    id: str
    kind: DocumentKind
    file_name: str
    mime: str
    content: bytes
    claim: str = ""
