"""What every function of this room is given: the tables, and the readings that were taken."""

from dataclasses import dataclass, field

from connector.law.library import Tables, shipped
from connector.law.settings import LawSettings


@dataclass(frozen=True)
class Law:
    """The tables of the law and the settings where it leaves a choice. Empty: what is shipped, no choice made."""

    tables: Tables = field(default_factory=shipped)
    settings: LawSettings = field(default_factory=LawSettings)
