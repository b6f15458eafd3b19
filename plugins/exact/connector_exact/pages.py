"""Pages of rows: validated at once from the bytes; record by record only to find the bad one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from connector.errors import TransientError
from connector.model import RecordFault
from connector_exact.client import Client

R = TypeVar("R")

_MANY = 20
"""From so many records on, a page of which none can be read is a malformed page, not a run of bad records."""


@dataclass(frozen=True)
class RowPage(Generic[R]):
    """The good rows of a page, its bad records, the highest row version on it (0: none), and where the next is."""

    rows: list[R]
    faults: tuple[RecordFault, ...] = ()
    high: int = 0
    next_url: str = ""


class _Results(BaseModel, Generic[R]):
    results: list[R]
    next_url: str = Field(default="", alias="__next")


class _Envelope(BaseModel, Generic[R]):
    # Keys repeat and are cached; values are mostly guids that never come again.
    model_config = ConfigDict(cache_strings="keys")

    d: _Results[R]


class RowReader(Generic[R]):
    """Reads pages of one endpoint. `entity` names the rows for people; `fields` is what `$select` asks for."""

    def __init__(self, row: Any, endpoint: str, *, entity: str, without: frozenset[str] = frozenset()) -> None:
        self.endpoint = endpoint
        self.entity = entity
        self.fields = ",".join(name for name in row.__annotations__ if name not in without)
        self._versioned = "Timestamp" in row.__annotations__
        self._page: TypeAdapter[_Envelope[R]] = TypeAdapter(_Envelope[row])
        self._row: TypeAdapter[R] = TypeAdapter(row)

    def read(self, body: bytes, *, number: int = 1) -> RowPage[R]:
        """The page in `body`, the `number`th of its run. Raises TransientError naming the page when it is no page."""
        try:
            page = self._page.validate_json(body).d
        except ValidationError:
            return self._read_singly(body, number)
        high = max((row["Timestamp"] for row in page.results), default=0) if self._versioned else 0  # type: ignore[index]
        return RowPage(rows=page.results, high=high, next_url=page.next_url)

    def _read_singly(self, body: bytes, number: int) -> RowPage[R]:
        """The slow way: also for the shapes that only `$top`, single entities and functions give (reference 2.2)."""
        what = f"{self.endpoint}: malformed page {number}"
        records, next_url = _unwrap(body, what)
        rows: list[R] = []
        faults: list[RecordFault] = []
        for place, record in enumerate(records, start=1):
            try:
                rows.append(self._row.validate_python(record))
            except ValidationError as error:
                if isinstance(record, _Single):
                    raise TransientError(f"{what}: it holds no list of records") from None
                faults.append(self._fault(error, record, f"page {number}, row {place}"))
        if len(faults) == len(records) >= _MANY:
            first = faults[0]
            raise TransientError(
                f"{what}: none of its {len(records)} records could be read (first: {first.field}: {first.why})"
            )
        high = max((_version(record) for record in records), default=0) if self._versioned else 0
        return RowPage(rows=rows, faults=tuple(faults), high=high, next_url=next_url)

    def _fault(self, error: ValidationError, record: Any, place: str) -> RecordFault:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = record.get("ID") or record.get("EntityKey") if isinstance(record, dict) else None
        return RecordFault(
            id=key if isinstance(key, str) else place,
            field=str(first["loc"][0]) if first["loc"] else "",
            why=first["msg"],
            entity=self.entity,
        )


def walk(client: Client, reader: RowReader[R], query: Mapping[str, str]) -> Iterator[RowPage[R]]:
    """Follow a list from its first page to the one without `__next`. The end is never inferred from a row count."""
    url = client.url(reader.endpoint, {"$select": reader.fields, **query})
    number = 0
    while url:
        number += 1
        page = reader.read(client.get(url, reader.endpoint), number=number)
        following = page.next_url
        yield page
        del page  # two pages at once would double the memory of a pull
        url = client.next_url(following, reader.endpoint, current=url) if following else ""


def read_all(client: Client, reader: RowReader[R], query: Mapping[str, str]) -> list[R]:
    """All rows of a short list. A bad record in it raises TransientError: short lists decide things."""
    rows: list[R] = []
    for page in walk(client, reader, query):
        if page.faults:
            fault = page.faults[0]
            raise TransientError(f"{reader.endpoint}: record {fault.id} cannot be read ({fault.field}: {fault.why})")
        rows += page.rows
    return rows


def unwrap(body: bytes, endpoint: str) -> tuple[list[Any], str]:
    """The records of an answer in any of its shapes, and the address of the next page."""
    return _unwrap(body, f"{endpoint}: malformed answer")


def _unwrap(body: bytes, what: str) -> tuple[list[Any], str]:
    try:
        answer = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise TransientError(f"{what}: no JSON, or cut off", detail=type(error).__name__) from None
    content = answer.get("d") if isinstance(answer, dict) else None
    if isinstance(content, list):
        return content, ""
    if not isinstance(content, dict):
        raise TransientError(f"{what}: it has no part `d` with records")
    if "results" not in content:
        return [_Single(content)], ""
    records, next_url = content["results"], content.get("__next", "")
    if not isinstance(records, list) or not isinstance(next_url, str):
        raise TransientError(f"{what}: `results` is no list, or `__next` no address")
    return records, next_url


class _Single(dict[str, Any]):
    """A record that came by itself, not in a list."""


def _version(record: Any) -> int:
    try:
        return int(record["Timestamp"])
    except (KeyError, TypeError, ValueError):
        return 0
