"""Look ahead: what the plans up to a day would hold if nobody paid. Stores nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.accounts import account, accounts
from connector.flow.runs import Progress, StoppedError, quiet
from connector.flow.workspace import Workspace
from connector.insight.ahead import Coming, Prospect, Terms, is_quiet, look_ahead
from connector.model import Account, Decision
from connector.policy import missing
from connector.policy.held import holding
from connector.store import Tx
from connector.store.terms import terms

FARTHEST = timedelta(days=366)
_NO_TERMS: Terms = {}


class Stuck(NamedTuple):
    """Who stands on the last day before a step that does not come: held by a gate, or undecided."""

    debtor_id: str
    state: str
    step: str
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True)
class Outlook:
    """What would come from `first` to `last`. `steps` are in the order of days; memory grows with their number."""

    ledger: str
    first: date
    last: date
    policy: str
    policy_version: str
    steps: tuple[Coming, ...]
    stuck: tuple[Stuck, ...]


def look(workspace: Workspace, ledger: Ledger, until: date, *, progress: Progress = quiet) -> Outlook:
    """What would come for every debtor of a ledger until a day. Raises ConfigError for a day it cannot look at."""
    first = _first_day(workspace, ledger, until)
    policy = workspace.policy(ledger)
    steps: list[Coming] = []
    stuck: list[Stuck] = []
    with workspace.store.read() as tx:
        for present in accounts(tx, ledger, first):
            if workspace.stop.is_set():
                raise StoppedError("stopped while looking ahead; nothing was stored")
            progress("accounts", 1)
            if is_quiet(present, policy, until):
                continue
            found = look_ahead(present, policy, workspace.law, _terms(tx, present), until)
            steps += found.steps
            stuck += _stuck(found.last)
    steps.sort(key=lambda one: (one.day, one.debtor_id))
    return Outlook(ledger.name, first, until, policy.name, policy.version, tuple(steps), tuple(stuck))


def look_at(workspace: Workspace, ledger: Ledger, debtor_id: str, until: date) -> Prospect:
    """What would come for one debtor, and the decision of the last day. Raises ConfigError like `look`."""
    first = _first_day(workspace, ledger, until)
    with workspace.store.read() as tx:
        present = account(tx, ledger, debtor_id, first)
        found = _terms(tx, present)
    return look_ahead(present, workspace.policy(ledger), workspace.law, found, until)


def _first_day(workspace: Workspace, ledger: Ledger, until: date) -> date:
    today = workspace.clock.today(ledger.timezone)
    if until < today:
        raise ConfigError(
            f"{until} is past: today is {today}.",
            mend="Name a day to come. For the past: incasso backtest, or incasso plan --show PLAN.",
        )
    if until > today + FARTHEST:
        raise ConfigError(f"{until} is more than a year ahead.", mend=f"The farthest day is {today + FARTHEST}.")
    return today


def _terms(tx: Tx, present: Account) -> Terms:
    """Most debtors have no claim in instalments: they are not asked for."""
    if any(one.last_due_date and one.last_due_date != one.due_date for one in present.claims):
        return terms(tx, present.ledger, present.debtor_id)
    return _NO_TERMS


def _stuck(last: Decision) -> Iterator[Stuck]:
    if last.action == "undecided":
        yield Stuck(last.debtor_id, "undecided", last.step, last.amount_minor, last.currency, missing(last))
    elif last.held_step:
        yield Stuck(last.debtor_id, "held", last.held_step, last.held_minor, last.currency, _held_in_short(last))


def _held_in_short(decision: Decision) -> str:
    """The first gate that says no; what the law would want to see is told as such."""
    one = holding(decision)[0]
    asked = f"the law then asks: {one.asked}" if ".law." in one.condition else one.asked
    return f"{asked} {one.seen}"
