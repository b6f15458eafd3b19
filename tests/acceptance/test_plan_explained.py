"""Why, for one debtor: of today, of a stored plan, of a day to come; as text, as JSON, as a page."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from acceptance.installation import Installation

from connector.cli.failures import ExitCode


@pytest.fixture
def desk(plain: Installation) -> Installation:
    """One overdue invoice of Bakkerij De Korst, and a plan that reminds it."""
    sure = 'connection = "books"\nsign = "negative_owes"'
    plain.amend("ledgers/acme.toml", lambda text: text.replace('connection = "books"', sure))
    plain.invoices(1)
    plain.run("pull")
    plain.run("plan")
    return plain


def today(desk: Installation) -> date:
    with desk.opened() as (workspace, ledger):
        return workspace.clock.today(ledger.timezone)


def test_a_page_is_written_in_the_language_of_the_ledger_or_another(desk: Installation, tmp_path: Path) -> None:
    page = tmp_path / "korst.html"
    told = desk.run("plan", "--explain", "Korst", "--page", str(page))
    assert f"The page is in {page}" in told.out
    text = page.read_text(encoding="utf-8")
    assert '<html lang="nl">' in text
    assert "Bakkerij De Korst B.V." in text
    assert "Er gaat een herinnering uit" in text
    assert page.stat().st_mode & 0o077 == 0, "names and amounts are for their owner"
    desk.run("plan", "--explain", "Korst", "--page", str(page), "--language", "fr")
    assert "Un rappel est envoyé" in page.read_text(encoding="utf-8")


def test_a_stored_plan_says_what_was_decided_then(desk: Installation, tmp_path: Path) -> None:
    desk.run("debtor", "hold", "Korst", "--reason", "promised to pay")
    now = desk.run("plan", "--explain", "Korst")
    assert 'step "remind" is held back' in now.out
    then = desk.run("plan", "--show", "1", "--explain", "Korst")
    assert then.out.startswith("As decided in plan 1, made ")
    assert 'a reminder (step "remind")' in then.out
    assert "promised to pay" not in then.out
    told = desk.run("plan", "--show", "1", "--explain", "Korst", "--json").json
    assert (told["plan"], told["action"], told["seen"][0]["number"]) == (1, "remind", "1")
    page = tmp_path / "then.html"
    desk.run("plan", "--show", "1", "--explain", "Korst", "--page", str(page), "--language", "en")
    assert "<dt>Plan</dt><dd>1</dd>" in page.read_text(encoding="utf-8")


def test_a_later_plan_that_left_it_as_it_was_refers_to_the_earlier_one(desk: Installation) -> None:
    desk.run("steps", "1", "--taken", "remind")
    desk.run("plan")
    desk.run("plan")
    assert desk.run("plan", "--show", "3", "--explain", "Korst").out.startswith("As decided in plan 2, made ")


def test_looking_ahead(desk: Installation) -> None:
    day = today(desk) + timedelta(days=60)
    ahead = desk.run("plan", "--on", str(day))
    assert "remind" in ahead.out
    assert "Nothing is stored." in ahead.out
    assert [one["id"] for one in desk.run("plans", "--json").json] == [1]
    one = desk.run("plan", "--on", str(day), "--explain", "Korst", "--json").json
    assert [step["step"] for step in one["steps"]][:2] == ["remind", "notice"]
    assert one["last"]["day"] == str(day)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--page", "x.html"], "a page is of one debtor"),
        (["--explain", "Korst", "--language", "nl"], "a page is of one debtor"),
        (["--on", "2099-01-01", "--show", "1"], "it looks ahead"),
        (["--on", "2099-01-01"], "more than a year ahead"),
        (["--on", "2020-01-01"], "is past"),
        (["--on", "soon"], "write a day as 2026-01-31"),
    ],
)
def test_what_does_not_go_together_is_refused(desk: Installation, options: list[str], why: str) -> None:
    refused = desk.run("plan", *options)
    assert refused.code == ExitCode.CONFIG
    assert why in " ".join((refused.err + refused.out).replace("│", " ").split())


def test_a_debtor_of_whom_a_plan_says_nothing(desk: Installation) -> None:
    refused = desk.run("plan", "--show", "1", "--explain", "nobody")
    assert refused.code == ExitCode.CONFIG
    assert "has no debtor" in refused.err
