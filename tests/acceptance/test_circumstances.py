"""What befalls a debtor, by the command line: recorded, on the list, in every reason, and over."""

from datetime import date, timedelta

import pytest
from acceptance.installation import Installation
from acceptance.test_letters import ANY_KIND, one_line, today

from connector.store import circumstances, debtors, schema


@pytest.fixture
def desk(plain: Installation) -> Installation:
    """One overdue invoice of a Dutch business, in a ledger that says nothing of registers."""
    plain.write("policies/standard.toml", ANY_KIND)
    sure = 'connection = "books"\nsign = "negative_owes"'
    plain.amend("ledgers/acme.toml", lambda text: text.replace('connection = "books"', sure))
    plain.amend("ledgers/acme.toml", lambda text: text.replace('registers_read = "yes"', 'registers_read = "unknown"'))
    plain.invoices(1)
    plain.run("pull")
    plain.run("debtor", "kind", "Korst", "business")
    return plain


def decided(desk: Installation) -> str:
    return str(desk.run("plan", "--explain", "Korst", "--json").json["action"])


def test_a_bankruptcy_from_the_first_word_to_its_end(desk: Installation) -> None:
    day: date = today(desk)
    assert decided(desk) == "undecided"
    looked = ["debtor", "register", "Korst", "--register", "cir", "--looked-up", str(day)]
    assert desk.run(*looked, "--found", "no").out == "1 look-up recorded.\n"
    assert decided(desk) == "escalate"
    assert "1 debtor was found" in desk.run(*looked, "--found", "yes").out
    assert decided(desk) == "undecided"

    insolvent = ["debtor", "insolvency", "Korst", "--since", str(day), "--administrator", "mr. Bakker"]
    refused = desk.run(*insolvent, "--regime", "collective settlement")
    assert refused.code == 2
    assert '"bankruptcy"' in refused.err
    recorded = desk.run(*insolvent, "--regime", "bankruptcy")
    assert "file the claim with the trustee (mr. Bakker) (arts. 26, 33, 128 Fw)." in one_line(recorded.out)
    assert "On the list: incasso tasks" in recorded.out
    assert "file the claim with the trustee" in one_line(desk.run("tasks").out)
    assert decided(desk) == "none"
    assert "arts. 26, 33, 128 Fw" in desk.run("plan", "--explain", "Korst").out
    shown = desk.run("debtor", "show", "Korst").out
    assert f"{day}  insolvency bankruptcy NL mr. Bakker\n" in shown
    assert f"{day}  looked up in cir: found\n" in shown

    assert desk.run("debtor", "lift", "Korst", "insolvency").out == "It is over.\n"
    assert desk.run("tasks").out == "Nothing waits for a person.\n"
    assert f"until {day - timedelta(days=1)}" in desk.run("debtor", "show", "Korst").out
    assert "nothing to end" in desk.run("debtor", "lift", "Korst", "insolvency").out


def test_death_and_vulnerability_stop_a_hand_over(desk: Installation) -> None:
    day = today(desk)
    desk.run("debtor", "register", "Korst", "--register", "all", "--looked-up", str(day), "--found", "no")
    assert decided(desk) == "escalate"
    desk.run("debtor", "vulnerable", "Korst", "--reason", "ill, told by her daughter")
    assert decided(desk) == "none"
    assert "daughter" not in desk.run("plan", "--explain", "Korst").out
    assert "ill, told by her daughter" in desk.run("debtor", "show", "Korst").out
    assert "daughter" in str(desk.run("debtor", "show", "Korst", "--json").json["account"]["circumstances"])
    assert desk.run("debtor", "forget", "Korst").out == "Erased 1 reason.\n"
    assert desk.run("debtor", "forget", "Korst").out == "There was no reason to erase.\n"
    shown = desk.run("debtor", "show", "Korst").out
    assert f"{day}  vulnerable\n" in shown
    assert "daughter" not in shown
    assert decided(desk) == "none"
    desk.run("debtor", "lift", "Korst", "vulnerable")
    assert decided(desk) == "escalate"
    assert "heirs" in desk.run("debtor", "deceased", "Korst", "--on", str(day)).out
    assert decided(desk) == "none"


def test_an_upgrade_encrypts_what_an_older_release_left_in_plain_text(desk: Installation) -> None:
    desk.run("debtor", "vulnerable", "Korst", "--reason", "told by her doctor")
    with desk.opened() as (workspace, ledger), workspace.store.write() as tx:
        [debtor] = debtors.find(tx, ledger.name, "Korst")
        [fact] = circumstances.circumstances(tx, ledger.name, [debtor.id])[debtor.id]
        plain = fact.model_copy(update={"reason": "told by her doctor"})
        circumstances.record(tx, ledger.name, debtor.id, plain, at=workspace.clock.now())
    with desk.store() as store:
        schema.downgrade(store, "0013")
    assert desk.run("db", "upgrade").code == 0
    with desk.store() as store, store.read() as tx:
        [fact] = circumstances.circumstances(tx, "acme", [debtor.id])[debtor.id]
    assert fact.reason == ""
    assert "told by her doctor" in desk.run("debtor", "show", "Korst").out


def test_a_hold_that_begins_later_says_when_the_agency_hears_it(desk: Installation) -> None:
    later = today(desk) + timedelta(days=4)
    said = desk.run("debtor", "hold", "Korst", "--reason", "sales", "--since", str(later)).out
    assert said == f"On hold from {later} on.\nAn agency that works a case of it then is told on {later}.\n"


def test_a_file_of_look_ups_is_recorded_whole_or_not_at_all(desk: Installation) -> None:
    day = today(desk)
    desk.write("looked.csv", f"debtor,register,looked_up,found\nnobody,cir,{day},no\n")
    refused = desk.run("debtor", "register", "--csv", str(desk.home / "looked.csv"))
    assert refused.code == 2
    assert "looked.csv: line 2, debtor: ledger acme has no such debtor" in one_line(refused.err)
    code = desk.run("debtor", "find", "Korst", "--json").json[0]["code"]
    desk.write("looked.csv", f"debtor,register,looked_up,found\n{code},cir,{day},no\n")
    assert desk.run("debtor", "register", "--csv", str(desk.home / "looked.csv")).out == "1 look-up recorded.\n"
    assert decided(desk) == "escalate"
    for wrong in (["--csv", "looked.csv", "--found", "no"], ["Korst", "--found", "no"]):
        assert desk.run("debtor", "register", *wrong).code == 2
