"""Money: integer minor units, one currency a sum, never a float."""

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

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


@pytest.mark.parametrize(
    ("amount", "up"),
    [("1." + "0" * 28 + "1", 101), ("1234567890123456.0000000000001", 123456789012345601), ("1E-99999", 1)],
)
def test_a_digit_however_far_back_is_not_lost(amount: str, up: int) -> None:
    with pytest.raises(ValueError, match=r"has more decimals than EUR allows \(2\)$"):
        minor_units(amount, "EUR")
    assert minor_units(amount, "EUR", rounding=ROUND_UP) == up


@pytest.mark.parametrize(
    ("most", "above", "currency"),
    [
        ("9999999999999999.99", "10000000000000000.00", "EUR"),
        ("-9999999999999999.99", "-1E16", "EUR"),
        ("999999999999999999", "1E18", "JPY"),
        ("999999999999999.999", "1E+15", "KWD"),
    ],
)
def test_an_amount_is_kept_in_eighteen_digits(most: str, above: str, currency: str) -> None:
    assert len(str(abs(minor_units(most, currency)))) == 18
    for amount in (above, "1E999999", "-1E999999999999999999"):
        for rounding in (None, ROUND_HALF_UP):
            with pytest.raises(ValueError, match=rf"^{re.escape(amount)} is larger than any amount that is kept$"):
                minor_units(amount, currency, rounding=rounding)


@pytest.mark.parametrize("nothing", ["0", "-0.00", "0E9", "0E-99"])
def test_nothing_is_nothing_however_it_is_written(nothing: str) -> None:
    assert minor_units(nothing, "EUR") == 0


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
