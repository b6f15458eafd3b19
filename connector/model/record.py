"""What every record that crosses a seam has in common."""

from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

_R = TypeVar("_R", bound="Record")
_new, _set = object.__new__, object.__setattr__


class Record(BaseModel):
    """A frozen record. Unknown fields are errors, so that a typo never passes silently."""

    # Built at its first use: most processes use few of them, and all would cost each 30 ms and three megabytes.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def build(model: type[_R], values: dict[str, Any]) -> _R:
    """A record from values that are known to be right, such as those of a stored row: every field given and typed.

    Validation costs 3 microseconds a record and pydantic's `model_construct` 5; on a million open items this is
    most of the time a plan takes. Tests hold that what is built here equals what validation would have made.
    """
    record = _new(model)
    _set(record, "__dict__", values)
    _set(record, "__pydantic_fields_set__", _fields(model))
    _set(record, "__pydantic_extra__", None)
    _set(record, "__pydantic_private__", None)
    return record


@lru_cache(maxsize=64)
def _fields(model: type[Record]) -> set[str]:
    return set(model.model_fields)
