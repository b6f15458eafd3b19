"""A stored plan is shown page by page, and nobody is left out or named twice."""

import json
import re

import pytest
from desk import Desk, invoice

from connector.cli import plan_table
from connector.cli.plan_table import Shown, show_plan
from connector.config import Ledger
from connector.flow import actions
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.store import plans
from connector.store.plans import Plan

LADDER = """
name = "plain"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 1

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 10
"""
LATE = [f"late-{number}" for number in range(5)]
EARLY = [f"early-{number}" for number in range(4)]
UNCLEAR = [f"unclear-{number}" for number in range(3)]
RESTING = [f"resting-{number}" for number in range(3)]


@pytest.fixture
def plan(desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Of 15 debtors 5 go, 4 are reminded, 3 are undecided and 3 have until tonight; pages hold two."""
    monkeypatch.setattr(plan_table, "_AT_ONCE", 2)
    desk.settings.policies["plain"].write_text(LADDER, encoding="utf-8")
    today = desk.clock.today()
    due = {"early": today.replace(day=1).replace(month=2, day=25), "resting": today}
    rows = []
    for number, key in enumerate([*LATE, *EARLY, *UNCLEAR, *RESTING]):
        changes = {"due_date": due[word]} if (word := key.partition("-")[0]) in due else {}
        if word == "unclear":
            changes = {"due_date": None}
        rows.append(invoice(str(number), debtor_id=key, **changes))
    desk.books.holds(*rows)
    pull(desk, ledger)
    return make_plan(desk, ledger)[1]


def debtors_in(text: str) -> list[str]:
    return re.findall(r"\b(?:late|early|unclear|resting)-\d", text)


@pytest.fixture(autouse=True)
def _by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The debtors go by their keys."""
    monkeypatch.setattr("connector.cli.naming.Names.code", lambda _self, _key: "")


def test_the_last_step_comes_first_and_everybody_once(
    desk: Desk, ledger: Ledger, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    show_plan(desk, ledger, plan, shown=Shown(everybody=True), as_json=False)
    shown = capsys.readouterr().out
    assert debtors_in(shown) == [*LATE, *EARLY, *UNCLEAR, *RESTING]
    for line in ("5 hand-overs: EUR 500.00", "4 reminders: EUR 400.00", "3 undecided", "3 with nothing to do"):
        assert line in shown.splitlines()
    assert f"To hand over exactly this: incasso handover {plan.id}" in shown


def test_who_rests_is_shown_on_request(
    desk: Desk, ledger: Ledger, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    show_plan(desk, ledger, plan, shown=Shown(), as_json=False)
    shown = capsys.readouterr().out
    assert debtors_in(shown) == [*LATE, *EARLY, *UNCLEAR]
    assert "3 with nothing to do, new for 3 of them (show them with --all)" in shown


def test_for_machines_it_is_one_document(
    desk: Desk, ledger: Ledger, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    show_plan(desk, ledger, plan, shown=Shown(), as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert [one["decision"]["debtor_id"] for one in document["decisions"]] == sorted(
        [*LATE, *EARLY, *UNCLEAR, *RESTING]
    )
    assert document["plan"]["id"] == plan.id
    assert {one["change"] for one in document["decisions"]} == {"new", "undecided", "none"}


def test_what_became_of_it_is_shown(desk: Desk, ledger: Ledger, plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    actions.hold_debtor(desk, ledger, LATE[0], reason="promised to pay", until=None, actor="anna")
    hand_over(desk, ledger, plan.id)
    with desk.store.read() as tx:
        applied = plans.read_plan(tx, plan.id)
    assert applied is not None
    show_plan(desk, ledger, applied, shown=Shown(), as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("handed over as acme-") == 4
    assert "left out: it would not be handed over now" in shown


def test_a_plan_of_nobody_has_no_table(desk: Desk, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    made = make_plan(desk, ledger)[1]
    show_plan(desk, ledger, made, shown=Shown(everybody=True), as_json=False)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"Plan {made.id} of acme")
    assert rest == ["Against the plan before: no step then or now."]
