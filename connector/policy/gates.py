"""The gates: conditions about the debtor and the source that stand before a step. Made like all conditions."""

from collections.abc import Sequence
from typing import get_args

from connector.model import Account, Because, DebtorKind, DisputeFact, HoldFact, Verdict
from connector.policy.conditions import Check
from connector.policy.policy import Policy, Step
from connector.policy.promised import Promised
from connector.policy.records import because, money_text
from connector.policy.standing import (
    Mark,
    Standing,
    active_holds,
    claim_name,
    describe,
    ledger_origin,
    open_disputes,
)


def calibrated(step: Step, policy: Policy) -> Check | None:
    """Does the source vouch for the sign of its amounts? A wrong sign would spare debtors and chase the others."""
    if not asked_before(policy.gates.calibrated.before, step):
        return None
    name, asked = f"{step.name}.calibrated", "Does the source vouch for the sign of its amounts?"
    sure = because(name, asked, seen="it does", origin="the source", verdict="yes")
    unsure = because(name, asked, seen="not established yet", origin="the source", verdict="unknown")
    return lambda standing: sure if standing.account.calibrated else unsure


def disputed(step: Step, policy: Policy) -> Check:
    """Is the debtor free of a dispute that stops everything?"""
    any_claim = policy.gates.disputed.stops == "debtor"
    name = f"{step.name}.disputed"
    asked = "Is there no open dispute at all?" if any_claim else "Is there no dispute about everything?"
    free = because(name, asked, seen="none", origin="disputes", verdict="yes")

    def check(standing: Standing) -> Because:
        if not standing.account.disputes:
            return free
        return _none_of(stopping_disputes(standing.account, any_claim=any_claim), free)

    return check


def on_hold(step: Step, policy: Policy) -> Check:
    """Is the debtor free of a hold on the debtor or on the ledger?"""
    any_claim = policy.gates.on_hold.stops == "debtor"
    name = f"{step.name}.on_hold"
    asked = "Is nothing of the debtor on hold?" if any_claim else "Is there no hold on the debtor?"
    free = because(name, asked, seen="none", origin="holds", verdict="yes")

    def check(standing: Standing) -> Because:
        if not standing.account.holds:
            return free
        return _none_of(stopping_holds(standing.account, any_claim=any_claim), free)

    return check


def promise(step: Step, policy: Policy) -> Check | None:
    """Is the debtor free of a promise to pay that stops everything? The claims of a promise are set aside always."""
    gate = policy.gates.promise
    if not asked_before(gate.before, step):
        return None
    asked = "Is no promise to pay still running?"
    if gate.stops == "claim":
        asked = "Is no promise to pay everything still running?"
    free = because(f"{step.name}.promise", asked, seen="none", origin="promises to pay", verdict="yes")
    return lambda standing: _promised(standing, step, policy, free) if standing.promised else free


def payment_plan(step: Step, policy: Policy) -> Check | None:
    """Does no payment plan run that stops the debtor? The claims of a plan are set aside always."""
    gate = policy.gates.payment_plan
    if not asked_before(gate.before, step):
        return None
    asked = "Does no payment plan run?"
    if not _stops_debtor("payment_plan", step, policy):
        asked = "Does no payment plan about everything run?"
    free = because(f"{step.name}.payment_plan", asked, seen="none", origin="payment plans", verdict="yes")
    return lambda standing: _promised(standing, step, policy, free) if standing.promised else free


def veto(step: Step, policy: Policy) -> Check | None:
    """Has nobody vetoed the hand-over of the debtor?"""
    if not asked_before(policy.gates.veto.before, step):
        return None
    name, asked = f"{step.name}.veto", "Has nobody vetoed the hand-over of the debtor?"
    free = because(name, asked, seen="nobody", origin="holds", verdict="yes")
    return lambda standing: _none_of(vetoes(standing.account), free) if standing.account.holds else free


def direct_debit(step: Step, policy: Policy) -> Check | None:
    """Is no direct debit in progress? Asked of the debtor only where the policy says so; of each claim always."""
    if policy.gates.direct_debit.stops != "debtor":
        return None
    name, asked = f"{step.name}.direct_debit", "Is no direct debit of the debtor in progress?"

    def check(standing: Standing) -> Because:
        going = [claim_name(one) for one in standing.account.claims if one.in_collection_minor]
        seen = f"on its way: {', '.join(going)}" if going else "none"
        return because(name, asked, seen=seen, origin="the ledger", verdict="no" if going else "yes")

    return check


def whole(step: Step, policy: Policy) -> Check | None:
    """Do all the debtor's claims add up? Asked of the debtor only where the policy says so."""
    if policy.gates.whole.stops != "debtor":
        return None
    name, asked = f"{step.name}.whole", "Do the rows of every claim add up to the invoice?"

    def check(standing: Standing) -> Because:
        broken = [claim_name(one) for one in standing.account.claims if not one.whole]
        seen = f"being changed at the source: {', '.join(broken)}" if broken else "they do"
        return because(name, asked, seen=seen, origin="the ledger", verdict="unknown" if broken else "yes")

    return check


def blocked(step: Step, policy: Policy) -> Check | None:
    """Is the debtor not blocked in the source?"""
    if not asked_before(policy.gates.blocked.before, step):
        return None
    name, asked = f"{step.name}.blocked", "Is the debtor not blocked in the ledger?"
    free = because(name, asked, seen="not blocked", origin="debtor record", verdict="yes")
    stopped = because(name, asked, seen="blocked", origin="debtor record", verdict="no")
    return lambda standing: stopped if standing.account.debtor_blocked else free


def debtor_kind(step: Step, policy: Policy) -> Check | None:
    """Is the debtor of a kind the policy allows? Unknown where nobody has said what the debtor is."""
    gate = policy.gates.debtor_kind
    if not asked_before(gate.before, step):
        return None
    name = f"{step.name}.debtor_kind"
    asked = f"Is the debtor one of: {', '.join(_words(kind) for kind in gate.allowed)}?"

    def answer(kind: DebtorKind) -> Because:
        verdict: Verdict = "yes" if kind in gate.allowed else "unknown" if kind == "unknown" else "no"
        return because(name, asked, seen=_words(kind), origin="debtor record", verdict=verdict)

    answers = {kind: answer(kind) for kind in get_args(DebtorKind)}
    return lambda standing: answers[standing.account.debtor_kind]


def credit(step: Step, policy: Policy) -> Check | None:
    """Is there no credit that nobody has matched? What is in another currency cannot be subtracted: unknown."""
    gate, currency = policy.gates.credit, policy.currency
    if not asked_before(gate.before, step):
        return None
    netted = gate.accept == "netted"
    name = f"{step.name}.credit"
    asked = f"Is all open credit in {currency}, so that it can be subtracted?" if netted else "Is there no open credit?"
    free = because(name, asked, seen="none", origin="open items", verdict="yes")

    def check(standing: Standing) -> Because:
        if not (standing.credit_minor or standing.foreign_credit):
            return free
        parts = [money_text(standing.credit_minor, currency)] if standing.credit_minor else []
        parts += [f"credit in {other}" for other in standing.foreign_credit]
        verdict: Verdict = "no" if not netted else "unknown" if standing.foreign_credit else "yes"
        seen = f"{', '.join(parts)} not yet matched to an invoice"
        return because(name, asked, seen=seen, origin=ledger_origin(standing.account), verdict=verdict)

    return check


def stopping_disputes(account: Account, *, any_claim: bool) -> list[DisputeFact]:
    """The open disputes that stop the whole debtor."""
    return [fact for fact in open_disputes(account) if any_claim or not fact.claim]


def stopping_holds(account: Account, *, any_claim: bool) -> list[HoldFact]:
    """The active holds that stop the whole debtor before every step."""
    return [
        fact for fact in active_holds(account) if fact.before == "every step" and (any_claim or fact.scope != "claim")
    ]


def vetoes(account: Account) -> list[HoldFact]:
    """The active holds that stop the hand-over of the debtor alone."""
    return [fact for fact in active_holds(account) if fact.before == "escalate"]


def barring(standing: Standing, step: Step, policy: Policy) -> list[Mark]:
    """What somebody said and what stops the whole debtor before a step."""
    account, gates = standing.account, policy.gates
    found: list[Mark] = [
        *stopping_disputes(account, any_claim=gates.disputed.stops == "debtor"),
        *stopping_holds(account, any_claim=gates.on_hold.stops == "debtor"),
        *(one for one in standing.promised if _bars(one, step, policy)),
    ]
    return [*found, *vetoes(account)] if asked_before(gates.veto.before, step) else found


def _stops_debtor(kind: str, step: Step, policy: Policy) -> bool:
    """Whether a promise or plan about some claims stops the debtor's others before a step as well."""
    if kind == "promise":
        return policy.gates.promise.stops == "debtor"
    stops = policy.gates.payment_plan.stops
    return stops == "debtor" or (stops == "hand-over" and step.action == "escalate")


def _bars(one: Promised, step: Step, policy: Policy) -> bool:
    if not (one.stops and asked_before(one.before, step)):
        return False
    return not one.claims or _stops_debtor(one.kind, step, policy)


def _promised(standing: Standing, step: Step, policy: Policy, free: Because) -> Because:
    """What bars the debtor, else what there is of the kind, with how it came out."""
    kind = free.condition.rpartition(".")[2]
    mine = [one for one in standing.promised if one.kind == kind and one.matters]
    barring = [one for one in mine if _bars(one, step, policy)]
    sure = [one for one in barring if one.state == "running"]
    told = sure or barring or mine
    if not told:
        return free
    verdict: Verdict = "no" if sure else "unknown" if barring else "yes"
    origin = ", ".join(sorted({one.origin for one in told}))
    seen = "; ".join(one.seen for one in told)
    return because(free.condition, free.asked, seen=seen, origin=origin, verdict=verdict)


def _none_of(facts: Sequence[DisputeFact | HoldFact], free: Because) -> Because:
    if not facts:
        return free
    origins = sorted({fact.origin for fact in facts if fact.origin})
    seen = "; ".join(describe(fact) for fact in facts)
    return because(free.condition, free.asked, seen=seen, origin=", ".join(origins) or free.origin, verdict="no")


def asked_before(before: str, step: Step) -> bool:
    """Whether a gate with that setting is asked before the step."""
    return before == "every step" or (before == "escalate" and step.action == "escalate")


def _words(kind: str) -> str:
    return kind.replace("_", " ")
