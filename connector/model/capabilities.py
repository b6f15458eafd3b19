"""What an agency can take, and what it promises."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from connector.model.mutation import MutationKind
from connector.model.record import Record


class Capabilities(Record):
    """What an agency can take, and what it promises about repeats.

    - `mutations`: per kind `native` (by API), `message` (sent as text for people), `manual` (a person must do it
      in a portal) or `none`. A kind that is not listed is `none`.
    - `idempotent`: the same key never makes a second case; `key_life` how long that holds.
    - `lookup`: `find` answers by our key. An agency without it is asked by a person when an answer was lost.
    - `max_processing`, `read_lag`: the longest a request may still be worked after it was sent, and the longest
      until a look-up sees it. Together with the sending time they are the settle time.
    - `minimum`: the smallest case in integer minor units per currency; `countries` empty means any.
    - `sends`: the fields of a case that leave the house, for the record of processing.
    """

    mutations: dict[MutationKind, Literal["native", "message", "manual", "none"]] = Field(default_factory=dict)
    idempotent: bool
    key_life: timedelta = timedelta(hours=24)
    lookup: bool
    max_processing: timedelta = timedelta(seconds=60)
    read_lag: timedelta = timedelta(seconds=5)
    documents: frozenset[str] = frozenset()
    max_document_bytes: int = 10_000_000
    minimum: dict[str, int] = Field(default_factory=dict)
    currencies: frozenset[str] = frozenset({"EUR"})
    countries: frozenset[str] = frozenset()
    webhooks: bool = False
    sends: frozenset[str] = frozenset()
