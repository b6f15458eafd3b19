"""The names of the files, both ways. A name says what is in it, so that people find a case without opening files."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

FORMAT = "incasso-files/1"
DONE = "done"
SET_ASIDE = "set-aside"

Returned = Literal["receipt", "events", "remittance", "status", "unknown"]

_UNFINISHED = re.compile(r"\..*|~.*|.*\.(part|filepart|tmp|temp|partial|crdownload|writing)|.*~", re.IGNORECASE)
_SENT = re.compile(r".+_(?P<tag>[0-9a-f]{16})_[0-9a-f]{12}\.json")
_PART = re.compile(r".+_(?P<tag>[0-9a-f]{16})\.json\.part")
_RECEIPT = re.compile(r".+_(?P<tag>[0-9a-f]{16})_[0-9a-f]{12}\.receipt\.json")
_NUMBERED = re.compile(r"(?P<number>[0-9]{6,12})_(?P<name>.+)")
_KINDS: tuple[tuple[Returned, re.Pattern[str]], ...] = (
    ("receipt", _RECEIPT),
    ("events", re.compile(r"events_.+\.jsonl")),
    ("remittance", re.compile(r"remittance_.+\.json")),
    ("status", re.compile(r"status_.+\.json")),
)


def tag_of(key: str) -> str:
    """The piece of a name that stands for a delivery key: a key may be longer than a file name."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SentName:
    """The names of one message: `part` depends on the key alone, `final` also on the content."""

    part: str
    final: str
    tag: str


def name_message(case_ref: str, sequence: int, kind: str, *, key: str, content: bytes) -> SentName:
    """`{our reference}_{its how manieth}_{kind}_{16 characters of the key}_{12 characters of the content}.json`."""
    tag = tag_of(key)
    # A colon is no part of a file name on every system.
    stem = f"{case_ref.replace(':', '-')}_{sequence:04}_{kind.replace('_', '-')}_{tag}"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return SentName(part=f"{stem}.json.part", final=f"{stem}_{digest}.json", tag=tag)


def kind_in(name: str) -> str:
    """The kind in the name of a message, or of its receipt."""
    return name.rsplit("_", 3)[1]


def sent_tag(name: str) -> str:
    """The key's piece in the name of a finished message; empty for another file."""
    found = _SENT.fullmatch(name)
    return found["tag"] if found else ""


def is_part(name: str, tag: str) -> bool:
    """Whether this is the file of a message under its temporary name."""
    found = _PART.fullmatch(name)
    return found is not None and found["tag"] == tag


def receipt_tag(name: str) -> str:
    """The key's piece in the name of a receipt, also of a numbered one; empty for another file."""
    found = _RECEIPT.fullmatch(name)
    return found["tag"] if found else ""


def is_finished(name: str) -> bool:
    """False for a file that somebody is still writing, by its name."""
    return not _UNFINISHED.fullmatch(name)


def kind_of(name: str) -> Returned:
    """What a file of the agency is, by its name."""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), "unknown")


def numbered(number: int, name: str) -> str:
    """The name under which a read file is kept: in the order in which the files were read."""
    return f"{number:06}_{name}"


def unnumbered(name: str) -> tuple[int, str]:
    """Number and original name of a kept file; zero for a file that somebody else put there."""
    found = _NUMBERED.fullmatch(name)
    return (int(found["number"]), found["name"]) if found else (0, name)
