"""The figures of a back-test: what a policy would have handed over, what came in by itself, what it would cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median_low

from connector.insight.delinquency import Delinquency
from connector.insight.outcome import Outcome
from connector.insight.replay import Climb, Period

_WHOLE = 10_000


@dataclass(frozen=True)
class Assumptions:
    """What the history does not know and the estimate needs.

    - `fee_bp`: what the agency keeps of what it collects, in basis points (1500 is 15 %). Everything that came in
      after a hand-over is taken to go through it.
    - `letter_minor`, `call_minor`: what a reminder or notice costs, what a call; minor units of the policy's currency.
    - `within`: so many days after a hand-over a payment counts as one that was coming anyhow; rising.
    """

    fee_bp: int = 1500
    letter_minor: int = 150
    call_minor: int = 500
    within: tuple[int, ...] = (30, 60)


@dataclass(frozen=True)
class Within:
    """The hand-overs that could be watched for so many days, and those of them that were paid by themselves by then.

    `came_in_minor` is what came in of all the watched ones, in part or whole, of `amount_minor` that was handed over.
    """

    days: int
    watched: int
    paid: int
    amount_minor: int
    came_in_minor: int


@dataclass(frozen=True)
class Month:
    """The hand-overs of one month, `2026-03`; `needless`: paid by themselves within the first number of days."""

    month: str
    files: int
    needless: int
    amount_minor: int


@dataclass(frozen=True)
class Costs:
    """The estimate, in minor units. `needless_fee`: the part of the fee on files that were paid within the first limit.

    `break_even_bp`: what the agency would have to collect of what stayed open so that it pays for all this, in basis
    points; None when nothing stayed open.
    """

    fee: int
    needless_fee: int
    letters: int
    total: int
    break_even_bp: int | None


@dataclass(frozen=True)
class Figures:
    """One policy over one period. Amounts in minor units of `currency`, days as means weighted by amount.

    - `undecided_debtors`: for whom a missing fact kept a step back; `missing`: how many of them per fact.
    - `files`, `debtors`, `invoices`, `amount_minor`: what would have gone; `first_day_files`: on the first day of the
      period, most of which is backlog.
    - `late_days`: how long overdue a claim was on its hand-over; None without hand-overs, as all means.
    - `endings`: files by `connector.insight.outcome.Ending`; `median_paid_after`: days until those that paid had.
    - `came_in_minor`, `left_minor`, `otherwise_minor`: of the files that were not really at an agency: paid by
      themselves, still open, and closed without evidence of a payment.
    - `overdue_minor`, `overdue_at_home_minor`: what stood overdue on an average day, and without what the policy had
      handed over; `delinquent_days`, `delinquent_at_home_days`: the same in days of sales (ADD).
    """

    policy: str
    version: str
    currency: str
    steps: dict[str, int]
    undecided_debtors: int
    missing: dict[str, int]
    decided_days: int
    files: int
    debtors: int
    invoices: int
    amount_minor: int
    first_day_files: int
    late_days: float | None
    endings: dict[str, int]
    within: tuple[Within, ...]
    median_paid_after: int | None
    came_in_minor: int
    left_minor: int
    otherwise_minor: int
    overdue_minor: int
    overdue_at_home_minor: int
    delinquent_days: float | None
    delinquent_at_home_days: float | None
    days_late_paid: float | None
    payment_term: float | None
    months: tuple[Month, ...]
    costs: Costs


@dataclass
class Tally:
    """What one policy did, taken in debtor by debtor. In memory are the files, not the ledger."""

    policy: str
    version: str
    currency: str
    steps: Counter[str] = field(default_factory=Counter)
    undecided_debtors: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    decided_days: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    delinquency: Delinquency = field(default_factory=Delinquency)

    def add(self, climb: Climb, outcomes: Sequence[Outcome], delinquency: Delinquency) -> None:
        """Take in one debtor."""
        self.steps += climb.steps
        self.undecided_debtors += bool(climb.missing)
        self.missing.update(climb.missing)
        self.decided_days += climb.decided_days
        self.outcomes += outcomes
        self.delinquency.add(delinquency)

    def figures(self, period: Period, assumptions: Assumptions) -> Figures:
        """All figures over the period."""
        own = [one for one in self.outcomes if one.ending != "at an agency"]
        files = [one.file for one in self.outcomes]
        asked = sum(claim.minor for file in files for claim in file.claims)
        came_in, left = sum(one.came_in for one in own), sum(one.left_minor for one in own)
        sums = self.delinquency
        at_home = sums.overdue_money_days - sums.away_money_days
        return Figures(
            policy=self.policy,
            version=self.version,
            currency=self.currency,
            steps=dict(self.steps),
            undecided_debtors=self.undecided_debtors,
            missing=dict(self.missing),
            decided_days=self.decided_days,
            files=len(files),
            debtors=len({file.debtor_id for file in files}),
            invoices=sum(len(file.claims) for file in files),
            amount_minor=sum(file.amount_minor for file in files),
            first_day_files=sum(file.day == period.first for file in files),
            late_days=_mean(sum(one.late_days for one in self.outcomes), asked),
            endings=dict(Counter(one.ending for one in self.outcomes)),
            within=tuple(_within(own, days) for days in assumptions.within),
            median_paid_after=median_low(paid) if (paid := _paid_after(own)) else None,
            came_in_minor=came_in,
            left_minor=left,
            otherwise_minor=max(0, sum(one.file.amount_minor for one in own) - came_in - left),
            overdue_minor=sums.overdue_money_days // period.days,
            overdue_at_home_minor=at_home // period.days,
            delinquent_days=_mean(sums.overdue_money_days, sums.sales_minor),
            delinquent_at_home_days=_mean(at_home, sums.sales_minor),
            days_late_paid=_mean(sums.paid_late_money_days, sums.paid_minor),
            payment_term=_mean(sums.paid_term_money_days, sums.paid_minor),
            months=_months(self.outcomes, period, assumptions.within[0]),
            costs=_costs(own, self.steps, assumptions, left=left),
        )


def is_needless(outcome: Outcome, days: int) -> bool:
    """Whether a file was paid in full by itself at most so many days after its hand-over."""
    return outcome.paid_after is not None and outcome.paid_after <= days


def _within(outcomes: Sequence[Outcome], days: int) -> Within:
    watched = [one for one in outcomes if one.watched_days >= days]
    return Within(
        days=days,
        watched=len(watched),
        paid=sum(is_needless(one, days) for one in watched),
        amount_minor=sum(one.file.amount_minor for one in watched),
        came_in_minor=sum(one.came_in_within(days) for one in watched),
    )


def _paid_after(outcomes: Sequence[Outcome]) -> list[int]:
    return [one.paid_after for one in outcomes if one.paid_after is not None]


def _months(outcomes: Sequence[Outcome], period: Period, days: int) -> tuple[Month, ...]:
    names = sorted(
        {_month(date.fromordinal(day)) for day in range(period.first.toordinal(), period.last.toordinal() + 1)}
    )
    by_month: dict[str, list[Outcome]] = {name: [] for name in names}
    for one in outcomes:
        by_month[_month(one.file.day)].append(one)
    return tuple(
        Month(
            name, len(those), sum(is_needless(one, days) for one in those), sum(one.file.amount_minor for one in those)
        )
        for name, those in by_month.items()
    )


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _costs(outcomes: Sequence[Outcome], steps: Counter[str], assumed: Assumptions, *, left: int) -> Costs:
    fee = _share(sum(one.came_in for one in outcomes), assumed.fee_bp)
    needless = [one for one in outcomes if is_needless(one, assumed.within[0])]
    letters = (steps["remind"] + steps["notice"]) * assumed.letter_minor + steps["call"] * assumed.call_minor
    kept = _share(left, _WHOLE - assumed.fee_bp)
    return Costs(
        fee=fee,
        needless_fee=_share(sum(one.came_in for one in needless), assumed.fee_bp),
        letters=letters,
        total=fee + letters,
        break_even_bp=-(-(fee + letters) * _WHOLE // kept) if kept else None,
    )


def _share(minor: int, bp: int) -> int:
    """A share of an amount, half a minor unit rounded up."""
    return (minor * bp + _WHOLE // 2) // _WHOLE


def _mean(total: int, weight: int) -> float | None:
    return round(total / weight, 2) if weight > 0 else None
