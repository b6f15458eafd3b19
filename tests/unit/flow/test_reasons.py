"""Why a debtor is vulnerable is kept encrypted, shown to whoever looks at him, and erased without what was recorded."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from desk import START, Desk, invoice
from sqlalchemy import inspect, select

from connector.api import SecretRef
from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import circumstances as flow
from connector.flow import reasons
from connector.flow.letters import present_account
from connector.flow.pull import pull
from connector.model import Circumstance
from connector.secrets import KeyRing, generate_key
from connector.store import Store, circumstances, journal, past, private, schema
from connector.store.tables import metadata

WHY = "schizophrenia, told by her daughter"
TODAY = START.date()
ILL = Circumstance(kind="vulnerable", since=TODAY, reason=WHY, origin="anna")


@pytest.fixture
def noted(desk: Desk, ledger: Ledger) -> Ledger:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    flow.record(desk, ledger, "d1", ILL, actor="anna")
    return ledger


def shown(desk: Desk, ledger: Ledger) -> list[str]:
    return [one.reason for one in reasons.with_reasons(desk, present_account(desk, ledger, "d1")).circumstances]


def everything(store: Store) -> str:
    """All that is in any table, as text."""
    with store.read() as tx:
        names = set(inspect(tx).get_table_names())
        return repr([tx.execute(select(table)).all() for name, table in metadata.tables.items() if name in names])


def test_it_stands_nowhere_in_plain_text(desk: Desk, noted: Ledger) -> None:
    flow.record(desk, noted, "d1", ILL.model_copy(update={"reason": f"{WHY}, twice"}), actor="anna")
    flow.lift(desk, noted, "d1", "vulnerable", on=None, actor="anna")
    assert "schizophrenia" not in everything(desk.store)
    assert shown(desk, noted) == [f"{WHY}, twice"]


def test_what_was_known_before_holds_no_reason_either(desk: Desk, noted: Ledger) -> None:
    desk.later(days=1)
    flow.lift(desk, noted, "d1", "vulnerable", on=None, actor="anna")
    with desk.store.read() as tx:
        versions = past.recorded_circumstances(tx, "acme", ["d1"])["d1"]
    assert [one.fact.until for one in versions] == [None, TODAY]  # type: ignore[union-attr]
    assert {getattr(one.fact, "reason", "") for one in versions} == {""}


def test_recorded_again_without_a_reason_the_one_before_stays(desk: Desk, noted: Ledger) -> None:
    flow.record(desk, noted, "d1", ILL.model_copy(update={"reason": "", "until": date(2026, 6, 30)}), actor="anna")
    assert shown(desk, noted) == [WHY]


def test_it_is_erased_and_what_was_recorded_stays(desk: Desk, noted: Ledger) -> None:
    assert reasons.erase(desk, noted, "d2", actor="anna") == 0
    assert reasons.erase(desk, noted, "d1", actor="anna") == 1
    assert reasons.erase(desk, noted, "d1", actor="anna") == 0
    assert shown(desk, noted) == [""]
    assert present_account(desk, noted, "d1").circumstances == (ILL.model_copy(update={"reason": ""}),)
    with desk.store.read() as tx:
        assert private.reasons(tx, "acme", "d1") == {}
        last = journal.audit_trail(tx, "acme", "d1")[-1]
    assert last[1:] == ("anna", "debtor.reason_erased", {"count": 1})


def test_the_row_of_one_debtor_does_not_open_as_anothers(desk: Desk, noted: Ledger) -> None:
    flow.record(desk, noted, "d2", ILL, actor="anna")
    with desk.store.write() as tx:
        [(about, blob)] = private.reasons(tx, "acme", "d1").items()
        private.put(tx, "acme", "d2", about, blob, at=desk.clock.now())
    other = reasons.with_reasons(desk, present_account(desk, noted, "d2"))
    assert [one.reason for one in other.circumstances] == ["(it opens with no key of [secrets] keys)"]


def test_a_lost_key_keeps_nobody_from_looking_at_the_debtor(desk: Desk, noted: Ledger, tmp_path: Path) -> None:
    key = tmp_path / "another"
    key.write_text(generate_key(), encoding="utf-8")
    key.chmod(0o600)
    settings = desk.settings.model_copy(update={"keys": (SecretRef(file=str(key)),)})
    assert shown(replace(desk, settings=settings), noted) == ["(it opens with no key of [secrets] keys)"]


class TestWhatAnOlderReleaseLeft:
    @pytest.fixture
    def older(self, desk: Desk, noted: Ledger) -> Ledger:
        """The reason stands in the row of the circumstance."""
        with desk.store.write() as tx:
            private.erase(tx, "acme", "d1")
            circumstances.record(tx, "acme", "d1", ILL, at=desk.clock.now())
        schema.downgrade(desk.store, "0013")
        schema.upgrade(desk.store)
        assert "schizophrenia" in everything(desk.store)
        return noted

    def test_it_is_encrypted_once(self, desk: Desk, older: Ledger) -> None:
        assert reasons.seal_plain(desk.store, lambda: desk.keys, at=desk.clock.now()) == 1
        assert "schizophrenia" not in everything(desk.store)
        assert shown(desk, older) == [WHY]

        def unwanted() -> KeyRing:
            raise AssertionError("no key is needed where nothing stands in plain text")

        assert reasons.seal_plain(desk.store, unwanted, at=desk.clock.now()) == 0

    def test_without_a_key_nothing_is_lost_and_the_mend_is_named(self, desk: Desk, older: Ledger) -> None:
        with pytest.raises(ConfigError, match="incasso keys new"):
            reasons.seal_plain(desk.store, lambda: None, at=desk.clock.now())
        assert shown(desk, older) == [WHY]

    def test_sqlite_does_not_keep_it_in_the_file(self, desk: Desk, older: Ledger) -> None:
        if desk.store.dialect != "sqlite":
            pytest.skip("a server's own vacuum clears what was deleted")
        assert older
        reasons.seal_plain(desk.store, lambda: desk.keys, at=desk.clock.now())
        with desk.store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        file = Path(str(desk.store.engine.url.database))
        assert b"schizophrenia" not in file.read_bytes()
