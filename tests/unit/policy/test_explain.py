"""Decisions in words."""

from policy_builders import STANDARD, debtor, dispute, hold, invoice, taken

from connector.model import Account
from connector.policy import Explanation, decide, explain, headline, missing, render


def told(account: Account) -> str:
    decision = decide(account, STANDARD)
    return (
        "\n".join(render(explain(decision)))
        .replace(decision.policy_version, "VERSION")
        .replace(decision.facts, "FACTS")
        .replace(decision.law, "LAW")
    )


def test_a_reminder_as_the_debtor_may_read_it() -> None:
    account = debtor(invoice("2026-17", late=20), invoice("2026-18", late=20), disputes=(dispute("2026-18"),))
    assert (
        told(account)
        == """\
2026-11-22  debtor d1, ledger demo: a reminder (step "remind"), EUR 121.00 in 1 claim

Step "remind"
  yes      Is the oldest claim at least 14 days overdue?
           20 days: 2026-17 fell due on 2026-11-02  [open items of ledger demo]
  yes      Has this step not been taken for these claims yet?
           never taken  [steps taken]
  yes      Is at least EUR 0.01 open after credit?
           EUR 121.00 in 1 claim  [open items of ledger demo]
  yes      Is there no dispute about everything?
           none  [disputes]
  yes      Is there no hold on the debtor?
           none  [holds]
  yes      Is no promise to pay everything still running?
           none  [promises to pay]
  yes      Does no payment plan about everything run?
           none  [payment plans]
  yes      Does the source vouch for the sign of its amounts?
           it does  [the source]

Claims that take no part
  no       Is 2026-18 free of dispute?
           disputed since 2026-11-13: never delivered  [mail of the debtor]

Step "notice"
  no       Is the oldest claim at least 30 days overdue?
           20 days: 2026-17 fell due on 2026-11-02  [open items of ledger demo]

Rules: policy standard, version VERSION; law LAW. Facts: FACTS."""
    )


def test_a_quiet_account() -> None:
    assert (
        told(debtor(invoice("A", late=-3)))
        == """\
2026-11-22  debtor d1, ledger demo: nothing is done, not before 2026-12-09

The account
  no       Is anything overdue?
           no: 1 open, the first falls due on 2026-11-25  [open items of ledger demo]

Rules: policy standard, version VERSION; law LAW. Facts: FACTS."""
    )


def test_headlines() -> None:
    both = (taken("remind", 36), taken("notice", 20))
    accounts = {
        "nothing is done": debtor(),
        'nothing is done: step "remind" is held back, not before 2026-12-01': debtor(
            invoice("A", late=20), holds=(hold(until=8),)
        ),
        'hand-over to the agency (step "escalate"), EUR 242.00 in 2 claims': debtor(
            invoice("A", late=50), invoice("B", late=50), steps=both
        ),
        'undecided: a fact is missing for step "escalate"': debtor(
            invoice("A", late=50), steps=both, debtor_kind="unknown"
        ),
    }
    assert {headline(decide(account, STANDARD)) for account in accounts.values()} == set(accounts)


def test_what_is_missing_is_named() -> None:
    both = (taken("remind", 36), taken("notice", 20))
    late = invoice("A", late=50)
    accounts = {
        "": debtor(late),
        "the debtor's kind is unknown": debtor(late, steps=both, debtor_kind="unknown"),
        "the sign of the ledger's amounts is not established yet": debtor(late, steps=both, calibrated=False),
        "Is the due date of B known? the ledger gives none": debtor(invoice("B", late=None)),
    }
    assert {missing(decide(account, STANDARD)) for account in accounts.values()} == set(accounts)


def test_what_decides_comes_before_what_stands_aside() -> None:
    both = (taken("remind", 36), taken("notice", 20))
    account = debtor(invoice("A", late=50), invoice("B", late=None), steps=both, debtor_kind="unknown")
    assert missing(decide(account, STANDARD)) == "the debtor's kind is unknown"


def test_an_explanation_survives_json() -> None:
    explanation = explain(decide(debtor(invoice("A", late=20)), STANDARD))
    assert Explanation.model_validate_json(explanation.model_dump_json()) == explanation
    assert (explanation.amount, explanation.claims) == ("EUR 121.00", ("key-A",))


def test_a_decision_of_an_older_release_says_that_it_names_no_law() -> None:
    decision = decide(debtor(invoice("A", late=-3)), STANDARD).model_copy(update={"law": ""})
    assert "; law of an older release. Facts" in render(explain(decision))[-1]
