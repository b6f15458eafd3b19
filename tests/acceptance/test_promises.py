"""A promise, a payment plan, a hold and a veto on the command line, from the first word to the day they are over."""

from datetime import date, timedelta

import pytest
from acceptance.installation import Installation

POLICY = """
name = "standard"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 14

[[step]]
name = "escalate"
action = "escalate"
title = "Hand-over"
days_overdue = 14
"""


@pytest.fixture
def desk(plain: Installation) -> Installation:
    """Two overdue invoices of EUR 121 of a business, old enough to go."""
    plain.write("policies/standard.toml", POLICY)
    sure = 'connection = "books"\nsign = "negative_owes"'
    plain.amend("ledgers/acme.toml", lambda text: text.replace('connection = "books"', sure))
    plain.invoices(2)
    plain.run("pull")
    plain.run("debtor", "kind", "Korst", "business")
    return plain


def today(desk: Installation) -> date:
    """The day by the clock that all tests share: it may have been moved on."""
    with desk.opened() as (workspace, ledger):
        return workspace.clock.today(ledger.timezone)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_promise_is_waited_for_and_told_broken(desk: Installation) -> None:
    day = today(desk)
    by = day + timedelta(days=5)
    said = desk.run("debtor", "promise", "Korst", "--amount", "121.00", "--by", str(by), "--claim", "1")
    assert said.out == f"Recorded: a promise of 121.00 by {by}, of EUR 121.00 in 1 invoice.\n"
    told = desk.run("plan", "--explain", "Korst")
    assert f"promised EUR 121.00 by {by}, on {day}" in one_line(told.out)
    assert f"{day}  promised EUR 121.00 by {by}, on {day}" in desk.run("debtor", "show", "Korst").out

    desk.pass_days(8)
    told = desk.run("plan", "--explain", "Korst")
    assert f"promised EUR 121.00 by {by}, broken: EUR 121.00 short" in one_line(told.out)
    facts = desk.run("debtor", "show", "Korst", "--json").json
    assert [one["state"] for one in facts["promised"]] == ["broken"]
    assert facts["decision"]["action"] == "escalate"


def test_a_plan_in_months_is_recorded_ended_and_listed(desk: Installation) -> None:
    day = today(desk)
    first = date(day.year + 1, 1, 31)
    monthly = ["--first", str(first), "--times", "3", "--amount", "80.00", "--json"]
    kept = desk.run("debtor", "plan", "Korst", *monthly).json["recorded"]
    days = [f"{day.year + 1}-{part}" for part in ("01-31", "02-28", "03-31")]
    assert [(one["due_on"].replace("02-29", "02-28"), one["amount_minor"]) for one in kept["instalments"]] == [
        (one, 8_000) for one in days
    ]
    assert desk.run("plan", "--explain", "Korst", "--json").json["action"] == "none"
    assert desk.run("debtor", "plan", "Korst", "--end").out == "Ended: 1 payment plan.\n"
    assert desk.run("debtor", "plan", "Korst", "--end", "--json").json == {"ended": 0}
    weekly = ["--first", str(first), "--every", "week", "--times", "2", "--amount", "80.00", "--json"]
    kept = desk.run("debtor", "plan", "Korst", *weekly).json["recorded"]
    assert [one["due_on"] for one in kept["instalments"]] == [str(first), str(first + timedelta(days=7))]
    desk.run("debtor", "plan", "Korst", "--end")

    two = ["--instalment", f"{first} 100.00", "--instalment", f"{first + timedelta(days=9)} 142.00"]
    said = desk.run("debtor", "plan", "Korst", *two, "--note", "by letter")
    last = first + timedelta(days=9)
    assert said.out == (
        f"Recorded: a payment plan in 2 instalments, the last by {last}, of EUR 242.00 in 2 invoices.\n"
    )
    shown = desk.run("debtor", "show", "Korst").out
    assert f"payment plan of {day} ended on {day}" in shown
    assert f"payment plan of {day} runs, next EUR 100.00 by {first} (by letter)" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["promise", "Korst", "--amount", "1.00"], "--amount and --by"),
        (["promise", "Korst", "--end", "--amount", "1.00"], "--amount and --by"),
        (["plan", "Korst"], "--instalment"),
        (["plan", "Korst", "--end", "--times", "2"], "--instalment"),
        (["plan", "Korst", "--instalment", "2027-01-01"], "2026-12-01 100.00"),
        (["promise", "Korst", "--amount", "1.00", "--by", "2099-01-01", "--claim", "99"], "no open invoice 99"),
    ],
)
def test_half_a_word_is_refused(desk: Installation, words: list[str], said: str) -> None:
    refused = desk.run("debtor", *words)
    assert refused.code == 2
    assert said in one_line(refused.err)


def test_an_invoice_a_debtor_and_a_ledger_are_held(desk: Installation) -> None:
    day = today(desk)
    before = str(day - timedelta(days=3))
    assert desk.run("debtor", "hold", "Korst", "--reason", "lost", "--claim", "1", "--since", before).out == (
        f"On hold from {before} on.\n"
    )
    assert f"{before}  invoice 1 on hold until somebody resumes: lost" in desk.run("debtor", "show", "Korst").out
    assert len(desk.run("plan", "--explain", "Korst", "--json").json["claims"]) == 1
    assert desk.run("debtor", "resume", "Korst", "--claim", "1").out == "It goes on.\n"

    assert desk.run("ledger", "hold", "--reason", "migration", "--until", str(day)).out == (
        f"Ledger acme is on hold until {day}.\n"
    )
    told = desk.run("plan", "--explain", "Korst", "--json").json
    assert (told["action"], told["not_before"]) == ("none", str(day + timedelta(days=1)))
    assert desk.run("ledger", "resume").out == "It goes on.\n"
    assert desk.run("ledger", "resume", "acme").out == "There was no hold on the ledger.\n"


def test_sales_bars_the_hand_over_and_the_reminder_goes(desk: Installation) -> None:
    said = desk.run("debtor", "veto", "Korst", "--reason", "key account")
    assert said.out == "No hand-over, until it is lifted: incasso debtor unveto.\n"
    told = desk.run("plan", "--explain", "Korst")
    assert "a reminder" in told.out
    assert "key account" in told.out
    assert "hand-over vetoed by" in desk.run("debtor", "show", "Korst").out
    assert desk.run("debtor", "unveto", "Korst").out == "The veto is lifted.\n"
    assert desk.run("debtor", "unveto", "Korst").out == "There was no veto.\n"
    assert desk.run("plan", "--explain", "Korst", "--json").json["action"] == "escalate"
