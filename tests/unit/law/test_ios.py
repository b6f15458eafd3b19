"""The Belgian recovery without a court: for whom, how much, when."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.belgium.ios import IosFacts, ios_days, ios_eligibility, ios_surcharge
from connector.law.debtor import Debtor, debtor_of
from connector.law.law import Law
from connector.law.table import CoverageError

LAW = Law()
BUSINESS = debtor_of("business")
ALL_YES = IosFacts(**dict.fromkeys(IosFacts.model_fields, "yes"))
amounts = st.integers(0, 10**9)


def test_all_that_must_hold() -> None:
    assert ios_eligibility(BUSINESS, ALL_YES).eligible == "yes"


@pytest.mark.parametrize("fact", list(IosFacts.model_fields))
def test_one_fact_closes_the_route_or_leaves_it_open(fact: str) -> None:
    closed = ios_eligibility(BUSINESS, ALL_YES.model_copy(update={fact: "no"}))
    unsure = ios_eligibility(BUSINESS, ALL_YES.model_copy(update={fact: "unknown"}))

    assert (closed.eligible, len(closed.missing), closed.unknown) == ("no", 1, ())
    assert (unsure.eligible, unsure.missing, len(unsure.unknown)) == ("unknown", (), 1)


@pytest.mark.parametrize(
    ("debtor", "eligible"),
    [
        (debtor_of("public_body"), "no"),
        (debtor_of("consumer"), "no"),
        (debtor_of("sole_trader"), "unknown"),
        (Debtor(in_business="yes"), "unknown"),
    ],
)
def test_who_the_debtor_is(debtor: Debtor, eligible: str) -> None:
    assert ios_eligibility(debtor, ALL_YES).eligible == eligible


@given(amounts, amounts, amounts)
def test_interest_and_penalty_are_never_above_a_tenth_of_the_principal(
    principal: int, interest: int, penalty: int
) -> None:
    found = ios_surcharge(LAW, principal, interest, penalty, date(2026, 11, 2)).amount_minor

    assert found * 10 <= principal
    assert found == min(interest + penalty, principal // 10)


def test_what_is_taken_off_is_a_line() -> None:
    lines = ios_surcharge(LAW, 100_000, 8_000, 10_000, date(2026, 11, 2)).lines

    assert [(line.what, line.amount_minor) for line in lines] == [
        ("interest", 8_000),
        ("penalty clauses", 10_000),
        ("reduced to 10 % of the principal, down to the cent", -8_000),
    ]


def test_the_days_of_the_procedure() -> None:
    found = ios_days(LAW, date(2026, 1, 31), record_served_on=date(2026, 3, 31))

    assert [str(one) for one in (found.reaction_until, found.record_from, found.opposition_until)] == [
        "2026-02-28",
        "2026-03-08",
        "2026-04-30",
    ]
    assert ios_days(LAW, date(2026, 1, 31)).opposition_until is None
    assert ios_days(LAW, date(2022, 10, 1), record_served_on=date(2022, 12, 31)).opposition_until is None


def test_before_the_procedure_existed_it_is_not_computed() -> None:
    with pytest.raises(CoverageError):
        ios_days(LAW, date(2016, 7, 1))
