"""What `[law]` of a ledger leaves open that the law would ask of its debtors: found by asking the law itself."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import get_args

from connector.law.law import Law
from connector.model import Account, Claim, DebtorKind, LegalFacts, LetterFact
from connector.policy.evidence import STATEMENTS, ask_the_law
from connector.policy.policy import Policy
from connector.policy.ways import views

# Long enough ago for every waiting time of the law, and not for any limitation.
_DUE = timedelta(days=90)
_SENT = timedelta(days=60)


def unstated(law: Law, legal: LegalFacts, policy: Policy, country: str, kind: DebtorKind, day: date) -> tuple[str, ...]:
    """The keys of `[law]` that keep the debtors of a ledger from a hand-over, in the order of `LegalFacts`.

    `country` is that of the debtors; `kind` what the ledger's file says of all of them, unknown where it says nothing:
    then each kind is looked at that the policy hands over. Empty where the policy does not ask the law.
    """
    groups = [view for _, view in views(policy) if _asks_law(view)]
    stated = (kind,) if groups else ()
    kinds = {one for view in groups for one in _kinds(view)} if kind == "unknown" else stated
    wanted = {key for one in kinds for key in _left_open(law, legal, country, one, day)}
    return tuple(key for key in LegalFacts.model_fields if key in wanted)


def _asks_law(policy: Policy) -> bool:
    return policy.gates.lawful.before != "never" and any(step.action == "escalate" for step in policy.steps)


def _kinds(policy: Policy) -> Iterable[DebtorKind]:
    gate = policy.gates.debtor_kind
    return get_args(DebtorKind) if gate.before == "never" else gate.allowed


def _left_open(law: Law, legal: LegalFacts, country: str, kind: DebtorKind, day: date) -> Iterable[str]:
    """The keys behind the points that stay unknown for a debtor of whom all else is in order, letters included."""
    due = day - _DUE
    claim = Claim(claim="1", number="1", currency="EUR", open_minor=100, overdue_minor=100, due_date=due)
    letters = tuple(
        LetterFact(
            kind=one, channel="registered", sent_on=day - _SENT, delivered_on=day - _SENT, valid="yes", document="1"
        )
        for one in ("fourteen_days", "first_reminder")
    )
    debtor = Account(
        ledger="-", debtor_id="-", debtor_kind=kind, debtor_country=country, day=day, claims=(claim,), letters=letters,
        legal=legal,
    )  # fmt: skip
    found = ask_the_law(law, debtor, claim, elsewhere=True)
    asked = [STATEMENTS[one.name] for one in found.points if one.verdict == "unknown" and one.name in STATEMENTS]
    return [key for key in asked if getattr(legal, key) == "unknown"]
