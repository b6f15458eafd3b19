"""Steps that come before the due date, after the end of the month, or so long after an earlier step."""

from datetime import date, timedelta

import pytest
from policy_builders import DAY, debtor, invoice, outcome, policy, step, taken, verdicts

from connector.model import Account
from connector.policy import Policy, decide

COURTESY = step("courtesy", None, days_before_due=7)
REMIND = step("remind", 10)
NOTICE = step("notice", None, after={"step": "remind", "days": 14}, needs=["remind"])
BY_MONTH = policy(step("remind", None, days_after_month_end=10))
EARLY = policy(COURTESY, REMIND, NOTICE)


@pytest.mark.parametrize(
    ("account", "comes"),
    [
        (debtor(invoice("A", late=-7)), "courtesy A 121.00"),
        (debtor(invoice("A", late=-8)), "none"),
        (debtor(invoice("A", late=0)), "courtesy A 121.00"),
        (debtor(invoice("A", late=-3), invoice("B", late=-20)), "courtesy A 121.00"),
        (debtor(invoice("A", late=-3), credit="21.00"), "courtesy A 100.00"),
        (debtor(invoice("A", late=-3), credit="121.00"), "none"),
        (debtor(invoice("A", late=-3), steps=(taken("courtesy", 4),)), "none"),
        # A courtesy for invoices that are settled since does not count for the next one.
        (debtor(invoice("A", late=-3), steps=(taken("courtesy", 30),)), "courtesy A 121.00"),
        (debtor(invoice("A", late=-3), invoice("B", late=2)), "none"),
        (debtor(invoice("A", late=10), steps=(taken("courtesy", 15),)), "remind A 121.00"),
        (debtor(invoice("A", late=24), steps=(taken("remind", 14),)), "notice A 121.00"),
        (debtor(invoice("A", late=24), steps=(taken("remind", 13),)), "none"),
    ],
)
def test_a_step_before_the_due_date_and_one_after_another(account: Account, comes: str) -> None:
    assert outcome(decide(account, EARLY)) == comes


@pytest.mark.parametrize(
    ("due", "day", "comes"),
    [
        (date(2026, 1, 5), date(2026, 2, 9), False),
        (date(2026, 1, 5), date(2026, 2, 10), True),
        (date(2026, 1, 31), date(2026, 2, 10), True),
        (date(2024, 2, 1), date(2024, 3, 9), False),
        (date(2024, 2, 1), date(2024, 3, 10), True),
        (date(2025, 12, 31), date(2026, 1, 10), True),
    ],
)
def test_a_step_so_long_after_the_end_of_the_month(due: date, day: date, comes: bool) -> None:
    decision = decide(debtor(invoice("A", late=1, due_date=due), day=day), BY_MONTH)
    assert (decision.action == "remind") is comes
    assert "remind.days_after_month_end" in verdicts(decision)
    assert comes or decision.not_before == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("account", "rules", "days"),
    [
        (debtor(invoice("A", late=-20)), EARLY, 13),
        (debtor(invoice("A", late=-3), steps=(taken("courtesy", 4),)), EARLY, 13),
        (debtor(invoice("A", late=24), steps=(taken("remind", 11),)), EARLY, 3),
        (debtor(invoice("A", late=3, due_date=date(2026, 11, 19))), BY_MONTH, 18),
    ],
)
def test_the_day_on_which_such_a_step_comes_is_told(account: Account, rules: Policy, days: int) -> None:
    assert decide(account, rules).not_before == DAY + timedelta(days=days)


def test_what_a_step_says_of_its_letter_is_kept_with_the_decision() -> None:
    rules = policy(step("remind", 3, channel="email", template="reminder-1", tone="friendly"))
    decision = decide(debtor(invoice("A", late=5)), rules)
    assert (decision.channel, decision.template, decision.tone) == ("email", "reminder-1", "friendly")
    quiet = decide(debtor(invoice("A", late=1)), rules)
    assert (quiet.channel, quiet.template, quiet.tone) == ("", "", "")


WRONG = [
    ((step("remind", None),), "nothing says when this step comes"),
    ((step("remind", 3, days_after_month_end=1),), "days_overdue and days_after_month_end both say when"),
    ((step("notice", None, days_before_due=3),), "nobody is late yet"),
    ((COURTESY, step("remind", 3, needs=["courtesy"])), '"courtesy" comes before the due date'),
    ((REMIND, COURTESY), '"courtesy" 7 days before the due date can come before "remind"'),
    ((step("remind", None, days_after_month_end=0), step("notice", 30)), '"notice" at 30 days can come before'),
    (
        (step("remind", 3), step("call", 30), step("notice", None, after={"step": "remind", "days": 14})),
        "14 days after",
    ),
]


@pytest.mark.parametrize(("steps", "told"), WRONG)
def test_a_ladder_that_cannot_be_climbed_is_refused(steps: tuple[object, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        policy(*steps)  # type: ignore[arg-type]


def test_a_month_of_thirty_one_days_never_upsets_the_order() -> None:
    rules = policy(step("remind", None, days_after_month_end=0), step("notice", 31))
    assert [one.name for one in rules.steps] == ["remind", "notice"]
