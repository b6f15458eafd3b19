"""Must-have 9: 403 with its reasons, scopes, rights (reference 2.8, 3.4, 3.5)."""

import pytest

from plugins.exact.tests.sandbox_server import Client, SandboxServer


@pytest.mark.parametrize(
    "reason",
    ["BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired", "DivisionBlocked", "NoDivisionAccess"],
)
def test_a_403_names_its_reason_in_a_header(sandbox: SandboxServer, reason: str) -> None:
    caller = sandbox.client()
    sandbox.books("standing", {"reason": reason})
    answer = caller.call("crm/Contacts")
    assert (answer.status_code, answer.headers["Reason"]) == (403, reason)
    sandbox.books("standing", {})
    assert caller.call("crm/Contacts").status_code == 200


def test_a_division_that_does_not_exist_is_no_division_access(sandbox: SandboxServer) -> None:
    answer = sandbox.client().call("/999999/crm/Contacts")
    assert (answer.status_code, answer.headers["Reason"]) == (403, "NoDivisionAccess")


def test_blocking_and_archive_show_in_the_division(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    sandbox.books("standing", {"blocking_status": 2, "status": 2})
    (division,) = caller.rows("system/Divisions", select="Status,BlockingStatus")
    assert (division["Status"], division["BlockingStatus"]) == (2, 2)


def test_a_missing_scope_is_a_403_with_the_english_text(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    sandbox.control("scopes", {"scopes": {"Crm accounts": "view"}})
    answer = caller.call("sync/Cashflow/PaymentTerms")
    text = answer.json()["error"]["message"]["value"]
    assert (answer.status_code, text) == (
        403,
        "Forbidden - Application Scope Violated. Cannot read Financial cashflow.",
    )
    assert caller.call("crm/Contacts").status_code == 200
    write = caller.call("crm/Accounts", method="POST", json={"Name": "X"})
    assert write.status_code == 403
    assert "Cannot create Crm accounts" in write.text


def test_missing_rights_show_as_an_empty_list_or_a_403(sandbox: SandboxServer) -> None:
    sandbox.books("accounts", {"code": "1", "name": "X"})
    caller = sandbox.client()
    sandbox.control("rights", {"user": "anna", "endpoints": ["sync/CRM/Accounts"]})
    assert caller.rows("sync/CRM/Accounts") == []
    sandbox.control("toggles", {"missing_rights": "forbidden"})
    assert caller.call("sync/CRM/Accounts").status_code == 403
    sandbox.control("rights", {"user": "anna", "endpoints": []})
    assert len(caller.rows("sync/CRM/Accounts")) == 1


def has_rights(caller: Client, endpoint: str, action: str) -> object:
    params = {"endpoint": f"'{endpoint}'", "action": f"'{action}'"}
    return caller.get("users/UserHasRights", params)["UserHasRights"]


def test_user_has_rights_tells_it_beforehand(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    assert has_rights(caller, "crm/Accounts", "GET") is True
    assert has_rights(caller, "crm/Accounts", "POST") is True
    assert has_rights(caller, "activities/Tasks", "PUT") is False
    assert has_rights(caller, "no/Such", "GET") is False
    sandbox.control("rights", {"user": "anna", "endpoints": ["crm/Accounts"]})
    assert has_rights(caller, "crm/Accounts", "GET") is False
    sandbox.control("scopes", {"scopes": {"Crm accounts": "view", "Organization administration": "view"}})
    assert has_rights(caller, "crm/Contacts", "GET") is True
    assert has_rights(caller, "crm/Contacts", "PUT") is False
    assert has_rights(caller, "documents/Documents", "GET") is False
    assert caller.call("users/UserHasRights", {"endpoint": "'crm/Accounts'"}).status_code == 400


def test_without_json_the_answer_about_rights_is_xml(sandbox: SandboxServer) -> None:
    params = {"endpoint": "'crm/Accounts'", "action": "'GET'"}
    answer = sandbox.client().call("users/UserHasRights", params, headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert ">true<" in answer.text


def test_without_a_token_there_is_a_401_whose_body_is_a_toggle(sandbox: SandboxServer) -> None:
    nobody = Client(sandbox, "")
    assert (nobody.call("crm/Contacts").status_code, nobody.call("crm/Contacts").content) == (401, b"")
    sandbox.control("toggles", {"unauthorized_body": "Unauthorized"})
    assert "Unauthorized" in nobody.call("crm/Contacts").text
