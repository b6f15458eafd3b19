"""The check of one policy file: everything that is wrong with it, by file and line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connector.api import ConditionType
from connector.config.files import shown
from connector.config.mistakes import Mistake, MistakesError
from connector.model import DebtorKind
from connector.policy.check.contradictions import contradictions, other_currency
from connector.policy.check.finding import Checked, Course, Finding, Places, Station
from connector.policy.check.gaps import gaps
from connector.policy.check.groups import groups, kinds_of, nowhere
from connector.policy.check.lawful import Calendars
from connector.policy.check.reach import unreachable
from connector.policy.check.runs import Runs, Taken
from connector.policy.check.timings import Audience, unlawful
from connector.policy.choices import NONE
from connector.policy.load import load_policy
from connector.policy.policy import Policy
from connector.policy.ways import views

_LINE = re.compile(r"line (\d+)(?:, column \d+)?(?:, )?")


def check_policy(
    path: Path,
    audiences: Sequence[Audience],
    calendars: Calendars,
    *,
    home: Path,
    conditions: Mapping[str, ConditionType] | None = None,
) -> Checked:
    """Read a policy, try it on made-up debtors, and hold its hand-overs against the law of each audience.

    The steps are found by the decision itself, so that the check never disagrees with a plan. `home` shortens the path
    in messages; `conditions` are those that plugins offer, by name. Raises CoverageError where a table of the law does
    not cover the years looked at.
    """
    file = shown(path, home)
    try:
        policy = load_policy(path, home=home, conditions=conditions)
    except MistakesError as error:
        return Checked(policy=path.stem, file=file, findings=tuple(_unread(one) for one in error.mistakes))
    text = path.read_text(encoding="utf-8-sig")
    whole = Places(file, text, [])
    found = [*groups(policy, whole), *nowhere(policy, audiences, whole)]
    courses: list[Course] = []
    for place, view in views(policy):
        runs = Runs(view, kinds_of(policy, place))
        found += examine(runs, _places(file, text, policy, place, view), audiences, calendars)
        courses += _courses(runs, policy.segments[place].name if place != NONE else "")
    return Checked(
        policy=policy.name,
        file=file,
        countries=tuple(sorted({one.country for one in audiences if one.country})),
        findings=tuple(sorted(dict.fromkeys(found), key=lambda one: one.line)),
        courses=tuple(courses),
    )


def _places(file: str, text: str, policy: Policy, place: int, view: Policy) -> Places:
    names = [step.name for step in view.steps]
    if place == NONE:
        return Places(file, text, names)
    segment = policy.segments[place]
    own = segment.gates.model_fields_set
    return Places(file, text, names, around=("segment", place), title=segment.name, own=own)


def examine(runs: Runs, places: Places, audiences: Sequence[Audience], calendars: Calendars) -> tuple[Finding, ...]:
    """The findings of the steps of one group of debtors, in the order of their lines."""
    found = [*unreachable(runs, places), *contradictions(runs, places), *gaps(runs, places)]
    # Ledgers with equal answers are asked once.
    for audience in dict.fromkeys(one._replace(ledger="", agencies=()) for one in audiences):
        found += other_currency(runs.policy, audience.currency, places)
        if audience.country:
            found += unlawful(runs, audience.unstated, calendars.of(audience.country), places)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: one.line))


def _unread(mistake: Mistake) -> Finding:
    """A mistake of the reading: its line stands before its key."""
    place = _LINE.match(mistake.key)
    return Finding(
        severity="error",
        kind="reading",
        file=mistake.file,
        line=int(place[1]) if place else 0,
        key=mistake.key[place.end() :] if place else mistake.key,
        said=mistake.what,
        mend=mistake.mend,
    )


def _courses(runs: Runs, segment: str) -> Iterator[Course]:
    """What each kind gets who owes the most; kinds that get the same stand together."""
    kinds: dict[tuple[Taken, ...], list[DebtorKind]] = {}
    for kind, one in runs.by_kind.items():
        kinds.setdefault(one.taken, []).append(kind)
    for taken, alike in kinds.items():
        yield Course(
            segment=segment, kinds=tuple(alike), steps=tuple(Station(step=one.step, day=one.day) for one in taken)
        )
