"""How Exact Online writes guids, days, numbers and texts in JSON (reference 2.3)."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetPydanticSchema, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from connector.errors import RejectedError

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local wall-clock time dressed as UTC: it has no zone of its own


@lru_cache(maxsize=8192)
def _decode_day(text: str) -> date | None:
    """The calendar day in `/Date(1577836800000)/`: the milliseconds encode local time as though it were UTC.

    Cached, as a ledger's days repeat. An empty text is no day.
    """
    if not text:
        return None
    if not (text.startswith("/Date(") and text.endswith(")/")):
        raise ValueError("expected /Date(milliseconds)/")
    try:
        return (_EPOCH + timedelta(milliseconds=int(text[6:-2]))).date()
    except (ValueError, OverflowError) as error:
        raise ValueError("expected /Date(milliseconds)/ of a day in this calendar") from error


Guid = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")]
Key = Annotated[str, StringConstraints(min_length=36, max_length=36)]
"""A guid in a row: its length alone is checked, as a pattern would cost a tenth of the reading. `guid` checks it
in full before it stands in a filter or an address."""


def _day_schema(_source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
    """A text, decoded. Written out, so that nothing but the cached decoding runs in Python: a row has three days."""
    message = "expected /Date(milliseconds)/"
    text = core_schema.custom_error_schema(core_schema.str_schema(), "no_day", custom_error_message=message)
    decoded = core_schema.no_info_after_validator_function(_decode_day, text)
    return core_schema.nullable_schema(decoded)


Day = Annotated[date | None, GetPydanticSchema(_day_schema)]
"""A calendar day; null when the ledger has none."""
RowVersion = Annotated[int, Field(ge=0, lt=2**63)]
"""An Int64, which comes as text or as number."""
# A JSON number passes through a double, right to 15 digits: ten thousand milliards with cents still fit.
Amount = Annotated[Decimal, Field(gt=-(10**12), lt=10**12, allow_inf_nan=False)]
IsoCurrency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

_GUID = TypeAdapter(Guid)


def guid(text: str) -> str:
    """`text` when it is a guid, safe to stand in a filter or an address. Raises RejectedError for anything else."""
    try:
        return _GUID.validate_python(text)
    except ValidationError:
        raise RejectedError("this is no key of Exact Online: a guid is expected") from None
