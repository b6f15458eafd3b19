"""Hand-overs of a policy that come before the law's day."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from connector.law.debtor import debtor_of
from connector.model import DebtorKind
from connector.policy.check.debtors import kind_name
from connector.policy.check.finding import Finding, Path, Places, Severity
from connector.policy.check.lawful import ARTICLES, LETTER_NAMES, Country, Waiting
from connector.policy.check.runs import Run, Runs, Taken
from connector.policy.policy import Step

_DOUBT: dict[DebtorKind, str] = {
    "sole_trader": "may have bought for private use, and is then a consumer",
    "unknown": "may be a consumer",
}


class Audience(NamedTuple):
    """Whose policy it is, as a ledger tells it.

    - `country`: None where its law is not known.
    - `unstated`: the kind of a debtor of whom nobody has stated it.
    - `currency`: of the administration; empty where no ledger is asked.
    - `ledger`, `agencies`: its name, and the connections to which it may hand over.
    """

    country: Country | None
    unstated: DebtorKind = "unknown"
    currency: str = ""
    ledger: str = ""
    agencies: tuple[str, ...] = ()


class Early(NamedTuple):
    """A hand-over that comes too early, and the letter that the law counts from; None where there was none."""

    run: Run
    letter: Taken | None
    gone: Taken

    @property
    def days(self) -> int:
        """From the letter to the hand-over; -1 without a letter."""
        return self.gone.day - self.letter.day if self.letter else -1


def unlawful(runs: Runs, unstated: DebtorKind, waiting: Waiting, places: Places) -> Iterator[Finding]:
    """An error for each hand-over of a consumer that may come before the law's day; a warning for who may be one."""
    for index, step in enumerate(runs.policy.steps):
        if step.action != "escalate":
            continue
        early = [one for one in _hand_overs(runs, step, unstated, waiting.country) if one.days < waiting.most]
        sure = [one for one in early if one.run.trial.kind == "consumer"]
        doubtful = [] if sure else [k for k in _DOUBT if any(one.run.trial.kind == k for one in early)]
        if sure:
            yield _told(places, index, step, min(sure, key=_soonest), waiting)
        for kind in doubtful:
            yield _told(places, index, step, min((e for e in early if e.run.trial.kind == kind), key=_soonest), waiting)


def _soonest(early: Early) -> int:
    return early.days


def _hand_overs(runs: Runs, step: Step, unstated: DebtorKind, country: Country) -> Iterator[Early]:
    """Every hand-over by the step of who is, or may be, a consumer."""
    for one in (*runs.ordinary, *runs.late):
        kind = one.trial.kind
        if kind == "unknown" and unstated != "unknown":
            continue
        gone = one.handed_over
        if gone and gone.step == step.name and debtor_of(kind).consumer:
            yield Early(one, _letter(one.letters, country), gone)


def _letter(letters: Sequence[Taken], country: Country) -> Taken | None:
    """The letter that the law counts from: in Belgium the first; in the Netherlands the notice, where there is one."""
    notices = [one for one in letters if one.action == "notice"] if country == "NL" else []
    return next(iter([*notices, *letters]), None)


def _told(places: Places, index: int, step: Step, early: Early, waiting: Waiting) -> Finding:
    trial, country = early.run.trial, waiting.country
    who = kind_name(trial.kind) if trial.seen_from <= 1 else f"{kind_name(trial.kind)} {trial.lateness}"
    name = LETTER_NAMES[country]
    days = f"{waiting.least} to {waiting.most} days after it was posted, by the calendar"
    if early.letter is None:
        said = f"{who} is handed over without a letter; the law asks for a {name}, and lets it go {days}"
        mend = f'Put a step with action = "notice" above it, and write after = {{ step = …, days = {waiting.most} }}.'
        path: Path = ("step", index, "needs" if step.needs else "action")
    else:
        sent, free = waiting.worst, waiting.days[waiting.worst]
        said = (
            f'{who} is handed over {early.days} days after "{early.letter.step}", the {name}; '
            f"the law lets it go {days} ({free} when it is posted on {sent})"
        )
        mend = _mend(step, early.letter, waiting.most)
        path = ("step", index, "after")
    if trial.kind in _DOUBT:
        said += f". {kind_name(trial.kind).capitalize()} {_DOUBT[trial.kind]}"
        mend += " Or take the kind out of allowed."
    severity: Severity = "warning" if trial.kind in _DOUBT else "error"
    return places.finding(severity, "unlawful", path, said, mend, article=ARTICLES[country])


def _mend(step: Step, letter: Taken, most: int) -> str:
    if step.after and step.after.step != letter.step:
        return f'Let at least {most} days lie between "{letter.step}" and this step.'
    return f'Write after = {{ step = "{letter.step}", days = {most} }}.'
