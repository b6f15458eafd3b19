"""A letter to a consumer, from the first plan that asks for it to the hand-over it makes possible."""

from datetime import date, timedelta

import pytest
from acceptance.installation import Installation

from connector.law.law import Law
from connector.law.netherlands.fourteen_day_letter import LetterPeriod, LetterSent, fourteen_days

SAID = """
wording = "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd"
amounts = ["121.00"]
accounts = ["NL91ABNA0417164300"]
costs = "40.00"
costs_on_interest = "no"
"""
ANY_KIND = """
name = "standard"
version = "1"
currency = "EUR"

[[step]]
name = "escalate"
action = "escalate"
title = "Hand-over"
days_overdue = 14

[gates.debtor_kind]
before = "never"
"""


@pytest.fixture
def desk(plain: Installation) -> Installation:
    """One overdue invoice, a policy for debtors of any kind, and a ledger too small to find its sign by."""
    plain.write("policies/standard.toml", ANY_KIND)
    sure = 'connection = "books"\nsign = "negative_owes"'
    plain.amend("ledgers/acme.toml", lambda text: text.replace('connection = "books"', sure))
    plain.invoices(1)
    plain.run("pull")
    return plain


def today(desk: Installation) -> date:
    """The day by the clock that all tests share: it may have been moved on."""
    with desk.opened() as (workspace, ledger):
        return workspace.clock.today(ledger.timezone)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_consumer_goes_once_the_letter_is_there_and_its_days_are_over(desk: Installation) -> None:
    desk.write("letter.toml", SAID)
    desk.run("debtor", "kind", "Korst", "consumer")
    asked = desk.run("plan", "--explain", "Korst")
    assert "no Was a fourteen-day letter sent after default?" in one_line(asked.out)
    assert "none is recorded. Send a new, correct fourteen-day letter." in one_line(asked.out)
    assert "art. 6:96 lid 6 BW" in asked.out
    assert 'nothing is done: step "escalate" is held back\n' in asked.out

    day = today(desk)
    period = fourteen_days(Law(), LetterSent(sent_on=day))
    assert isinstance(period, LetterPeriod)
    first = period.costs_from
    sent = ["debtor", "letter", "Korst", "--kind", "fourteen_days", "--sent", str(day), "--channel", "post"]
    recorded = desk.run(*sent, "--text", str(desk.home / "letter.toml"), "--claim", "1")
    assert recorded.out == f"Recorded: fourteen_days, sent on {day} by post, valid: yes.\n"
    told = desk.run("plan", "--explain", "Korst", "--json").json
    assert (told["action"], told["not_before"]) == ("none", str(first))
    assert f"{day}  letter fourteen_days by post, valid: yes" in desk.run("debtor", "show", "Korst").out

    desk.pass_days((first - day).days - 1)
    assert desk.run("plan", "--explain", "Korst", "--json").json["not_before"] == str(first)
    desk.pass_days(1)
    assert desk.run("plan", "--explain", "Korst", "--json").json["action"] == "escalate"


def test_what_cannot_be_is_refused_and_nothing_is_kept(desk: Installation) -> None:
    day = today(desk)
    sent = ["debtor", "letter", "Korst", "--kind", "first_reminder", "--sent", str(day), "--channel", "email"]
    for more, said in (
        (["--claim", "99"], "no open invoice 99"),
        (["--text", "letter.toml"], "fourteen_days"),
        (["--sent", str(day + timedelta(days=1))], "after today"),
        (["--delivered", str(day - timedelta(days=1))], "lies before"),
    ):
        refused = desk.run(*sent, *more)
        assert refused.code == 2
        assert said in refused.err
    assert desk.run("debtor", "show", "Korst", "--json").json["account"]["letters"] == []

    kept = desk.run(*sent, "--document", "archive 12", "--json").json["letter"]
    assert (kept["kind"], kept["document"], kept["valid"]) == ("first_reminder", "archive 12", "unknown")


def test_a_ledger_that_says_nothing_leaves_it_to_a_person(desk: Installation) -> None:
    desk.amend("ledgers/acme.toml", lambda text: text.partition("[law]")[0])
    desk.run("debtor", "kind", "Korst", "business")
    told = desk.run("plan")

    assert "1 undecided" in told.out
    assert "law.contractual in ledgers/acme.toml" in one_line(told.out)


def test_the_letters_of_a_plan_are_recorded_with_their_step(desk: Installation) -> None:
    step = '\n[[step]]\nname = "notice"\naction = "notice"\ntitle = "Fourteen days"\ndays_overdue = 1\n'
    desk.amend("policies/standard.toml", lambda text: text.replace("\n[[step]]", f"{step}\n[[step]]", 1))
    desk.amend("policies/standard.toml", lambda text: text.replace("days_overdue = 14", "days_overdue = 3650"))
    desk.run("debtor", "kind", "Korst", "consumer")
    plan = desk.run("plan", "--json").json["plan"]["id"]
    sent = ["steps", str(plan), "--taken", "notice"]
    for more, said in (
        (["--days", "15"], "give --letter"),
        (["--letter", "fourteen_days", "--channel", "phone"], "a letter goes by one of"),
        (["--letter", "fourteen_days", "--on", str(today(desk) + timedelta(days=1))], "after today"),
    ):
        refused = desk.run(*sent, *more)
        assert (refused.code, said in one_line(refused.err)) == (2, True)
    call = desk.run("steps", str(plan), "--taken", "call", "--letter", "notice")
    assert (call.code, "a call is no letter" in one_line(call.err)) == (2, True)

    done = desk.run(*sent, "--letter", "fourteen_days", "--days", "15", "--valid", "yes", "--document", "run 7")
    assert done.out == (
        f"1 step recorded as taken on {today(desk)}.\n1 letter recorded: fourteen_days by post, valid: yes.\n"
    )
    account = desk.run("debtor", "show", "Korst", "--json").json["account"]
    assert [one["step"] for one in account["steps"]] == ["notice"]
    (kept,) = account["letters"]
    assert (kept["days"], kept["document"], len(kept["claims"])) == (15, "run 7", 1)
