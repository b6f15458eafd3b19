"""What comes back: event files and receipts, page by page, moved away only after their page was stored."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256

from connector.api import Context
from connector.model import Event, EventPage, Unmapped
from connector_agency_api.files import naming
from connector_agency_api.files.book import Book, Missing
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.inbox import Inbox
from connector_agency_api.files.place import MOST_BYTES, Denied, Place
from connector_agency_api.files.returned import Trouble, is_cut_off, read_events, read_receipt_file

_ORDER = ("receipt", "events", "unknown")
TOLD_LATER = "told later"
"""Troubles that were met where no event can be told, kept for the next reading."""


@dataclass(frozen=True)
class Bookmark:
    """How far the host has stored: the file with this number, up to a line and byte of it; `end`, all of it.

    `digest` is that of the bytes read: a file of the same name with other content is another file.
    """

    number: int = 0
    file: str = ""
    line: int = 0
    byte: int = 0
    digest: str = ""
    end: bool = True

    @classmethod
    def read(cls, cursor: str | None) -> "Bookmark":
        return cls(**json.loads(cursor)) if cursor else cls()

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


@dataclass(frozen=True)
class _Job:
    """A file to read. `kept`: it was read before and lies in this place; the host's database is an older one."""

    number: int
    name: str
    kept: str = ""


class Returns:
    """Reads the agency's folder. One reader at a time, which the host sees to.

    A file is read, its pages are stored by the host, and then it is moved. A run that was cut finds it there and goes
    on at the bookmark. A host that was restored from a backup has an older bookmark: it reads again what was moved
    since.
    """

    def __init__(self, place: Place, inbox: Inbox, book: Book, config: AgencyFilesConfig, context: Context) -> None:
        self._place = place
        self._inbox = inbox
        self._book = book
        self._config = config
        self._context = context

    def pages(self, cursor: str | None) -> Iterator[EventPage]:
        """Events after `cursor`."""
        mark = Bookmark.read(cursor)
        kept, new = self._inbox.kept(), self._inbox.settled()
        jobs = list(self._jobs(mark, {number: (it.path, it.name) for number, it in kept.items()}, new))
        for job in jobs:
            for page, here in self._read(job, mark):
                yield page
                mark = here
        missing = list(self._book.missing(self._config.receipt_days)) if self._config.receipt_days else []
        later = self._book.recall(TOLD_LATER) or []
        events = [*map(self._no_receipt, missing), *map(self._told_later, later)]
        yield EventPage(events=tuple(events), cursor=str(mark), complete=True)
        for one in missing:
            self._book.close(one.tag)
        if later:
            self._book.remember(TOLD_LATER, [])
        last = max([mark.number, *kept, *(job.number for job in jobs)])
        for number, name in enumerate(_outdated(new), start=last + 1):
            self._inbox.keep(name, number)

    def _jobs(self, mark: Bookmark, kept: dict[int, tuple[str, str]], new: list[str]) -> Iterator[_Job]:
        waiting = [name for name in new if naming.kind_of(name) in _ORDER]
        waiting.sort(key=lambda name: (_ORDER.index(naming.kind_of(name)), name))
        for number, (path, name) in sorted(kept.items()):
            again = number > mark.number or (number == mark.number and not mark.end)
            if again and naming.kind_of(name) in ("receipt", "events"):
                yield _Job(number, name, path)
        if mark.file in waiting and mark.number not in kept:
            waiting.remove(mark.file)
            yield _Job(mark.number, mark.file)
        first = max([mark.number, *kept]) + 1
        for number, name in enumerate(waiting, start=first):
            yield _Job(number, name)

    def _read(self, job: _Job, mark: Bookmark) -> Iterator[tuple[EventPage, Bookmark]]:
        """The pages of a file with their bookmarks; afterwards it is moved, if it was not before."""
        try:
            content = self._place.read(job.kept) if job.kept else self._inbox.read(job.name)
        except Denied:
            if job.kept or not self._is_there(job.name):
                return
            content = None
        kind = naming.kind_of(job.name)
        troubles: list[Trouble] = []
        if content is None:
            troubles.append(Trouble(job.name, 0, "", f"is larger than {MOST_BYTES} bytes"))
            yield self._told(job, troubles)
        elif kind == "events":
            if not job.kept and is_cut_off(content) and not self._stays(job.name, len(content)):
                return
            yield from self._events(job, content, mark, troubles)
        elif kind == "receipt":
            yield from self._receipt(job, content, troubles)
        else:
            troubles.append(Trouble(job.name, 0, "", "has a name that no file of the agency has; see the README"))
            yield self._told(job, troubles)
        for trouble in troubles:
            self._context.log.warning("the agency sent what cannot be read", where=str(trouble))
        if not job.kept and not (content is not None and self._inbox.has_grown(job.name, len(content))):
            self._inbox.keep(job.name, job.number, why="".join(f"{trouble}\n" for trouble in troubles))

    def _events(
        self, job: _Job, content: bytes, mark: Bookmark, troubles: list[Trouble]
    ) -> Iterator[tuple[EventPage, Bookmark]]:
        start, line = 0, 0
        if job.number == mark.number and _digest(content[: mark.byte]) == mark.digest:
            start, line = mark.byte, mark.line
        now = self._context.clock.now()
        lines = list(read_events(job.name, content, start=start, line=line, now=now))
        running = sha256(content[:start])
        for first in range(0, max(1, len(lines)), self._config.page_limit):
            batch = lines[first : first + self._config.page_limit]
            ended = first + len(batch) == len(lines)
            stop = len(content) if ended else batch[-1].end
            running.update(content[start:stop])
            start, line = stop, batch[-1].number if batch else line
            here = Bookmark(job.number, job.name, line, stop, running.hexdigest()[:16], ended)
            troubles.extend(one.trouble for one in batch if one.trouble)
            yield EventPage(events=tuple(one.event for one in batch), cursor=str(here)), here

    def _receipt(self, job: _Job, content: bytes, troubles: list[Trouble]) -> Iterator[tuple[EventPage, Bookmark]]:
        kind = naming.kind_in(job.name)
        event, key, trouble = read_receipt_file(job.name, content, kind=kind, now=self._context.clock.now())
        here = Bookmark(job.number, job.name, 1, len(content), _digest(content))
        yield EventPage(events=(event,) if event else (), cursor=str(here)), here
        if trouble:
            troubles.append(trouble)
        else:
            self._book.close(naming.tag_of(key))

    def _told(self, job: _Job, troubles: list[Trouble]) -> tuple[EventPage, Bookmark]:
        here = Bookmark(job.number, job.name)
        events: tuple[Event, ...] = tuple(one.event(self._context.clock.now()) for one in troubles)
        return EventPage(events=events, cursor=str(here)), here

    def _is_there(self, name: str) -> bool:
        return self._place.look(f"{self._config.from_agency}/{name}") is not None

    def _stays(self, name: str, size: int) -> bool:
        """Whether a file that ends in mid-line had this size in the run before: then nobody is writing it any more."""
        before = self._book.recall(f"half:{name}")
        self._book.remember(f"half:{name}", size)
        return bool(before == size)

    def _no_receipt(self, missing: Missing) -> Unmapped:
        sent = self._book.sent(missing.tag)
        day = missing.at.date().isoformat()
        text = f"no receipt for {missing.name}, handed over on {day}: ask the agency whether it has it"
        return Unmapped(
            id=f"no-receipt:{missing.tag}",
            case_ref=sent.case_ref if sent else missing.name,
            occurred_at=self._context.clock.now(),
            raw="no receipt",
            text=text,
        )

    def _told_later(self, note: list[str]) -> Unmapped:
        file, why = note
        return Trouble(file, 0, "", why).event(self._context.clock.now())


def _outdated(new: list[str]) -> list[str]:
    """Every status but the newest, which stays to be asked."""
    return sorted(name for name in new if naming.kind_of(name) == "status")[:-1]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
