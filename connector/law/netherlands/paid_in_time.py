"""What a debtor paid within the fourteen days of a letter, and what that leaves to ask costs on."""

from collections.abc import Sequence
from datetime import date

from connector.law.allocation import Payment
from connector.law.netherlands.collection_costs import CostClaim


def still_unpaid(claims: Sequence[CostClaim], payments: Sequence[Payment], last_day: date) -> tuple[CostClaim, ...]:
    """The claims of the letter with what stayed unpaid at the end of its `last_day`: HR 25 November 2016.

    Costs are asked on that alone. What came in time goes to the claims in the order in which they fell into default;
    nothing of it goes to costs, which were not due yet. What came later does not lower the costs any more.
    """
    left = sum(payment.amount_minor for payment in payments if payment.received_on <= last_day)
    rest = []
    for claim in sorted(claims, key=lambda one: one.default_since):
        paid = min(left, claim.principal_minor)
        left -= paid
        if claim.principal_minor > paid:
            rest.append(claim.model_copy(update={"principal_minor": claim.principal_minor - paid}))
    return tuple(rest)
