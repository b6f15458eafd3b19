"""Must-haves 3, 4 and 5: JSON and Atom shapes, pages, scalars (reference 2.1 to 2.5)."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import requests

from plugins.exact.tests.sandbox_server import Client, SandboxServer

SPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "d": "http://schemas.microsoft.com/ado/2007/08/dataservices",
    "m": "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata",
}
TERMS = "sync/Cashflow/PaymentTerms"


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.control("toggles", {"minute_limit": 0})
    sandbox.books("accounts", {"code": "25", "name": "Bakkerij Jansen", "iban": "NL02ABNA0123456789"})
    return sandbox.client()


def load_invoices(sandbox: SandboxServer, count: int) -> None:
    invoices = [
        {"account": "25", "number": number, "date": "2026-01-05", "due": "2026-02-04", "amount": "121.10"}
        for number in range(1, count + 1)
    ]
    sandbox.books("load", {"invoices": invoices})


def test_a_list_is_an_object_with_results_and_metadata(caller: Client) -> None:
    page = caller.get("crm/Accounts", {"$filter": "Name eq 'Bakkerij Jansen'"})
    assert set(page) == {"results"}
    (row,) = page["results"]
    uri = row["__metadata"]["uri"]
    assert uri == f"{caller.server.base}/api/v1/123456/crm/Accounts(guid'{row['ID']}')"
    assert row["__metadata"]["type"] == "Exact.Web.Api.Models.Account"
    assert row["BankAccounts"] == {"__deferred": {"uri": f"{uri}/BankAccounts"}}


def test_a_deferred_collection_can_be_followed_and_expanded(caller: Client) -> None:
    (row,) = caller.get("crm/Accounts", {"$filter": "Name eq 'Bakkerij Jansen'"})["results"]
    followed = caller.get(row["BankAccounts"]["__deferred"]["uri"])["results"]
    asked = {"$filter": "Name eq 'Bakkerij Jansen'", "$select": "ID", "$expand": "BankAccounts"}
    (expanded,) = caller.get("crm/Accounts", asked)["results"]
    assert followed == expanded["BankAccounts"]["results"]
    assert followed[0]["BankAccount"] == "NL02ABNA0123456789"


def test_top_answers_a_bare_list_without_a_next_page(caller: Client) -> None:
    load_invoices(caller.server, 70)
    rows = caller.get("cashflow/Receivables", {"$top": "3", "$select": "ID"})
    assert isinstance(rows, list)
    assert len(rows) == 3


@pytest.mark.parametrize(("honoured", "rows"), [(False, 60), (True, 65)])
def test_top_above_the_page_size_is_a_toggle(caller: Client, honoured: bool, rows: int) -> None:
    caller.server.control("toggles", {"top_above_page": honoured})
    load_invoices(caller.server, 70)
    assert len(caller.get("cashflow/Receivables", {"$top": "65", "$select": "ID"})) == rows


def test_inlinecount_gives_an_object_with_a_count_as_text_even_with_top(caller: Client) -> None:
    load_invoices(caller.server, 70)
    counted = {"$inlinecount": "allpages", "$select": "ID"}
    page = caller.get("cashflow/Receivables", counted)
    assert page["__count"] == "70"
    assert len(page["results"]) == 60
    topped = caller.get("cashflow/Receivables", {**counted, "$top": "1"})
    assert (topped["__count"], len(topped["results"])) == ("70", 1)


def test_count_is_a_plain_number_and_takes_no_json_accept(caller: Client) -> None:
    load_invoices(caller.server, 3)
    path = "read/financial/ReceivablesList/$count"
    answer = caller.call(path, headers={"Accept": "*/*"})
    assert (answer.text, answer.headers["content-type"]) == ("3", "text/plain; charset=utf-8")
    assert caller.call(path).status_code == 415


def test_one_entity_by_key_stands_directly_under_d(caller: Client) -> None:
    load_invoices(caller.server, 1)
    (term,) = caller.rows("cashflow/Receivables", select="ID")
    entity = caller.get(f"cashflow/Receivables(guid'{term['ID']}')", {"$select": "ID,InvoiceNumber"})
    assert (entity["ID"], entity["InvoiceNumber"]) == (term["ID"], 1)
    assert caller.get("system/Divisions(123456)")["Code"] == 123456
    missing = caller.call("cashflow/Receivables(guid'00000000-0000-0000-0000-000000000000')")
    assert missing.status_code == 404


def test_a_function_answers_a_bare_list_and_needs_its_parameter(caller: Client) -> None:
    load_invoices(caller.server, 61)
    account = caller.rows("sync/CRM/Accounts", select="ID")[0]["ID"]
    path = "read/financial/ReceivablesListByAccount"
    rows = caller.get(path, {"accountId": f"guid'{account}'", "$select": "InvoiceNumber"})
    assert isinstance(rows, list)
    assert len(rows) == 61
    caller.server.control("toggles", {"function_list": False})
    page = caller.get(path, {"accountId": f"guid'{account}'", "$select": "InvoiceNumber"})
    assert len(page["results"]) == 60
    assert len(caller.get(page["__next"])["results"]) == 1
    refused = caller.call(path)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"]["value"] == "Error in query syntax"


def test_me_is_one_row_in_results_and_needs_no_division(caller: Client) -> None:
    (row,) = caller.get("/current/Me")["results"]
    assert row["CurrentDivision"] == 123456
    assert row["IsMyFirmLiteUser"] is False
    assert "X-RateLimit-Limit" not in caller.call("/current/Me").headers


@pytest.mark.parametrize(
    ("path", "size", "token"),
    [
        ("cashflow/Receivables", 60, r"guid'[0-9a-f-]{36}'"),
        ("bulk/Cashflow/Receivables", 1000, r"guid'[0-9a-f-]{36}'"),
        (TERMS, 1000, r"\d+L"),
        ("sync/Financial/TransactionLines", 1000, r"\d+L"),
        ("read/financial/ReceivablesList", 60, r"\d+L"),
    ],
)
def test_pages_follow_a_keyset_on_this_servers_own_host(caller: Client, path: str, size: int, token: str) -> None:
    load_invoices(caller.server, 1010)
    first = caller.get(path, {"$select": caller_key(path)})
    assert len(first["results"]) == size
    following = first["__next"]
    assert following.startswith(f"{caller.server.base}/api/v1/123456/{path}?")
    query = parse_qs(urlsplit(following).query)
    assert query["$select"] == [caller_key(path)]
    assert re.fullmatch(token, query["$skiptoken"][0])
    keys = [row[caller_key(path)] for row in caller.rows(path, select=caller_key(path))]
    assert len(keys) == len(set(keys)) == (2020 if "Lines" in path else 1010)


def caller_key(path: str) -> str:
    return "HID" if "List" in path else "Timestamp" if path.startswith("sync") else "ID"


def test_the_last_page_has_no_next_even_when_it_is_full(caller: Client) -> None:
    load_invoices(caller.server, 60)
    page = caller.get("cashflow/Receivables", {"$select": "ID"})
    assert len(page["results"]) == 60
    assert "__next" not in page


def test_the_page_size_of_the_receivables_list_is_a_toggle(caller: Client) -> None:
    load_invoices(caller.server, 70)
    caller.server.control("toggles", {"receivables_list_page": 1000})
    page = caller.get("read/financial/ReceivablesList", {"$select": "HID"})
    assert len(page["results"]) == 70


@pytest.mark.parametrize(("path", "status"), [(TERMS, 400), ("bulk/Cashflow/Receivables", 400), ("crm/Contacts", 200)])
def test_skip_is_for_regular_endpoints_only(caller: Client, path: str, status: int) -> None:
    assert caller.call(path, {"$skip": "1", "$select": "ID"}).status_code == status


def test_rows_can_be_ordered_over_pages(caller: Client) -> None:
    load_invoices(caller.server, 130)
    rows = caller.rows("read/financial/ReceivablesList", select="InvoiceNumber", orderby="InvoiceNumber desc")
    assert [row["InvoiceNumber"] for row in rows] == list(range(130, 0, -1))


def term(caller: Client) -> dict[str, Any]:
    (found,) = caller.get(TERMS, {"$filter": "Timestamp gt 1"})["results"]
    return found


def test_scalars_look_as_the_service_writes_them(caller: Client) -> None:
    load_invoices(caller.server, 1)
    row = term(caller)
    assert isinstance(row["Timestamp"], str)
    assert row["Timestamp"].isdecimal()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", row["ID"])
    assert row["AccountCode"] == "25".rjust(18)
    assert row["AmountDC"] == -121.1
    # 2026-02-04T00:00 as though it were UTC, so the date is right when the zone is dropped.
    assert row["DueDate"] == "/Date(1770163200000)/"
    # The server's clock says 09:00 UTC, which is 10:00 in the Netherlands.
    assert row["Created"] == "/Date(1772445600000)/"
    assert isinstance(caller.rows("read/financial/ReceivablesList")[0]["HID"], str)


def test_doubles_can_carry_rounding_noise(caller: Client) -> None:
    load_invoices(caller.server, 1)
    caller.server.control("toggles", {"double_noise": True})
    amount = term(caller)["AmountDC"]
    assert amount != -121.1
    assert round(amount, 2) == -121.1


def test_atom_is_the_default_form(caller: Client) -> None:
    load_invoices(caller.server, 61)
    answer = caller.call("read/financial/ReceivablesList", headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.text)
    assert len(feed.findall("a:entry", SPACES)) == 60
    first = feed.find("a:entry/a:content/m:properties", SPACES)
    assert first is not None
    assert first.findtext("d:AccountName", namespaces=SPACES) == "Bakkerij Jansen"
    due = first.find("d:DueDate", SPACES)
    assert due is not None
    assert (due.text, due.get(f"{{{SPACES['m']}}}type")) == ("2026-02-04T00:00:00", "Edm.DateTime")
    your_ref = first.find("d:YourRef", SPACES)
    assert your_ref is not None
    assert your_ref.get(f"{{{SPACES['m']}}}null") == "true"
    (link,) = [link for link in feed.findall("a:link", SPACES) if link.get("rel") == "next"]
    rest = ElementTree.fromstring(caller.call(str(link.get("href")), headers={"Accept": "*/*"}).text)
    assert len(rest.findall("a:entry", SPACES)) == 1


def test_atom_shows_one_entity_and_errors_as_xml(caller: Client) -> None:
    account = caller.rows("sync/CRM/Accounts", select="ID")[0]["ID"]
    headers = {"Accept": "application/atom+xml"}
    entry = ElementTree.fromstring(caller.call(f"crm/Accounts(guid'{account}')", headers=headers).text)
    assert entry.tag == f"{{{SPACES['a']}}}entry"
    error = caller.call("crm/Accounts", headers=headers)
    assert error.status_code == 400
    assert ElementTree.fromstring(error.text).find("m:message", SPACES) is not None
    assert caller.call("crm/Contacts", headers={"Accept": "application/xml"}).status_code == 415


def test_errors_in_json_have_the_form_of_the_service(caller: Client) -> None:
    answer = caller.call("crm/Accounts")
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["code"] == ""
    assert answer.json()["error"]["message"]["lang"] == ""


def test_metadata_describes_a_service(caller: Client) -> None:
    answer = caller.call("bulk/Cashflow/$metadata", headers={"Accept": "*/*"})
    model = ElementTree.fromstring(answer.text)
    space = {"e": "http://schemas.microsoft.com/ado/2008/09/edm"}
    names = [element.get("Name") for element in model.iter(f"{{{space['e']}}}Property")]
    assert len(names) == 79
    assert "TransactionEntryID" in names


def test_addresses_and_headers_that_the_service_cannot_take_are_refused(caller: Client) -> None:
    long = " or ".join(f"Name eq '{number:0200}'" for number in range(40))
    assert caller.call("crm/Accounts", {"$filter": long}).status_code == 414
    assert caller.call("crm/Contacts", headers={"Expect": "100-continue"}).status_code == 500
    assert caller.call("no/Such").status_code == 404
    assert caller.call("$batch").status_code == 404


def test_every_answer_announces_the_stand_in(caller: Client) -> None:
    for answer in (caller.call("crm/Contacts"), requests.get(f"{caller.server.base}/", timeout=10)):
        assert answer.headers["X-Sandbox"] == "1"
