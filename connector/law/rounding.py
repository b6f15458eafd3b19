"""Rounding, said once. Everything before it is exact: whole numbers and fractions of them."""

from decimal import Decimal

HALF_UP = "half a cent up"


def half_up(numerator: int, denominator: int) -> int:
    """The whole number nearest to a fraction; a half goes up. For amounts that are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def percent_of(amount_minor: int, percent: Decimal) -> int:
    """`percent` of an amount in minor units, half a unit up."""
    numerator, denominator = percent.as_integer_ratio()
    return half_up(amount_minor * numerator, 100 * denominator)


def percent_down(amount_minor: int, percent: Decimal) -> int:
    """`percent` of an amount in minor units, down to the whole unit: for a cap that may not be passed at all."""
    numerator, denominator = percent.as_integer_ratio()
    return amount_minor * numerator // (100 * denominator)


def interest_on(base_minor: int, percent: Decimal, days: int, day_basis: int) -> int:
    """Interest on a base in minor units: `percent` a year over `days` of `day_basis`, half a unit up."""
    numerator, denominator = percent.as_integer_ratio()
    return half_up(base_minor * numerator * days, 100 * denominator * day_basis)
