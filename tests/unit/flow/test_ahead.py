"""Looking ahead over a ledger in the store: in the order of days, and nothing is kept."""

import json
from datetime import date

import pytest
from desk import Desk, closed, invoice

from connector.cli.ahead_table import show_outlook, show_prospect
from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions
from connector.flow.ahead import look, look_at
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.store import figures

LADDER = """
name = "plain"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 10

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 40
needs = ["remind"]
"""
UNTIL = date(2026, 6, 30)


@pytest.fixture(autouse=True)
def _ledger_of_today(desk: Desk, ledger: Ledger) -> None:
    """2026-03-02: one late, one due in May, one in terms, one on hold, one without a due date, one quiet."""
    desk.settings.policies["plain"].write_text(LADDER, encoding="utf-8")
    desk.books.holds(
        invoice("1", debtor_id="late"),
        invoice("2", debtor_id="may", due_date=date(2026, 5, 4)),
        invoice("3", 4_000, debtor_id="terms", due_date=date(2026, 3, 1)),
        invoice("3", 6_000, debtor_id="terms", id="t-3-2", due_date=date(2026, 4, 20)),
        invoice("4", debtor_id="held"),
        invoice("5", debtor_id="undated", due_date=None),
        invoice("6", debtor_id="quiet", due_date=date(2027, 1, 31)),
    )
    pull(desk, ledger)
    actions.hold_debtor(desk, ledger, "held", reason="calls back", until=None, actor="anna")


def test_the_steps_come_in_the_order_of_days(desk: Desk, ledger: Ledger) -> None:
    found = look(desk, ledger, UNTIL)
    assert [(str(one.day), one.debtor_id, one.step, one.amount_minor) for one in found.steps] == [
        ("2026-03-02", "late", "remind", 10_000),
        ("2026-03-11", "terms", "remind", 4_000),
        ("2026-03-12", "late", "escalate", 10_000),
        ("2026-04-21", "terms", "escalate", 10_000),
        ("2026-05-14", "may", "remind", 10_000),
        ("2026-06-13", "may", "escalate", 10_000),
    ]
    assert [(one.debtor_id, one.state, one.step) for one in found.stuck] == [
        ("held", "held", "remind"),
        ("undated", "undecided", "remind"),
    ]


def test_the_first_day_is_what_a_plan_says(desk: Desk, ledger: Ledger) -> None:
    (one,) = look(desk, ledger, desk.clock.today()).steps
    assert (one.debtor_id, one.step) == ("late", "remind")
    assert make_plan(desk, ledger)[0].counts["remind"] == 1


def test_nothing_is_stored(desk: Desk, ledger: Ledger) -> None:
    look(desk, ledger, UNTIL)
    with desk.store.read() as tx:
        assert figures.last_plans(tx) == []
        assert [one.verb for one in figures.last_run_of_each(tx, "acme")] == ["pull"]


def test_a_payment_changes_the_outlook(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1", 2_500, debtor_id="late"), closed("1", 7_500).model_copy(update={"debtor_id": "late"}))
    pull(desk, ledger)
    assert [one.amount_minor for one in look(desk, ledger, UNTIL).steps if one.debtor_id == "late"] == [2_500, 2_500]


@pytest.mark.parametrize(
    ("day", "why"), [(date(2026, 3, 1), "is past: today is 2026-03-02"), (date(2027, 3, 4), "more than a year ahead")]
)
def test_a_day_that_is_past_or_too_far_is_refused(desk: Desk, ledger: Ledger, day: date, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        look(desk, ledger, day)
    with pytest.raises(ConfigError, match=why):
        look_at(desk, ledger, "late", day)


@pytest.fixture
def _by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The debtors go by their keys."""
    monkeypatch.setattr("connector.cli.naming.Names.code", lambda _self, _key: "")


@pytest.mark.usefixtures("_by_key")
def test_it_is_shown_by_day_and_by_week(desk: Desk, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    show_outlook(desk, look(desk, ledger, UNTIL), as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("2026-03-02 late") and "remind EUR 100.00 1" in line for line in lines)
    assert f"2026-03-09 remind 1 EUR 40.00 {'#' * 24}" in lines
    assert f"Held on {UNTIL}: 1" in lines
    assert f"Undecided on {UNTIL}: 1" in lines
    assert "6 steps of 3 debtors." in lines


def test_for_machines(desk: Desk, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    show_outlook(desk, look(desk, ledger, UNTIL), as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["from"], document["to"], len(document["steps"])) == ("2026-03-02", "2026-06-30", 6)
    assert document["stuck"][0]["reason"].startswith("Is there no hold on the debtor?")


@pytest.mark.usefixtures("_by_key")
def test_one_debtor_with_the_reasons_of_the_last_day(
    desk: Desk, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    found = look_at(desk, ledger, "may", date(2026, 6, 1))
    show_prospect(desk, ledger, "may", found, as_json=False)
    shown = capsys.readouterr().out
    assert "2026-05-14 remind EUR 100.00 1" in " ".join(shown.split())
    assert "2026-06-01  debtor may" in shown
    assert "remind on 2026-05-14" in shown or "28 days: 2 fell due on 2026-05-04" in shown
    show_prospect(desk, ledger, "may", found, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["steps"][0]["day"], document["last"]["action"]) == ("2026-05-14", "none")


def test_what_the_law_asks_is_told_as_such(desk: Desk, ledger: Ledger) -> None:
    desk.settings.policies["plain"].write_text(LADDER + '\n[gates.debtor_kind]\nbefore = "never"\n', encoding="utf-8")
    actions.confirm_kind(desk, ledger, "late", "consumer", actor="anna")
    stuck = {one.debtor_id: one for one in look(desk, ledger, UNTIL).stuck}
    assert stuck["late"].state == "held"
    assert stuck["late"].reason.startswith("the law then asks: ")
