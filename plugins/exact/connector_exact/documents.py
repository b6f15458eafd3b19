"""The invoice as PDF, fetched only for what escalates (Exact Online reference 4.9)."""

from urllib.parse import parse_qs, urlsplit

from connector.api import Context
from connector.errors import RejectedError
from connector.model import Document
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.optional import read_if_allowed
from connector_exact.pages import RowReader, read_all
from connector_exact.rows import AttachmentRow, DocumentRow, EntryRow
from connector_exact.values import guid

_DOCUMENTS: RowReader[DocumentRow] = RowReader(DocumentRow, "documents/Documents", entity="documents")
_ATTACHMENTS: RowReader[AttachmentRow] = RowReader(AttachmentRow, "documents/DocumentAttachments", entity="attachments")
_ENTRIES: RowReader[EntryRow] = RowReader(EntryRow, "salesentry/SalesEntries", entity="sales entries")
_DOWNLOAD = "docs/SysAttachment.aspx"
_SALES_INVOICE = 10
_PDF = b"%PDF-"
_AT_ONCE = 40
"""Ids in one filter: the address stays far below its limit of 6,000 characters (reference 2.5)."""


class InvoiceFinder:
    """Finds the PDF of an invoice among the documents of its entry."""

    def __init__(self, config: ExactConfig, context: Context, client: Client) -> None:
        self._config = config
        self._context = context
        self._client = client

    def find(self, claim: str) -> Document | None:
        """The PDF of a claim. None when the ledger holds none: imported invoices often come without a document."""
        try:
            entry = guid(claim)
        except RejectedError:
            return None
        documents = self._of_entry(entry)
        if not documents and self._config.document_by_number:
            documents = self._by_number(entry)
        for attachment in self._attachments(documents):
            content = self._fetch(attachment)
            if content is not None:
                name = attachment.get("FileName") or f"{attachment['ID']}.pdf"
                return Document(
                    id=attachment["ID"],
                    kind="invoice",
                    file_name=name,
                    mime="application/pdf",
                    content=content,
                    claim=claim,
                )
        return None

    def _of_entry(self, entry: str) -> list[DocumentRow]:
        return self._documents(f"FinancialTransactionEntryID eq guid'{entry}'")

    def _by_number(self, entry: str) -> list[DocumentRow]:
        """Documents of a sales invoice carry the invoice's id instead of the entry's: go by number and customer."""
        of_entry = {"$filter": f"EntryID eq guid'{entry}'"}
        entries = read_if_allowed(self._client, self._config, self._context, _ENTRIES, of_entry)
        number = next((row.get("InvoiceNumber") for row in entries if row["EntryID"] == entry), None)
        customer = next((row.get("Customer") for row in entries if row["EntryID"] == entry), None)
        if not number:
            return []
        of_customer = f" and Account eq guid'{customer}'" if customer else ""
        return self._documents(f"SalesInvoiceNumber eq {number} and Type eq {_SALES_INVOICE}{of_customer}")

    def _documents(self, condition: str) -> list[DocumentRow]:
        rows = read_all(self._client, _DOCUMENTS, {"$filter": condition})
        return sorted(rows, key=lambda row: row.get("Type") != _SALES_INVOICE)

    def _attachments(self, documents: list[DocumentRow]) -> list[AttachmentRow]:
        """The attachments that may be the PDF, in the order of their documents; a UBL invoice lies beside it."""
        keys = [row["ID"] for row in documents[:_AT_ONCE]]
        if not keys:
            return []
        condition = " or ".join(f"Document eq guid'{key}'" for key in keys)
        rows = read_all(self._client, _ATTACHMENTS, {"$filter": condition})
        named = [row for row in rows if (row.get("FileName") or "").lower().endswith(".pdf") and row.get("Url")]
        return sorted(named, key=lambda row: keys.index(row["Document"]) if row["Document"] in keys else len(keys))

    def _fetch(self, attachment: AttachmentRow) -> bytes | None:
        """The content, when it is a PDF: without rights the answer is 200 with a page of HTML."""
        url = attachment.get("Url") or ""
        if "Download" not in parse_qs(urlsplit(url).query):
            url += "&Download=1"
        content = self._client.download(url, _DOWNLOAD)
        if content.startswith(_PDF):
            return content
        self._context.log.warning("an attachment named .pdf is no PDF", attachment=attachment["ID"])
        return None
