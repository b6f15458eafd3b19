"""An agency that works by files, for tests: its folder, and the clerk of the stand-in behind it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.testing import RecordedContext, make_context
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.sink import AgencyFilesSink

KEY = "case-key-1"


@dataclass(frozen=True)
class Folder:
    """The two folders, as a test looks at them."""

    root: Path

    def make(self) -> "Folder":
        for name in ("to-agency", "from-agency"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        return self

    @property
    def sent(self) -> list[str]:
        """The names of what waits for the agency, also half-written."""
        return sorted(path.name for path in (self.root / "to-agency").iterdir())

    def message(self, name: str) -> Any:
        """A file of ours, read."""
        return json.loads((self.root / "to-agency" / name).read_text(encoding="utf-8"))

    def fetch(self) -> list[str]:
        """The agency takes everything away that has its final name."""
        names = [name for name in self.sent if name.endswith(".json")]
        for name in names:
            (self.root / "to-agency" / name).unlink()
        return names

    def put(self, name: str, content: str | bytes | Mapping[str, Any] | list[Any]) -> Path:
        """The agency puts a file into its folder: text, bytes, an object, or a list for the lines of events."""
        path = self.root / "from-agency" / name
        if isinstance(content, list):
            content = "".join(f"{json.dumps(one)}\n" for one in content)
        elif isinstance(content, Mapping):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def returned(self, folder: str = "") -> list[str]:
        """The names in the agency's folder, or in one below it."""
        path = self.root / "from-agency" / folder
        return sorted(one.name for one in path.iterdir() if one.is_file()) if path.exists() else []


def open_files(folder: Folder, context: RecordedContext | None = None, **settings: Any) -> AgencyFilesSink:
    """A sink on a folder of this machine."""
    values = {"folder": str(folder.root), **settings}
    return AgencyFilesSink(AgencyFilesConfig.model_validate(values), context or make_context())


def an_event(number: int, **changes: Any) -> dict[str, Any]:
    """A line of an event file."""
    return {
        "id": f"ev-{number}", "case_ref": "NL-2026-00031", "occurred_at": f"2026-03-02T09:{number % 60:02}:00Z",
        "kind": "message_received", "message_id": f"msg-{number}", "text": f"message {number}", **changes,
    }  # fmt: skip
