"""Asking a case back: its cost first, and a state of its own until the agency confirms or refuses."""

from connector.api import WithdrawalPricing
from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.agencies import link_to
from connector.flow.messages import next_mutation_id, put_mutation
from connector.flow.workspace import Workspace
from connector.model import Money, Withdraw
from connector.store import Tx, cases, journal, outbox, withdrawals
from connector.store.cases import CaseRow

_KIND = "case.withdraw"
_AT_HOME = ("draft", "queued")


def cost(workspace: Workspace, ledger: Ledger, case_ref: str) -> Money | None:
    """What the agency asks for giving a case back now, without VAT; None when it does not say.

    A case that has not left costs nothing, and nobody is asked. Raises ConfigError when it cannot be asked back.
    """
    with workspace.store.read() as tx:
        row = _may_be_asked_back(tx, case_ref)
    if row.handover in _AT_HOME:
        return Money(minor=0, currency=row.currency)
    with workspace.closing():
        sink = workspace.sink(link_to(ledger, row.connection))
        return sink.withdrawal_cost(case_ref) if isinstance(sink, WithdrawalPricing) else None


def withdraw(
    workspace: Workspace, ledger: Ledger, case_ref: str, *, reason: str, fee_ack: Money | None, actor: str
) -> None:
    """Ask a case back; `fee_ack` is the cost that was shown and agreed to. It stays at the agency until that closed it.

    Raises ConfigError when it was asked back already, or is at home.
    """
    with workspace.store.write() as tx:
        row = _may_be_asked_back(tx, case_ref)
        at = workspace.clock.now()
        mutation = Withdraw(
            mutation_id=next_mutation_id(tx, case_ref),
            case_ref=case_ref,
            effective_date=workspace.clock.today(ledger.timezone),
            reason=reason,
            fee_ack=fee_ack,
        )
        put_mutation(workspace, tx, row, mutation, at=at)
        fee = fee_ack.minor if fee_ack else None
        withdrawals.begin(tx, ledger.name, case_ref, by=actor, reason=reason, fee_minor=fee, at=at)
        journal.note(tx, "case.withdraw", case_ref, at=at, ledger=ledger.name, actor=actor, fee_minor=fee)


def keep(workspace: Workspace, ledger: Ledger, case_ref: str, *, reason: str, actor: str) -> None:
    """A person read in the agency's message that it does not give the case back: it runs on.

    Raises ConfigError when the case was not asked back.
    """
    with workspace.store.write() as tx:
        at = workspace.clock.now()
        if not withdrawals.end(tx, case_ref, "refused", at=at, why=reason):
            raise ConfigError(f"case {case_ref} was not asked back", mend="See: incasso case list")
        journal.note(tx, "case.withdrawal_refused", case_ref, at=at, ledger=ledger.name, actor=actor)


def settle_refused(workspace: Workspace, ledger: Ledger) -> None:
    """A withdrawal whose message the agency refused stands no more: the case runs on. Its task was opened with that."""
    with workspace.store.read() as tx:
        refused = {ref: why for ref in withdrawals.standing(tx, ledger.name) if (why := _refusal(tx, ref)) is not None}
    for case_ref, why in refused.items():
        with workspace.store.write() as tx:
            at = workspace.clock.now()
            withdrawals.end(tx, case_ref, "refused", at=at, why=why)
            journal.note(tx, "case.withdrawal_refused", case_ref, at=at, ledger=ledger.name)


def _refusal(tx: Tx, case_ref: str) -> str | None:
    """What the agency said against the last withdrawal of a case; None when it has not refused it."""
    sent = [one for one in outbox.of_case(tx, case_ref) if one.kind == _KIND]
    return sent[-1].last_error if sent and sent[-1].state == "REJECTED" else None


def _may_be_asked_back(tx: Tx, case_ref: str) -> CaseRow:
    row = cases.read_case(tx, case_ref)
    if row is None:
        raise ConfigError(f"there is no case {case_ref}", mend="See: incasso case list")
    standing = withdrawals.standing(tx, row.ledger).get(case_ref)
    if standing is not None:
        said = f"case {case_ref} was asked back on {standing.asked_at:%Y-%m-%d} by {standing.asked_by}"
        raise ConfigError(said, mend="Wait for the agency; see: incasso case show")
    if row.closure or row.handover == "rejected":
        raise ConfigError(f"case {case_ref} is not at the agency any more", mend="See: incasso case show")
    return row
