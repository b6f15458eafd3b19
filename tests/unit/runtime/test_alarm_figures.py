"""The figures that alarms look at, as the service gives them out over HTTP."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from desk import MemoryAgency, closed, invoice
from prometheus_client.parser import text_string_to_metric_families
from serving import Served
from sqlalchemy import insert

from connector.config import Connection
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.http import Offset
from connector.store import journal
from connector.store.tables import backup
from connector.store.vault import TokenRows

ROOT = Path(__file__).parents[3]
PERIOD = 15 * 60


def figures(served: Served) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its label values, in the order of the labels' names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(served.get("metrics").text)
        for sample in family.samples
    }


def hand_a_case_over(served: Served) -> MemoryAgency:
    served.desk.books.holds(invoice("1"))
    pull(served.desk, served.ledger)
    _, plan = make_plan(served.desk, served.ledger)
    hand_over(served.desk, served.ledger, plan.id)
    assert len(served.desk.agency.cases) == 1
    return served.desk.agency


def pay_at_the_creditor(served: Served) -> None:
    served.desk.books.holds(invoice("1", 6_000), closed("1", 4_000))
    pull(served.desk, served.ledger)


def test_a_payment_that_does_not_arrive_grows_old_and_is_young_again_once_it_has(served: Served) -> None:
    agency = hand_a_case_over(served)
    pay_at_the_creditor(served)
    agency.wire = ["refused"]
    follow(served.desk, served.ledger)
    served.desk.later(minutes=16)
    assert figures(served)["incasso_payment_delay_seconds", "acme"] == 16 * 60
    follow(served.desk, served.ledger)
    found = figures(served)
    assert found["incasso_payment_delay_seconds", "acme"] == 0
    assert found["incasso_outbox_resends_total", "acme"] == 1
    assert [one.kind for one in agency.mutations] == ["direct_payment"]


def test_a_case_that_waits_is_no_payment_that_waits(served: Served) -> None:
    served.desk.agency.wire = ["refused"]
    served.desk.books.holds(invoice("1"))
    pull(served.desk, served.ledger)
    _, plan = make_plan(served.desk, served.ledger)
    hand_over(served.desk, served.ledger, plan.id)
    served.desk.later(hours=1)
    found = figures(served)
    assert found["incasso_payment_delay_seconds", "acme"] == 0
    assert found["incasso_outbox_oldest_seconds", "acme"] == 3600


def test_a_visit_that_is_overdue_lags_by_what_is_over_the_period(served: Served) -> None:
    served.desk.books.holds(invoice("1"))
    pull(served.desk, served.ledger)
    served.desk.later(seconds=PERIOD)
    assert figures(served)["incasso_schedule_lag_seconds", "acme"] == 0
    served.desk.later(seconds=70)
    found = figures(served)
    assert found["incasso_schedule_lag_seconds", "acme"] == 70
    assert found["incasso_ledger_period_seconds", "acme"] == PERIOD


def test_a_run_that_does_not_end_has_an_age_and_one_that_ended_has_none(served: Served) -> None:
    served.desk.books.holds(invoice("1"))
    pull(served.desk, served.ledger)
    assert ("incasso_run_going_seconds", "acme", "pull") not in figures(served)
    with served.desk.store.write() as tx:
        journal.start_run(tx, "stuck", "acme", "follow", at=served.desk.clock.now())
    served.desk.later(hours=2)
    assert figures(served)["incasso_run_going_seconds", "acme", "follow"] == 7200


def test_what_runs_count_adds_up(served: Served) -> None:
    for number in ("1", "2"):
        served.desk.books.holds(invoice(number))
        pull(served.desk, served.ledger)
    assert figures(served)["incasso_work_total", "acme", "pull", "items_new"] == 2


def test_a_back_up_grows_old_and_one_that_was_never_made_is_infinitely_old(served: Served) -> None:
    assert figures(served)["incasso_backup_age_seconds",] == float("inf")
    with served.desk.store.write() as tx:
        at = served.desk.clock.now()
        tx.execute(insert(backup).values(at=at, file="one.sqlite3", done_at=at))
        tx.execute(insert(backup).values(at=at + timedelta(hours=1), file="cut short"))
    served.desk.later(hours=37)
    assert figures(served)["incasso_backup_age_seconds",] == 37 * 3600


def test_a_log_in_has_the_age_of_its_last_renewal_while_its_connection_is_configured(served: Served) -> None:
    rows = TokenRows(served.desk.store, served.desk.clock)
    rows.save("books", "main", b"sealed", "key")
    rows.save("gone", "main", b"sealed", "key")
    folder = served.desk.settings.home
    served.desk.settings.connections["books"] = Connection(
        name="books", plugin="x", file=folder / "books.toml", shown="connections/books.toml"
    )
    served.desk.later(days=26)
    found = figures(served)
    assert found["incasso_login_age_seconds", "books"] == timedelta(days=26).total_seconds()
    assert ("incasso_login_age_seconds", "gone") not in found


def test_a_clock_is_off_by_what_is_sure_and_the_disk_has_room(served: Served) -> None:
    served.desk.observed.hear([Offset("far.example", 3.0, 5.0), Offset("near.example", -0.5, 1.5)])
    found = figures(served)
    assert found["incasso_clock_skew_seconds", "far.example"] == 3.0
    assert found["incasso_clock_skew_seconds", "near.example"] == 0.0
    assert 0 < found["incasso_disk_free_bytes",] <= found["incasso_disk_size_bytes",]
    if served.desk.store.dialect == "postgresql":
        assert abs(found["incasso_clock_skew_seconds", "database"]) < 2


def test_each_table_of_the_law_that_ends_has_its_days_left(served: Served) -> None:
    assert figures(served)["incasso_law_table_days_left", "nl.statutory"] == 265
    served.desk.later(days=270)
    assert figures(served)["incasso_law_table_days_left", "nl.statutory"] == -5


def test_no_label_names_a_debtor_an_invoice_or_a_case(served: Served) -> None:
    agency = hand_a_case_over(served)
    agency.wire = ["lost before"]
    pay_at_the_creditor(served)
    follow(served.desk, served.ledger)
    with served.desk.store.read() as tx:
        persons = [
            str(value) for table in ("debtor", "open_item", "collection_case", "outbox") for value in _ids(tx, table)
        ]
    assert len(persons) > 5
    labels = {
        value
        for family in text_string_to_metric_families(served.get("metrics").text)
        for sample in family.samples
        for value in sample.labels.values()
    }
    assert not labels & set(persons)
    allowed = {
        "ledger",
        "currency",
        "state",
        "kind",
        "verb",
        "what",
        "outcome",
        "connection",
        "company",
        "server",
        "table",
        "worker",
    }
    names = {
        name
        for family in text_string_to_metric_families(served.get("metrics").text)
        for sample in family.samples
        for name in sample.labels
    }
    assert names <= allowed


def _ids(tx: Any, table: str) -> list[Any]:
    wanted = {
        "debtor": "id, code, name",
        "open_item": "id, claim, number",
        "collection_case": "case_ref",
        "outbox": "key",
    }
    return [value for row in tx.exec_driver_sql(f"SELECT {wanted[table]} FROM {table}") for value in row]


def test_every_figure_that_an_alarm_looks_at_is_given_out(served: Served) -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    asked = {
        name
        for group in rules["groups"]
        for rule in group["rules"]
        for name in re.findall(r"\bincasso_\w+", rule["expr"])
    }
    given = set(re.findall(r"^# TYPE (\w+) ", served.get("metrics").text, re.MULTILINE))
    assert len(asked) > 15
    assert asked <= given
