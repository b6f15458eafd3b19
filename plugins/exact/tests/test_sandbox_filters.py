"""Must-have 6: mandatory $select and $filter, white lists, the filter language (reference 2.4 and 2.6)."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_exact.sandbox.catalogue import endpoints
from connector_exact.sandbox.odata_filter import Both, Compare, Either, Literal, parse_filter
from connector_exact.sandbox.odata_match import compile_filter, equal_set, lower_bound
from connector_exact.sandbox.refusal import Refusal
from plugins.exact.tests.sandbox_server import Client, SandboxServer

GUID = "0f0e0d0c-0b0a-4908-8706-050403020100"
ACCOUNTS = endpoints()["crm/accounts"]


def message(caller: Client, path: str, **params: str) -> str:
    answer = caller.call(path, {f"${name}": value for name, value in params.items()})
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"]["message"]["value"])


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.control("toggles", {"minute_limit": 0, "error_limit": 0})
    for code, name in (("25", "O'Brien Bouw"), ("26", "Bakkerij Jansen"), ("27", "Jansen en Zoon")):
        sandbox.books("accounts", {"code": code, "name": name, "city": "Gouda" if code == "25" else None})
    return sandbox.client()


@pytest.mark.parametrize(
    "path", ["bulk/CRM/Contacts", "bulk/Cashflow/Receivables", "cashflow/Receivables", "bulk/Documents/Documents"]
)
def test_a_select_is_mandatory_on_bulk_and_on_receivables(caller: Client, path: str) -> None:
    assert message(caller, path) == "Please add a $select or a $top=1 statement to the query string."
    assert caller.call(path, {"$top": "1"}).status_code == 200
    assert caller.call(path, {"$select": "*"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("crm/Accounts", "VATNumber"),
        ("bulk/CRM/Accounts", "VATNumber"),
        ("salesinvoice/SalesInvoices", "InvoiceNumber"),
        ("bulk/SalesInvoice/SalesInvoices", "InvoiceNumber"),
        ("financialtransaction/TransactionLines", "EntryID"),
        ("bulk/Financial/TransactionLines", "EntryID"),
    ],
)
def test_endpoints_with_a_sync_twin_demand_one_of_their_filter_fields(caller: Client, path: str, field: str) -> None:
    text = message(caller, path, select="Created")
    assert text.startswith("This endpoint has mandatory filtering applied. A GET request")
    assert field in text
    key = endpoints()[path.lower()].key
    odd = "Website eq 'x'" if "Accounts" in path else "Created gt datetime'2026-01-01T00:00:00' and AmountDC gt 1"
    if "Accounts" in path:
        assert message(caller, path, select=key, filter=odd).startswith("This endpoint has mandatory filtering")
    good = {
        "VATNumber": "VATNumber eq 'x'",
        "InvoiceNumber": "InvoiceNumber eq 1",
        "EntryID": f"EntryID eq guid'{GUID}'",
    }
    assert caller.call(path, {"$select": key, "$filter": good[field]}).status_code == 200


def test_a_read_by_key_needs_no_filter(caller: Client) -> None:
    account = caller.rows("sync/CRM/Accounts", select="ID")[0]["ID"]
    assert caller.get(f"crm/Accounts(guid'{account}')")["ID"] == account


def test_sync_takes_a_filter_on_the_row_version_only(caller: Client) -> None:
    refused = "This $filter parameter is not supported for this resource"
    assert message(caller, "sync/Cashflow/PaymentTerms", filter="Status eq 20") == refused
    both = "Timestamp gt 1 and Modified gt datetime'2026-01-01T00:00:00'"
    assert message(caller, "sync/CRM/Accounts", filter=both) == refused
    assert caller.call("sync/CRM/Accounts", {"$filter": "Timestamp gt 1L"}).status_code == 200
    assert caller.call("sync/Deleted", {"$filter": "Timestamp gt 1 and EntityType eq 2"}).status_code == 200
    assert message(caller, "sync/Deleted", filter=f"EntityKey eq guid'{GUID}'") == refused


def test_bulk_receivables_take_only_their_white_list(caller: Client) -> None:
    text = message(caller, "bulk/Cashflow/Receivables", select="ID", filter="Modified gt datetime'2026-01-01T00:00:00'")
    assert text == "Filtering on these fields is not supported: Modified"
    allowed = "Status eq 20 or Status eq 30 or TransactionType eq 21"
    assert caller.call("bulk/Cashflow/Receivables", {"$select": "ID", "$filter": allowed}).status_code == 200


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Name eq 'Bakkerij Jansen'", ["Bakkerij Jansen"]),
        ("Name eq 'O''Brien Bouw'", ["O'Brien Bouw"]),
        ("substringof('Jansen',Name) eq true", ["Bakkerij Jansen", "Jansen en Zoon"]),
        ("substringof('Jansen',Name)", ["Bakkerij Jansen", "Jansen en Zoon"]),
        ("substringof('Jansen',Name) eq false", ["O'Brien Bouw"]),
        ("startswith(Name,'Jansen') eq true", ["Jansen en Zoon"]),
        ("endswith(Name,'Bouw')", ["O'Brien Bouw"]),
        ("Code eq '25'", []),
        ("Code eq '                25'", ["O'Brien Bouw"]),
        ("trim(Code) eq '25'", ["O'Brien Bouw"]),
        ("City eq null and Blocked eq false", ["Bakkerij Jansen", "Jansen en Zoon"]),
        ("City ne null", ["O'Brien Bouw"]),
        ("(Name eq 'x' or City eq 'Gouda') and Status eq 'C'", ["O'Brien Bouw"]),
        ("Created ge datetime'2026-03-02T10:00:00'", ["Bakkerij Jansen", "Jansen en Zoon", "O'Brien Bouw"]),
        ("Created gt datetime'2026-03-02T10:00:00'", []),
        ("Created lt datetime'2026-03-03'", ["Bakkerij Jansen", "Jansen en Zoon", "O'Brien Bouw"]),
        ("Name gt 'C' and Name le 'Jansen en Zoon'", ["Jansen en Zoon"]),
    ],
)
def test_the_filter_language_selects(caller: Client, text: str, names: list[str]) -> None:
    rows = caller.rows("crm/Accounts", select="Name", filter=text)
    assert sorted(row["Name"] for row in rows) == names


@pytest.mark.parametrize("blank", ["", " "])
def test_guid_literals_may_have_a_blank_and_capitals(caller: Client, blank: str) -> None:
    (account,) = caller.rows("crm/Accounts", select="ID", filter="trim(Code) eq '25'")
    found = caller.rows("crm/Accounts", select="ID", filter=f"ID eq guid{blank}'{account['ID'].upper()}'")
    assert [row["ID"] for row in found] == [account["ID"]]


def test_many_ids_can_be_asked_for_at_once(caller: Client) -> None:
    ids = [row["ID"] for row in caller.rows("sync/CRM/Accounts", select="ID")]
    chain = " or ".join(f"ID eq guid'{key}'" for key in [*ids, GUID])
    assert {row["ID"] for row in caller.rows("crm/Accounts", select="ID", filter=chain)} == set(ids)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "This $filter parameter is not supported for this resource"),
        ("ID eq guid'nonsense'", "Unrecognized 'Edm.Guid' literal"),
        ("ID eq 'text'", "incompatible"),
        ("Name eq City", "two properties"),
        ("Nmae eq 'x'", "mandatory filtering"),
        ("Name eq 'x' and Nmae eq 'y'", "No property 'Nmae'"),
        ("BankAccounts/ID eq 1", "navigation"),
        ("Name eq 'x' and BankAccounts eq null", "navigation"),
        ("Name like 'x'", "not an operator"),
        ("Name eq 'x", "Syntax error"),
        ("(Name eq 'x'", "too early"),
        ("Name eq 'x')", "not expected"),
        ("Name eq 'x' and Created gt datetime'soon'", "Edm.DateTime"),
        ("Name eq 'x' and substringof('x',Blocked)", "No applicable function"),
    ],
)
def test_what_the_language_does_not_know_is_refused(caller: Client, text: str, part: str) -> None:
    assert part in message(caller, "crm/Accounts", select="ID", filter=text)


def test_a_date_without_a_time_is_a_toggle(caller: Client) -> None:
    caller.server.control("toggles", {"date_only_literal": False})
    assert "Edm.DateTime" in message(caller, "crm/Accounts", filter="Created gt datetime'2026-01-01'")


def test_unknown_options_and_fields_are_refused(caller: Client) -> None:
    assert "Nope" in message(caller, "crm/Contacts", select="ID,Nope")
    assert "Nope" in message(caller, "crm/Contacts", orderby="Nope")
    assert "$search" in message(caller, "crm/Contacts", search="x")
    assert "$top" in message(caller, "crm/Contacts", top="ten")
    assert "navigation" in message(caller, "crm/Contacts", expand="Email")
    assert "$inlinecount" in message(caller, "crm/Contacts", inlinecount="some")


def test_or_binds_weaker_than_and() -> None:
    tree = parse_filter("A eq 1 or B eq 2 and C eq 3")
    assert isinstance(tree, Either)
    assert isinstance(tree.parts[1], Both)


def test_a_chain_of_ids_is_recognised_and_other_trees_are_not() -> None:
    found = equal_set(parse_filter("ID eq 1 or ID eq 2"))
    assert found == ("ID", (Literal("number", 1), Literal("number", 2)))
    assert equal_set(parse_filter("ID eq 1 or Name eq 'x'")) is None
    assert equal_set(parse_filter("ID ne 1 or ID eq 2")) is None


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("Timestamp gt 7", 7),
        ("Timestamp ge 7L", 6),
        ("EntityType eq 2 and Timestamp gt 7", 7),
        ("Timestamp lt 7", 0),
        ("Timestamp gt 7 or Timestamp gt 3", 0),
    ],
)
def test_the_lower_bound_of_a_row_version_is_never_too_high(text: str, bound: int) -> None:
    assert lower_bound(parse_filter(text), "Timestamp") == bound


@given(st.text(max_size=40))
def test_any_text_literal_survives_quoting(text: str) -> None:
    tree = parse_filter("Name eq '{}'".format(text.replace("'", "''")))
    assert tree == Compare("Name", "eq", Literal("string", text))


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - wall-clock time
def test_any_moment_survives(moment: datetime) -> None:
    tree = parse_filter(f"Created gt datetime'{moment.isoformat(timespec='seconds')}'")
    assert tree == Compare("Created", "gt", Literal("datetime", moment.replace(microsecond=0)))


@given(st.text(alphabet="'() eqandor gt1ID,guidtrim$", max_size=60))
def test_nonsense_is_either_read_or_refused(text: str) -> None:
    refusals = []
    try:
        compile_filter(parse_filter(text), ACCOUNTS, lambda name: lambda row: None)
    except Refusal as refusal:
        refusals.append(refusal)
    assert all(refusal.status == 400 and refusal.text for refusal in refusals)
