"""The figures of a policy, computed by hand beside it."""

from datetime import date

import pytest
from past_builders import YEAR, invoice, on, past, version
from policy_builders import FAST, STANDARD

from connector.insight.delinquency import Delinquency, measure
from connector.insight.figures import Assumptions, Figures, Month, Tally, Within
from connector.insight.outcome import follow
from connector.insight.past import DebtorPast
from connector.insight.replay import Period, replay
from connector.policy import Policy


def figures(*debtors: DebtorPast, rules: Policy = FAST, known_to: date = YEAR.last, **assumed: int) -> Figures:
    tally = Tally(rules.name, rules.version, rules.currency)
    for one in debtors:
        climb = replay(one, rules, YEAR)
        files = [follow(file, one, known_to) for file in climb.files]
        tally.add(climb, files, measure(one, rules.currency, YEAR, climb.files))
    return tally.figures(YEAR, Assumptions(**assumed))


PAYS_SOON = past(*invoice("A", due=0, paid=40))
PAYS_LATE = past(*invoice("B", due=10, paid=90, euros="300.00"), debtor_id="d2")
NEVER_PAYS = past(*invoice("C", due=20, euros="600.00"), debtor_id="d3")
IN_TIME = past(*invoice("D", due=20, paid=15))


def test_what_went_and_what_came_in_by_itself() -> None:
    found = figures(PAYS_SOON, PAYS_LATE, NEVER_PAYS, IN_TIME)
    assert (found.files, found.debtors, found.invoices, found.amount_minor) == (3, 3, 3, 100_000)
    assert found.late_days == 30
    assert found.endings == {"paid": 2, "open": 1}
    assert found.within == (
        Within(30, watched=3, paid=1, amount_minor=100_000, came_in_minor=10_000),
        Within(60, watched=3, paid=2, amount_minor=100_000, came_in_minor=40_000),
    )
    assert found.median_paid_after == 10
    assert (found.came_in_minor, found.left_minor, found.otherwise_minor) == (40_000, 60_000, 0)
    assert found.months[:3] == (
        Month("2026-01", 1, 1, 10_000),
        Month("2026-02", 2, 0, 90_000),
        Month("2026-03", 0, 0, 0),
    )


def test_a_hand_over_that_could_not_be_watched_long_enough_is_in_no_share() -> None:
    found = figures(PAYS_SOON, NEVER_PAYS, known_to=on(69))
    assert [(one.days, one.watched, one.paid) for one in found.within] == [(30, 1, 1), (60, 0, 0)]


def test_the_costs_by_their_assumptions() -> None:
    costs = figures(PAYS_SOON, PAYS_LATE, NEVER_PAYS, fee_bp=1000).costs
    assert (costs.fee, costs.needless_fee, costs.letters, costs.total) == (4_000, 1_000, 0, 4_000)
    # EUR 40.00 of the 600.00 that stayed open, of which the agency keeps a tenth: 40 / 540.
    assert costs.break_even_bp == 741
    told = figures(PAYS_SOON, PAYS_LATE, NEVER_PAYS, rules=STANDARD, fee_bp=1000, letter_minor=200)
    assert told.steps == {"remind": 3, "notice": 3, "escalate": 2}
    assert told.costs.letters == 6 * 200
    assert figures(PAYS_SOON).costs.break_even_bp is None


def test_nothing_handed_over_gives_no_means() -> None:
    found = figures(IN_TIME)
    assert (found.files, found.late_days, found.median_paid_after, found.endings) == (0, None, None, {})
    assert found.costs.total == 0


def test_what_was_really_at_an_agency_is_counted_and_left_out_of_the_money() -> None:
    found = figures(past(*invoice("A", due=0), at_agency={"A": on(40)}), PAYS_LATE)
    assert found.endings == {"at an agency": 1, "paid": 1}
    assert (found.files, found.came_in_minor, found.left_minor) == (2, 30_000, 0)
    assert [one.watched for one in found.within] == [1, 1]


def sums(*debtors: DebtorPast, period: Period, rules: Policy = FAST) -> Delinquency:
    found = Delinquency()
    for one in debtors:
        found.add(measure(one, "EUR", period, replay(one, rules, period).files))
    return found


def test_money_days_by_hand() -> None:
    # Overdue from day 1 to day 39, handed over on day 30: 39 days of EUR 100, of which 10 away.
    found = sums(PAYS_SOON, period=YEAR)
    assert (found.overdue_money_days, found.away_money_days) == (39 * 10_000, 10 * 10_000)
    # Not invoiced in the period, paid 40 days after the due date and 70 after the invoice.
    assert (found.sales_minor, found.paid_minor) == (0, 10_000)
    assert (found.paid_late_money_days, found.paid_term_money_days) == (40 * 10_000, 70 * 10_000)


def test_money_days_begin_and_end_with_the_period() -> None:
    found = sums(NEVER_PAYS, period=Period(on(30), on(54)))
    # Handed over on the first day that the period and the policy allow: day 50.
    assert (found.overdue_money_days, found.away_money_days) == (25 * 60_000, 5 * 60_000)


def test_credit_is_no_delinquency_and_other_currencies_are_not_mixed_in() -> None:
    rows = [
        version("C", first=0, euros="-30.00", kind="credit_note", due_date=on(0), original_minor=-3000),
        version("U", first=0, currency="USD", due_date=on(0)),
    ]
    found = sums(past(*rows), period=YEAR)
    assert (found.overdue_money_days, found.sales_minor) == (0, -3000)


def test_average_days_delinquent_are_days_of_sales() -> None:
    # EUR 100 of sales on day 0 in 365 days, overdue for 100 days of the year.
    found = figures(past(*invoice("A", due=0, paid=101, seen=0)))
    assert found.delinquent_days == 100.0
    assert found.delinquent_at_home_days == 29.0
    assert found.overdue_minor == 10_000 * 100 // 365
    assert found.days_late_paid == 101.0


@pytest.mark.parametrize("known_to", [on(60), on(364)])
def test_money_adds_up(known_to: date) -> None:
    debtors = (PAYS_SOON, PAYS_LATE, NEVER_PAYS, past(*invoice("E", due=0, paid=55, reason="credited")))
    found = figures(*debtors, known_to=known_to)
    assert found.came_in_minor + found.left_minor + found.otherwise_minor == found.amount_minor


def test_a_deleted_invoice_is_no_sale_and_one_that_was_moved_is_sold_once() -> None:
    deleted = [version("A", first=0, past=5, due_date=on(9)), version("A", first=5, due_date=on(9), gone=True)]
    assert sums(past(*deleted), period=YEAR).sales_minor == 0
    here, there = version("B", first=0, past=5, due_date=on(9)), version("B", first=5, due_date=on(9), debtor_id="d2")
    found = sums(past(here), past(there._replace(version=there.version._replace(invoice_date=on(0)))), period=YEAR)
    assert found.sales_minor == 10_000
