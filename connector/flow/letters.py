"""Letters as evidence: a person says what was sent to a debtor, and about which invoices."""

from collections.abc import Sequence
from datetime import date

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.accounts import account
from connector.flow.actions import take_steps
from connector.flow.workspace import Workspace
from connector.model import Account, Claim, LetterFact
from connector.store import Tx, journal, letters


def record_letter(workspace: Workspace, ledger: Ledger, debtor_id: str, fact: LetterFact, *, actor: str) -> None:
    """Keep a letter. One of the same kind and day is replaced. Raises ConfigError for days that cannot be."""
    _possible(fact, workspace.clock.today(ledger.timezone))
    with workspace.store.write() as tx:
        _keep(workspace, tx, ledger, debtor_id, fact, actor=actor)


def record_letters(
    workspace: Workspace, ledger: Ledger, plan_id: int, fact: LetterFact, *, action: str, actor: str
) -> tuple[int, int]:
    """The letters of a plan's step were sent: the step is taken, and each debtor's letter kept as evidence, or nothing.

    A letter is about the claims of its debtor's decision. Returns how many steps were new, and how many letters were
    kept. Raises ConfigError for days that cannot be, and where the ledger has no such plan.
    """
    _possible(fact, workspace.clock.today(ledger.timezone))
    with workspace.store.write() as tx:
        steps, decisions = take_steps(
            workspace, tx, ledger, plan_id, action=action, taken_on=fact.sent_on, channel=fact.channel, actor=actor
        )
        for one in decisions:
            about = fact.model_copy(update={"claims": one.claims, "origin": f"plan {plan_id}, {actor}"})
            _keep(workspace, tx, ledger, one.debtor_id, about, actor=actor)
    return steps, len(decisions)


def _possible(fact: LetterFact, today: date) -> None:
    if fact.sent_on > today:
        raise ConfigError(f"the letter is dated {fact.sent_on}, after today", mend="Record it once it was sent.")
    if fact.delivered_on and not fact.sent_on <= fact.delivered_on <= today:
        raise ConfigError(
            f"delivered on {fact.delivered_on} lies before {fact.sent_on} or after today",
            mend="Give the day on which the debtor surely had it.",
        )


def _keep(workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str, fact: LetterFact, *, actor: str) -> None:
    at = workspace.clock.now()
    letters.record(tx, ledger.name, debtor_id, fact, at=at)
    journal.note(
        tx, "debtor.letter", debtor_id, at=at, ledger=ledger.name, actor=actor,
        kind=fact.kind, sent_on=str(fact.sent_on), channel=fact.channel, valid=fact.valid,
    )  # fmt: skip


def present_account(workspace: Workspace, ledger: Ledger, debtor_id: str) -> Account:
    """The debtor's account as it is today."""
    with workspace.store.read() as tx:
        return account(tx, ledger, debtor_id, workspace.clock.today(ledger.timezone))


def claims_named(present: Account, named: Sequence[str]) -> tuple[Claim, ...]:
    """The claims with these numbers or keys. Raises ConfigError for one that is not open."""
    known = {key for one in present.claims for key in (one.number, one.claim)}
    missing = [one for one in named if one not in known]
    if missing:
        open_ones = ", ".join(one.number or one.claim for one in present.claims) or "none"
        raise ConfigError(f"the debtor has no open invoice {', '.join(missing)}.", mend=f"Open are: {open_ones}.")
    return tuple(one for one in present.claims if one.number in named or one.claim in named)
