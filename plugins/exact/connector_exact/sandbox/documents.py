"""Invoices as documents: a small PDF made when it is asked for, and its download (reference 4.9)."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from connector_exact.sandbox.division import Division
from connector_exact.sandbox.faults import early_answer, is_early, spoil
from connector_exact.sandbox.gate import Visit, admit, bearer_of
from connector_exact.sandbox.ledger_records import Entry, Kind
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.views_terms import double
from connector_exact.sandbox.world import World

PATH = "docs/SysAttachment.aspx"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Inloggen</title></head><body><h1>Inloggen</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Attached:
    """A document with its attachment."""

    document: str
    attachment: str


def attach_invoice(division: Division, entry: Entry) -> Attached:
    """A document of type 10 with one PDF. For an invoice of the invoice module it points at the InvoiceID,
    otherwise at the entry (reference 4.9).
    """
    name = "Creditnota" if entry.kind is Kind.CREDIT else "Factuur"
    values = {
        "Type": 10,
        "Subject": f"{name} {entry.invoice_number}",
        "Account": entry.account,
        "SalesInvoiceNumber": entry.invoice_number if entry.invoice else None,
        "FinancialTransactionEntryID": entry.invoice or entry.id,
        "DocumentDate": entry.day,
        "Currency": entry.currency,
        "AmountFC": double(entry.fc, entry.currency, noise=False),
        "HID": division.number("document", 1),
    }
    document = division.add_row("documents", values)
    file_name = f"{name} {entry.invoice_number}.pdf"
    attachment = division.add_row(
        "attachments", {"Document": document.id, "FileName": file_name, "FileSize": 0.0, "Entry": entry}
    )
    attachment.values["FileSize"] = float(len(content_of(division, attachment.id) or b""))
    return Attached(document=document.id, attachment=attachment.id)


def content_of(division: Division, key: str) -> bytes | None:
    """The bytes of an attachment: what was uploaded, or the invoice drawn now; None when there is none."""
    if key in division.files:
        return division.files[key]
    row = division.rows["attachments"].get(key)
    if row is None or "Entry" not in row.values:
        return None
    return draw_invoice(division, row.values["Entry"])


def draw_invoice(division: Division, entry: Entry) -> bytes:
    """An invoice on one page."""
    debtor = division.account_values(entry.account)
    amount = f"{entry.currency} {double(entry.fc, entry.currency, noise=False):.2f}"
    return pdf(
        [
            division.description,
            f"Aan: {debtor.get('Name', '')}",
            f"Nummer: {entry.invoice_number}",
            f"Datum: {entry.day.isoformat()}",
            f"Vervaldatum: {entry.due.isoformat()}",
            f"Omschrijving: {entry.description}",
            f"Totaal: {amount}",
        ]
    )


def pdf(lines: Sequence[str]) -> bytes:
    """A valid PDF of one A4 page with the lines in Helvetica."""
    shown = " T* ".join(f"({_quoted(line)}) Tj" for line in lines)
    content = f"BT /F1 12 Tf 16 TL 72 770 Td {shown} ET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    file = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(file)


def _quoted(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


async def answer_download(request: Request) -> Response:
    """The download of an attachment. Without a live Bearer token: 200 with the log-in page (reference 4.9)."""
    world: World = request.app.state.world
    world.clock.tick()
    division_text = request.query_params.get("_Division_", "")
    visit = Visit(endpoint=PATH, division_code=int(division_text) if division_text.isdecimal() else 0)
    answer = _download(world, request, visit)
    world.counters.count(PATH, answer.status_code)
    return answer


def _download(world: World, request: Request, visit: Visit) -> Response:
    try:
        division = admit(world, visit, bearer_of(request), counted=world.toggles.downloads_count)
    except Refusal as refusal:
        if refusal.status == 401:
            return Response(LOGIN_PAGE, media_type="text/html")
        return Response(refusal.text, status_code=refusal.status, headers=refusal.headers)
    fault = world.faults.next(PATH)
    if fault and is_early(fault):
        return early_answer(fault)
    key = request.query_params.get("ID", "").lower()
    content = content_of(division, key) if division else None
    if division is None or content is None:
        return Response("", status_code=404)
    row = division.rows["attachments"].get(key)
    name = str(row.values["FileName"]) if row else ""
    kind = "application/pdf" if content.startswith(b"%PDF-") else "application/octet-stream"
    headers = {**visit.rate_headers, "content-disposition": f'attachment; filename="{name}"'}
    answer = Response(content, media_type=kind, headers=headers)
    return spoil(fault, answer) if fault else answer
