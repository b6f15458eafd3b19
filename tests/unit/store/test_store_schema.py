"""The schema: migrations say the same as the tables, up and down, on both databases."""

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from connector.errors import ConfigError
from connector.store import Store, budgets, item_changes, items, open_store, plans, schema
from connector.store.tables import metadata
from connector.testing import make_item

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_the_migrations_make_exactly_the_tables(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_the_program_names_the_newest_migration() -> None:
    scripts = ScriptDirectory.from_config(schema.alembic_config(None))
    assert scripts.get_current_head() == schema.HEAD


def test_every_migration_goes_down_again(store: Store) -> None:
    schema.downgrade(store, "base")
    assert set(inspect(store.engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(store)
    schema.check(store)


def test_open_items_of_an_older_release_get_their_debtors_number(store: Store) -> None:
    with store.write() as tx:
        item = make_item(id="t1", claim="INV-1", debtor_id="d1")
        item_changes.store_items(tx, "acme", item_changes.facts_of([item]), AT)
    schema.downgrade(store, "0002")
    schema.upgrade(store)
    with store.read() as tx:
        assert items.claims_of(tx, "acme", "d1") == ["INV-1"]


def test_calls_counted_by_an_older_release_count_on_and_back(store: Store) -> None:
    schema.downgrade(store, "0006")
    with store.write() as tx:
        names = "connection, company, minute_until, minute_used, day_until, day_used, day_left, paused_until"
        for company, used, left in (("1", 7, "NULL"), ("2", 0, "3")):
            row = f"'exact', '{company}', 60000, {used}, 86400000, 9, {left}, 0"
            tx.exec_driver_sql(f"INSERT INTO budget ({names}) VALUES ({row})")
    schema.upgrade(store)
    with store.read() as tx:
        first, second = budgets.read(tx, "exact", "1"), budgets.read(tx, "exact", "2")
    assert (first.calls, first.day_used, first.day_left) == (((122_000, 7),), 9, None)
    assert (second.calls, second.day_used, second.day_left) == ((), 9, 3)
    schema.downgrade(store, "0006")
    with store.read() as tx:
        rows = tx.exec_driver_sql("SELECT minute_until, minute_used FROM budget ORDER BY company").all()
    assert [tuple(row) for row in rows] == [(122_000, 7), (60_000, 0)], "no minute begins too early"


def test_a_fresh_database_is_refused_with_the_mend(tmp_path) -> None:
    empty = open_store(f"sqlite:///{tmp_path}/x.sqlite3")
    with pytest.raises(ConfigError, match="incasso db upgrade"):
        schema.check(empty)


def test_a_newer_schema_is_refused_and_not_upgraded(store: Store) -> None:
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer release"):
        schema.check(store)


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_a_url_that_cannot_hold_the_books_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        open_store(url)


def test_plans_of_an_older_release_say_it_in_the_words_of_now(store: Store) -> None:
    schema.downgrade(store, "0009")
    with store.write() as tx:
        tx.exec_driver_sql(
            "INSERT INTO plan (id, ledger, day, policy, policy_version, created_at, facts, counts, state) VALUES "
            "(1, 'acme', '2026-01-05', 'plain', '1', '2026-01-05 09:00:00+00:00', '', "
            '\'{"none":1,"left_out":2,"gone":3,"new":4}\', \'open\')'
        )
        for debtor, action in (("d1", "none"), ("d2", "undecided"), ("d3", "remind")):
            change = "new" if action == "remind" else "left_out"
            tx.exec_driver_sql(
                "INSERT INTO decision (plan_id, debtor_id, ledger, action, step, change, change_why, amount_minor, "
                "currency, facts, body, outcome, outcome_why, case_ref) VALUES "
                f"(1, '{debtor}', 'acme', '{action}', '', '{change}', '', 0, 'EUR', '', '{{}}', '', '', '')"
            )
    schema.upgrade(store)
    with store.read() as tx:
        assert plans.read_plan(tx, 1).counts == {"none": 1, "withdrawn": 3, "new": 4}
        rows = tx.exec_driver_sql("SELECT debtor_id, change FROM decision ORDER BY debtor_id").all()
    assert dict(map(tuple, rows)) == {"d1": "none", "d2": "undecided", "d3": "new"}
    schema.downgrade(store, "0009")
    with store.read() as tx:
        rows = tx.exec_driver_sql("SELECT debtor_id, change FROM decision ORDER BY debtor_id").all()
    assert dict(map(tuple, rows)) == {"d1": "left_out", "d2": "left_out", "d3": "new"}
