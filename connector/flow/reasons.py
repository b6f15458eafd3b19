"""Why a debtor is vulnerable: of a person's health or family, so kept encrypted, shown with him alone, and erasable."""

from collections.abc import Callable
from datetime import datetime

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.workspace import Workspace
from connector.model import Account, Circumstance
from connector.secrets import KeyRing
from connector.store import Store, Tx, journal, private
from connector.store.circumstances import key_of

_UNREADABLE = "(it opens with no key of [secrets] keys)"


def reason_purpose(ledger: str, debtor_id: str, about: str) -> str:
    """The purpose under which a reason is sealed."""
    return f"reason:{ledger}:{debtor_id}:{about}"


def keep_apart(workspace: Workspace, tx: Tx, ledger: str, debtor_id: str, fact: Circumstance) -> Circumstance:
    """Keep the reason of what was recorded, encrypted; returns the fact without it."""
    if not fact.reason:
        return fact
    _keep(workspace.keys, tx, ledger, debtor_id, key_of(fact), fact.reason, at=workspace.clock.now())
    return fact.model_copy(update={"reason": ""})


def with_reasons(workspace: Workspace, account: Account) -> Account:
    """The account with the reasons that are kept apart, for showing it to a person."""
    with workspace.store.read() as tx:
        kept = private.reasons(tx, account.ledger, account.debtor_id)
    if not kept:
        return account
    shown = tuple(
        one.model_copy(update={"reason": _open(workspace.keys, account, key_of(one), kept[key_of(one)])})
        if key_of(one) in kept
        else one
        for one in account.circumstances
    )
    return account.model_copy(update={"circumstances": shown})


def erase(workspace: Workspace, ledger: Ledger, debtor_id: str, *, actor: str) -> int:
    """Erase why a debtor is vulnerable; that he is, and from when to when, stays. Returns how many reasons there were.

    The audit trail names the debtor by his key alone, and never held a reason.
    """
    with workspace.store.write() as tx:
        erased = private.erase(tx, ledger.name, debtor_id)
        if erased:
            at = workspace.clock.now()
            journal.note(tx, "debtor.reason_erased", debtor_id, at=at, ledger=ledger.name, actor=actor, count=erased)
    return erased


def seal_plain(store: Store, open_keys: Callable[[], KeyRing | None], *, at: datetime) -> int:
    """Encrypt the reasons that an older release left in plain text; returns how many there were.

    `open_keys` is asked only where there are some.

    Raises ConfigError where there are some and no key.
    """
    with store.read() as tx:
        if not private.plain_reasons(tx):
            return 0
    keys = open_keys()
    if keys is None:
        raise ConfigError(
            "reasons why debtors are vulnerable stand in plain text, and there is no key to encrypt them.",
            file="incasso.toml",
            key="secrets.keys",
            mend="Make one with `incasso keys new`, name it in [secrets] keys, then run `incasso db upgrade` again.",
        )
    with store.write() as tx:
        found = private.plain_reasons(tx)
        for one in found:
            fact = Circumstance.model_validate({"kind": one.kind, "regime": one.regime, "since": one.since})
            _keep(keys, tx, one.ledger, one.debtor_id, key_of(fact), one.reason, at=at)
            private.blank(tx, one)
    return len(found)


def _keep(keys: KeyRing, tx: Tx, ledger: str, debtor_id: str, about: str, reason: str, *, at: datetime) -> None:
    blob = keys.seal(reason.encode(), purpose=reason_purpose(ledger, debtor_id, about)).blob
    private.put(tx, ledger, debtor_id, about, blob, at=at)


def _open(keys: KeyRing, account: Account, about: str, blob: bytes) -> str:
    """A reason in words; a lost key keeps nobody from looking at the debtor."""
    try:
        return keys.open(blob, purpose=reason_purpose(account.ledger, account.debtor_id, about)).decode()
    except ConfigError:
        return _UNREADABLE
