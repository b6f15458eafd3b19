"""Telling the agencies of a debtor's live cases what a person said."""

from collections.abc import Callable, Sequence
from typing import Any

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.messages import next_mutation_id, put_mutation
from connector.flow.workspace import Workspace
from connector.model import Mutation
from connector.store import Tx, cases
from connector.store.cases import CaseRow


def tell_all(
    workspace: Workspace,
    tx: Tx,
    ledger: Ledger,
    debtor_id: str,
    make: Callable[[dict[str, Any]], Mutation],
    *,
    unless_resting: bool = False,
    about: Sequence[str] = (),
) -> int:
    """Put a mutation into the outbox for each live case of a debtor; returns how many cases that concerns.

    `about`: only for cases with one of these claims.
    With `unless_resting` nothing is told of a case whose agency rests for what the ledger shows: a hold of a person is
    told when that ends, and the end of one must not end the rest.
    """
    concerned = 0
    for row in cases.cases(tx, ledger=ledger.name, debtor_id=debtor_id):
        if any(line.live and (not about or line.claim in about) for line in cases.lines(tx, row.case_ref)):
            concerned += 1
            if not (unless_resting and row.credit_hold):
                put_mutation(workspace, tx, row, make(common_of(workspace, tx, ledger, row)), at=workspace.clock.now())
    return concerned


def case_of(tx: Tx, case_ref: str) -> CaseRow:
    """A case by our reference. Raises ConfigError when there is none."""
    row = cases.read_case(tx, case_ref)
    if row is None:
        raise ConfigError(f"there is no case {case_ref}", mend="See: incasso status")
    return row


def common_of(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow) -> dict[str, Any]:
    """What every mutation of a case carries: its own id, the case, and today."""
    return {
        "mutation_id": next_mutation_id(tx, row.case_ref),
        "case_ref": row.case_ref,
        "effective_date": workspace.clock.today(ledger.timezone),
    }
