"""Back-test: policies tried on the history of a ledger, side by side. Reads the store, and changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.accounts import kind_of, language_of, receivers_of
from connector.flow.runs import Progress, StoppedError, quiet
from connector.flow.workspace import Workspace
from connector.insight.delinquency import measure
from connector.insight.figures import Assumptions, Figures, Tally
from connector.insight.outcome import Outcome, follow
from connector.insight.past import DebtorPast, Said
from connector.insight.replay import Period, replay
from connector.insight.span import Standing
from connector.model import DebtorKind, HoldFact, PriorStep
from connector.policy import Policy
from connector.store import Tx, debtors, journal, past
from connector.store.debtors import DebtorFacts
from connector.store.known import Recorded
from connector.store.past import Confirmed, ItemVersion

_ROWS_AT_ONCE = 2000

DayOf = Callable[[datetime], date]

# What people say of a debtor, by its name in his past: how all its versions are read.
_SAID = {
    "disputes": past.recorded_disputes,
    "promises": past.recorded_promises,
    "payment_plans": past.recorded_plans,
    "circumstances": past.recorded_circumstances,
    "lookups": past.recorded_lookups,
    "letters": past.recorded_letters,
}


@dataclass(frozen=True)
class Known:
    """The days of which a ledger's history tells, both included."""

    first: date
    last: date


@dataclass
class Tried:
    """One policy's figures, and the files they count, in the order of days."""

    figures: Figures
    outcomes: list[Outcome]


@dataclass
class BackTest:
    """Policies tried on one ledger. `others` counts the claims in other currencies than theirs, which take no part.

    `lawfully`: whether the law was asked.
    """

    ledger: str
    period: Period
    known: Known
    assumptions: Assumptions
    lawfully: bool = False
    debtors: int = 0
    others: Counter[str] = field(default_factory=Counter)
    tried: list[Tried] = field(default_factory=list)


def back_test(
    workspace: Workspace,
    ledger: Ledger,
    policies: Mapping[str, Policy],
    *,
    first: date | None = None,
    last: date | None = None,
    assumptions: Assumptions | None = None,
    lawfully: bool = False,
    progress: Progress = quiet,
) -> BackTest:
    """Replay the ledger's history from `first` to `last`, all of it without them, under each of the named policies.

    What stood in the store at the end of a day, by the ledger's clock, is what was known on it. Memory is bounded by
    the largest debtor and by the files that would have gone, not by the ledger. Raises ConfigError for days of which
    nothing is known, and for policies whose amounts cannot stand side by side. `lawfully`: the law is asked as well, on
    the letters and look-ups that were known on each day.
    """
    currency = _one_currency(policies)
    day_of = _days_in(ledger.timezone)
    with workspace.store.read() as tx:
        known = _known(tx, ledger, day_of)
        period = _period(ledger, known, first, last)
        found = BackTest(ledger.name, period, known, assumptions or Assumptions(), lawfully)
        tallies = {name: Tally(name, one.version, currency) for name, one in policies.items()}
        for debtor in _pasts(tx, ledger, period, day_of):
            found.debtors += 1
            found.others.update(own for _, own in debtor.spans if own != currency)
            for name, policy in policies.items():
                climb = replay(debtor, policy, period, law=workspace.law, lawfully=lawfully)
                outcomes = [follow(file, debtor, known.last) for file in climb.files]
                tallies[name].add(climb, outcomes, measure(debtor, currency, period, climb.files))
            progress("debtors", 1)
            if workspace.stop.is_set():
                raise StoppedError("stopped while trying the past; nothing was changed")
    for tally in tallies.values():
        tally.outcomes.sort(key=lambda one: (one.file.day, one.file.debtor_id))
        found.tried.append(Tried(tally.figures(period, found.assumptions), tally.outcomes))
    return found


def _one_currency(policies: Mapping[str, Policy]) -> str:
    currencies = {one.currency for one in policies.values()}
    if len(currencies) > 1:
        named = " and ".join(f"{name} is in {one.currency}" for name, one in policies.items())
        raise ConfigError(f"{named}: their amounts cannot stand side by side.", mend="Try them one by one.")
    return currencies.pop()


def _days_in(timezone: str) -> DayOf:
    zone = ZoneInfo(timezone)

    @lru_cache(maxsize=4096)
    def day_of(at: datetime) -> date:
        return at.astimezone(zone).date()

    return day_of


def _known(tx: Tx, ledger: Ledger, day_of: DayOf) -> Known:
    began, changed = past.known_from(tx, ledger.name), past.last_change(tx, ledger.name)
    if began is None or changed is None:
        raise ConfigError(f"ledger {ledger.name} has no history: nothing was pulled yet.", mend="First: incasso pull")
    cursor = journal.read_cursor(tx, f"pull:{ledger.name}")
    read = cursor.completed_at if cursor else None
    return Known(day_of(began), day_of(max(changed, read or changed)))


def _period(ledger: Ledger, known: Known, first: date | None, last: date | None) -> Period:
    period = Period(first or known.first, last or known.last)
    if period.last < period.first:
        raise ConfigError(
            f"the period ends on {period.last}, before it begins on {period.first}.", mend="Turn them round."
        )
    if period.first < known.first:
        raise ConfigError(
            f"ledger {ledger.name} is known from {known.first} on, and the period begins on {period.first}.",
            mend=f"Begin later: --from {known.first}",
        )
    if period.last > known.last:
        raise ConfigError(
            f"ledger {ledger.name} is known up to {known.last}, and the period ends on {period.last}.",
            mend=f"End earlier: --to {known.last}. To look ahead there is: incasso plan",
        )
    return period


def _pasts(tx: Tx, ledger: Ledger, period: Period, day_of: DayOf) -> Iterator[DebtorPast]:
    """The debtors' pasts one by one, what was said of them looked up for some at a time."""
    state = journal.read_ledger_state(tx, ledger.name)
    # In the order in which a plan tells them.
    holds = sorted(past.recorded_holds(tx, ledger.name), key=_reach)
    legal, receivers = ledger.legal_at(ledger.sink_at("")), receivers_of(ledger)
    for chunk in _some(past.versions(tx, ledger.name)):
        ids = [debtor_id for debtor_id, _ in chunk]
        known = debtors.facts(tx, ledger.name, ids)
        confirmed = past.confirmed_kinds(tx, ledger.name, ids)
        steps = past.recorded_steps(tx, ledger.name, ids)
        said = {name: read(tx, ledger.name, ids) for name, read in _SAID.items()}
        handed = past.handed_over(tx, ledger.name, ids)
        for debtor_id, rows in chunk:
            facts = known.get(debtor_id)
            claims = {row.claim for row in rows}
            yield DebtorPast(
                ledger=ledger.name,
                debtor_id=debtor_id,
                rows=[_standing(row, day_of) for row in rows],
                steps=_before(period.first, steps.get(debtor_id, ()), day_of),
                holds=_said((one for one in holds if _is_about(one, debtor_id, claims)), day_of),
                **{name: _said(found.get(debtor_id, ()), day_of) for name, found in said.items()},
                kinds=_kinds(ledger, facts, confirmed.get(debtor_id), day_of),
                at_agency={claim: day_of(handed[claim]) for claim in claims if claim in handed},
                country=facts.country if facts else "",
                language=language_of(ledger, facts),
                postcode=facts.postcode if facts else "",
                group=facts.group if facts else "",
                is_blocked=bool(facts and facts.blocked),
                is_calibrated=state.calibrated,
                legal=legal,
                receivers=receivers,
            )


def _some(stream: Iterable[tuple[str, list[ItemVersion]]]) -> Iterator[list[tuple[str, list[ItemVersion]]]]:
    """Debtors with some rows together: a large one alone, hundreds of small ones at once."""
    chunk: list[tuple[str, list[ItemVersion]]] = []
    count = 0
    for debtor_id, rows in stream:
        chunk.append((debtor_id, rows))
        count += len(rows)
        if count >= _ROWS_AT_ONCE:
            yield chunk
            chunk, count = [], 0
    if chunk:
        yield chunk


def _standing(row: ItemVersion, day_of: DayOf) -> Standing:
    return Standing(row, day_of(row.since), day_of(row.until) if row.until else date.max)


def _before(first: date, steps: Iterable[Recorded], day_of: DayOf) -> tuple[PriorStep, ...]:
    """The steps that had been taken, and put in, when the replay begins; the later ones the policy decides itself."""
    facts = [one.fact for one in steps if day_of(one.at) < first]
    return tuple(one for one in facts if isinstance(one, PriorStep) and one.taken_on < first)


def _said(records: Iterable[Recorded], day_of: DayOf) -> tuple[Said, ...]:
    return tuple(
        Said(day_of(one.at), one.fact, day_of(one.until) if one.until else date.max)
        for one in records
        if not isinstance(one.fact, PriorStep)
    )


def _reach(record: Recorded) -> int:
    return ("ledger", "debtor", "claim").index(record.fact.scope) if isinstance(record.fact, HoldFact) else 0


def _is_about(record: Recorded, debtor_id: str, claims: set[str]) -> bool:
    fact = record.fact
    if not isinstance(fact, HoldFact):
        return False
    return fact.scope == "ledger" or (fact.key == debtor_id if fact.scope == "debtor" else fact.key in claims)


def _kinds(
    ledger: Ledger, facts: DebtorFacts | None, confirmed: Confirmed | None, day_of: DayOf
) -> tuple[tuple[date, DebtorKind], ...]:
    """What kind he was known to be. What the source says of him now it is taken to have said always."""
    if confirmed is None:
        return ((date.min, kind_of(ledger, facts.kind if facts else "unknown")),)
    later = (*confirmed.earlier, (confirmed.at, confirmed.kind))
    return ((date.min, kind_of(ledger, confirmed.stated)), *((day_of(at), kind) for at, kind in later))
