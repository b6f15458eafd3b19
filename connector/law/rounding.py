"""Rounding, said once. Everything before it is exact."""

from decimal import Decimal
from fractions import Fraction

HALF_UP = "half a cent up"


def half_up(amount: Fraction) -> int:
    """The nearest whole number; a half goes up. For amounts that are not negative."""
    return int(amount + Fraction(1, 2))


def percent_of(amount_minor: int, percent: Decimal) -> Fraction:
    """`percent` of an amount in minor units, exact."""
    return amount_minor * Fraction(percent) / 100
