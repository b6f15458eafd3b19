"""Starting the stand-in, its options, toggles, counters and faults."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.api import Sandbox
from connector.errors import ConfigError
from connector_exact import register_sandboxes
from connector_exact.sandbox import SANDBOX, serve
from connector_exact.sandbox.catalogue import endpoints
from connector_exact.sandbox.registry import ROW_ENDPOINTS
from connector_exact.sandbox.settings import DivisionSettings, read_options
from connector_exact.sandbox.toggles import Toggles
from plugins.exact.tests.sandbox_server import START, Client, SandboxServer, run_sandbox

TERMS = "sync/Cashflow/PaymentTerms"


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.books("accounts", {"code": "1", "name": "Bakkerij Jansen"})
    for number in (1, 2):
        sandbox.books("invoices", {"account": "1", "number": number, "date": "2026-01-05", "amount": "1.00"})
    return sandbox.client()


def test_the_plugin_registers_the_stand_in() -> None:
    assert list(register_sandboxes()) == [SANDBOX]
    assert isinstance(SANDBOX, Sandbox)
    assert SANDBOX.name == "exact"


def test_importing_the_package_loads_no_server() -> None:
    code = (
        "import sys, connector_exact.sandbox;"
        "print([name for name in sys.modules if name in {'uvicorn', 'starlette', 'requests'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_it_is_never_served_to_others(host: str) -> None:
    with pytest.raises(ConfigError, match="loopback"):
        serve(host=host, port=0, clock_file=None, options={})


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"colour": "red"}, "colour"),
        ({"region": "xx"}, "region"),
        ({"divisions": "abc"}, "divisions"),
        ({"divisions": ""}, "divisions"),
        ({"seed": "x"}, "seed"),
        ({"demo": "maybe"}, "demo"),
        ({"minute_limit": "-1"}, "minute_limit"),
        ({"amount_sign": "up"}, "amount_sign"),
        ({"auto_consent": "perhaps"}, "auto_consent"),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(options: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_options(options)
    assert caught.value.key == key
    assert caught.value.mend


def test_options_become_settings() -> None:
    options = {"divisions": "1:NL, 2:BE:EUR,3:GB:GBP", "users": "anna, bob", "consent": "1,3", "minute_limit": "0"}
    settings = read_options(options)
    assert settings.divisions == (DivisionSettings(1), DivisionSettings(2, "BE"), DivisionSettings(3, "GB", "GBP"))
    assert (settings.users, settings.consent, settings.toggles.minute_limit) == (("anna", "bob"), (1, 3), 0)
    assert read_options({}).divisions == (DivisionSettings(123456, "NL", "EUR"),)


def test_every_option_is_announced() -> None:
    announced = set(SANDBOX.options) - {"(toggles)"}
    for option in announced:
        read_options({option: {"region": "be", "seed": "2", "demo": "no", "divisions": "5:NL"}.get(option, "5")})


def test_a_broken_clock_is_named(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    for text, part in (("soon", "cannot be read"), ("2026-01-01T00:00:00", "no zone")):
        clock.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=part):
            serve(host="127.0.0.1", port=0, clock_file=clock, options={})


def test_demo_data_and_several_divisions_are_there_from_the_start(tmp_path: Path) -> None:
    options = {"demo": "yes", "divisions": "111111:NL,222222:BE", "consent": "111111", "seed": "7"}
    with run_sandbox(tmp_path, options) as server:
        server.division = 111111
        caller = server.client()
        names = {row["AccountName"] for row in caller.rows(TERMS, filter="Timestamp gt 1")}
        assert "Garage Van der Steen" in names
        assert caller.call("/222222/crm/Contacts").headers["Reason"] == "NoDivisionAccess"
        assert "<li>222222</li>" in requests.get(f"{server.base}/", timeout=10).text


def test_the_same_seed_gives_the_same_identifiers(sandbox: SandboxServer) -> None:
    first = sandbox.books("accounts", {"code": "1", "name": "X"})["id"]
    sandbox.control("reset")
    assert sandbox.books("accounts", {"code": "1", "name": "X"})["id"] == first


def test_a_reset_forgets_books_tokens_and_toggles(caller: Client) -> None:
    caller.server.control("toggles", {"maintenance": True})
    caller.server.control("reset")
    assert caller.call("crm/Contacts").status_code == 401
    assert caller.server.balances()["entries"] == []
    assert caller.server.control("toggles", method="GET") == Toggles().model_dump()


def test_toggles_are_checked_and_the_others_stay(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"minute_limit": 7})
    shown = sandbox.control("toggles", {"day_limit": 9})
    assert (shown["minute_limit"], shown["day_limit"]) == (7, 9)
    assert "minute_limit" in sandbox.control("toggles", {"minute_limit": "many"}, expect=400)["error"]
    assert "colour" in sandbox.control("toggles", {"colour": 1}, expect=400)["error"]
    assert sandbox.control("toggles", method="GET")["minute_limit"] == 7


def test_counters_tell_calls_refusals_and_errors_by_endpoint(caller: Client) -> None:
    server = caller.server
    server.control("counters/reset")
    server.control("toggles", {"minute_limit": 2})
    for _ in range(3):
        caller.call("sync/crm/accounts")
    caller.call("no/Such")
    server.advance(minutes=1)
    caller.call("no/Such")
    told = server.control("counters", method="GET")
    assert (told["calls"], told["refused"], told["errors"]) == (5, 2, 1)
    assert told["endpoints"]["sync/CRM/Accounts"] == {"calls": 3, "refused": 1, "errors": 0}
    assert told["endpoints"]["no/Such"] == {"calls": 2, "refused": 1, "errors": 1}


@pytest.mark.parametrize(("kind", "status"), [("status_500", 500), ("status_502", 502), ("status_503", 503)])
def test_the_next_calls_can_be_made_to_fail(caller: Client, kind: str, status: int) -> None:
    caller.server.control("faults", {"endpoint": TERMS, "kind": kind, "times": 2, "after": 1})
    assert [caller.call(TERMS).status_code for _ in range(4)] == [200, status, status, 200]
    assert caller.call("crm/Contacts").status_code == 200


def test_the_500_has_the_services_own_words(caller: Client) -> None:
    caller.server.control("faults", {"kind": "status_500"})
    assert caller.call("crm/Contacts").text.startswith("A problem has occurred.")


def fault(caller: Client, kind: str, **more: Any) -> requests.Response:
    caller.server.control("faults", {"endpoint": TERMS, "kind": kind, **more})
    return caller.call(TERMS)


def test_pages_can_come_cut_mislabelled_or_malformed(caller: Client) -> None:
    html = fault(caller, "html")
    assert (html.status_code, html.headers["content-type"]) == (200, "text/html; charset=utf-8")
    with pytest.raises(ValueError, match=r".+"):
        fault(caller, "truncated").json()
    assert fault(caller, "wrong_content_type").headers["content-type"].startswith("text/html")
    assert "results" not in fault(caller, "malformed_page").json()["d"]
    rows = fault(caller, "malformed_row", row=1, field="AmountDC", value="much").json()["d"]["results"]
    assert [row["AmountDC"] for row in rows] == [-1.0, "much"]
    assert caller.rows(TERMS, filter="Timestamp gt 1")[1]["AmountDC"] == -1.0


def test_an_atom_page_can_be_spoilt_too(caller: Client) -> None:
    caller.server.control("faults", {"endpoint": TERMS, "kind": "malformed_row"})
    broken, good = (caller.call(TERMS, headers={"Accept": "*/*"}) for _ in range(2))
    assert broken.status_code == good.status_code == 200
    assert len(broken.content) < len(good.content)


def test_a_connection_can_be_cut_in_the_middle(caller: Client) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        fault(caller, "cut")
    assert caller.call(TERMS).status_code == 200


def test_faults_can_be_taken_back(caller: Client) -> None:
    caller.server.control("faults", {"kind": "status_503", "times": 5})
    caller.server.control("faults", method="DELETE")
    assert caller.call("crm/Contacts").status_code == 200
    assert caller.server.control("faults", {"kind": "gremlins"}, expect=400)["error"]


def test_maintenance_and_failures_by_chance_are_toggles(caller: Client) -> None:
    caller.server.control("toggles", {"maintenance": True})
    page = caller.call("crm/Contacts")
    assert (page.status_code, page.headers["content-type"].startswith("text/html")) == (200, True)
    caller.server.control("toggles", {"maintenance": False, "server_error_rate": 0.3, "unavailable_rate": 0.3})
    statuses = {caller.call("crm/Contacts").status_code for _ in range(40)}
    assert statuses == {200, 500, 503}


def test_a_slow_service_is_a_toggle(caller: Client) -> None:
    caller.server.control("toggles", {"latency_ms": 150})
    assert caller.call("crm/Contacts").elapsed.total_seconds() >= 0.15


def test_orders_of_the_control_interface_are_checked(sandbox: SandboxServer) -> None:
    assert "code" in sandbox.control("divisions", {"code": "x"}, expect=400)["error"]
    assert sandbox.control("divisions", {"code": 123456}, expect=409)["error"] == "Division 123456 exists"
    assert sandbox.control("999/accounts", {"name": "X"}, expect=404)["error"] == "There is no division 999"
    answer = requests.post(f"{sandbox.base}/sandbox/toggles", data="nonsense", timeout=10)
    assert answer.status_code == 400


def test_a_debtor_comes_with_address_person_and_bank_account_and_can_be_changed(caller: Client) -> None:
    order = {
        "code": "5",
        "name": "Garage",
        "address": "Dorpsstraat 1",
        "postcode": "1234 AB",
        "city": "Gouda",
        "email": "a@example.com",
        "phone": "0101",
        "vat_number": "NL001",
        "chamber_of_commerce": "12345678",
        "iban": "NL02ABNA0123456789",
        "contact": {"first_name": "Jo", "last_name": "de Boer", "email": "jo@example.com"},
        "fields": {"Remarks": "let op"},
    }
    key = caller.server.books("accounts", order)["id"]
    account = caller.get(f"crm/Accounts(guid'{key}')")
    assert (account["AddressLine1"], account["VATNumber"], account["Remarks"]) == ("Dorpsstraat 1", "NL001", "let op")
    (contact,) = caller.rows("sync/CRM/Contacts")
    assert (contact["FullName"], contact["IsMainContact"], account["MainContact"]) == (
        "Jo de Boer",
        True,
        contact["ID"],
    )
    addresses = [row["City"] for row in caller.rows("sync/CRM/Addresses") if row["Account"] == key]
    assert addresses == ["Gouda"]
    (bank,) = caller.rows("crm/BankAccounts")
    assert (bank["BankAccount"], bank["AccountName"]) == ("NL02ABNA0123456789", "Garage")
    assert caller.server.books("accounts", {"code": "5", "city": "Delft"})["id"] == key
    assert caller.get(f"crm/Accounts(guid'{key}')")["City"] == "Delft"


def test_ending_the_consents_of_a_user_ends_the_chain(sandbox: SandboxServer) -> None:
    tokens = sandbox.log_in()
    sandbox.control("consents/end", {"user": "anna"})
    sandbox.advance(seconds=575)
    answer = sandbox.token_call(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("endpoint", endpoints().values(), ids=lambda endpoint: endpoint.path)
def test_every_endpoint_of_the_catalogue_answers(session_caller: Client, endpoint: Any) -> None:
    account = session_caller.rows("sync/CRM/Accounts", select="ID")[0]["ID"]
    arguments = {
        "accountId": f"guid'{account}'",
        "ageGroup": "1",
        "endpoint": "'crm/Accounts'",
        "action": "'GET'",
        "modified": "datetime'2026-01-01T00:00:00'",
        "endPoint": "'TransactionLines'",
    }
    params = {name: arguments[name] for name in endpoint.parameters}
    if endpoint.mandatory_filter:
        params["$filter"] = "Created gt datetime'2020-01-01T00:00:00'"
        if "Lines" in endpoint.path:
            params["$filter"] = "Status eq 50"
    if endpoint.select_mandatory:
        params["$select"] = "*"
    division = "" if endpoint.path == "current/Me" else "123456/"
    answer = session_caller.call(f"/{division}{endpoint.path}", params)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["d"]
    rows = rows if isinstance(rows, list) else rows.get("results")
    if endpoint.path.lower() in ROW_ENDPOINTS or rows is None:
        return
    assert rows
    assert set(rows[0]) == {"__metadata", *endpoint.fields}


@pytest.fixture(scope="module")
def session_caller(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with run_sandbox(Path(tmp_path_factory.mktemp("all")), {"demo": "yes", "minute_limit": "0"}) as server:
        assert server.now() == START
        yield server.client()


def test_the_catalogue_is_the_references_field_table() -> None:
    known = endpoints()
    assert len(known["crm/accounts"].fields) == 164
    assert len(known["sync/crm/accounts"].fields) == 165
    assert len(known["cashflow/receivables"].fields) == 79
    assert len(known["sync/cashflow/paymentterms"].fields) == 86
    assert known["sync/cashflow/paymentterms"].key == "Timestamp"
    assert known["bulk/cashflow/receivables"].key == "ID"
    writable = {field.name for field in known["cashflow/receivables"].fields.values() if field.on_put} - {"ID"}
    assert writable == {"Description", "PaymentMethod", "PaymentReference"}


def test_the_options_of_the_readme_are_the_options_of_the_code() -> None:
    text = (Path(serve.__code__.co_filename).parent / "README.md").read_text(encoding="utf-8")
    for name in [*Toggles.model_fields, *(set(SANDBOX.options) - {"(toggles)"})]:
        assert f"`{name}`" in text, name
