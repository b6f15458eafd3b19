"""How far a pull has come: a small JSON text, with which it can go on after any page."""

from datetime import date, datetime
from typing import Literal

from pydantic import ValidationError

from connector.errors import ConfigError
from connector.model import Record
from connector_exact.config import ExactConfig

Stream = Literal["deleted", "terms", "accounts", "contacts", "addresses"]
FIRST = 1
"""`Timestamp gt 1` is the documented first call (reference 4.4)."""


class Position(Record):
    """Row versions per endpoint, and what a run must remember of earlier ones.

    - `deleted` to `addresses`: the highest row version stored; never compared between divisions or endpoints.
    - `sign`: the sign with which the stored items were read; 0 before the first term.
    - `restarted`: the next page is the first of a walk from the beginning.
    - `resync`: a walk over known items is under way, so the run ends with a listing of what is open.
    - `reading`: the settings with which the stored rows were read (`ExactConfig.reading`), "" before the first.
    - `groups`: what the customer groups of the stored relations were (`CustomerGroups.mark`), "" without any.
    - `moved`: DivisionMoveDate as last seen, None before the first look. A new one restarts all row versions.
    - `checked_on`, `listed_on`, `completed_at`: when the division was read, when all open terms were listed, and
      the end of the last full run.
    - `total`: the last control total, minor units, asked on `totalled_on`; `quiet`: no term has come since;
      `doubted`: the total was another one the last time, though no term had come.
    """

    site: str
    division: int
    deleted: int = FIRST
    terms: int = FIRST
    accounts: int = FIRST
    contacts: int = FIRST
    addresses: int = FIRST
    sign: int = 0
    restarted: bool = True
    resync: bool = False
    reading: str = ""
    groups: str = ""
    moved: str | None = None
    currency: str = ""
    checked_on: date | None = None
    listed_on: date | None = None
    completed_at: datetime | None = None
    totalled_on: date | None = None
    total: int | None = None
    quiet: bool = False
    doubted: bool = False

    def with_changes(self, **changes: object) -> "Position":
        """A copy with some fields changed."""
        return self.model_copy(update=changes)

    def from_beginning(self) -> "Position":
        """The same ledger, every row version from its beginning."""
        return Position(
            site=self.site,
            division=self.division,
            resync=self.completed_at is not None or self.resync,
            moved=self.moved,
            currency=self.currency,
            checked_on=self.checked_on,
            completed_at=self.completed_at,
        )

    def text(self) -> str:
        """The cursor as JSON text."""
        return self.model_dump_json(exclude_defaults=True)


def read_cursor(text: str | None, config: ExactConfig, division: int) -> Position:
    """The position in `text`, or the beginning. Raises ConfigError for another ledger's, or an unreadable one."""
    if text is None:
        return Position(site=config.base, division=division)
    try:
        position = Position.model_validate_json(text)
    except ValidationError:
        raise ConfigError(
            "the stored position of this ledger cannot be read", key="cursor", mend="Pull it from the beginning."
        ) from None
    if (position.site, position.division) != (config.base, division):
        raise ConfigError(
            f"the stored rows are of administration {position.division} at {position.site}",
            key="division",
            mend="Make a new ledger for another administration: its rows must not mix with these.",
        )
    return position
