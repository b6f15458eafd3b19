"""What befell a debtor: recorded with who said so, put before a person where the law gives a task, and ended."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.on_the_day import TOLD, tell_by_now, tell_of_end
from connector.flow.reasons import keep_apart
from connector.flow.telling import tell_all
from connector.flow.workspace import Workspace
from connector.law.insolvency import regimes
from connector.model import Account, Circumstance, CircumstanceKind, Message, RegisterFact
from connector.policy.stopped import Stop, in_force, stop_of
from connector.store import Tx, circumstances, debtors, journal, people, told_on


def law_of(workspace: Workspace, ledger: Ledger, debtor_id: str, country: str = "") -> str:
    """Whose law a regime stands under: the country named, else that of the debtor's address; empty when unknown."""
    if country:
        return country.upper()
    with workspace.store.read() as tx:
        known = debtors.facts(tx, ledger.name, [debtor_id])
    found = known[debtor_id].country.upper() if debtor_id in known else ""
    return found if found.lower() in regimes() else ""


def check_regime(regime: str, country: str) -> None:
    """Raises ConfigError, with what there is, for a regime that the law of the country does not know."""
    known = regimes()
    if country.lower() not in known:
        there = ", ".join(one.upper() for one in known)
        raise ConfigError(
            "it is not known whose law the regime stands under.", mend=f"Give --country, one of: {there}."
        )
    if regime == "death":
        raise ConfigError("a death is no insolvency.", mend="Record it with: incasso debtor deceased")
    if regime not in known[country.lower()]:
        there = ", ".join(f'"{one}"' for one in known[country.lower()] if one != "death")
        raise ConfigError(f"the law of {country} knows no regime {regime!r}.", mend=f"Give one of: {there}.")


def record(workspace: Workspace, ledger: Ledger, debtor_id: str, fact: Circumstance, *, actor: str) -> tuple[Stop, int]:
    """Keep what befell a debtor; the same kind, regime and first day replaces what was known of it.

    Its reason is kept apart, encrypted.

    Where the law gives the creditor something to do, it is put before a person; agencies that work a case are told of
    an insolvency or a death. Returns what it does today, and how many cases were told of. Raises ConfigError for days
    that cannot be.
    """
    today = workspace.clock.today(ledger.timezone)
    _possible(fact, today)
    at = workspace.clock.now()
    stop = stop_of(workspace.law, fact, today)
    with workspace.store.write() as tx:
        known = circumstances.circumstances(tx, ledger.name, [debtor_id]).get(debtor_id, [])
        known_as = keep_apart(workspace, tx, ledger.name, debtor_id, fact)
        circumstances.record(tx, ledger.name, debtor_id, known_as, at=at)
        journal.note(
            tx, f"debtor.{fact.kind}", debtor_id, at=at, ledger=ledger.name, actor=actor,
            regime=fact.regime.replace(" ", "_"), country=fact.country,
            since=str(fact.since), until=str(fact.until or ""),
        )  # fmt: skip
        _put_before_a_person(workspace, tx, ledger, debtor_id, today=today)
        new = _key(fact) not in map(_key, known)
        stopping = new and fact.kind in TOLD and stop.verdict != "yes" and _goes_on(fact, today)
        text = f"The debtor: {stop.seen}"
        told = (
            tell_all(workspace, tx, ledger, debtor_id, lambda common: Message(**common, text=text)) if stopping else 0
        )
        went_on = [one for one in known if _key(one) == _key(fact) and _goes_on(one, today)]
        if fact.until and fact.until < today:
            told += tell_of_end(workspace, tx, ledger, debtor_id, went_on, on=fact.until + timedelta(days=1))
    return stop, told


def lift(
    workspace: Workspace, ledger: Ledger, debtor_id: str, kind: CircumstanceKind, *, on: date | None, actor: str
) -> tuple[int, int]:
    """End what goes on of that kind; `on` (today if left out) is the first day without it.

    Agencies that were told of it are told that it is over: now, or on that day. Returns how many ended, and of how many
    cases agencies are told now.
    """
    today = workspace.clock.today(ledger.timezone)
    at, told = workspace.clock.now(), 0
    with workspace.store.write() as tx:
        tell_by_now(workspace, tx, ledger, debtor_id=debtor_id)
        ended = circumstances.end(tx, ledger.name, debtor_id, kind, on=on or today, at=at)
        if ended:
            journal.note(
                tx, "debtor.lifted", debtor_id, at=at, ledger=ledger.name, actor=actor, kind=kind, on=str(on or today)
            )
            people.finish_task(tx, ledger.name, kind, debtor_id, at=at, outcome=f"lifted by {actor}")
            _put_before_a_person(workspace, tx, ledger, debtor_id, today=today)
            if on and on > today and kind != "vulnerable":
                told_on.put(tx, ledger.name, debtor_id, kind, day=on)
            else:
                told = tell_of_end(workspace, tx, ledger, debtor_id, ended, on=on or today)
    return len(ended), told


def record_lookups(
    workspace: Workspace, ledger: Ledger, facts: Mapping[str, Sequence[RegisterFact]], *, actor: str
) -> int:
    """Keep look-ups in registers, by debtor, all of them or none. Returns how many.

    Raises ConfigError for a day to come.
    """
    today = workspace.clock.today(ledger.timezone)
    late = next((one for looked in facts.values() for one in looked if one.looked_up > today), None)
    if late:
        raise ConfigError(f"looked up on {late.looked_up}, after today", mend="Record it once it was done.")
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        circumstances.record_lookups(tx, ledger.name, facts, at=at)
        for debtor_id, looked in facts.items():
            for one in looked:
                journal.note(
                    tx, "debtor.register", debtor_id, at=at, ledger=ledger.name, actor=actor,
                    register=one.register_name, looked_up=str(one.looked_up), found=one.found,
                )  # fmt: skip
    return sum(map(len, facts.values()))


def _possible(fact: Circumstance, today: date) -> None:
    if fact.since > today:
        raise ConfigError(f"it is dated {fact.since}, after today", mend="Record it once it is so.")
    if fact.until and fact.until < fact.since:
        raise ConfigError(
            f"its last day {fact.until} lies before its first, {fact.since}", mend="Give the last day of it."
        )


def _put_before_a_person(workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str, *, today: date) -> None:
    """One task for each kind, which tells all that has to be done; none once nothing is left of it."""
    befell = tuple(circumstances.circumstances(tx, ledger.name, [debtor_id]).get(debtor_id, ()))
    present = Account(ledger=ledger.name, debtor_id=debtor_id, debtor_kind="unknown", day=today, circumstances=befell)
    known = debtors.facts(tx, ledger.name, [debtor_id]).get(debtor_id)
    name = (known and known.code) or debtor_id
    at = workspace.clock.now()
    for kind in TOLD:
        asked = [stop_of(workspace.law, one, today) for one in in_force(present) if one.kind == kind]
        wanted = [one for one in asked if one.verdict != "yes"]
        if not wanted:
            people.finish_task(tx, ledger.name, kind, debtor_id, at=at, outcome="nothing is left of it")
            continue
        people.open_task(
            tx, ledger.name, kind, debtor_id, at=at,
            subject=f"{name}: {'; '.join(one.seen for one in wanted)}",
            body={"debtor_id": debtor_id, "tasks": [one.task for one in wanted if one.task]},
            deadline=min((one.deadline for one in wanted if one.deadline), default=None),
        )  # fmt: skip


def _key(fact: Circumstance) -> tuple[str, str, date]:
    return fact.kind, fact.regime, fact.since


def _goes_on(fact: Circumstance, today: date) -> bool:
    return fact.until is None or fact.until >= today
