"""A policy tried on the past by a person at the command line, on what real pulls have left, on both databases."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from acceptance.installation import POLICIES, Ended, Installation
from databases import Databases


@pytest.fixture(params=["sqlite", "postgresql"])
def server_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    databases: Databases = request.getfixturevalue("postgres")
    return databases.url()


@dataclass(frozen=True)
class Lived:
    """An installation that has lived for thirty days; `on(n)` is so many days after its first pull."""

    installation: Installation
    first: date

    def on(self, days: int) -> str:
        return str(self.first + timedelta(days=days))

    def run(self, *arguments: str) -> Ended:
        return self.installation.run("backtest", *arguments)


@pytest.fixture
def lived(plain: Installation) -> Lived:
    """Three invoices, 26 days late at the first of four pulls, ten days apart; one is paid before the third."""
    now = datetime.fromisoformat(plain.exact.clock.read_text(encoding="utf-8").strip())
    made = Lived(plain, now.date())
    plain.write("policies/b2b-fast.toml", (POLICIES / "b2b-fast.toml").read_text(encoding="utf-8"))
    plain.amend("ledgers/acme.toml", lambda text: 'debtors_are = "business"\n' + text)
    # A debtor who owes nothing yet, and enough invoices of another one for the source to vouch for its signs.
    plain.invoices(0)
    others = [{"account": "20", "amount": "10.00", "number": 100 + number, "date": made.on(-1)} for number in range(30)]
    plain.book(
        "accounts",
        code="20",
        name="Slagerij Van Dam B.V.",
        country="NL",
        address="Markt 1",
        postcode="3511 AV",
        city="Utrecht",
    )
    plain.book("load", invoices=others)
    rows = [{"account": "10", "amount": "121.00", "number": number, "date": made.on(-56)} for number in (1, 2, 3)]
    plain.book("load", invoices=rows)
    for place in range(4):
        if place:
            plain.pass_days(10)
        if place == 2:
            plain.book("load", payments=[{"invoice": 1, "date": made.on(18)}])
        assert plain.run("pull").code == 0
    return made


def lines_of(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_policy_is_tried_beside_another(lived: Lived, tmp_path: Path) -> None:
    chart = tmp_path / "chart.svg"
    done = lived.run("b2b-fast", "--against", "standard", "--files", "--chart", str(chart))
    assert done.code == 0, done.err
    shown = lines_of(done.out)
    assert shown[0] == (
        f"Back-test of acme, {lived.on(0)} to {lived.on(30)}: 31 days, 2 debtors. "
        f"What came in afterwards is known up to {lived.on(30)}."
    )
    assert "files handed over 1 1" in shown
    assert "amount handed over EUR 363.00 EUR 242.00" in shown
    assert "reminders and notices 0 2" in shown
    # 30 days late on day 4; a reminder on day 0, the notice two weeks later, and the agency two weeks after that.
    assert any(line.startswith(f"{lived.on(4)} 10 Bakkerij De Korst B.V. EUR 363.00 1, 2, 3 open") for line in shown)
    assert any(line.startswith(f"{lived.on(28)} 10 Bakkerij De Korst B.V. EUR 242.00 2, 3 open") for line in shown)
    assert f"came in by {lived.on(30)} EUR 121.00 EUR 0.00" in shown
    assert "estimate: fee on what came in EUR 18.15 EUR 0.00" in shown
    assert "What a back-test cannot know:" in shown
    assert "--fee" in done.out
    assert f"The chart is in {chart}" in shown
    root = ElementTree.fromstring(chart.read_text(encoding="utf-8"))
    assert f"b2b-fast: {lived.on(4)[:7]} 1 of which 0 needless" in root.findtext("{http://www.w3.org/2000/svg}desc", "")


def test_machines_read_the_same(lived: Lived) -> None:
    told = lived.run("b2b-fast", "--from", lived.on(1), "--to", lived.on(29), "--fee", "10", "--json").json
    assert (told["from"], told["to"], told["known_to"]) == (lived.on(1), lived.on(29), lived.on(30))
    assert told["asked_law"] is False
    assert any("--law" in one for one in told["cannot_know"])
    [policy] = told["policies"]
    assert (policy["files"], policy["amount_minor"], policy["came_in_minor"]) == (1, 36300, 12100)
    assert policy["costs"]["fee"] == 1210
    assert told["assumptions"]["fee_bp"] == 1000
    [file] = policy["handed_over"]
    assert (file["day"], file["debtor_code"], file["ending"], file["left_minor"]) == (lived.on(4), "10", "open", 24200)
    assert [claim["number"] for claim in file["claims"]] == ["1", "2", "3"]
    assert told["cannot_know"]


def test_the_law_is_asked_on_what_was_known(lived: Lived) -> None:
    """Nothing says that the ledger's debtors were looked up: no hand-over is lawful, and it is told what is missing."""
    lived.installation.amend(
        "ledgers/acme.toml", lambda text: text.replace('registers_read = "yes"', 'registers_read = "unknown"')
    )
    told = lived.run("b2b-fast", "--law", "--json").json
    assert told["asked_law"] is True
    [policy] = told["policies"]
    assert (policy["files"], policy["missing"]["not_stopped"]) == (0, 1)
    assert "not stopped (1)" in lived.run("b2b-fast", "--law").out


def test_what_cannot_be_tried_is_said(lived: Lived) -> None:
    first, last = lived.on(0), lived.on(30)
    for arguments, said in (
        (["slow"], 'there is no policy "slow". Known: b2b-fast, standard.'),
        (["standard", "--from", last, "--to", first], f"the period ends on {first}, before it begins on {last}"),
        (["standard", "--from", lived.on(-1)], f"known from {first} on"),
        (["standard", "--to", lived.on(31)], f"known up to {last}"),
        (["standard", "--ledger", "nobody"], "there is no ledger 'nobody'"),
        (["standard", "--against", "standard"], "name every policy once"),
        (["standard", "--fee", "110"], "write a percentage"),
        (["standard", "--letter", "1.234"], "write an amount in EUR"),
        (["standard", "--chart", "chart.png"], "ends in .svg"),
        (["standard", "--from", "yesterday"], "write a day as 2026-01-31"),
        (["standard", "--chart", "no/such/folder/chart.svg"], "the chart cannot be written"),
    ):
        done = lived.run(*arguments)
        assert done.code == 2, arguments
        assert said in re.sub(r"[\s│]+", " ", done.err + done.out)


def test_a_draft_is_tried_by_its_file(lived: Lived, tmp_path: Path) -> None:
    draft = tmp_path / "draft.toml"
    text = (POLICIES / "b2b-fast.toml").read_text(encoding="utf-8")
    draft.write_text(text.replace("days_overdue = 30", "days_overdue = 40"), encoding="utf-8")
    told = lived.run("b2b-fast", "--against", str(draft), "--json").json["policies"]
    assert [one["policy"] for one in told] == ["b2b-fast", str(draft)]
    assert [one["handed_over"][0]["day"] for one in told] == [lived.on(4), lived.on(14)]
    missing = lived.run(str(tmp_path / "none.toml"))
    assert missing.code == 2
    assert "none.toml" in missing.err


def test_a_broken_policy_is_told_with_its_line(lived: Lived) -> None:
    lived.installation.amend(
        "policies/b2b-fast.toml", lambda text: text.replace("days_overdue = 30", 'days_overdue = "soon"')
    )
    done = lived.run("b2b-fast")
    assert done.code == 2
    assert "policies/b2b-fast.toml" in done.err
    assert "step 1 (escalate).days_overdue" in done.err


def test_a_ledger_without_history_says_what_comes_first(plain: Installation) -> None:
    done = plain.run("backtest", "standard")
    assert done.code == 2
    assert "nothing was pulled yet. First: incasso pull" in done.err
