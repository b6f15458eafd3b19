"""Money as integer minor units with an ISO 4217 currency. There is no float in this product."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import Field

from connector.model.record import Record

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, upper case")]

# ISO 4217 minor units that are not 2 (list of 2024-06, amendment 177).
_EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
# Of minor units: what fits into a column of the store, also when amounts are added up.
_DIGITS = 18


def exponent(currency: str) -> int:
    """Number of decimals of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def minor_units(amount: Decimal | str | int, currency: str, *, rounding: str | None = None) -> int:
    """`amount` in major units as integer minor units of `currency`: "12.34", "EUR" gives 1234.

    Without `rounding` an amount finer than the minor unit is refused; with one (a `decimal` rounding name)
    it is rounded, for sources that carry doubles with noise. Floats are refused: parse them as text first.

    Raises ValueError for what is not a finite amount, is finer than the minor unit, or has more digits than are kept.
    """
    if isinstance(amount, float):
        raise TypeError("amounts are never floats: parse the text with Decimal")
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is not an amount") from error
    if not value.is_finite():
        raise ValueError(f"{amount!r} is not an amount")
    if value.adjusted() + exponent(currency) >= _DIGITS:
        raise ValueError(f"{amount} is larger than any amount that is kept")
    # Arithmetic of decimals would round what is longer than 28 digits, without a word.
    sign, digits, places = value.as_tuple()
    scaled = Decimal((sign, digits, int(places) + exponent(currency)))
    whole = scaled.to_integral_value(rounding=rounding)
    if not rounding and whole != scaled:
        raise ValueError(f"{amount} has more decimals than {currency} allows ({exponent(currency)})")
    return int(whole)


class Money(Record):
    """An amount: `minor` integer minor units (cents for EUR) of `currency`. Sums refuse mixed currencies."""

    minor: Annotated[int, Field(strict=True)]
    currency: Currency

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> "Money":
        """Money from major units: `Money.of("12.34", "EUR")`. Raises ValueError as `minor_units` does."""
        return cls(minor=minor_units(amount, currency), currency=currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with exactly the currency's number of decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(minor=self.minor - other.minor, currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(minor=-self.minor, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor <= other.minor

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal:,}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be combined")
