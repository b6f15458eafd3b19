"""Masking: secrets by value, secrets and personal data by pattern and by key."""

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, cast
from urllib.parse import quote, quote_plus
from uuid import UUID

MASK = "***"
# Shorter values would blot out ordinary words.
_SHORTEST = 6
# A token that was just replaced may still turn up in a late error.
_KEPT_PER_SLOT = 4
_DEEPEST = 8

_WORDS = r"access_token|refresh_token|id_token|client_secret|api_?key|password|passwd|secret|token|signature"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{12,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"), MASK),
    (re.compile(r"(\w://)[^\s/@:]*:[^\s/@]+@"), rf"\1{MASK}@"),
    # password=x, "token": "x", and token: x where x is no ordinary word.
    (re.compile(rf"""((?:{_WORDS})["']?\s*=\s*["']?)[^\s"'&,;)}}\]]{{3,}}""", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(rf"""((?:{_WORDS})["']\s*:\s*["'])[^"']+""", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(rf"""((?:{_WORDS}):\s*)(?=\S*\d)[^\s"'&,;)}}\]]{{8,}}""", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"([?&](?:code|state)=)[^\s&\"']+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[e-mail]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b"), "[iban]"),
    (re.compile(r"(?<![\w.+-])(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(0\))?(?:[ .-]?\d){7,11}(?!\w)"), "[phone]"),
    (re.compile(r"(?<![\w.:/+-])0[1-9](?:[ -]?\d){7,8}(?![\w-])"), "[phone]"),
)

# Values of these keys are masked whole. A key counts when it, or a part of it between underscores, is listed.
_PERSONAL = frozenset({
    "name", "names", "firstname", "lastname", "surname", "birthdate", "contact", "contacts", "email", "mail", "phone",
    "telephone", "mobile", "address", "addresses", "street", "city", "postcode", "lines", "iban", "bic", "bsn",
    "nationalnumber", "token", "secret", "password", "authorization", "cookie",
})  # fmt: skip
_PERSONAL_ENDS = ("national_number", "api_key", "birth_date", "date_of_birth")
# Here a number is personal too; elsewhere ("lines": 3) it is a count.
_NUMBERS = frozenset({"bsn", "nationalnumber", "national_number", "phone", "telephone", "mobile"})
# Names of things, not of people.
_PLAIN = frozenset({
    "file_name", "plugin_name", "policy_name", "host_name", "connection_name", "ledger_name", "step_name",
    "field_name", "token_name",
})  # fmt: skip


class Masker:
    """Blots out registered secrets wherever they stand, what looks like a secret or personal data, and the values
    of keys that hold such. Masking twice changes nothing. Safe for threads.
    """

    def __init__(self) -> None:
        self._lasting: dict[str, None] = {}
        self._slots: dict[str, deque[tuple[str, ...]]] = {}
        self._forms: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def register(self, secret: str, *, slot: str = "") -> None:
        """Mask `secret` from now on, also as it looks quoted in a URL or inside JSON.

        With a `slot` (such as a token's name) only the last few secrets of that slot are remembered, so that
        tokens renewed for months do not pile up. Values under six characters are left alone.
        """
        forms = tuple(form for form in _forms(secret) if len(form) >= _SHORTEST)
        with self._lock:
            if slot:
                kept = self._slots.setdefault(slot, deque(maxlen=_KEPT_PER_SLOT))
                if forms not in kept:
                    kept.append(forms)
            else:
                self._lasting.update(dict.fromkeys(forms))
            passing = (form for kept in self._slots.values() for forms in kept for form in forms)
            # The longest first: one secret may hold another.
            self._forms = tuple(sorted({*self._lasting, *passing}, key=len, reverse=True))

    def mask(self, text: str) -> str:
        """`text` without secrets and personal data."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def mask_value(self, value: Any, key: str = "", *, depth: int = 0) -> Any:
        """`value` masked through and through: texts, containers, records; numbers, dates and flags stay."""
        if key and _is_personal(key, value):
            return MASK
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.mask(value)
        if value is None or isinstance(value, bool | int | float | Decimal | date | time | timedelta | UUID):
            return value
        if isinstance(value, bytes | bytearray):
            return f"<{len(value)} bytes>"
        if isinstance(value, Enum | PurePath):
            return self.mask(str(value.value if isinstance(value, Enum) else value))
        if depth >= _DEEPEST:
            return "…"
        if isinstance(value, list | tuple | set | frozenset):
            return [self.mask_value(inner, depth=depth + 1) for inner in value]
        fields = _fields_of(value)
        if fields is None:
            return self.mask(repr(value))
        return {
            self.mask(str(name)): self.mask_value(inner, str(name), depth=depth + 1) for name, inner in fields.items()
        }

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """The masker as a structlog processor."""
        return {key: value if key == "timestamp" else self.mask_value(value, key) for key, value in event.items()}


def _forms(secret: str) -> Iterable[str]:
    """A secret as it stands, and as URLs, JSON and Python's repr write it."""
    in_urls = (quote(secret, safe=""), quote(secret), quote_plus(secret))
    in_texts = (json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret))
    return dict.fromkeys((secret, secret.strip(), *in_urls, *(text[1:-1] for text in in_texts)))


def _is_personal(key: str, value: Any) -> bool:
    if value is None or isinstance(value, bool) or value == "":
        return False
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_")
    if isinstance(value, int | float | Decimal | date | time | timedelta):
        return word in _NUMBERS or "birth" in word
    return word not in _PLAIN and (word.endswith(_PERSONAL_ENDS) or not _PERSONAL.isdisjoint(word.split("_")))


def _fields_of(value: Any) -> Mapping[Any, Any] | None:
    """The fields of a mapping or record by name, so that the masker sees which hold personal data."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    if callable(getattr(value, "model_dump", None)):
        return cast("Mapping[Any, Any]", value.model_dump())
    names = getattr(value, "__dataclass_fields__", None)
    return None if names is None else {name: getattr(value, name) for name in names}
