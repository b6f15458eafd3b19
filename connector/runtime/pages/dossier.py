"""What a page about a decision says, gathered from the store and the configuration."""

from datetime import datetime

from connector.config import Ledger
from connector.flow.workspace import Workspace
from connector.model import ClaimSeen, Decision
from connector.runtime.pages.explained import Dossier
from connector.runtime.pages.languages import Language, choose
from connector.store import debtors


def gather(
    workspace: Workspace,
    ledger: Ledger,
    decision: Decision,
    claims: tuple[ClaimSeen, ...] | None,
    *,
    made_at: datetime,
    plan: int = 0,
) -> tuple[Dossier, Language]:
    """The dossier of a decision, and the language for its debtor: his own, else the ledger's.

    `plan` is the stored plan of the decision; of one made just now (0) the tables of the law are named too.
    """
    with workspace.store.read() as tx:
        known = debtors.debtor_of(tx, ledger.name, decision.debtor_id)
    dossier = Dossier(
        creditor=ledger.creditor.name,
        company_number=ledger.creditor.company_number,
        debtor=(known.name if known else "") or decision.debtor_id,
        debtor_code=known.code if known else "",
        decision=decision,
        claims=claims,
        made_at=made_at,
        timezone=ledger.timezone,
        plan=plan,
        law_version="" if plan else workspace.law.version,
    )
    return dossier, choose(known.language if known else "", ledger.language)
