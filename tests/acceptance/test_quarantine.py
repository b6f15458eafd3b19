"""The quarantine after a restore, on the command line: it ends by itself, and a person can settle what is left."""

from acceptance.installation import Installation, log_in

from connector.store import cases, items

INVOICES = 25


def restored(whole: Installation) -> str:
    """A back-up, a hand-over after it, and the back-up put back; returns our reference of the forgotten case."""
    whole.invoices(INVOICES)
    made = whole.run("db", "backup", "--json")
    assert made.code == 0, made.err
    case_ref = whole.hand_over()
    put_back = whole.run("db", "restore", made.json["file"], "--replace")
    assert put_back.code == 0, put_back.err
    assert whole.run("quarantine", "show", "--json").json["ledgers"][0]["stage"] == ""
    whole.pass_days(1)
    # The log-in of the back-up is out of date: a person gives it anew.
    log_in(whole)
    return case_ref


def test_a_forgotten_case_is_known_again_and_the_quarantine_is_over(whole: Installation) -> None:
    case_ref = restored(whole)
    assert whole.run("pull").code == 0
    followed = whole.run("follow")
    assert followed.code == 0, followed.err
    assert f"case {case_ref} was handed over after the back-up, and is known again" in followed.out
    assert whole.run("quarantine", "show").out == "There is no quarantine.\n"
    assert whole.run("quarantine", "show", "--json").json is None
    assert whole.run("status", "--json").json["quarantine"] is None
    with whole.store() as store, store.read() as tx:
        assert [one.case_ref for one in cases.cases(tx)] == [case_ref]
        assert items.count_open(tx, "acme") == INVOICES
    assert all(one["difference"] == 0 for one in whole.run("compare", "--json").json)


def test_what_is_not_known_yet_stays_in_and_ends_by_force_alone(whole: Installation) -> None:
    case_ref = restored(whole)
    shown = whole.run("quarantine", "show")
    assert "not asked yet: nothing leaves" in shown.out
    for refused in (
        whole.run("quarantine", "adopt", case_ref, "--debtor", "10", "--invoice", "1"),
        whole.run("quarantine", "dismiss", case_ref),
        whole.run("quarantine", "end"),
        whole.run("quarantine", "end", "--force"),
    ):
        assert refused.code == 2, refused.out
        assert "incasso quarantine show" in refused.err or "--reason" in refused.err
    ended = whole.run("quarantine", "end", "--force", "--reason", "the agency gives everything back")
    assert (ended.code, ended.out) == (0, "The quarantine is over.\n")
    assert "the agency gives everything back" in whole.run("tasks", "--done").out


def test_a_person_names_the_invoices_or_says_that_a_case_is_not_ours(whole: Installation) -> None:
    case_ref = restored(whole)
    # The agency's feed is read, the ledger is not: the debtor's claims of the back-up's time are not known here.
    whole.run("follow")
    whole.run("pull")
    (one,) = whole.run("quarantine", "show", "--json").json["ledgers"]
    assert [stranger["case_ref"] for stranger in one["strangers"]] == [case_ref]
    assert case_ref in whole.run("quarantine", "show").out
    wrong = whole.run("quarantine", "adopt", case_ref, "--debtor", "10", "--invoice", "1")
    assert wrong.code == 2
    assert f"which invoice each of its {INVOICES} lines is" in wrong.err
    invoices = [part for number in range(1, INVOICES + 1) for part in ("--invoice", str(number))]
    adopted = whole.run("quarantine", "adopt", case_ref, "--debtor", "10", *invoices)
    assert (adopted.code, adopted.out) == (0, f"Case {case_ref} is known again.\n")
    whole.run("follow")
    assert whole.run("quarantine", "show").out == "There is no quarantine.\n"


def test_a_case_that_is_not_ours_keeps_nothing_in(whole: Installation) -> None:
    case_ref = restored(whole)
    whole.run("follow")
    whole.run("pull")
    dismissed = whole.run("quarantine", "dismiss", case_ref)
    assert (dismissed.code, dismissed.out) == (0, f"Case {case_ref} is none of ours.\n")
    whole.run("follow")
    assert whole.run("quarantine", "show").out == "There is no quarantine.\n"
