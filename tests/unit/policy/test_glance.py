"""What is decided at a glance is what is decided, and what rests does so until the day that is told."""

from datetime import date, timedelta
from itertools import count

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from policy_builders import DAY, STANDARD, debtor, invoice, policy, step, taken
from test_decide_properties import any_accounts, due_on, mixed_accounts, policies, sound_accounts

from connector.law.law import Law
from connector.model import Account
from connector.policy import Policy, decide
from connector.policy.facts import claim_facts
from connector.policy.glance import Glance, decide_at_a_glance, most_days
from connector.policy.horizon import rests_until

LAW = Law()
# Dates that fit one another, as rows give them: what is overdue follows from the due dates.
accounts = (any_accounts | sound_accounts | mixed_accounts).map(lambda one: due_on(one, one.day))


@st.composite
def plain_accounts(draw: st.DrawFn) -> Account:
    """Whatever is known of a debtor, and claims that are all plain: see `Glance`."""
    account = draw(any_accounts | sound_accounts)
    ages = draw(st.lists(st.integers(-20, 70), min_size=1, max_size=4))
    number = count()
    claims = [
        invoice(f"{next(number)}", late=late, euros=draw(st.sampled_from(["1.00", "24.00", "300.00"]))) for late in ages
    ]
    if draw(st.booleans()):
        account = account.model_copy(update={"holds": (), "disputes": (), "credit_minor": {}, "circumstances": ()})
    return due_on(account.model_copy(update={"claims": tuple(claims)}), DAY)


def glance_of(account: Account) -> Glance:
    oldest = min(account.claims, key=lambda one: one.due_date or date.max)
    open_minor = sum(one.open_minor for one in account.claims)
    overdue_minor = sum(one.overdue_minor for one in account.claims)
    return Glance(claim_facts(account.claims), oldest, open_minor, overdue_minor)


@settings(max_examples=400)
@given(plain_accounts(), policies)
def test_a_glance_never_decides_otherwise(account: Account, rules: Policy) -> None:
    found = decide_at_a_glance(account.model_copy(update={"claims": ()}), glance_of(account), rules, LAW)
    event("at a glance" if found else "as a whole")
    if found:
        decision, until = found
        assert decision == decide(account, rules, LAW)
        assert until == rests_until(account, rules)


def test_most_debtors_of_a_plain_policy_are_seen_at_a_glance() -> None:
    """Else the property above would hold nothing."""
    reminded = (taken("remind", 3),)
    for account in [debtor(invoice("A", late=0)), debtor(invoice("A", late=5), invoice("B", late=-3)),
                    debtor(invoice("A", late=20), steps=reminded)]:  # fmt: skip
        found = decide_at_a_glance(account.model_copy(update={"claims": ()}), glance_of(account), STANDARD, LAW)
        assert found
        assert found[0] == decide(account, STANDARD, LAW)
    old = debtor(invoice("A", late=45))
    assert decide_at_a_glance(old.model_copy(update={"claims": ()}), glance_of(old), STANDARD, LAW) is None


def test_who_may_have_to_be_asked_about_is_never_seen_at_a_glance() -> None:
    assert most_days(STANDARD) == 45
    assert most_days(policy(step("early", None, action="remind", days_before_due=3), step("remind", 14))) == 0
    assert most_days(policy(step("remind", 14), routes=[{"to": "x"}])) == 0


@settings(max_examples=400)
@given(accounts, policies, st.integers(1, 90))
def test_who_rests_gets_nothing_before_the_day_that_is_told(account: Account, rules: Policy, days: int) -> None:
    now = decide(account, rules, LAW)
    assume(now.action == "none" and not now.held_step and account.day.year < 9000)
    until, later = rests_until(account, rules), account.day + timedelta(days=days)
    for day in {later, until - timedelta(days=1)} if account.day < until < date.max else {later}:
        if day < until:
            event("rests")
            then = decide(due_on(account, day), rules, LAW)
            assert (then.action, then.held_step, then.facts) == ("none", "", now.facts)


def test_how_long_a_debtor_rests() -> None:
    def rests(account: Account) -> int:
        return (rests_until(account, STANDARD) - DAY).days

    assert rests(debtor(invoice("A", late=5))) == 9
    assert rests(debtor(invoice("A", late=-3), invoice("B", late=-1))) == 15
    # The notice may come after 30 days; that it also waits for the reminder is not looked at.
    assert rests(debtor(invoice("A", late=20), steps=(taken("remind", 3),))) == 10
    assert rests(debtor(invoice("A", late=99, case_ref="C-1"))) > 10_000
    at_agency_and_home = debtor(invoice("A", late=99, case_ref="C-1"), invoice("B", late=5))
    assert rests(at_agency_and_home) == 9
    for unsure in [debtor(invoice("A", late=5, whole=False)), debtor(invoice("A", late=5, due_date=None)),
                   debtor(invoice("A", late=5), steps=(taken("remind", -3),)),
                   debtor(invoice("A", late=-5, last_due_date=DAY + timedelta(days=30)))]:  # fmt: skip
        assert rests(unsure) == 0
