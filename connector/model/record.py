"""What every record that crosses a seam has in common."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record. Unknown fields are errors, so that a typo never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")
