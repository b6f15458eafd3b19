"""Counting calls, for run reports: how often which kind of address was called, and what it cost."""

import re
import threading
from dataclasses import dataclass, replace

# What tells one record from another in a path: numbers, GUIDs, long hexadecimal words, OData keys in brackets.
_KEY = re.compile(r"^(?:\d+|[0-9a-fA-F-]{16,}|(?=.*\d)[\w-]{20,}|[\w-]*\d{4,}[\w-]*)$")
_ODATA_KEY = re.compile(r"\([^)]*\)$")
_VERSION = re.compile(r"^v\d+(\.\d+)*$")


@dataclass(frozen=True)
class CallCount:
    """The calls of one kind: `path` with `{}` for what differs from record to record.

    `failed` counts lost or refused connections and answers from status 400 on; `received` is in bytes after
    decompression, `milliseconds` the time spent waiting.
    """

    host: str
    method: str
    path: str
    calls: int = 0
    failed: int = 0
    received: int = 0
    milliseconds: int = 0


class Calls:
    """The calls of one session since it was opened. Safe for threads."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], CallCount] = {}
        self._lock = threading.Lock()

    def add(self, host: str, method: str, path: str, *, failed: bool, received: int, milliseconds: int) -> None:
        """Count one call to `path` on `host` (with its port where that is not the usual one)."""
        key = (host, method, template(path))
        with self._lock:
            count = self._counts.get(key) or CallCount(*key)
            self._counts[key] = replace(
                count,
                calls=count.calls + 1,
                failed=count.failed + failed,
                received=count.received + received,
                milliseconds=count.milliseconds + milliseconds,
            )

    @property
    def total(self) -> int:
        """All calls."""
        return sum(count.calls for count in self.rows())

    def rows(self) -> tuple[CallCount, ...]:
        """The counts, the most called first."""
        with self._lock:
            return tuple(sorted(self._counts.values(), key=lambda count: (-count.calls, count.path)))


def template(path: str) -> str:
    """`path` without what tells one record from another: "/api/v1/123456/crm/Accounts(guid'…')" gives
    "/api/v1/{}/crm/Accounts({})".
    """
    return "/".join(_template_part(part) for part in path.split("/"))


def _template_part(part: str) -> str:
    if _VERSION.match(part):
        return part
    if _ODATA_KEY.search(part):
        return _ODATA_KEY.sub("({})", part)
    return "{}" if _KEY.match(part) else part
