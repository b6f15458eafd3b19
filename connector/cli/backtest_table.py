"""A back-test as a person reads it: the policies side by side, what was assumed, and what nobody can know."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from connector.cli.long_table import show_long_table
from connector.cli.naming import Names
from connector.cli.output import money, print_line, show_table
from connector.runtime.words import plural

if TYPE_CHECKING:
    from connector.flow.backtest import BackTest
    from connector.flow.workspace import Workspace
    from connector.insight.figures import Assumptions, Figures
    from connector.insight.outcome import Outcome

CANNOT_KNOW = (
    "How a debtor would have behaved: nobody was handed over. Who had been might have paid sooner, or less, or left.",
    "What would have come in under other letters: it is what came in under those that were really sent.",
    "Delays: a step counts as taken on the day the policy decided it, a hand-over as done on its day.",
    "What was entered late: it counts from the day on which the connector saw it.",
    (
        "Earlier facts of which the store keeps no history: address, language, customer group and block of a debtor, "
        "his kind by the source, and whether the source vouches for its signs are those of today; brakes are left out."
    ),
)


_WITHOUT_LAW = (
    "What the law would have said: it was not asked (--law). Insolvency, death and vulnerability count from the day on "
    "which somebody recorded them."
)
_WITH_LAW = (
    "Letters that the policy would have sent: the law was asked on those that were recorded, and on what [law] of the "
    "ledger says today."
)


def cannot_know(found: "BackTest") -> tuple[str, ...]:
    """What this back-test leaves open, in sentences."""
    return (*CANNOT_KNOW, _WITH_LAW if found.lawfully else _WITHOUT_LAW)


def show_backtest(workspace: "Workspace", found: "BackTest", *, files: bool) -> None:
    """Print the figures, the months, with `files` every file, and then what they rest on."""
    period, known = found.period, found.known
    figures = [one.figures for one in found.tried]
    print_line(
        f"Back-test of {found.ledger}, {period.first} to {period.last}: {plural(period.days, 'day')}, "
        f"{plural(found.debtors, 'debtor')}. What came in afterwards is known up to {known.last}."
    )
    for one in figures:
        print_line(f"{one.policy} is version {one.version}")
    names = [one.policy for one in figures]
    rows = [[title, *(tell(one) for one in figures)] for title, tell in _lines(found.assumptions, str(known.last))]
    show_table(["", *names], rows, right=names, whole=[""])
    _show_months(figures, found.assumptions.within[0])
    if files:
        for tried in found.tried:
            _show_files(workspace, found.ledger, tried.figures.policy, tried.outcomes)
    for line in _told(found):
        print_line(line)
    print_line("What a back-test cannot know:")
    for text in cannot_know(found):
        print_line(f"  - {text}")


def as_json(workspace: "Workspace", found: "BackTest") -> dict[str, Any]:
    """The same for machines, with every file. Amounts in minor units, shares in basis points."""
    names = Names(workspace, found.ledger, (one.file.debtor_id for tried in found.tried for one in tried.outcomes))
    return {
        "ledger": found.ledger,
        "from": found.period.first,
        "to": found.period.last,
        "known_from": found.known.first,
        "known_to": found.known.last,
        "debtors": found.debtors,
        "asked_law": found.lawfully,
        "claims_in_other_currencies": dict(found.others),
        "assumptions": found.assumptions,
        "policies": [
            {**vars(one.figures), "handed_over": [_file_fields(outcome, names) for outcome in one.outcomes]}
            for one in found.tried
        ],
        "cannot_know": cannot_know(found),
    }


def _file_fields(outcome: "Outcome", names: Names) -> dict[str, Any]:
    file = outcome.file
    return {
        "day": file.day,
        "debtor_id": file.debtor_id,
        "debtor_code": names.code(file.debtor_id),
        "amount_minor": file.amount_minor,
        "claims": [claim._asdict() for claim in file.claims],
        "ending": outcome.ending,
        "paid_after": outcome.paid_after,
        "came_in_minor": outcome.came_in,
        "left_minor": outcome.left_minor,
        "watched_days": outcome.watched_days,
    }


def _lines(assumed: "Assumptions", known_to: str) -> "Iterator[tuple[str, Callable[[Figures], str]]]":
    """The rows of the table: what stands before them, and what each policy's figures say."""
    yield "files handed over", lambda one: f"{one.files:,}"
    yield "  on the first day, mostly backlog", lambda one: f"{one.first_day_files:,}"
    yield "debtors in them", lambda one: f"{one.debtors:,}"
    yield "invoices in them", lambda one: f"{one.invoices:,}"
    yield "amount handed over", lambda one: money(one.amount_minor, one.currency)
    yield "days overdue at hand-over, mean", lambda one: _days(one.late_days)
    yield "reminders and notices", lambda one: f"{one.steps.get('remind', 0) + one.steps.get('notice', 0):,}"
    yield "calls", lambda one: f"{one.steps.get('call', 0):,}"
    yield "debtors for whom a fact was missing", lambda one: f"{one.undecided_debtors:,}"
    for place, days in enumerate(assumed.within):
        yield f"needless: all paid within {days} days", _needless(place)
        yield f"  came in within {days} days", _came_in(place)
    yield f"all paid by {known_to}", lambda one: _part(one.endings.get("paid", 0), _own(one))
    yield "  days until then, median", lambda one: _whole(one.median_paid_after)
    yield "credited, written off or deleted", lambda one: f"{one.endings.get('settled otherwise', 0):,}"
    yield f"not all paid by {known_to}", lambda one: f"{one.endings.get('open', 0):,}"
    yield "really at an agency meanwhile, left out", lambda one: f"{one.endings.get('at an agency', 0):,}"
    yield f"came in by {known_to}", lambda one: money(one.came_in_minor, one.currency)
    yield f"  still open on {known_to}", lambda one: money(one.left_minor, one.currency)
    yield "estimate: fee on what came in", lambda one: money(one.costs.fee, one.currency)
    yield (
        f"  of which on needless files ({assumed.within[0]} days)",
        lambda one: money(one.costs.needless_fee, one.currency),
    )
    yield "estimate: letters and calls", lambda one: money(one.costs.letters, one.currency)
    yield "estimate: costs together", lambda one: money(one.costs.total, one.currency)
    yield "  pays for itself if of what stayed open comes in", _break_even
    yield "overdue on an average day", lambda one: money(one.overdue_minor, one.currency)
    yield "  without what was handed over", lambda one: money(one.overdue_at_home_minor, one.currency)
    yield "average days delinquent (ADD)", lambda one: _days(one.delinquent_days, places=2)
    yield "  without what was handed over", lambda one: _days(one.delinquent_at_home_days, places=2)
    yield "days late of what was paid, mean", lambda one: _days(one.days_late_paid)
    yield "days from invoice to payment, mean", lambda one: _days(one.payment_term)


def _own(one: "Figures") -> int:
    return one.files - one.endings.get("at an agency", 0)


def _needless(place: int) -> "Callable[[Figures], str]":
    return lambda one: _part(one.within[place].paid, one.within[place].watched)


def _came_in(place: int) -> "Callable[[Figures], str]":
    return lambda one: money(one.within[place].came_in_minor, one.currency)


def _part(count: int, whole: int) -> str:
    return f"{count:,} of {whole:,} ({100 * count / whole:.0f} %)" if whole else "-"


def _days(days: float | None, *, places: int = 1) -> str:
    return "-" if days is None else f"{days:,.{places}f}"


def _whole(days: int | None) -> str:
    return "-" if days is None else f"{days:,}"


def _break_even(one: "Figures") -> str:
    bp = one.costs.break_even_bp
    if bp is None:
        return "nothing did"
    return f"{bp / 100:.1f} %" if bp <= 10_000 else "more than all"


def _show_months(figures: "list[Figures]", days: int) -> None:
    columns = [text for one in figures for text in (f"{one.policy}: files", "needless", "amount")]
    rows = [
        [
            months[0].month,
            *(
                text
                for one, month in zip(figures, months, strict=True)
                for text in (f"{month.files:,}", f"{month.needless:,}", money(month.amount_minor, one.currency))
            ),
        ]
        for months in zip(*(one.months for one in figures), strict=True)
    ]
    title = f"By month of the hand-over; needless is all paid within {days} days"
    show_table(["month", *columns], rows, title=title, right=columns, whole=["month"])


def _show_files(workspace: "Workspace", ledger: str, policy: str, outcomes: "list[Outcome]") -> None:
    names = Names(workspace, ledger, (one.file.debtor_id for one in outcomes))

    def read_rows() -> Iterator[list[str]]:
        for one in outcomes:
            file = one.file
            yield [
                str(file.day),
                names.short(file.debtor_id),
                names.name(file.debtor_id),
                money(file.amount_minor, file.currency),
                ", ".join(claim.number or claim.claim for claim in file.claims),
                f"paid after {plural(one.paid_after, 'day')}" if one.paid_after is not None else one.ending,
                money(one.came_in, file.currency),
            ]

    columns = ["day", "debtor", "name", "amount", "invoices", "end", "came in"]
    right, whole = ["amount", "came in"], ["day", "debtor"]
    show_long_table(columns, read_rows, title=f"Files under {policy}", right=right, whole=whole)


def _told(found: "BackTest") -> Iterator[str]:
    assumed, currency = found.assumptions, found.tried[0].figures.currency
    letter, call = money(assumed.letter_minor, currency), money(assumed.call_minor, currency)
    yield (
        f"Assumed: the agency keeps {assumed.fee_bp / 100:g} % of what came in after a hand-over (--fee), a letter "
        f"costs {letter} (--letter), a call {call} (--call); money comes in on the day it really did."
    )
    yield (
        "A share counts the files that could be watched for so many days. Means are weighted by amount. ADD is what "
        "stood overdue on an average day over sales a day; a hand-over moves it out of sight and speeds nothing up by "
        "itself."
    )
    for one in (tried.figures for tried in found.tried if tried.figures.missing):
        facts = ", ".join(f"{name.replace('_', ' ')} ({count:,})" for name, count in sorted(one.missing.items()))
        yield f"Under {one.policy} these facts were missing, for so many debtors: {facts}."
    for other, count in sorted(found.others.items()):
        yield f"{plural(count, 'claim')} in {other} took no part: the policies are in {currency}."
