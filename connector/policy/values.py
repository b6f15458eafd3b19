"""The values of a policy file: names, currencies, days and amounts, each with what it says of a wrong one."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from connector.model import Currency
from connector.model.money import minor_units


def _name(value: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        return value
    raise PydanticCustomError(
        "name", "this name cannot be used: lower-case letters, digits, - and _, beginning with a letter, at most 40"
    )


def _currency(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch("[A-Z]{3}", value):
        return value
    raise PydanticCustomError("currency", 'this should be a currency code of three capitals, such as "EUR"')


def _amount(value: Any, info: ValidationInfo) -> int:
    """A text in major units when a policy file is read (its currency is the context), else an int in minor units."""
    currency = (info.context or {}).get("currency", "")
    if currency and not isinstance(value, str):
        raise PydanticCustomError("amount_not_text", 'an amount is written in quotes, such as "50.00"')
    if not currency and (not isinstance(value, int) or isinstance(value, bool)):
        raise PydanticCustomError("amount_not_minor", "an amount in code is an int in minor units")
    try:
        minor = minor_units(value, currency) if currency else value
    except ValueError as error:
        raise PydanticCustomError("amount", "{why}", {"why": str(error)}) from error
    if minor < 0:
        raise PydanticCustomError("amount_negative", "an amount in a policy is never negative")
    return int(minor)


Name = Annotated[str, AfterValidator(_name)]
PolicyCurrency = Annotated[Currency, BeforeValidator(_currency)]
Days = Annotated[int, Field(strict=True, ge=0, le=3650)]
Amount = Annotated[int, BeforeValidator(_amount)]
