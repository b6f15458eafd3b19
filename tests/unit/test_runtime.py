"""The figures of the service: where a case stands, what becomes a metric, what the doctor makes of an error."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from connector.config import write_home
from connector.errors import AuthError, ConfigError, QuotaError, TransientError
from connector.model import Money
from connector.runtime.doctor import Finding, attempt, examine, worst
from connector.runtime.metrics import render
from connector.runtime.status import (
    CallsLeft,
    ConnectionStatus,
    Count,
    LedgerStatus,
    OutboxStatus,
    RunStatus,
    RunTotal,
    Status,
    place_of,
)
from connector.store.figures import CaseCount

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def make_ledger(**changes: object) -> LedgerStatus:
    values: dict[str, object] = {
        "name": "acme",
        "title": "Acme",
        "standing": "ok",
        "pulled_at": NOW - timedelta(minutes=5),
        "fresh": True,
        "open": (Money(minor=123_456, currency="EUR"), Money(minor=-5, currency="JPY")),
        "open_items": 7,
        "debtors": 3,
        "plan": None,
        "cases": (Count(word="running", count=2),),
        "agencies": (),
        "outbox": OutboxStatus(waiting=1, sending=0, unknown=2, parked=3, oldest=NOW - timedelta(hours=1)),
        "tasks": (Count(word="question", count=4),),
        "set_aside": 5,
        "differences": 6,
        "asked_back": 1,
        "payment_waits_since": NOW - timedelta(minutes=20),
        "brake": "",
        "brake_since": None,
        "runs": (),
        "last_error": "",
    }
    return LedgerStatus.model_validate(values | changes)


def make_status(**changes: object) -> Status:
    values: dict[str, object] = {
        "at": NOW,
        "version": "1",
        "test_clock": False,
        "ledgers": (make_ledger(),),
        "connections": (),
        "stray_tasks": (),
        "run_totals": (),
    }
    return Status.model_validate(values | changes)


def metrics_of(status: Status) -> dict[tuple[str, ...], float]:
    """Every sample by its name and its label values in the order of the labels' names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(render(status).decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("handover", "activity", "closure", "place"),
    [
        ("queued", "running", "", "queued"),
        ("unknown", "running", "", "unknown"),
        ("needs_info", "running", "", "needs_info"),
        ("accepted", "on_hold", "", "on_hold"),
        ("accepted", "running", "paid", "closed"),
        ("rejected", "running", "", "rejected"),
        ("rejected", "running", "rejected_late", "closed"),
    ],
)
def test_a_case_stands_in_one_place(handover: str, activity: str, closure: str, place: str) -> None:
    assert place_of(CaseCount(handover, activity, closure, 1)) == place


def test_a_ledger_becomes_metrics_in_minor_units_and_seconds() -> None:
    found = metrics_of(make_status())
    assert found["incasso_ledger_pull_age_seconds", "acme"] == 300
    assert found["incasso_ledger_open_minor_units", "EUR", "acme"] == 123_456
    assert found["incasso_ledger_open_minor_units", "JPY", "acme"] == -5
    assert found["incasso_outbox_messages", "acme", "parked"] == 3
    assert found["incasso_outbox_oldest_seconds", "acme"] == 3600
    assert found["incasso_tasks_open", "question", "acme"] == 4
    assert found["incasso_cases", "acme", "running"] == 2
    assert found["incasso_ledger_brake", "acme"] == 0
    assert found["incasso_differences", "acme"] == 6
    assert found["incasso_cases_asked_back", "acme"] == 1
    assert found["incasso_payment_delay_seconds", "acme"] == 1200


def test_a_ledger_that_was_never_pulled_has_no_age_rather_than_a_young_one() -> None:
    found = metrics_of(make_status(ledgers=(make_ledger(pulled_at=None, brake="look", brake_since=NOW),)))
    assert ("incasso_ledger_pull_age_seconds", "acme") not in found
    assert found["incasso_ledger_brake", "acme"] == 1


def test_the_last_run_of_a_verb_becomes_metrics_when_it_has_ended() -> None:
    ended = RunStatus(
        verb="pull",
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=90),
        outcome="QuotaError",
        message="",
        seconds=90,
        counts=(Count(word="items new", count=12),),
    )
    going = ended.model_copy(update={"verb": "plan", "ended_at": None, "seconds": None, "outcome": "running"})
    totals = (RunTotal(ledger="acme", verb="pull", outcome="ok", count=41),)
    found = metrics_of(make_status(ledgers=(make_ledger(runs=(ended, going)),), run_totals=totals))
    assert found["incasso_last_run_ok", "acme", "pull"] == 0
    assert found["incasso_last_run_seconds", "acme", "pull"] == 90
    assert found["incasso_last_run_count", "acme", "pull", "items_new"] == 12
    assert ("incasso_last_run_ok", "acme", "plan") not in found
    assert found["incasso_runs_total", "acme", "ok", "pull"] == 41


def test_a_connection_is_in_exactly_one_state() -> None:
    connection = ConnectionStatus(
        name="books",
        plugin="exact",
        state="login",
        message="",
        mend="",
        at=NOW,
        calls=(CallsLeft(company="123", used=7, left=4993), CallsLeft(company="124", used=1, left=None)),
    )
    found = metrics_of(make_status(connections=(connection,)))
    states = {key[2]: value for key, value in found.items() if key[0] == "incasso_connection_state"}
    assert states == {"ok": 0, "login": 1, "config": 0, "quota": 0, "trouble": 0, "new": 0}
    assert found["incasso_connection_calls_left", "123", "books"] == 4993
    assert ("incasso_connection_calls_left", "124", "books") not in found
    assert found["incasso_connection_calls_used", "124", "books"] == 1


@given(st.text(min_size=1, max_size=40))
def test_any_word_of_a_count_keeps_the_metrics_readable(word: str) -> None:
    status = make_status(ledgers=(make_ledger(tasks=(Count(word=word, count=1),)),))
    # The format knows three line ends of its own; the parser splits on any.
    if len(word.splitlines()) == 1:
        assert metrics_of(status)["incasso_tasks_open", word, "acme"] == 1


def _raise(error: Exception) -> str:
    raise error


@pytest.mark.parametrize(
    ("error", "verdict", "mend"),
    [
        (ConfigError("is wrong.", key="x", mend="Mend it."), "fail", "Mend it."),
        (AuthError("the log-in has ended"), "fail", "Run: incasso connect books"),
        (AuthError("nobody has logged in yet: run `incasso connect books`"), "fail", ""),
        (QuotaError("No calls are left.", until=NOW), "warn", ""),
        (
            TransientError("time-out"),
            "fail",
            "Try again later; if it stays, look at the network and at the other side.",
        ),
        (ZeroDivisionError("oops"), "fail", ""),
    ],
)
def test_the_doctor_says_the_mend_of_each_error_once(error: Exception, verdict: str, mend: str) -> None:
    finding = attempt("source books", lambda: _raise(error), login="books")
    assert (finding.verdict, finding.mend) == (verdict, mend)
    assert not mend or mend not in finding.said


def test_the_worst_finding_is_the_verdict() -> None:
    ok, warn, fail = (Finding(subject="x", verdict=one, said="") for one in ("ok", "warn", "fail"))
    assert [worst([ok]), worst([ok, warn]), worst([warn, fail, ok]), worst([])] == ["ok", "warn", "fail", "ok"]


def test_the_doctor_says_when_no_table_of_the_law_covers_a_policys_years(tmp_path: Path) -> None:
    write_home(tmp_path)
    (tmp_path / "clock").write_text("2020-01-02T09:00:00+00:00", encoding="utf-8")
    ledger = tmp_path / "ledgers" / "example.toml"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace('country = "NL"', 'country = "BE"'), encoding="utf-8")
    found = [one for one in examine(tmp_path, {"INCASSO_TEST_CLOCK": "clock"}) if one.subject == "policies"]
    assert [one.verdict for one in found] == ["fail"]
    assert "be.first_reminder_days covers from 2023-09-01 on, not 2020-01-02" in found[0].said
