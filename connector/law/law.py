"""What every function of this room is given: the tables, and the readings that were taken."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from connector.law.library import Tables, shipped
from connector.law.settings import LawSettings


@dataclass(frozen=True)
class Law:
    """The tables of the law and the settings where it leaves a choice. Empty: what is shipped, no choice made."""

    tables: Tables = field(default_factory=shipped)
    settings: LawSettings = field(default_factory=LawSettings)

    # The version is hash enough; that of every setting is slow, and asked for with each claim.
    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def version(self) -> str:
        """Twelve characters that differ when a row or a reading does: kept with a decision, they tell what it saw."""
        parts = [one.model_dump_json() for one in sorted(self.tables, key=lambda one: one.name)]
        return sha256("\n".join([*parts, self.settings.model_dump_json()]).encode()).hexdigest()[:12]
