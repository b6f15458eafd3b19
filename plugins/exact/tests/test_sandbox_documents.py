"""Must-have 13: the PDF of an invoice (reference 4.9)."""

import re
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from connector_exact.sandbox.documents import pdf
from plugins.exact.tests.sandbox_server import Client, SandboxServer


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.control("toggles", {"minute_limit": 0})
    sandbox.books("accounts", {"code": "1", "name": "Bakkerij (Jansen)"})
    return sandbox.client()


def book(caller: Client, number: int, **more: Any) -> Any:
    order = {"account": "1", "number": number, "date": "2026-01-05", "amount": "121.00", "pdf": True}
    return caller.server.books("invoices", order | more)


def documents(caller: Client, text: str) -> list[dict[str, Any]]:
    fields = "ID,Type,Subject,SalesInvoiceNumber,FinancialTransactionEntryID,AccountName"
    return caller.rows("documents/Documents", select=fields, filter=text)


def attachments(caller: Client, document: str) -> list[dict[str, Any]]:
    fields = "ID,FileName,FileSize,Url,Attachment"
    return caller.rows("documents/DocumentAttachments", select=fields, filter=f"Document eq guid'{document}'")


def test_the_document_of_a_module_invoice_points_at_the_invoice_not_the_entry(caller: Client) -> None:
    booked = book(caller, 7)
    assert documents(caller, f"FinancialTransactionEntryID eq guid'{booked['entry_id']}'") == []
    (document,) = documents(caller, f"FinancialTransactionEntryID eq guid'{booked['invoice_id']}'")
    assert (document["Type"], document["SalesInvoiceNumber"]) == (10, 7)
    assert documents(caller, "SalesInvoiceNumber eq 7 and Type eq 10") == [document]
    (invoice,) = caller.rows("salesinvoice/SalesInvoices", select="InvoiceID,Document", filter="InvoiceNumber eq 7")
    assert (invoice["InvoiceID"], invoice["Document"]) == (booked["invoice_id"], None)


def test_the_document_of_an_entry_points_at_the_entry(caller: Client) -> None:
    booked = book(caller, 8, module="entry")
    assert booked["invoice_id"] is None
    (document,) = documents(caller, f"FinancialTransactionEntryID eq guid'{booked['entry_id']}'")
    assert document["SalesInvoiceNumber"] is None
    assert caller.rows("salesinvoice/SalesInvoices", select="InvoiceID", filter="InvoiceNumber eq 8") == []
    (entry,) = caller.rows("salesentry/SalesEntries", select="EntryID,Type,CustomerName")
    assert (entry["EntryID"], entry["Type"], entry["CustomerName"]) == (booked["entry_id"], 20, "Bakkerij (Jansen)")


def test_many_invoices_can_be_asked_for_at_once_and_those_without_a_document_are_missing(caller: Client) -> None:
    booked = [book(caller, number, pdf=number != 3) for number in (1, 2, 3)]
    chain = " or ".join(f"FinancialTransactionEntryID eq guid'{one['invoice_id']}'" for one in booked)
    assert sorted(row["SalesInvoiceNumber"] for row in documents(caller, chain)) == [1, 2]


def test_the_download_with_a_bearer_is_a_pdf(caller: Client) -> None:
    booked = book(caller, 7)
    (attachment,) = attachments(caller, booked["documents"][0])
    assert attachment["FileName"] == "Factuur 7.pdf"
    assert attachment["Attachment"] is None
    url = attachment["Url"]
    assert url == f"{caller.server.base}/docs/SysAttachment.aspx?ID={attachment['ID']}&_Division_=123456"
    answer = caller.call(f"{url}&Download=1")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) == attachment["FileSize"]
    assert rb"Bakkerij \(Jansen\)" in answer.content
    assert b"EUR 121.00" in answer.content
    assert "X-RateLimit-Remaining" in answer.headers


def test_without_a_live_bearer_the_download_is_a_page_with_status_200(caller: Client) -> None:
    booked = book(caller, 7)
    url = attachments(caller, booked["documents"][0])[0]["Url"]
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert not answer.content.startswith(b"%PDF-")
    caller.server.advance(minutes=11)
    assert caller.call(url).headers["content-type"].startswith("text/html")


def test_an_unknown_attachment_and_a_foreign_division_are_refused(caller: Client) -> None:
    base = f"{caller.server.base}/docs/SysAttachment.aspx?ID=0f0e0d0c-0b0a-4908-8706-050403020100&_Division_="
    assert caller.call(base + "123456").status_code == 404
    assert caller.call(base).status_code == 404
    foreign = caller.call(base + "999999")
    assert (foreign.status_code, foreign.headers["Reason"]) == (403, "NoDivisionAccess")


def test_bulk_and_sync_show_documents_too(caller: Client) -> None:
    booked = book(caller, 7)
    text = f"FinancialTransactionEntryID eq guid'{booked['invoice_id']}'"
    (row,) = caller.rows("bulk/Documents/Documents", select="ID,Subject", filter=text)
    assert row["Subject"] == "Factuur 7"
    (attachment,) = caller.rows(
        "bulk/Documents/DocumentAttachments", select="Url", filter=f"Document eq guid'{row['ID']}'"
    )
    assert "SysAttachment.aspx" in attachment["Url"]
    for path in ("sync/Documents/Documents", "sync/Documents/DocumentAttachments"):
        assert len(caller.rows(path, filter="Timestamp gt 1")) == 1


def test_a_download_can_be_made_to_fail(caller: Client) -> None:
    booked = book(caller, 7)
    url = attachments(caller, booked["documents"][0])[0]["Url"]
    caller.server.control("faults", {"endpoint": "docs/SysAttachment.aspx", "kind": "status_503"})
    assert [caller.call(url).status_code for _ in range(2)] == [503, 200]


@given(st.lists(st.text(max_size=30), max_size=10))
def test_any_text_makes_a_file_whose_table_points_at_its_objects(lines: list[str]) -> None:
    file = pdf(lines)
    assert file.startswith(b"%PDF-1.4\n")
    assert file.endswith(b"%%EOF\n")
    start = int(file.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert file[start:].startswith(b"xref\n")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", file[start:])]
    assert [file[place:].split(b" ", 1)[0] for place in places] == [b"1", b"2", b"3", b"4", b"5", b"6"]
    body = file.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    assert int(re.findall(rb"/Length (\d+)", file)[0]) == len(body)
