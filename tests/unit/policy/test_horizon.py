"""The first day on which the next step could come."""

from datetime import date, timedelta

import pytest
from policy_builders import DAY, FAST, STANDARD, debtor, dispute, hold, invoice, policy, step, taken

from connector.model import Account
from connector.policy import Policy, decide

BOTH = (taken("remind", 36), taken("notice", 20))

# What the account is, and in how many days from today the next step could come (None: nobody can say).
CASES: dict[str, tuple[Account, Policy, int | None]] = {
    "nothing open": (debtor(), STANDARD, None),
    "due today": (debtor(invoice("A", late=0)), STANDARD, 14),
    "due in 3 days": (debtor(invoice("A", late=-3)), STANDARD, 17),
    "the earliest of two": (debtor(invoice("A", late=-9), invoice("B", late=-3)), STANDARD, 17),
    "5 days late": (debtor(invoice("A", late=5)), STANDARD, 9),
    "reminded 10 days ago at 20 days": (debtor(invoice("A", late=30), steps=(taken("remind", 10),)), STANDARD, 4),
    "reminded 1 day ago at 14 days": (debtor(invoice("A", late=15), steps=(taken("remind", 1),)), STANDARD, 15),
    "all steps taken": (
        debtor(invoice("A", late=99), steps=(taken("remind", 5),)),
        policy(step("remind", 14)),
        None,
    ),
    "on hold for 8 more days": (debtor(invoice("A", late=20), holds=(hold(until=8),)), STANDARD, 9),
    "the longest of two holds": (debtor(invoice("A", late=20), holds=(hold(until=8), hold(until=3))), STANDARD, 9),
    "hold that ends before the step would come": (debtor(invoice("A", late=5), holds=(hold(until=1),)), STANDARD, 9),
    "on hold without end": (debtor(invoice("A", late=20), holds=(hold(),)), STANDARD, None),
    "disputed": (debtor(invoice("A", late=20), disputes=(dispute(),)), STANDARD, None),
    "claim on hold for 8 more days": (
        debtor(invoice("A", late=20), holds=(hold("claim", key="key-A", until=8),)),
        STANDARD,
        9,
    ),
    "claim on hold while another one ripens": (
        debtor(invoice("A", late=20), invoice("B", late=10), holds=(hold("claim", key="key-A", until=8),)),
        STANDARD,
        4,
    ),
    "claim disputed": (debtor(invoice("A", late=20), disputes=(dispute("A"),)), STANDARD, None),
    "an invoice of which a term falls due in 30 days": (
        debtor(
            invoice("A", late=50, euros="300.00", overdue_minor=10_000, last_due_date=DAY + timedelta(days=30)),
            steps=BOTH,
        ),
        STANDARD,
        31,
    ),
    "too little ever": (debtor(invoice("A", late=50, euros="10.00"), steps=BOTH), STANDARD, None),
    "credit for all": (debtor(invoice("A", late=-5), credit="121.00"), STANDARD, None),
    "barred": (debtor(invoice("A", late=-5), debtor_kind="consumer"), FAST, None),
    "unmatched dollars": (debtor(invoice("A", late=-5), credit_minor={"USD": 1}), FAST, None),
    "too little overdue now, enough when more falls due": (
        debtor(invoice("A", late=50, euros="30.00"), invoice("B", late=-5, euros="30.00")),
        FAST,
        1,
    ),
    "at the end of the calendar": (debtor(invoice("A", late=0, due_date=date(9999, 12, 30))), STANDARD, None),
    "hold to the end of the calendar": (
        debtor(invoice("A", late=20), holds=(hold().model_copy(update={"until": date.max}),)),
        STANDARD,
        None,
    ),
    "a lower step takes longer than a higher one": (
        debtor(invoice("A", late=9), steps=(taken("call", 2),)),
        policy(step("call", 1), step("remind", 10, after={"step": "call", "days": 30}), step("notice", 20)),
        11,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_day_on_which_the_next_step_could_come(case: str) -> None:
    account, rules, days = CASES[case]
    decision = decide(account, rules)
    assert decision.action == "none"
    assert decision.not_before == (None if days is None else DAY + timedelta(days=days))
