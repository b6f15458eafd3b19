"""Rounding, against exact fractions."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.rounding import half_up, interest_on, percent_down, percent_of

amounts = st.integers(0, 10**15)
percents = st.decimals(0, 100, places=4)


@pytest.mark.parametrize(("numerator", "whole"), [(0, 0), (4, 0), (5, 1), (14, 1), (15, 2), (24, 2), (25, 3)])
def test_a_half_goes_up_whatever_is_even(numerator: int, whole: int) -> None:
    assert half_up(numerator, 10) == whole


@given(amounts, percents)
def test_a_percentage_is_what_decimals_say(amount: int, percent: Decimal) -> None:
    exact = Decimal(amount) * percent / 100

    assert percent_of(amount, percent) == exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert percent_down(amount, percent) == floor(exact)


@given(amounts, percents, st.integers(0, 4000), st.sampled_from([365, 366]))
def test_interest_is_within_half_a_cent_of_the_fraction(amount: int, percent: Decimal, days: int, basis: int) -> None:
    exact = amount * Fraction(percent) / 100 * days / basis

    assert Fraction(-1, 2) <= exact - interest_on(amount, percent, days, basis) < Fraction(1, 2)
