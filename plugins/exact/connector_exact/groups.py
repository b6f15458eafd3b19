"""The customer group of a relation: one of its classifications, by the code that people know (reference 4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from connector_exact.client import Client
from connector_exact.config import Classification
from connector_exact.pages import RowReader, read_all
from connector_exact.rows import AccountRow, ClassificationRow

CLASSIFICATIONS = "crm/AccountClassifications"
# Known to be in no group: nobody has to be asked, as for a relation of whom nothing is known.
IN_NONE = "none"
_SLOTS = frozenset(name for name in AccountRow.__annotations__ if name.startswith("Classification"))


@dataclass(frozen=True)
class CustomerGroups:
    """Which classification is the group, empty for none, and the names of its values by their guid in small letters."""

    slot: Classification = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, row: AccountRow) -> str:
        """The group of a relation, `IN_NONE` for one without; a guid that the list does not name stays as it is."""
        if not self.slot:
            return ""
        value = row.get(self.slot)
        return self.names.get(value.lower(), value) if isinstance(value, str) else IN_NONE

    @property
    def mark(self) -> str:
        """A short text that changes with them: stored relations then no longer fit. Empty without groups."""
        if not self.slot:
            return ""
        return sha256(repr((self.slot, sorted(self.names.items()))).encode()).hexdigest()[:12]

    @property
    def reader(self) -> RowReader[AccountRow]:
        """What reads relations, asking for no other classification than this."""
        return _reader(self.slot)


def read_groups(client: Client, slot: Classification) -> CustomerGroups:
    """The groups as they are now: one call for sixty of them, none where there is no slot.

    A list that may not be read ends the pull: relations whose groups went by other names would get other steps.
    """
    if not slot:
        return CustomerGroups()
    reader: RowReader[ClassificationRow] = RowReader(ClassificationRow, CLASSIFICATIONS, entity="classifications")
    names = {row["ID"].lower(): _name(row) for row in read_all(client, reader, {})}
    return CustomerGroups(slot, names)


def _name(row: ClassificationRow) -> str:
    return (row.get("Code") or "").strip() or (row.get("Description") or "").strip() or row["ID"]


@lru_cache(maxsize=9)
def _reader(slot: Classification) -> RowReader[AccountRow]:
    return RowReader(AccountRow, "sync/CRM/Accounts", entity="relations", without=_SLOTS - {slot})
