"""What the check of a policy found: where in its file, what is wrong, and the mend."""

from collections.abc import Collection, Sequence
from typing import Literal

from connector.model import DebtorKind
from connector.model.record import Record
from connector.policy.places import line_of

Kind = Literal["reading", "contradiction", "unreachable", "gap", "unlawful"]
Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]


class Finding(Record):
    """One thing that is wrong with a policy, or unusual.

    - `severity`: an error will never do what it says, or is unlawful; a warning is unusual.
    - `kind`: `reading` what keeps the file from being read, `contradiction` settings that undo each other,
      `unreachable` a step that no debtor ever gets, `gap` what somebody should have got or been told, `unlawful` a
      hand-over before the law's day.
    - `file`, `line`, `key`: where; line 0 where no line of the file says it.
    - `article`: of the law, for what is unlawful.
    """

    severity: Severity
    kind: Kind
    file: str
    line: int
    key: str
    said: str
    mend: str
    article: str = ""

    @property
    def place(self) -> str:
        """`policies/standard.toml:12`."""
        return f"{self.file}:{self.line}" if self.line else self.file


class Station(Record):
    """A step that comes `day` days past the due date."""

    step: str
    day: int


class Course(Record):
    """Which steps a debtor of these kinds gets who owes much and pays nothing; `segment` is empty outside of all."""

    segment: str = ""
    kinds: tuple[DebtorKind, ...]
    steps: tuple[Station, ...]


class Checked(Record):
    """One policy, checked. `countries` are those whose law was looked at; none where the file cannot be read."""

    policy: str
    file: str
    countries: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    courses: tuple[Course, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are no warnings."""
        return tuple(one for one in self.findings if one.severity == "error")


class Places:
    """Makes findings about the steps and gates of a policy file, each with the line of the setting.

    `names` are the steps'. In a segment `around` is its place, such as `("segment", 0)`, `title` its name, and `own`
    its gates; the others stand at the top of the file.
    """

    def __init__(
        self,
        file: str,
        text: str,
        names: Sequence[str],
        *,
        around: Path = (),
        title: str = "",
        own: Collection[str] = (),
    ) -> None:
        self._file, self._text, self._names = file, text, names
        self._around, self._title, self._own = around, title, own

    def finding(
        self, severity: Severity, kind: Kind, path: Path, said: str, mend: str, *, article: str = ""
    ) -> Finding:
        """A finding about the setting at `path`: `("step", 0, "after")`, steps counted from 0."""
        inside = bool(self._around) and (
            path[0] == "step" or (path[0] == "gates" and path[1:2] and path[1] in self._own)
        )
        key = f"segment {int(self._around[1]) + 1} ({self._title}).{self._key(path)}" if inside else self._key(path)
        line = line_of(self._text, (*self._around, *path) if inside else path)
        if self._title:
            said = f"in segment {self._title}: {said}"
        return Finding(
            severity=severity, kind=kind, file=self._file, line=line, key=key, said=said, mend=mend, article=article
        )

    def _key(self, path: Path) -> str:
        if path[0] in ("segment", "route"):
            return ".".join([f"{path[0]} {int(path[1]) + 1}", *map(str, path[2:])])
        if path[0] != "step" or len(path) < 2:
            return ".".join(map(str, path))
        place = int(path[1])
        return ".".join([f"step {place + 1} ({self._names[place]})", *map(str, path[2:])])
