"""The agency's folder as we read it: which files are finished, and where read ones are kept."""

from dataclasses import dataclass

from connector.api import Clock
from connector_agency_api.files import naming
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.place import Entry, Place


@dataclass(frozen=True)
class Kept:
    """A file that was read: where it is now, and the name it came under."""

    path: str
    name: str
    changed_at: int


class Inbox:
    """Reads nothing by itself: lists, and moves."""

    def __init__(self, place: Place, config: AgencyFilesConfig, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._quiet = config.quiet_seconds
        self.folder = config.from_agency

    def settled(self) -> list[str]:
        """The finished files that nobody is writing: neither size nor time changes within the quiet time."""
        first = self._finished()
        if not first:
            return []
        self._clock.sleep(self._quiet)
        second = self._finished()
        return sorted(name for name, entry in first.items() if second.get(name) == entry)

    def kept(self) -> dict[int, Kept]:
        """What was read, by number: the order in which it was read."""
        found: dict[int, Kept] = {}
        for folder in (naming.DONE, naming.SET_ASIDE):
            path = f"{self.folder}/{folder}"
            for name, entry in self._place.listed(path).items() if self._place.look(path) else ():
                number, original = naming.unnumbered(name)
                if number and not original.endswith(".why.txt"):
                    found[number] = Kept(f"{path}/{name}", original, entry.changed_at)
        return found

    def read(self, name: str) -> bytes:
        """The content of a waiting file."""
        return self._place.read(f"{self.folder}/{name}")

    def has_grown(self, name: str, size: int) -> bool:
        """Whether a file that was read has another size by now, or is gone."""
        entry = self._place.look(f"{self.folder}/{name}")
        return entry is None or entry.size != size

    def keep(self, name: str, number: int, *, why: str = "") -> None:
        """Move a file that was read and stored out of the way; with `why`, aside, the reason beside it."""
        folder = f"{self.folder}/{naming.SET_ASIDE if why else naming.DONE}"
        self._place.make(folder)
        target = f"{folder}/{naming.numbered(number, name)}"
        if why:
            self._place.write(f"{target}.why.txt", why.encode())
        self._place.move(f"{self.folder}/{name}", target)

    def _finished(self) -> dict[str, Entry]:
        return {name: it for name, it in self._place.listed(self.folder).items() if naming.is_finished(name)}
