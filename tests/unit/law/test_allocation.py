"""Where a payment goes: within one debt, over several, and over time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.allocation import Debt, Owed, Payment, allocate, allocate_over, belgian_article
from connector.law.interest import fixed_rate, interest
from connector.law.running_account import running_account

amounts = st.integers(0, 10**8)
owed_amounts = st.builds(Owed, costs_minor=amounts, interest_minor=amounts, principal_minor=amounts)
FIRST = date(2020, 2, 29)


def day(text: str) -> date:
    return date.fromisoformat(text)


def debt(key: str, principal: int, due: str, percent: str = "4") -> Debt:
    return Debt(key=key, owed=Owed(principal_minor=principal), due_on=day(due), yearly_percent=Decimal(percent))


def shares(debts: list[Debt], payment: int, paid_on: str, named: str = "") -> dict[str, int]:
    found, left = allocate_over(debts, payment, day(paid_on), named=named)
    assert left == max(payment - sum(one.owed.total_minor for one in debts), 0)
    return {key: one.paid.total_minor for key, one in found.items()}


@pytest.mark.parametrize(
    ("payment", "costs", "interest", "principal", "unused"),
    [
        (3_000, 3_000, 0, 0, 0),
        (4_500, 4_000, 500, 0, 0),
        (10_000, 4_000, 1_000, 5_000, 0),
        (99_999, 4_000, 1_000, 90_000, 4_999),
    ],
)
def test_costs_then_interest_then_principal(
    payment: int, costs: int, interest: int, principal: int, unused: int
) -> None:
    found = allocate(Owed(costs_minor=4_000, interest_minor=1_000, principal_minor=90_000), payment)

    assert found.paid == Owed(costs_minor=costs, interest_minor=interest, principal_minor=principal)
    assert found.unused_minor == unused
    assert found.article == "art. 6:44 BW"


def test_what_is_not_owed_is_nothing() -> None:
    assert Owed() == Owed(costs_minor=0, interest_minor=0, principal_minor=0)


@given(owed_amounts, amounts)
def test_what_is_paid_left_and_unused_adds_up(owed: Owed, payment: int) -> None:
    found = allocate(owed, payment)

    assert found.paid.total_minor + found.unused_minor == payment
    assert found.paid.total_minor + found.left.total_minor == owed.total_minor
    assert not (found.left.costs_minor and found.paid.interest_minor)
    assert not (found.left.interest_minor and found.paid.principal_minor)


@pytest.mark.parametrize(
    ("concluded", "article"), [("2022-12-31", "art. 1254 old Civil Code"), ("2023-01-01", "art. 5.210 Civil Code")]
)
def test_the_belgian_article_is_that_of_the_contract(concluded: str, article: str) -> None:
    assert belgian_article(day(concluded)) == article


def test_the_debt_that_the_debtor_names_goes_first() -> None:
    debts = [debt("a", 100, "2026-01-01"), debt("b", 100, "2026-06-01"), debt("c", 100, "2026-03-01")]

    assert shares(debts, 150, "2026-02-01", named="b") == {"b": 100, "a": 50, "c": 0}


def test_then_what_is_due_then_the_most_onerous_then_the_oldest() -> None:
    debts = [
        debt("not due", 100, "2026-06-01", "10"),
        debt("younger", 100, "2026-02-01"),
        debt("older", 100, "2026-01-01"),
        debt("onerous", 100, "2026-02-01", "10"),
    ]

    assert shares(debts, 350, "2026-03-01") == {"onerous": 100, "older": 100, "younger": 100, "not due": 50}


def test_what_is_alike_shares_in_proportion() -> None:
    debts = [debt("a", 100, "2026-01-01"), debt("b", 200, "2026-01-01"), debt("c", 100, "2026-01-01")]

    assert shares(debts, 201, "2026-03-01") == {"a": 51, "b": 100, "c": 50}


@given(
    st.lists(
        st.builds(
            Debt,
            key=st.text("abcdefgh", min_size=1, max_size=3),
            owed=owed_amounts,
            due_on=st.dates(date(2026, 1, 1), date(2026, 1, 4)),
            yearly_percent=st.sampled_from([Decimal(4), Decimal(10)]),
        ),
        max_size=6,
        unique_by=lambda one: one.key,
    ),
    amounts,
)
def test_a_payment_over_several_debts_adds_up(debts: list[Debt], payment: int) -> None:
    found, left = allocate_over(debts, payment, date(2026, 1, 2))

    assert found.keys() == {one.key for one in debts}
    assert sum(one.paid.total_minor for one in found.values()) + left == payment
    assert all(one.unused_minor == 0 for one in found.values())
    assert all(0 <= one.left.total_minor <= debt.owed.total_minor for debt in debts for one in [found[debt.key]])


def test_a_claim_over_time_is_shown_payment_by_payment() -> None:
    entries = running_account(
        Owed(costs_minor=15_000, principal_minor=100_000),
        [
            Payment(received_on=day("2023-07-01"), amount_minor=20_000),
            Payment(received_on=day("2022-10-31"), amount_minor=10_000),
        ],
        fixed_rate(Decimal(6), day("2022-04-01"), day("2024-06-30"), "judgment"),
        compound=True,
        day_count="365",
        article="art. 6:44 BW",
    )

    def left(place: int) -> tuple[str, int, int, int]:
        found = entries[place]
        return str(found.day), found.left.costs_minor, found.left.interest_minor, found.left.principal_minor

    assert [left(place) for place in range(5)] == [
        ("2022-10-31", 5_000, 3_518, 100_000),
        ("2023-03-31", 5_000, 6_000, 100_000),
        ("2023-07-01", 0, 0, 92_603),
        ("2024-03-31", 0, 4_171, 92_603),
        ("2024-06-30", 0, 5_619, 92_603),
    ]
    assert [line.base_minor for entry in entries for line in entry.interest] == [
        100_000, 100_000, 106_000, 92_603, 96_774,
    ]  # fmt: skip


def test_two_payments_of_one_day_are_two_rows() -> None:
    entries = running_account(
        Owed(principal_minor=100_000),
        [Payment(received_on=day("2026-01-31"), amount_minor=100) for _ in range(2)],
        fixed_rate(Decimal(6), day("2026-01-01"), day("2026-01-31"), "judgment"),
        compound=False,
        day_count="365",
        article="art. 6:44 BW",
    )

    assert [(len(one.interest), one.left.interest_minor) for one in entries] == [(1, 410), (0, 310)]


@pytest.mark.parametrize("paid_on", ["2024-04-01", "2025-03-31", "2025-04-01", "2025-06-30"])
def test_a_payment_on_the_first_or_last_day_of_a_year_counts_once(paid_on: str) -> None:
    entries = running_account(
        Owed(principal_minor=100_000),
        [Payment(received_on=day(paid_on), amount_minor=50_000)],
        fixed_rate(Decimal(6), day("2024-04-01"), day("2025-06-30"), "judgment"),
        compound=True,
        day_count="365",
        article="art. 6:44 BW",
    )

    assert [(str(one.day), one.payment.paid.total_minor) for one in entries if one.payment] == [(paid_on, 50_000)]


def test_a_payment_outside_of_the_time_is_refused() -> None:
    with pytest.raises(ValueError, match="a payment is of 2026-02-01"):
        running_account(
            Owed(principal_minor=1),
            [Payment(received_on=day("2026-02-01"), amount_minor=1)],
            fixed_rate(Decimal(6), day("2026-01-01"), day("2026-01-31"), "judgment"),
            compound=False,
            day_count="365",
            article="art. 6:44 BW",
        )


@given(
    owed_amounts,
    st.lists(st.builds(Payment, received_on=st.dates(FIRST, date(2026, 1, 1)), amount_minor=amounts), max_size=6),
    st.integers(0, 2000),
    st.booleans(),
    st.sampled_from(["365", "anniversary"]),
)
def test_an_account_adds_up(owed: Owed, payments: list[Payment], more: int, compound: bool, way: str) -> None:
    last = max([FIRST + timedelta(days=more), *(one.received_on for one in payments)])
    rates = fixed_rate(Decimal(7), FIRST, last, "judgment")

    entries = running_account(owed, payments, rates, compound=compound, day_count=way, article="art. 6:44 BW")

    charged = sum(line.amount_minor for entry in entries for line in entry.interest)
    paid = sum(entry.payment.paid.total_minor for entry in entries if entry.payment)
    end = entries[-1].left.total_minor if entries else owed.total_minor
    assert owed.total_minor + charged - paid == end
    assert sum(1 for entry in entries if entry.payment) == len(payments)


@given(st.integers(0, 10**8), st.integers(0, 3000), st.booleans(), st.sampled_from(["365", "anniversary"]))
def test_without_payments_an_account_is_plain_interest(principal: int, more: int, compound: bool, way: str) -> None:
    rates = fixed_rate(Decimal(7), FIRST, FIRST + timedelta(days=more), "judgment")

    entries = running_account(
        Owed(principal_minor=principal), [], rates, compound=compound, day_count=way, article="art. 6:44 BW"
    )

    plain = interest(principal, rates, compound=compound, day_count=way, article="art. 6:119 BW")
    assert [line for entry in entries for line in entry.interest] == list(plain.lines)
