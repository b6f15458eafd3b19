"""The audit trail is a chain: appended without gap or fork, and whatever is done to it behind our back is found."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from connector.store import Store, Tx, chain, journal, open_store, schema
from connector.store.chain_check import Break, names, walk
from connector.store.tables import audit

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

APPENDER = """
import sys
from datetime import datetime, UTC
from connector.store import journal, open_store
url, name, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store(url)
for turn in range(rounds):
    with store.write() as tx:
        for ledger in ("acme", "", "b") if turn % 2 else ("b", "acme"):
            journal.note(tx, "case.opened", f"{name}-{turn}", at=datetime.now(UTC), ledger=ledger, plan=turn)
store.close()
"""


def fill(store: Store, count: int = 6, ledger: str = "acme") -> None:
    for number in range(1, count + 1):
        with store.write() as tx:
            at = AT + timedelta(seconds=number)
            journal.note(tx, "case.opened", f"C-{number}", at=at, ledger=ledger, plan=number, parts=("a", "b"))


def check(store: Store, ledger: str = "acme") -> Break | None:
    return walk(store, ledger, lambda _count: None).broken


def tamper(store: Store, act: Callable[[Tx], None]) -> None:
    """Somebody who owns the database takes the triggers and the constraint away, and writes."""
    with store.write() as tx:
        if store.dialect == "sqlite":
            for event in ("update", "delete", "insert"):
                tx.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_refuses_{event}")
        else:
            tx.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        act(tx)


def sql(*statements: str) -> Callable[[Tx], None]:
    def _act(tx: Tx) -> None:
        for statement in statements:
            tx.exec_driver_sql(statement)

    return _act


def shift(first: int, by: int) -> tuple[str, str]:
    """Give the rows from `first` on other numbers, past the unique constraint."""
    return (
        f"UPDATE audit SET number = -number - {by} WHERE number >= {first}",
        "UPDATE audit SET number = -number WHERE number < 0",
    )


def swap(one: int, other: int) -> tuple[str, ...]:
    return (
        f"UPDATE audit SET number = -1 WHERE number = {one}",
        f"UPDATE audit SET number = {one} WHERE number = {other}",
        f"UPDATE audit SET number = {other} WHERE number = -1",
    )


def test_rows_are_numbered_and_linked_within_their_ledger(store: Store) -> None:
    fill(store, 3)
    fill(store, 2, "")
    with store.read() as tx:
        assert names(tx) == ["", "acme"]
        assert [(one.ledger, one.number) for one in chain.heads(tx)] == [("", 2), ("acme", 3)]
        first = tx.execute(select(audit).where(audit.c.ledger == "acme", audit.c.number == 1)).one()
    entry = chain.Entry(
        AT + timedelta(seconds=1), "acme", "incasso", "case.opened", "C-1", {"plan": 1, "parts": ["a", "b"]}
    )
    assert bytes(first.hash) == chain.link(chain.BEGINNING, 1, entry)
    assert check(store) is None
    assert check(store, "") is None


def test_the_hash_is_what_an_outsider_computes() -> None:
    """Frozen: rows in the field carry it. SHA-256 of 32 zero bytes and the text below."""
    entry = chain.Entry(AT, "acme", "jan", "debtor.kind", "d1", {"kind": "é", "a": 1})
    text = (
        '{"action":"debtor.kind","actor":"jan","at":"2026-03-01T09:30:00.000000+00:00","detail":{"a":1,"kind":"é"},'
        '"ledger":"acme","number":1,"subject":"d1"}'
    )
    assert chain.link(chain.BEGINNING, 1, entry) == sha256(bytes(32) + text.encode()).digest()


def test_a_transaction_that_fails_leaves_no_gap(store: Store) -> None:
    fill(store, 2)
    with pytest.raises(RuntimeError), store.write() as tx:  # noqa: PT012 - the block is the transaction
        journal.note(tx, "case.opened", "C-x", at=AT, ledger="acme")
        raise RuntimeError
    fill(store, 1)
    assert check(store) is None
    with store.read() as tx:
        assert chain.heads(tx)[0].number == 3


def test_two_processes_that_append_at_once_make_one_chain_each_ledger(store: Store, store_url: str) -> None:
    rounds = 60
    command = [sys.executable, "-c", APPENDER, store_url]
    started = [subprocess.Popen([*command, name, str(rounds)]) for name in ("one", "two", "three")]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    with store.read() as tx:
        lengths = {one.ledger: one.number for one in chain.heads(tx)}
        writers = {row.subject.partition("-")[0] for row in tx.execute(select(audit.c.subject))}
    assert lengths == {"": 90, "acme": 180, "b": 180}
    assert writers == {"one", "two", "three"}
    assert [check(store, name) for name in lengths] == [None, None, None]


def test_a_writer_that_is_not_done_yet_keeps_nobody_from_writing(store: Store, store_url: str) -> None:
    """On PostgreSQL: one who holds other rows and waits for the chain would wait in a ring with one who holds both."""
    if store.dialect == "sqlite":
        pytest.skip("it has one writer at a time")
    other = open_store(store_url)
    with store.write() as tx:
        journal.note(tx, "debtor.hold", "first", at=AT, ledger="acme")
        with other.write() as quick:
            quick.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            journal.note(quick, "debtor.hold", "second", at=AT, ledger="acme")
    with store.read() as tx:
        assert tx.scalars(select(audit.c.subject).order_by(audit.c.number)).all() == ["second", "first"]
    other.close()
    assert check(store) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit WHERE number = 2",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 1",
        "TRUNCATE audit",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_written(store: Store, statement: str) -> None:
    if store.dialect == {"I": "postgresql", "T": "sqlite"}.get(statement[0]):
        pytest.skip("there is no such statement in this database")
    fill(store, 3)
    with pytest.raises(DBAPIError, match="only ever added to"), store.write() as tx:
        tx.exec_driver_sql(statement)
    assert check(store) is None


PUT_IN = (
    "INSERT INTO audit (at, ledger, actor, action, subject, detail, number, hash) "
    "SELECT at, ledger, actor, action, 'C-x', detail, {0}, hash FROM audit WHERE number = 2"
)
HASH_OF = "(SELECT hash FROM audit WHERE number = {0})"
CASES = {
    "changed": (("UPDATE audit SET actor = 'nobody' WHERE number = 3",), 3, "changed"),
    "detail changed": (("UPDATE audit SET detail = '{\"plan\":9}' WHERE number = 4",), 4, "changed"),
    "hash changed": ((f"UPDATE audit SET hash = {HASH_OF.format(1)} WHERE number = 3",), 3, "changed"),
    "other instant": (("UPDATE audit SET at = '2026-03-01T00:00:00.000000+00:00' WHERE number = 1",), 1, "changed"),
    "missing": (("DELETE FROM audit WHERE number = 3",), 3, "missing"),
    "first missing": (("DELETE FROM audit WHERE number = 1",), 1, "missing"),
    "several missing": (("DELETE FROM audit WHERE number IN (2, 3, 4)",), 2, "missing"),
    "cut off": (("DELETE FROM audit WHERE number > 4",), 5, "missing"),
    "all gone": (("DELETE FROM audit",), 1, "missing"),
    "missing, renumbered": (("DELETE FROM audit WHERE number = 3", *shift(4, -1)), 3, "missing"),
    "swapped": (swap(2, 5), 2, "reordered"),
    "last two swapped": (swap(5, 6), 5, "reordered"),
    "moved far away": (("UPDATE audit SET number = 900000000000 WHERE number = 3",), 3, "reordered"),
    "below the first": (("UPDATE audit SET number = 0 WHERE number = 3",), 0, "added"),
    "moved to the end": (("UPDATE audit SET number = 7 WHERE number = 3",), 3, "reordered"),
    "put in": ((*shift(3, 1), PUT_IN.format(3)), 3, "added"),
    "put in before the last": ((*shift(6, 1), PUT_IN.format(6)), 6, "added"),
    "head back": ((f"UPDATE audit_head SET number = 4, hash = {HASH_OF.format(4)}",), 5, "added"),
    "head changed": ((f"UPDATE audit_head SET hash = {HASH_OF.format(4)}",), 6, "changed"),
    "head gone": (("DELETE FROM audit_head",), 6, "missing"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_broken_row_is_named(store: Store, case: str) -> None:
    statements, number, wrong = CASES[case]
    fill(store)
    tamper(store, sql(*statements))
    found = check(store)
    assert found is not None
    assert (found.number, found.wrong) == (number, wrong), found


def test_a_row_that_was_appended_with_a_right_hash_but_past_the_head_is_named(store: Store) -> None:
    fill(store)
    entry = chain.Entry(AT, "acme", "jan", "case.opened", "C-7", {})

    def _append(tx: Tx) -> None:
        head = chain.heads(tx)[0]
        tx.execute(audit.insert().values(**vars(entry), number=7, hash=chain.link(head.hash, 7, entry)))

    tamper(store, _append)
    assert check(store) == Break(7, "added", "the head of the chain says that it ends at row 6")


def test_a_number_that_was_given_twice_is_named(store: Store) -> None:
    fill(store)
    again = (
        "INSERT INTO audit (at, ledger, actor, action, subject, detail, number, hash) "
        "SELECT at, ledger, actor, action, subject, detail, number, hash FROM audit WHERE number = 4"
    )
    if store.dialect == "postgresql":
        tamper(store, sql("ALTER TABLE audit DROP CONSTRAINT uq_audit_ledger_number", again))
        assert (found := check(store))
        assert (found.number, found.wrong) == (4, "added")
    else:
        with pytest.raises(DBAPIError, match="UNIQUE"):
            tamper(store, sql(again))


def test_the_walk_goes_over_pages_while_others_write(store: Store, store_url: str) -> None:
    with store.write() as tx:
        for number in range(4500):
            journal.note(tx, "case.opened", f"C-{number}", at=AT, ledger="acme")
    other = open_store(store_url)
    seen: list[int] = []

    def _progress(count: int) -> None:
        seen.append(count)
        fill(other, 3)

    found = walk(store, "acme", _progress)
    other.close()
    assert found.broken is None
    assert found.rows == sum(seen) == 4500
    assert len(seen) == 3


def test_an_existing_trail_gets_its_chain_at_the_upgrade_and_loses_it_on_the_way_back(store: Store) -> None:
    schema.downgrade(store, "0001")
    with store.write() as tx:
        for number in range(1, 4501):
            # As an older release wrote it: keys in any order, and with a text of the agency.
            tx.exec_driver_sql(
                "INSERT INTO audit (at, ledger, actor, action, subject, detail) VALUES "
                f"('2026-01-0{1 + number % 9}T00:00:00.123456+00:00', '{'acme' if number % 3 else ''}', "
                """'jan', 'a', 's', '{"z":1,"a":{"y":2,"b":"é"},"reasons":"Mr Jansen has moved"}')"""
            )
    schema.upgrade(store)
    with store.read() as tx:
        assert [(one.ledger, one.number) for one in chain.heads(tx)] == [("", 1500), ("acme", 3000)]
        assert not tx.execute(select(audit.c.id).where(audit.c.detail.contains("Jansen"))).first()
    fill(store)
    assert [check(store, name) for name in ("", "acme")] == [None, None]
    schema.downgrade(store, "0001")
    with store.write() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM audit").scalar() == 4506
        tx.exec_driver_sql("DELETE FROM audit WHERE actor = 'nobody'")
    schema.upgrade(store)
    assert check(store) is None
