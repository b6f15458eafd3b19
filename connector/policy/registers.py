"""Look-ups of a debtor in the insolvency registers that his country's law asks for: when, and what was found."""

from datetime import date, timedelta
from typing import NamedTuple

from connector.law.answers import Answer
from connector.law.debtor import Debtor
from connector.model import Account, RegisterFact

_DUTCH = frozenset({"cir"})
_BELGIAN_BUSINESS, _BELGIAN_PERSON = "regsol", "cbb"
_RECORD = "Record the regime: incasso debtor insolvency."


class LookedUp(NamedTuple):
    """What look-ups say. `answer` None: they say nothing, and `seen` why not.

    - yes: looked up in every register that counts, not too long ago, and what was found is recorded.
    - unknown: found in one, and nobody recorded what it is.
    """

    answer: Answer | None
    seen: str
    origin: str
    mend: str = ""


def registers_for(country: str, debtor: Debtor) -> frozenset[str]:
    """The registers that count: one in the Netherlands; in Belgium that of businesses, that of persons, or both."""
    if country == "NL":
        return _DUTCH
    if debtor.natural_person == "no" or (debtor.in_business == "yes" and debtor.natural_person != "yes"):
        return frozenset({_BELGIAN_BUSINESS})
    return frozenset({_BELGIAN_PERSON} if debtor.in_business == "no" else {_BELGIAN_BUSINESS, _BELGIAN_PERSON})


def looked_up(account: Account, wanted: frozenset[str], *, most_days: int) -> LookedUp | None:
    """What the look-ups of the debtor say on the account's day, the newest of each register; None: there are none.

    A look-up in `all` counts for every register. One that is more than `most_days` days old says nothing any more,
    unless it found something that nobody recorded.
    """
    newest: dict[str, RegisterFact] = {}
    for one in sorted(account.lookups, key=lambda fact: (fact.looked_up, fact.found)):
        if one.looked_up <= account.day:
            for name in wanted if one.register_name == "all" else (one.register_name,):
                newest[name] = one
    if not newest:
        return None
    hits = {name: one for name, one in newest.items() if one.found}
    recorded = [one for one in hits.values() if _explained(account, one.looked_up)]
    if len(recorded) < len(hits):
        return LookedUp("unknown", f"found in {_told(hits)}", _origin(hits), _RECORD)
    counting = {name: one for name, one in newest.items() if name in wanted}
    since = account.day - _days(account.day, most_days)
    if wanted <= counting.keys() and all(one.looked_up >= since for one in counting.values()):
        said = "what was found is recorded" if recorded else "not found"
        return LookedUp("yes", f"{said}: looked up in {_told(counting)}", _origin(counting))
    missing = ", ".join(sorted(wanted - counting.keys()))
    why = f"not looked up in {missing}" if missing else f"looked up in {_told(counting)}"
    old = "" if missing else f", which has to be within {most_days} days"
    return LookedUp(None, f"{why}{old}", _origin(newest))


def _explained(account: Account, found_on: date) -> bool:
    """Somebody recorded an insolvency that goes on, or had not ended when the debtor was found in the register."""
    return any(
        one.kind == "insolvency" and (one.until is None or one.until >= found_on) for one in account.circumstances
    )


def _days(day: date, most_days: int) -> timedelta:
    return min(timedelta(days=most_days), day - date.min)


def _told(facts: dict[str, RegisterFact]) -> str:
    return ", ".join(f"{name} on {one.looked_up}" for name, one in sorted(facts.items()))


def _origin(facts: dict[str, RegisterFact]) -> str:
    named = dict.fromkeys(one.origin for _, one in sorted(facts.items()) if one.origin)
    return ", ".join(["look-ups in registers", *named])
