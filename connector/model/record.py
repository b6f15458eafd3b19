"""What every record that crosses a seam has in common."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record. Unknown fields are errors, so that a typo never passes silently."""

    # Built at its first use: most processes use few of them, and all would cost each 30 ms and three megabytes.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
