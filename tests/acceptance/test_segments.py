"""Debtors of several groups in the accounting package, and the step that each gets."""

import re
from pathlib import Path
from typing import Any

import pytest
from acceptance.installation import Installation

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "segments.md").read_text(encoding="utf-8")
# What the page tells to write and shows as printed.
SETTINGS, POLICY = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PLAN, EXPLAINED = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DEBTORS = {
    "10": ("Bakkerij De Korst B.V.", {}),
    "11": ("Meelfabriek Transport B.V.", {}),
    "12": ("Boulangerie Dupont SARL", {"Language": "FR", "Country": "FR", "Postcode": "59000"}),
    "13": ("Molen De Hoop B.V.", {}),
    "14": ("Molen De Valk B.V.", {}),
}


@pytest.fixture
def grouped(plain: Installation) -> Installation:
    """Five debtors, each with an invoice that is late: one of our own, a Frenchman, two who rent a machine."""
    plain.write("policies/standard.toml", POLICY)
    plain.amend("connections/books.toml", lambda text: f'{text}sign = "negative_owes"\n{SETTINGS}')
    plain.book("journals", code="71", description="Verhuur")
    for code, (name, fields) in DEBTORS.items():
        plain.book("accounts", code=code, name=name, fields=fields)
        journal = "71" if code in ("13", "14") else "70"
        plain.book("invoices", account=code, amount="121.00", number=int(code), date="2026-01-05", journal=journal)
    # One of the renters bought flour as well.
    plain.book("invoices", account="14", amount="60.50", number=15, date="2026-01-05")
    plain.book("classifications", account="11", code="INTERCO", description="Eigen ondernemingen")
    plain.run("pull")
    return plain


def test_the_page_shows_what_is_printed(grouped: Installation) -> None:
    # The version carries a mark of the file's content, which is left out on the page.
    printed = re.sub(r"(policy standard) \S+:", r"\1:", grouped.run("plan").out)
    # Rows of one step stand in the order of the source's keys, which differ from run to run.
    assert set(PLAN.splitlines()) <= set(printed.splitlines())
    assert grouped.run("plan", "--explain", "11").out.startswith(EXPLAINED)


def steps(installation: Installation) -> dict[str, tuple[str, str, str]]:
    """What the plan says of each debtor, by his code: action, step and segment."""
    codes = {installation.run("debtor", "find", code, "--json").json[0]["id"]: code for code in DEBTORS}
    decisions: Any = [one["decision"] for one in installation.run("plan", "--json").json["decisions"]]
    return {codes[one["debtor_id"]]: (one["action"], one["step"], one["segment"]) for one in decisions}


def test_each_debtor_gets_the_step_of_his_group(grouped: Installation) -> None:
    assert steps(grouped) == {
        "10": ("remind", "remind", ""),
        "11": ("none", "", "own-companies"),
        "12": ("call", "call", "french"),
        "13": ("notice", "notice", "rental"),
        # Not all that he owes is rent.
        "14": ("remind", "remind", ""),
    }
    told = " ".join(grouped.run("plan", "--explain", "11").out.split())
    assert "Is the debtor's customer group one of: INTERCO? INTERCO. Nothing is ever done with these debtors" in told
    told = " ".join(grouped.run("plan", "--explain", "12").out.split())
    assert "Is the debtor's language one of: fr? fr" in told


def test_a_debtor_who_changes_groups_gets_other_steps_after_the_next_pull(grouped: Installation) -> None:
    grouped.run("plan")
    grouped.book("classifications", account="10", code="INTERCO")
    grouped.book("accounts", code="12", fields={"Language": "NL"})
    grouped.book("payments", invoice=15)
    grouped.run("pull")
    after = steps(grouped)
    assert {code: after[code][2] for code in ("10", "12", "14")} == {
        "10": "own-companies",
        "12": "",
        "14": "rental",
    }


def test_without_the_settings_a_person_is_asked_and_nobody_gets_a_step_that_is_not_his(grouped: Installation) -> None:
    grouped.amend(
        "connections/books.toml", lambda text: text.replace('"Classification1"', '""').replace("journal", "none")
    )
    grouped.run("pull")
    assert {one[0] for one in steps(grouped).values()} == {"undecided"}
