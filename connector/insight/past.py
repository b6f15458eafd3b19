"""One debtor's past: what was known of him on any day, and the days on which that changed."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby, pairwise
from typing import NamedTuple, TypeVar

from connector.insight.span import Span, Standing
from connector.model import (
    Circumstance,
    DebtorKind,
    DisputeFact,
    HoldFact,
    LegalFacts,
    LetterFact,
    PaymentPlanFact,
    PriorStep,
    PromiseFact,
    Receiver,
    RegisterFact,
)

ONE_DAY = timedelta(days=1)

ClaimKey = tuple[str, str]
"""A claim's key and its currency."""


Fact = HoldFact | DisputeFact | PromiseFact | PaymentPlanFact | Circumstance | RegisterFact | LetterFact
_F = TypeVar("_F", bound=Fact)


class Said(NamedTuple):
    """Something a person said, known from the day `known_on`, on which it was put in, also when it is dated back.

    Known so up to, not including, the day `past`: from then on another version of it was known.
    """

    known_on: date
    fact: Fact
    past: date = date.max


@dataclass(frozen=True)
class DebtorPast:
    """What is stored of one debtor, with the days from which it was known.

    - `rows`: every version of his rows.
    - `steps`: what was really sent before the replay begins; later ones are left to the policy.
    - `kinds`: what kind of debtor he was known to be, by the first day of it, in their order.
    - `holds`, `disputes`, `promises`, `payment_plans`, `circumstances`, `lookups`, `letters`: in all versions.
    - `at_agency`: which claims really went to an agency, and on which day.
    - `country`, `language`, `postcode`, `group`, `is_blocked`, `is_calibrated`: as they are now; the store keeps no
      history of them. `group` is the customer group.
    - `legal`, `receivers`: what the ledger's file says now, for the law.
    """

    ledger: str
    debtor_id: str
    rows: Sequence[Standing]
    steps: tuple[PriorStep, ...] = ()
    holds: tuple[Said, ...] = ()
    disputes: tuple[Said, ...] = ()
    promises: tuple[Said, ...] = ()
    payment_plans: tuple[Said, ...] = ()
    circumstances: tuple[Said, ...] = ()
    lookups: tuple[Said, ...] = ()
    letters: tuple[Said, ...] = ()
    kinds: tuple[tuple[date, DebtorKind], ...] = ()
    at_agency: Mapping[str, date] = field(default_factory=dict)
    country: str = ""
    language: str = ""
    postcode: str = ""
    group: str = ""
    is_blocked: bool = False
    is_calibrated: bool = True
    legal: LegalFacts = field(default_factory=LegalFacts)
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    @cached_property
    def spans(self) -> dict[ClaimKey, list[Span]]:
        """The claims, each from its first day on, in the order of days."""
        found: dict[ClaimKey, list[Standing]] = {}
        for row in self.rows:
            if row.first < row.past:
                found.setdefault((row.version.claim, row.version.currency), []).append(row)
        return {key: _spans(rows) for key, rows in sorted(found.items())}

    @cached_property
    def changes(self) -> list[tuple[date, list[tuple[ClaimKey, Span | None]]]]:
        """Day by day, which claims stood otherwise from that day on; None for one that is nowhere any more."""
        moves: list[tuple[date, ClaimKey, Span | None]] = []
        for key, spans in self.spans.items():
            moves += [(span.first, key, span) for span in spans]
            after = [*(span.first for span in spans[1:]), None]
            moves += [(one.past, key, None) for one, first in zip(spans, after, strict=True) if _ends(one, first)]
        moves.sort(key=lambda move: (move[0], move[1]))
        return [(day, [(key, span) for _, key, span in group]) for day, group in groupby(moves, key=lambda one: one[0])]

    @cached_property
    def days(self) -> list[date]:
        """The days on which anything that is known of the debtor changed, in their order."""
        days = {day for day, _ in self.changes} | {day for day, _ in self.kinds}
        for said in (
            *self.holds, *self.disputes, *self.promises, *self.payment_plans, *self.circumstances, *self.lookups,
            *self.letters,
        ):  # fmt: skip
            days |= {said.known_on, *_turns(said.fact)}
            if said.past < date.max:
                days.add(said.past)
        return sorted(days)

    def next_change(self, day: date) -> date | None:
        """The first day after `day` on which anything changed."""
        place = bisect_right(self.days, day)
        return self.days[place] if place < len(self.days) else None

    def kind_on(self, day: date) -> DebtorKind:
        """What kind of debtor he was known to be."""
        known: DebtorKind = "unknown"
        for first, kind in self.kinds:
            if first <= day:
                known = kind
        return known

    def holds_on(self, day: date) -> tuple[HoldFact, ...]:
        """The holds that had been put in, as they were known."""
        return tuple(_known(self.holds, day, HoldFact))

    def disputes_on(self, day: date) -> tuple[DisputeFact, ...]:
        """The disputes that had been put in; nobody knew the end of one that was still open."""
        return tuple(
            one if one.settled_on is None or one.settled_on <= day else one.model_copy(update={"settled_on": None})
            for one in _known(self.disputes, day, DisputeFact)
        )

    def promises_on(self, day: date) -> tuple[PromiseFact, ...]:
        """The promises that had been recorded; nobody knew that one would be withdrawn."""
        return tuple(_not_yet_ended(one, day) for one in _known(self.promises, day, PromiseFact))

    def plans_on(self, day: date) -> tuple[PaymentPlanFact, ...]:
        """The payment plans that had been recorded; nobody knew that one would be ended."""
        return tuple(_not_yet_ended(one, day) for one in _known(self.payment_plans, day, PaymentPlanFact))

    def circumstances_on(self, day: date) -> tuple[Circumstance, ...]:
        """What was known to have befallen the debtor."""
        return tuple(_known(self.circumstances, day, Circumstance))

    def lookups_on(self, day: date) -> tuple[RegisterFact, ...]:
        """The look-ups in registers that had been recorded."""
        return tuple(_known(self.lookups, day, RegisterFact))

    def letters_on(self, day: date) -> tuple[LetterFact, ...]:
        """The letters that had been recorded, with what was known of their delivery."""
        return tuple(_known(self.letters, day, LetterFact))

    def span_on(self, key: ClaimKey, day: date) -> Span | None:
        """How a claim stood on a day."""
        spans = self.spans.get(key, ())
        place = bisect_right(spans, day, key=lambda one: one.first) - 1
        return spans[place] if place >= 0 and day < spans[place].past else None

    def all_spans(self) -> Iterator[Span]:
        """Every span of every claim."""
        for spans in self.spans.values():
            yield from spans


def _spans(rows: Sequence[Standing]) -> list[Span]:
    if len(rows) == 1:
        return [Span(rows[0].first, rows[0].past, rows)]
    days = sorted({one.first for one in rows} | {one.past for one in rows})
    made = (Span(first, past, [one for one in rows if one.first <= first < one.past]) for first, past in pairwise(days))
    return [span for span in made if span.rows]


def _ends(span: Span, next_first: date | None) -> bool:
    """Whether the claim is nowhere after this span: deleted without a trace, or moved to another debtor."""
    return span.past < date.max and span.past != next_first


def _known(said: Sequence[Said], day: date, model: type[_F]) -> Iterator[_F]:
    for one in said:
        if one.known_on <= day < one.past and isinstance(one.fact, model):
            yield one.fact


def _turns(fact: Fact) -> Iterator[date]:
    """The days on which it begins or ends to count. What hangs on a policy's days of grace is the replay's to know."""
    match fact:
        case HoldFact() | Circumstance():
            yield fact.since
            if fact.until and fact.until < date.max:
                yield fact.until + ONE_DAY
        case DisputeFact() if fact.settled_on:
            yield fact.settled_on
        case PromiseFact() | PaymentPlanFact() if fact.ended_on:
            yield fact.ended_on
        case _:
            return


_P = TypeVar("_P", PromiseFact, PaymentPlanFact)


def _not_yet_ended(fact: _P, day: date) -> _P:
    """What an older release ended has no version of before."""
    if fact.ended_on is None or fact.ended_on <= day:
        return fact
    return fact.model_copy(update={"ended_on": None, "ended_by": ""})
