"""A policy replayed over one debtor's past, day by day, with only what was known on each day."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from connector.insight.past import ONE_DAY, ClaimKey, DebtorPast
from connector.insight.span import Span
from connector.law.law import Law
from connector.model import Account, Decision, PriorStep
from connector.policy import Policy, decide, moves
from connector.policy.horizon import first_possible, next_route
from connector.policy.promised import read_promised
from connector.policy.standing import read_standing
from connector.policy.stopped import in_force
from connector.policy.ways import Way, at_agency, way_of
from connector.store.claim_rows import ClaimRow
from connector.store.netting import credit_of

# Where the steps of a replay come from, in their reasons.
ORIGIN = "back-test"


class Period(NamedTuple):
    """The days that are replayed, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


class HandedClaim(NamedTuple):
    """One claim of a file; what was asked, in minor units."""

    claim: str
    number: str
    minor: int
    due_date: date


class File(NamedTuple):
    """What would have gone to the agency: one debtor's claims on one day. `amount_minor` is net of his credit."""

    debtor_id: str
    day: date
    claims: tuple[HandedClaim, ...]
    amount_minor: int
    currency: str


@dataclass
class Climb:
    """What a policy did with one debtor.

    - `steps`: how many of each action; `files`: the hand-overs, in the order of days.
    - `missing`: which conditions lacked a fact on the first day on which that alone kept a step back; empty if none.
    - `decided_days`: on how many days a decision was made; on the others nothing could have changed.
    """

    steps: Counter[str] = field(default_factory=Counter)
    files: list[File] = field(default_factory=list)
    missing: frozenset[str] = frozenset()
    decided_days: int = 0


def replay(
    past: DebtorPast, policy: Policy, period: Period, *, law: Law | None = None, lawfully: bool = False
) -> Climb:
    """What a policy does with a debtor in a period. Pure; what `decided` gives, added up."""
    climb = Climb()
    for account, decision in decided(past, policy, period, law=law, lawfully=lawfully):
        climb.decided_days += 1
        if moves(decision):
            climb.steps[decision.action] += 1
            if decision.action == "escalate":
                climb.files.append(_file(account, decision, policy))
        elif decision.action == "undecided" and not climb.missing:
            climb.missing = _missing(decision)
    return climb


def decided(
    past: DebtorPast, policy: Policy, period: Period, *, law: Law | None = None, lawfully: bool = False
) -> Iterator[tuple[Account, Decision]]:
    """Decide a debtor on every day of the period on which the decision can differ from the day before.

    A step counts as taken on the day on which it was decided. What is handed over is out of the policy's hands: its
    claims stand aside as claims at an agency do. Pure; a test holds that deciding on every day gives the same.

    The gate of the law is left out, unless `lawfully`: of the letters that a policy would have sent no evidence can
    exist. Whether its waiting times are long enough is for `incasso policy check`. With it the law is asked on the
    letters and look-ups that were known on the day, as it was when the ledger was really planned, and every day is
    decided. `law`: the tables and readings of the installation; left out, what is shipped.
    """
    policy = policy if lawfully else policy.without_law()
    books, watch = _Books(past), True
    day: date | None = period.first
    steps = past.steps
    while day is not None and day <= period.last:
        books.go_to(day)
        if not books.live:
            day = past.next_change(day)
            continue
        account = books.account(day, steps)
        decision = decide(account, policy, law)
        yield account, decision
        if moves(decision):
            if decision.action == "escalate":
                books.away.update(decision.claims)
            else:
                taken = PriorStep(step=decision.step, taken_on=day, channel=ORIGIN, origin=ORIGIN)
                steps = (*steps, taken)
            day += ONE_DAY
            continue
        if decision.action == "undecided":
            watch = False
        if lawfully:
            day += ONE_DAY
        else:
            day = _next_day(past, policy, account, decision, last=period.last, watch=watch)


class _Books:
    """The debtor's claims on one day, moved forward from change to change; `away` are those handed over."""

    def __init__(self, past: DebtorPast) -> None:
        self._past = past
        self._place = 0
        self.live: dict[ClaimKey, Span] = {}
        self.away: set[str] = set()

    def go_to(self, day: date) -> None:
        """Take in every change up to and with `day`."""
        changes = self._past.changes
        while self._place < len(changes) and changes[self._place][0] <= day:
            for key, span in changes[self._place][1]:
                if span is not None and span.is_listed:
                    self.live[key] = span
                else:
                    self.live.pop(key, None)
            self._place += 1

    def account(self, day: date, steps: tuple[PriorStep, ...]) -> Account:
        """The account on this day, after `go_to`."""
        past = self._past
        credit: list[ClaimRow] = []
        claims = []
        for (claim, _), span in self.live.items():
            if span.is_credit:
                credit.append(span.added)
            else:
                claims.append(span.claim(day, is_away=claim in self.away))
        return Account(
            ledger=past.ledger,
            debtor_id=past.debtor_id,
            debtor_kind=past.kind_on(day),
            debtor_country=past.country,
            debtor_blocked=past.is_blocked,
            debtor_language=past.language,
            debtor_postcode=past.postcode,
            debtor_group=past.group,
            day=day,
            claims=tuple(claims),
            credit_minor=credit_of(credit),
            steps=steps,
            holds=past.holds_on(day),
            disputes=past.disputes_on(day),
            calibrated=past.is_calibrated,
            letters=past.letters_on(day),
            legal=past.legal,
            receivers=dict(past.receivers),
            promises=past.promises_on(day),
            payment_plans=past.plans_on(day),
            circumstances=past.circumstances_on(day),
            lookups=past.lookups_on(day),
        )


def _next_day(
    past: DebtorPast, policy: Policy, account: Account, decision: Decision, *, last: date, watch: bool
) -> date | None:
    """The next day on which a step may come, or the debtor may become undecided where that is still to be seen."""
    change = past.next_change(account.day)
    possible = decision.not_before
    way = way_of(account, policy)
    if _turns_by_itself(account, way):
        return account.day + ONE_DAY
    if decision.action == "undecided" or watch:
        ladder = way.ladder
        if ladder is None:
            lacks_segment = any(one.verdict == "unknown" for one in way.reasons)
            eve = _eve(last + ONE_DAY, change) if watch and lacks_segment else account.day
            return eve if eve > account.day else change
        standing = read_standing(at_agency(account, way), ladder.policy)
        ahead = ladder.ahead(standing.taken)
        if decision.action == "undecided":
            possible = first_possible(standing, ahead, ladder)
        lacks = [check for rung in ahead for check in rung.lasting if check(standing).verdict == "unknown"]
        if watch and (lacks or any(one.verdict == "unknown" for one in standing.aside)):
            # What a fact is missing for shows at the latest on the last day before anything changes or a step comes.
            turn = next_route(account, policy)
            end = _eve(last + ONE_DAY, change, possible, turn)
            possible = end if end > account.day else min((one for one in (possible, turn) if one), default=None)
    return min((one for one in (change, possible) if one), default=None)


def _turns_by_itself(account: Account, way: Way) -> bool:
    """Whether the calendar may change what stops the debtor: a promise or plan that runs, what befell him and lasts."""
    if in_force(account):
        return True
    if way.ladder is None or not (account.promises or account.payment_plans):
        return False
    return any(one.stops for one in read_promised(account, way.ladder.policy.gates))


def _eve(*days: date | None) -> date:
    """The day before the first of them."""
    return min(one for one in days if one) - ONE_DAY


def _missing(decision: Decision) -> frozenset[str]:
    """The names of the conditions that lacked a fact, without the step: `debtor_kind`, `due_date`."""
    return frozenset(one.condition.rpartition(".")[2] for one in decision.because if one.verdict == "unknown")


def _file(account: Account, decision: Decision, policy: Policy) -> File:
    ladder = way_of(account, policy).ladder
    assert ladder is not None
    step = next(rung.step for rung in ladder.rungs if rung.name == decision.step)
    by_key = {one.claim: one for one in account.claims if one.currency == decision.currency}
    handed = []
    for key in decision.claims:
        claim = by_key[key]
        assert claim.due_date is not None
        minor = claim.overdue_minor if step.claims == "overdue" else claim.open_minor
        handed.append(HandedClaim(key, claim.number, minor, claim.due_date))
    # In an order that people know; that of the decision is the order of the source's keys.
    handed.sort(key=lambda one: (one.due_date, one.number, one.claim))
    return File(account.debtor_id, account.day, tuple(handed), decision.amount_minor, decision.currency)
