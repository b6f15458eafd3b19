"""Must-have 11: row versions, the log of deletes, division moves (reference 4.1, 4.4, 4.7)."""

from datetime import datetime
from typing import Any

import pytest

from connector_exact.sandbox.store import Row, Table, Versions
from plugins.exact.tests.sandbox_server import START, Client, SandboxServer

TERMS = "sync/Cashflow/PaymentTerms"


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.control("toggles", {"minute_limit": 0})
    sandbox.books("accounts", {"code": "1", "name": "Bakkerij Jansen"})
    for number in (1, 2, 3):
        sandbox.books("invoices", {"account": "1", "number": number, "date": "2026-01-05", "amount": "100.00"})
    return sandbox.client()


def changed(caller: Client, path: str = TERMS, after: int = 1) -> list[dict[str, Any]]:
    return caller.rows(path, filter=f"Timestamp gt {after}")


def newest(rows: list[dict[str, Any]]) -> int:
    return max(int(row["Timestamp"]) for row in rows)


def test_the_first_walk_gives_everything_in_the_order_of_the_row_versions(caller: Client) -> None:
    rows = changed(caller)
    versions = [int(row["Timestamp"]) for row in rows]
    assert [row["InvoiceNumber"] for row in rows] == [1, 2, 3]
    assert versions == sorted(versions)


def test_a_cursor_gives_only_what_changed_since(caller: Client) -> None:
    cursor = newest(changed(caller))
    assert changed(caller, after=cursor) == []
    caller.server.books("payments", {"invoice": 2})
    again = changed(caller, after=cursor)
    assert {(row["InvoiceNumber"], row["TransactionType"], row["Status"]) for row in again} == {
        (2, 20, 50),
        (2, 40, 50),
    }


def test_one_counter_serves_all_tables_of_a_division_and_only_that(caller: Client) -> None:
    before = newest(changed(caller))
    caller.server.books("accounts", {"code": "1", "city": "Gouda"})
    account = newest(changed(caller, "sync/CRM/Accounts"))
    caller.server.books("invoices", {"account": "1", "number": 4, "date": "2026-01-05", "amount": "1.00"})
    assert before < account < newest(changed(caller))
    caller.server.control("divisions", {"code": 222222})
    caller.server.control("222222/accounts", {"code": "1", "name": "Ander"})
    other = sandbox_client(caller).rows("/222222/sync/CRM/Accounts")
    assert newest(other) < account


def sandbox_client(caller: Client) -> Client:
    return caller.server.client()


def test_a_row_changed_while_pages_are_read_comes_again_at_the_end(caller: Client) -> None:
    invoices = [
        {"account": "1", "number": number, "date": "2026-01-05", "amount": "1.00"} for number in range(10, 1210)
    ]
    caller.server.books("load", {"invoices": invoices})
    first = caller.get(TERMS, {"$filter": "Timestamp gt 1", "$select": "ID,InvoiceNumber,Timestamp"})
    caller.server.books("payments", {"invoice": 1})
    rest = caller.get(first["__next"])["results"]
    numbers = [row["InvoiceNumber"] for row in first["results"] + rest]
    assert numbers.count(1) == 3
    assert set(numbers) == {1, 2, 3, *range(10, 1210)}


def test_terms_hold_payables_too_and_receivables_do_not(caller: Client) -> None:
    caller.server.books("payables", {"account": "1", "number": 900, "date": "2026-01-05", "amount": "10.00"})
    kinds = {row["InvoiceNumber"]: row["LineType"] for row in changed(caller)}
    assert kinds == {1: 20, 2: 20, 3: 20, 900: 22}
    receivables = caller.rows("bulk/Cashflow/Receivables", select="InvoiceNumber")
    assert {row["InvoiceNumber"] for row in receivables} == {1, 2, 3}


def test_the_log_of_deletes_keeps_two_months(caller: Client) -> None:
    terms = {row["InvoiceNumber"]: row["ID"] for row in changed(caller)}
    caller.server.books("deletions", {"invoice": 3})
    log = changed(caller, "sync/Deleted")
    assert {(row["EntityType"], row["EntityKey"]) for row in log if row["EntityType"] == 10} == {(10, terms[3])}
    assert {row["EntityType"] for row in log} == {1, 10, 13}
    assert len(caller.rows("sync/Deleted", filter="Timestamp gt 1 and EntityType eq 10")) == 1
    assert {row["InvoiceNumber"] for row in changed(caller)} == {1, 2}
    caller.server.advance(days=60)
    assert changed(caller.server.client(), "sync/Deleted")
    caller.server.advance(days=2)
    assert changed(caller.server.client(), "sync/Deleted") == []


def test_a_move_restarts_the_row_versions_and_dates_the_division(caller: Client) -> None:
    for _ in range(5):
        caller.server.books("accounts", {"code": "1", "city": "Gouda"})
    before = changed(caller, "sync/CRM/Accounts")
    caller.server.control("move/123456")
    after = changed(caller, "sync/CRM/Accounts")
    assert [row["ID"] for row in after] == [row["ID"] for row in before]
    assert newest(after) < newest(before)
    (division,) = caller.rows("system/Divisions", select="DivisionMoveDate")
    assert division["DivisionMoveDate"] == "/Date(1772445600000)/"
    cursor = newest(changed(caller))
    caller.server.books("payments", {"invoice": 1, "amount": "40.00"})
    assert len(changed(caller, after=cursor)) == 3


def start_value(caller: Client, endpoint: str, moment: str) -> Any:
    params = {"modified": f"datetime'{moment}'", "endPoint": f"'{endpoint}'"}
    return caller.call("read/sync/Sync/SyncTimestamp", params)


def test_a_start_value_is_offered_for_lines_but_not_for_terms(caller: Client) -> None:
    early = caller.rows("sync/Financial/TransactionLines", filter="Timestamp gt 1")
    caller.server.advance(days=1)
    later = caller.server.client()
    caller.server.books("invoices", {"account": "1", "number": 9, "date": "2026-01-05", "amount": "1.00"})
    (row,) = start_value(later, "TransactionLines", "2026-03-03T00:00:00").json()["d"]
    assert isinstance(row["TimeStampAsBigInt"], str)
    lines = later.rows("sync/Financial/TransactionLines", filter=f"Timestamp gt {row['TimeStampAsBigInt']}")
    assert {line["InvoiceNumber"] for line in lines} == {9}
    assert len(early) == 6
    for endpoint in ("PaymentTerms", "Accounts", "Contacts", "Addresses", "Documents"):
        assert start_value(later, endpoint, "2026-03-03T00:00:00").status_code == 400


def make(key: str) -> Row:
    moment: datetime = START
    return Row(id=key, created=moment, modified=moment)


def test_a_table_finds_changes_however_often_rows_were_changed() -> None:
    table: Table[Row] = Table(Versions())
    rows = [table.put(make(f"{number:03}"), START) for number in range(100)]
    for _ in range(40):
        for row in rows[:50]:
            table.put(row, START)
    assert [row.id for row in table.changed()] == [f"{number:03}" for number in (*range(50, 100), *range(50))]
    assert list(table.changed(after=rows[49].version)) == []
    table.remove("000")
    assert [row.id for row in table.changed()][-50:-48] == ["099", "001"]
    assert [row.id for row in table.ordered(after="097")] == ["098", "099"]


def test_keys_that_come_out_of_order_are_listed_in_order() -> None:
    table: Table[Row] = Table(Versions())
    for key in ("c", "a", "b"):
        table.put(make(key), START)
    assert [row.id for row in table.ordered()] == ["a", "b", "c"]
    table.put(make("aa"), START)
    assert [row.id for row in table.ordered(after="a")] == ["aa", "b", "c"]
