"""The rule layer: a policy file, and the decision it gives for one debtor on one day. Pure, and with its reasons."""

from connector.policy.decide import decide
from connector.policy.diff import Change, ChangeKind, compare, held_by, moves
from connector.policy.explain import Explanation, explain, headline, missing, render
from connector.policy.facts import fingerprint
from connector.policy.load import load_policy
from connector.policy.policy import Gates, Policy, Step

__all__ = [
    "Change",
    "ChangeKind",
    "Explanation",
    "Gates",
    "Policy",
    "Step",
    "compare",
    "decide",
    "explain",
    "fingerprint",
    "headline",
    "held_by",
    "load_policy",
    "missing",
    "moves",
    "render",
]
