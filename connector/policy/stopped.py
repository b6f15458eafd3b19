"""What befell a debtor and keeps every step back: insolvency, a debt arrangement, death, and vulnerability.

What each does is the law's to say (`connector.law.insolvency`); here its answer becomes a verdict with its reason. No
setting of a policy lets a step pass a stop of the law.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from connector.law.answers import Undecided
from connector.law.calendars import add_months
from connector.law.insolvency import RegimeEffect, belgian_effect, dutch_effect
from connector.law.law import Law
from connector.law.table import CoverageError
from connector.model import Account, Because, Circumstance, Verdict
from connector.policy.records import because

# Terms of the law are added to a day, and dates end at 9999.
_LAST_YEAR = 9900
_LASTING = timedelta(days=1)
_EFFECTS: dict[str, Callable[[Law, Any, date], RegimeEffect | Undecided]] = {"NL": dutch_effect, "BE": belgian_effect}
_VERDICTS: dict[str, Verdict] = {"stopped": "no", "other person": "no", "free": "yes"}
_HEIRS = "write to the heirs or the executor"
_ASKED = {
    "insolvency": "Does no insolvency or debt arrangement stop it?",
    "deceased": "Is the debtor not known to be dead?",
    "vulnerable": "Is the debtor not to be spared?",
}


class Stop(NamedTuple):
    """What one circumstance does on a day.

    - `verdict`: no: it keeps a step back; unknown: a person decides; yes: it does not.
    - `task`: what the creditor has to do, if anything; `deadline`: by when, as far as dates alone tell.
    """

    fact: Circumstance
    verdict: Verdict
    seen: str
    task: str = ""
    deadline: date | None = None


def in_force(account: Account) -> list[Circumstance]:
    """What goes on on the account's day."""
    day = account.day
    return [one for one in account.circumstances if one.since <= day and (one.until is None or one.until >= day)]


def stop_of(law: Law, fact: Circumstance, day: date) -> Stop:
    """What a circumstance does on a day on which it is in force. Raises nothing: what no table tells is unknown."""
    if fact.kind == "insolvency":
        return _insolvency(law, fact, day)
    if fact.kind == "deceased":
        return _deceased(law, fact, day)
    # The reason is about a person's health or family: it stays with the debtor's record.
    return Stop(fact, "no", f"a person noted on {fact.since} that the debtor is vulnerable{_end(fact)}")


def stops(law: Law, account: Account, *, spare: bool) -> Iterator[Stop]:
    """What each circumstance in force does; `spare`: whether the vulnerable are spared this step."""
    for fact in in_force(account):
        if spare or fact.kind != "vulnerable":
            yield stop_of(law, fact, account.day)


def reasons(step: str, law: Law, account: Account, *, spare: bool) -> tuple[Because, ...]:
    """What befell the debtor, as reasons before the step of that name."""
    return tuple(
        because(
            f"{step}.{one.fact.kind}",
            _ASKED[one.fact.kind],
            seen=one.seen,
            origin=one.fact.origin or "debtor records",
            verdict=one.verdict,
        )
        for one in stops(law, account, spare=spare)
    )


def free_from(law: Law, account: Account, *, spare: bool) -> date | None:
    """The first day on which nothing in force now stops a step; None when nobody knows that day."""
    stopping = [one.fact.until for one in stops(law, account, spare=spare) if one.verdict != "yes"]
    known = [until + _LASTING for until in stopping if until and until < date.max]
    return max(known, default=date.min) if len(known) == len(stopping) else None


def _insolvency(law: Law, fact: Circumstance, day: date) -> Stop:
    what = f"{fact.regime} since {fact.since}{_end(fact)}" + (f", {fact.reference}" if fact.reference else "")
    effect = _effect(law, fact, day)
    if isinstance(effect, str):
        return Stop(fact, "unknown", f"{what}. {effect}")
    if isinstance(effect, Undecided):
        mend = f"Decided by {effect.decided_by} in [law] of incasso.toml."
        return Stop(fact, "unknown", f"{what}. {effect.reason} {mend}")
    over = _over_by_law(effect, fact)
    if over and day >= over and effect.collection != "free":
        seen = (
            f"{what}. By law it ended before {over} at the latest ({effect.article}): record its end, or what followed."
        )
        return Stop(fact, "unknown", seen)
    verdict = _VERDICTS[effect.collection]
    whom = f" ({fact.administrator})" if fact.administrator else ""
    told = f"{effect.task}{whom}" if effect.task else whom.strip()
    if verdict == "yes":
        told = f"collecting goes on; barred: {', '.join(effect.barred)}" if effect.barred else "collecting goes on"
    seen = f"{what}: {told} ({effect.article})" if told else f"{what} ({effect.article})"
    return Stop(
        fact,
        verdict,
        seen,
        task=f"{effect.task}{whom}" if effect.task else "",
        deadline=_deadline(effect, fact),
    )


def _deceased(law: Law, fact: Circumstance, day: date) -> Stop:
    """A stop everywhere; the tables tell of the Netherlands whom to write to."""
    effect = _effect(law, fact, day)
    known = effect if isinstance(effect, RegimeEffect) else None
    task = known.task if known else _HEIRS
    return Stop(fact, "no", f"known to be dead since {fact.since}: {task} (law of succession)", task=task)


def _effect(law: Law, fact: Circumstance, day: date) -> RegimeEffect | Undecided | str:
    """What the law says; in words, where no table tells."""
    table = f"{fact.country.lower()}.insolvency.{fact.regime.replace(' ', '_')}"
    if table not in law.tables or fact.country not in _EFFECTS:
        return "No table of the law tells what this regime does."
    try:
        return _EFFECTS[fact.country](law, fact.regime, day)
    except CoverageError as error:
        return f"{error.message} {error.mend}".strip()


def _over_by_law(effect: RegimeEffect, fact: Circumstance) -> date | None:
    """The first day after the longest that the regime can last; None: the law sets no end."""
    if fact.since.year > _LAST_YEAR or fact.until:
        return None
    if effect.most_months:
        return add_months(fact.since, effect.most_months)
    return fact.since + timedelta(days=effect.most_days) if effect.most_days else None


def _deadline(effect: RegimeEffect, fact: Circumstance) -> date | None:
    """The term for filing runs from the notice, which is never before the first day: this one is safe."""
    if effect.file_within_months is None or fact.since.year > _LAST_YEAR:
        return None
    return add_months(fact.since, effect.file_within_months)


def _end(fact: Circumstance) -> str:
    return f" until {fact.until}" if fact.until else ""
