"""Which step would come if no gate stood in its way."""

from collections.abc import Iterable
from typing import NamedTuple

from connector.model import Because, Decision
from connector.policy.ladder import Ladder, Rung, weigh
from connector.policy.standing import Standing, for_hand_over, read_standing

# What age, order and amount say. Every other condition of a step is a gate: a dispute, a hold, the kind, the law.
_NO_GATE = frozenset(
    {
        "days_overdue", "days_after_month_end", "days_before_due", "not_taken", "needs", "after", "amount",
        "agency_minimum",
    }
)  # fmt: skip
# A claim with one of these is not kept back: it is somewhere else, its money is on its way, or its day has not come.
_NOT_KEPT_BACK = frozenset({"claim.at_agency", "claim.direct_debit", "claim.instalments", "account.overdue"})
_BEFELL = frozenset({"insolvency", "deceased", "vulnerable"})
# Facts that set a claim or a debtor aside until somebody takes them back.
_MARKS = ("holds", "disputes", "promises", "payment_plans")


class Held(NamedTuple):
    """The step that is kept back, and the account as it would find it."""

    rung: Rung
    standing: Standing


def is_gate(reason: Because) -> bool:
    """Whether this is asked by a gate, of the debtor or of one claim, and not by age, order or amount."""
    about, _, code = reason.condition.partition(".")
    if about in ("claim", "account"):
        return reason.condition not in _NOT_KEPT_BACK
    return code not in _NO_GATE


def holding(decision: Decision) -> list[Because]:
    """The gates that keep `held_step` back: those of the step, then those of claims; else those of other steps.

    What befell the debtor comes first: nothing else matters beside it.
    """
    against = [one for one in decision.because if one.verdict == "no" and is_gate(one)]
    own = [one for one in against if one.condition.partition(".")[0] == decision.held_step]
    of_claims = [one for one in against if one.condition.partition(".")[0] in ("claim", "account")]
    own.sort(key=lambda one: one.condition.rpartition(".")[2] not in _BEFELL)
    return [*own, *of_claims] or against


def held_back(standing: Standing, ladder: Ladder, reasons: Iterable[Because]) -> Held | None:
    """The highest step that would come today without holds, disputes and gates, where any of these says no."""
    if not any(one.verdict == "no" and is_gate(one) for one in reasons):
        return None
    free = _without_marks(standing, ladder)
    handing = for_hand_over(free)
    for rung in reversed(ladder.ahead(free.taken)):
        seen = handing if rung.step.action == "escalate" else free
        if _is_its_time(rung, seen):
            return Held(rung, seen)
    return None


def _without_marks(standing: Standing, ladder: Ladder) -> Standing:
    account = standing.account
    if not any(getattr(account, name) for name in _MARKS):
        return standing
    return read_standing(account.model_copy(update=dict.fromkeys(_MARKS, ())), ladder.policy, standing.law)


def _is_its_time(rung: Rung, standing: Standing) -> bool:
    return all(one.verdict == "yes" for one in weigh(rung, standing).reasons if not is_gate(one))
