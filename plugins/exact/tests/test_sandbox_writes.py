"""Must-have 10: POST, PUT, DELETE and what they refuse (reference 2.7 and 4.12)."""

import base64
from typing import Any

import pytest

from plugins.exact.tests.sandbox_server import Client, SandboxServer

PREFER = {"Prefer": "return=representation"}


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.control("toggles", {"minute_limit": 0, "error_limit": 0})
    sandbox.books("accounts", {"code": "1", "name": "Bakkerij Jansen"})
    sandbox.books("invoices", {"account": "1", "number": 7, "date": "2026-01-05", "amount": "121.00"})
    return sandbox.client()


def account_of(caller: Client) -> str:
    return str(caller.rows("sync/CRM/Accounts", select="ID")[0]["ID"])


def refused(caller: Client, path: str, body: Any, *, method: str = "POST", status: int = 400) -> str:
    answer = caller.call(path, method=method, json=body)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_post_comes_back_with_nulls_unless_it_prefers_the_representation(caller: Client) -> None:
    note = {"Subject": "In incasso", "Type": 55, "Account": account_of(caller), "Body": "Dossier 1"}
    bare = caller.call("documents/Documents", method="POST", json=note)
    assert bare.status_code == 201
    row = bare.json()["d"]
    assert row["ID"]
    assert row["Subject"] is None
    full = caller.call("documents/Documents", method="POST", json=note, headers=PREFER).json()["d"]
    assert (full["Subject"], full["AccountName"], full["TypeDescription"]) == (
        "In incasso",
        "Bakkerij Jansen",
        "Diversen",
    )
    found = caller.rows("documents/Documents", select="ID", filter="Subject eq 'In incasso'")
    assert {row["ID"], full["ID"]} == {item["ID"] for item in found}


def test_a_put_changes_only_what_it_sends_and_answers_204(caller: Client) -> None:
    body = {"Subject": "S", "Type": 55, "Body": "B"}
    key = caller.call("documents/Documents", method="POST", json=body).json()["d"]["ID"]
    answer = caller.call(f"documents/Documents(guid'{key}')", method="PUT", json={"Body": "C"})
    assert (answer.status_code, answer.content) == (204, b"")
    row = caller.get(f"documents/Documents(guid'{key}')")
    assert (row["Subject"], row["Body"]) == ("S", "C")


def test_a_delete_answers_204_and_leaves_a_row_in_the_log_of_deletes(caller: Client) -> None:
    body = {"Account": account_of(caller), "LastName": "Pietersen"}
    key = caller.call("crm/Contacts", method="POST", json=body).json()["d"]["ID"]
    path = f"crm/Contacts(guid'{key}')"
    answer = caller.call(path, method="DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert caller.call(path).status_code == 404
    assert caller.call(path, method="DELETE").status_code == 404
    (row,) = caller.rows("sync/Deleted", filter="Timestamp gt 1")
    assert (row["EntityKey"], row["EntityType"], row["Division"]) == (key, 5, 123456)


def test_mandatory_fields_are_asked_for(caller: Client) -> None:
    assert "Mandatory: Subject" in refused(caller, "documents/Documents", {"Type": 55})
    assert "Mandatory: Name" in refused(caller, "crm/Accounts", {})
    assert "Mandatory: FirstName, LastName" in refused(caller, "crm/Contacts", {"Account": account_of(caller)})


@pytest.mark.parametrize("name", ["FirstName", "LastName"])
def test_a_contact_needs_one_of_both_names(caller: Client, name: str) -> None:
    answer = caller.call("crm/Contacts", method="POST", json={"Account": account_of(caller), name: "Jo"})
    assert answer.status_code == 201


def test_read_only_fields_are_refused_or_skipped(caller: Client) -> None:
    body = {"Name": "X", "AccountManagerFullName": "Y"}
    assert "AccountManagerFullName" in refused(caller, "crm/Accounts", body)
    caller.server.control("toggles", {"readonly_fields": "skip"})
    row = caller.call("crm/Accounts", method="POST", json=body, headers=PREFER).json()["d"]
    assert (row["Name"], row["AccountManagerFullName"]) == ("X", None)


@pytest.mark.parametrize(
    "body",
    [
        {"Name": 5},
        {"Name": "X", "Blocked": "yes"},
        {"Name": "X", "Parent": 5},
        {"Name": "X", "StartDate": "soon"},
        {"Name": "X", "CreditLineSales": "much"},
        {"Name": "X", "InvoicingMethod": True},
        {"Name": "X", "Nope": 1},
        ["Name"],
    ],
)
def test_values_of_the_wrong_kind_are_refused(caller: Client, body: Any) -> None:
    refused(caller, "crm/Accounts", body)


def test_a_reference_must_exist(caller: Client) -> None:
    body = {"Subject": "S", "Type": 55, "Account": "0f0e0d0c-0b0a-4908-8706-050403020100"}
    assert "Invalid reference: Account" in refused(caller, "documents/Documents", body)


def test_what_is_not_json_is_refused(caller: Client) -> None:
    assert "not valid JSON" in caller.call("crm/Accounts", method="POST").text


@pytest.mark.parametrize("path", ["activities/Tasks", "activities/CommunicationNotes"])
def test_tasks_and_notes_can_be_made_but_never_changed(caller: Client, path: str) -> None:
    body = {"Account": account_of(caller), "Notes": "Bel de klant"}
    key = caller.call(path, method="POST", json=body).json()["d"]["ID"]
    (row,) = caller.rows(path, select="ID,Notes,AccountName")
    assert (row["ID"], row["Notes"], row["AccountName"]) == (key, "Bel de klant", "Bakkerij Jansen")
    for method in ("PUT", "DELETE"):
        refused(caller, f"{path}(guid'{key}')", {"Notes": "x"}, method=method, status=405)


@pytest.mark.parametrize(
    ("path", "key"), [("salesinvoice/SalesInvoices", "InvoiceID"), ("salesentry/SalesEntries", "EntryID")]
)
def test_processed_invoices_cannot_be_changed(caller: Client, path: str, key: str) -> None:
    (row,) = caller.rows(path, select=f"{key},Status,InvoiceNumber", filter="InvoiceNumber eq 7")
    assert row["Status"] == 50
    text = refused(caller, f"{path}(guid'{row[key]}')", {"Description": "x"}, method="PUT")
    assert "processed" in text


def test_of_a_receivable_only_three_fields_can_be_written(caller: Client) -> None:
    (term,) = caller.rows("cashflow/Receivables", select="ID")
    path = f"cashflow/Receivables(guid'{term['ID']}')"
    before = int(caller.rows("sync/Cashflow/PaymentTerms")[0]["Timestamp"])
    answer = caller.call(path, method="PUT", json={"Description": "Dossier 2026-1"})
    assert answer.status_code == 204
    after = caller.rows("sync/Cashflow/PaymentTerms")[0]
    assert after["Description"] == "Dossier 2026-1"
    assert int(after["Timestamp"]) > before
    refused(caller, path, {"AmountDC": 1.0}, method="PUT")
    refused(caller, path, {"Status": 50}, method="PUT")
    refused(caller, "cashflow/Receivables", {"Description": "x"}, method="POST", status=405)


def test_an_account_in_use_cannot_be_deleted(caller: Client) -> None:
    refused(caller, f"crm/Accounts(guid'{account_of(caller)}')", None, method="DELETE")


def test_a_new_account_gets_a_padded_code_and_keeps_what_was_written(caller: Client) -> None:
    body = {"Name": "Nieuw", "Code": "77", "StartDate": "2026-01-01T00:00:00", "Blocked": True}
    row = caller.call("crm/Accounts", method="POST", json=body, headers=PREFER).json()["d"]
    assert (row["Code"], row["Blocked"], row["Status"]) == ("77".rjust(18), True, "C")
    assert row["StartDate"] == "/Date(1767225600000)/"
    caller.call(f"crm/Accounts(guid'{row['ID']}')", method="PUT", json={"Code": "78"})
    assert len(caller.rows("crm/Accounts", select="ID", filter="trim(Code) eq '78'")) == 1


def test_an_attachment_belongs_to_a_document_and_is_never_in_a_list(caller: Client) -> None:
    document = caller.call("documents/Documents", method="POST", json={"Subject": "S", "Type": 55}).json()["d"]["ID"]
    body = {"Document": document, "FileName": "a.txt", "Attachment": base64.b64encode(b"hello").decode()}
    key = caller.call("documents/DocumentAttachments", method="POST", json=body).json()["d"]["ID"]
    (row,) = caller.rows("documents/DocumentAttachments", filter=f"Document eq guid'{document}'")
    assert (row["ID"], row["Attachment"], row["FileSize"]) == (key, None, 5.0)
    assert caller.call(row["Url"] + "&Download=1").content == b"hello"
    refused(caller, "documents/DocumentAttachments", {**body, "Attachment": "%%%"})


def test_atom_answers_a_post_as_an_entry(caller: Client) -> None:
    answer = caller.call("crm/Accounts", method="POST", json={"Name": "X"}, headers={"Accept": "*/*"})
    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("application/atom+xml;type=entry")
