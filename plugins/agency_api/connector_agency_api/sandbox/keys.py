"""Idempotency keys: what was stored under a key is given again, and nothing is worked twice."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from connector_agency_api.sandbox.problem import Problem

KEY_LIFE = timedelta(days=30)
Operation = Literal["case", "mutation", "document", "message", "answer"]


def fingerprint(value: Any) -> str:
    """A digest of a JSON value: equal for equal values, however they were written."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


@dataclass
class Stored:
    """What is kept under a key. `answer` is None while the first request is still being worked."""

    operation: Operation
    case_ref: str
    digest: str
    since: datetime
    answer: dict[str, Any] | None = None


class KeyStore:
    """All keys of one creditor."""

    def __init__(self) -> None:
        self._stored: dict[str, Stored] = {}

    def begin(self, key: str, operation: Operation, case_ref: str, *, digest: str, now: datetime) -> Stored:
        """Open a key, or find what is stored under it.

        Raises Problem when the key was used for another request, or its first request is still being worked.
        """
        known = self.find(key, now)
        if known is None:
            self._stored[key] = Stored(operation, case_ref, digest, now)
            return self._stored[key]
        if (known.operation, known.case_ref, known.digest) != (operation, case_ref, digest):
            raise Problem("conflict", "idempotency_key_reused", "This key was used for another request.")
        if known.answer is None:
            raise Problem("conflict", "in_progress", "The first request with this key is being worked.", retry_after=1)
        return known

    def drop(self, key: str) -> None:
        """Free a key: its request was refused."""
        self._stored.pop(key, None)

    def find(self, key: str, now: datetime) -> Stored | None:
        """What is stored under a key that still lives."""
        known = self._stored.get(key)
        if known and known.since + KEY_LIFE <= now:
            del self._stored[key]
            return None
        return known
