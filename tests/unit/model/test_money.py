"""Money: integer minor units, one currency a sum, never a float."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.model import Money
from connector.model.money import exponent, minor_units

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("TND", 3)])
def test_the_decimals_of_a_currency(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.34", "EUR", 1234),
        (Decimal("-0.01"), "EUR", -1),
        (7, "EUR", 700),
        ("7", "JPY", 7),
        ("1.234", "KWD", 1234),
        ("12.340", "EUR", 1234),
    ],
)
def test_major_units_become_minor_units(amount: Decimal | str | int, currency: str, minor: int) -> None:
    assert minor_units(amount, currency) == minor
    assert Money.of(amount, currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("amount", "rounding", "minor"),
    [
        ("0.125", ROUND_HALF_UP, 13),
        ("0.125", ROUND_HALF_EVEN, 12),
        ("199.9999999", ROUND_HALF_UP, 20_000),
        ("1", ROUND_HALF_UP, 100),
    ],
)
def test_noise_is_rounded_only_when_asked(amount: str, rounding: str, minor: int) -> None:
    assert minor_units(amount, "EUR", rounding=rounding) == minor


@pytest.mark.parametrize("amount", ["", "abc", "1,50", "NaN", "Infinity", "-Infinity"])
def test_what_is_not_an_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=f"^'{amount}' is not an amount$"):
        minor_units(amount, "EUR")


@pytest.mark.parametrize(("amount", "currency", "decimals"), [("0.001", "EUR", 2), ("0.5", "JPY", 0)])
def test_what_is_finer_than_the_currency_is_refused(amount: str, currency: str, decimals: int) -> None:
    with pytest.raises(ValueError, match=rf"^{amount} has more decimals than {currency} allows \({decimals}\)$"):
        minor_units(amount, currency)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^amounts are never floats: parse the text with Decimal$"):
        minor_units(1.5, "EUR")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Money(minor=1.0, currency="EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["eur", "EURO", "E1R", "", "XEUR"])
def test_a_currency_is_three_capitals(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(minor=1, currency=currency)


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_sums_are_those_of_the_minor_units(one: int, other: int, currency: str) -> None:
    left, right = Money(minor=one, currency=currency), Money(minor=other, currency=currency)
    assert left + right == Money(minor=one + other, currency=currency)
    assert left - right == Money(minor=one - other, currency=currency)
    assert -left == Money(minor=-one, currency=currency)
    assert (left < right, left <= right) == (one < other, one <= other)


@given(AMOUNTS, CURRENCIES)
def test_major_units_and_back(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    assert Money.of(money.decimal, currency) == money
    assert -money.decimal.as_tuple().exponent == exponent(currency)  # type: ignore[operator]


def test_currencies_do_not_mix() -> None:
    euro, dollar = Money(minor=1, currency="EUR"), Money(minor=1, currency="USD")
    for combine in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
    ):
        with pytest.raises(ValueError, match=r"^EUR and USD cannot be combined$"):
            combine()


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123_456_789, "EUR", "EUR 1,234,567.89"),
        (-5, "EUR", "EUR -0.05"),
        (500, "JPY", "JPY 500"),
        (0, "EUR", "EUR 0.00"),
    ],
)
def test_how_it_is_shown(minor: int, currency: str, shown: str) -> None:
    assert str(Money(minor=minor, currency=currency)) == shown
