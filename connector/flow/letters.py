"""Letters as evidence: a person says what was sent to a debtor, and about which invoices."""

from collections.abc import Sequence

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.accounts import account
from connector.flow.workspace import Workspace
from connector.model import Account, Claim, LetterFact
from connector.store import journal, letters


def record_letter(workspace: Workspace, ledger: Ledger, debtor_id: str, fact: LetterFact, *, actor: str) -> None:
    """Keep a letter. One of the same kind and day is replaced. Raises ConfigError for days that cannot be."""
    today = workspace.clock.today(ledger.timezone)
    if fact.sent_on > today:
        raise ConfigError(f"the letter is dated {fact.sent_on}, after today", mend="Record it once it was sent.")
    if fact.delivered_on and not fact.sent_on <= fact.delivered_on <= today:
        raise ConfigError(
            f"delivered on {fact.delivered_on} lies before {fact.sent_on} or after today",
            mend="Give the day on which the debtor surely had it.",
        )
    at = workspace.clock.now()
    with workspace.store.write() as tx:
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
