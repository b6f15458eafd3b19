"""`[law]` of `incasso.toml`: the readings that were taken, and rows added to the tables of the law."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connector.errors import ConfigError
from connector.law.settings import LawSettings

if TYPE_CHECKING:
    # Loaded at its use: its tables would cost every process fifteen milliseconds and a megabyte.
    from connector.law.law import Law
    from connector.law.library import Tables


class LawRow(BaseModel):
    """One row for a table of the law: its source, and beside it its days and what the table holds, checked there."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: str = Field(min_length=1, description="where the figure comes from")

    def values(self) -> dict[str, Any]:
        """The row as the table takes it."""
        return {"source": self.source} | (self.model_extra or {})


class LawTable(LawSettings):
    """`[law]`: how the law is read where it leaves a choice, and figures that are newer than this release.

    - `tables`: by the name of a table, rows with since, until, source and the figure: `[[law.tables."nl.commercial"]]`.
    """

    tables: dict[str, tuple[LawRow, ...]] = Field(default_factory=dict)

    @field_validator("tables")
    @classmethod
    def _rows_that_fit(cls, value: dict[str, tuple[LawRow, ...]]) -> dict[str, tuple[LawRow, ...]]:
        try:
            _extended(value)
        except ConfigError as error:
            raise ValueError(error.message.removeprefix("law.tables.")) from error
        return value

    def law(self) -> "Law":
        """The law of this installation: the tables of this release with the rows added, and the readings."""
        from connector.law.law import Law
        from connector.law.library import shipped

        chosen = LawSettings.model_validate(self.model_dump(include=set(LawSettings.model_fields)))
        return Law(tables=_extended(self.tables) if self.tables else shipped(), settings=chosen)


def _extended(rows: dict[str, tuple[LawRow, ...]]) -> "Tables":
    from connector.law.library import extend, shipped

    return extend(shipped(), {name: [row.values() for row in added] for name, added in rows.items()})
