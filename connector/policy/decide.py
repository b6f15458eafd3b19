"""The decision: which step comes next for one debtor on one day, and why."""

from collections.abc import Sequence
from datetime import date

from connector.law.law import Law
from connector.model import Account, Because, Decision, StepAction
from connector.model.record import build
from connector.policy.conditions import asked_amount, asked_claims
from connector.policy.facts import fingerprint
from connector.policy.held import Held, held_back
from connector.policy.horizon import first_possible
from connector.policy.ladder import Ladder, Rung, Weighed, weigh
from connector.policy.lawful import weigh_by_law
from connector.policy.policy import Policy
from connector.policy.records import because
from connector.policy.seen import see
from connector.policy.standing import Aside, Standing, for_hand_over, ledger_origin, read_standing
from connector.policy.ways import Way, at_agency, way_of


def decide(account: Account, policy: Policy, law: Law | None = None) -> Decision:
    """The highest step that is not yet taken and whose conditions all hold, on `account.day`.

    Pure: the same account, policy and law give the same decision; no clock, no store. Raises nothing on any account.
    `law` are the tables and readings of the installation; left out, what is shipped.

    - A step that another one needs is never skipped. Steps from before the oldest claim fell due do not count.
    - `undecided` names the highest step that a missing fact alone keeps back, when no lower step may come instead.
    - `none` carries the reasons too, and `not_before` where the calendar alone can bring the next step.
    - `amount_minor` is what is asked: the claims that come along less all credit in the policy's currency.
    """
    way = way_of(account, policy)
    account = at_agency(account, way)
    ladder = way.ladder
    if ladder is None:
        return _no_way(read_standing(account, policy, law), way, policy)
    standing = read_standing(account, ladder.policy, law)
    if not standing.overdue and not standing.aside and not (standing.later and ladder.begins_ahead):
        return _rest(standing, way, ladder)
    ahead = ladder.ahead(standing.taken)
    handing = for_hand_over(standing)
    weighed = _weigh_down(standing, handing, ahead, ladder)
    chosen = next((one for one in weighed if one.verdict == "yes"), None)
    if chosen:
        return _move(chosen, weighed, way, policy)
    unclear = next((one for one in weighed if one.verdict == "unknown"), None)
    if unclear:
        reasons = (*way.reasons, *_asides(unclear.standing), *unclear.reasons, *_others(weighed, unclear))
        return decision_of(unclear.standing, policy, reasons, action="undecided", rung=unclear.rung, way=way)
    nearest = next((one for one in weighed if len(one.reasons) > 1), None)
    asides = _asides(handing if _old_enough_to_go(weighed, standing) else standing)
    reasons = (*way.reasons, *asides, *(nearest.reasons if nearest else ()), *_others(weighed, nearest))
    if not ahead:
        reasons = (*reasons, _finished(ladder, standing))
    held = held_back(standing, ladder, reasons)
    comes = first_possible(standing, ahead, ladder)
    return decision_of(standing, policy, reasons, way=way, held=held, not_before=comes)


def _rest(standing: Standing, way: Way, ladder: Ladder) -> Decision:
    """Nothing is overdue and nothing stands aside: most debtors on most days. One reason says so."""
    comes = first_possible(standing, ladder.ahead(standing.taken), ladder)
    return decision_of(standing, ladder.policy, (nothing_due(standing),), way=way, not_before=comes)


def _no_way(standing: Standing, way: Way, policy: Policy) -> Decision:
    """No step is meant for this debtor, or nobody can say which ones are: undecided, once anything is overdue."""
    day = standing.account.day
    perhaps_due = [one for one in standing.aside if one.claim.due_date is None or one.claim.due_date < day]
    if not standing.overdue and not perhaps_due:
        return decision_of(standing, policy, (nothing_due(standing),), way=way)
    unclear = any(one.verdict == "unknown" for one in way.reasons)
    reasons = (*way.reasons, *_asides(standing))
    return decision_of(standing, policy, reasons, way=way, action="undecided" if unclear else "none")


def nothing_due(standing: Standing) -> Because:
    """The one reason where nothing is overdue."""
    if standing.first_due:
        seen = f"no: {len(standing.later)} open, the first falls due on {standing.first_due}"
    else:
        seen = "no: nothing is open"
    return because(
        "account.overdue", "Is anything overdue?", seen=seen, origin=ledger_origin(standing.account), verdict="no"
    )


def _weigh_down(standing: Standing, handing: Standing, ahead: Sequence[Rung], ladder: Ladder) -> list[Weighed]:
    """The rungs from the top down to the first whose conditions hold; of those not reached, only the lowest."""
    weighed: list[Weighed] = []
    late = standing.late
    if not late and ladder.begins_ahead and standing.first_due:
        late = (standing.account.day - standing.first_due).days
    sure = not any(one.verdict == "unknown" for one in standing.aside)
    for place in range(len(ahead) - 1, -1, -1):
        rung = ahead[place]
        if sure and place and late < ahead[place - 1].least_days:
            continue
        one = weigh(rung, handing if rung.step.action == "escalate" else standing)
        weighed.append(weigh_by_law(one, ladder) if rung.asks_law and one.verdict != "no" else one)
        if weighed[-1].verdict == "yes":
            break
    return weighed


def _old_enough_to_go(weighed: list[Weighed], standing: Standing) -> bool:
    """Whether a hand-over would come if only age mattered: then it is told which invoices wait for their last term."""
    late = standing.late
    return any(one.rung.step.action == "escalate" and late >= one.rung.least_days for one in weighed)


def _move(chosen: Weighed, weighed: list[Weighed], way: Way, policy: Policy) -> Decision:
    reasons = (*way.reasons, *chosen.reasons, *_asides(chosen.standing), *_others(weighed, chosen))
    return decision_of(chosen.standing, policy, reasons, action=chosen.rung.step.action, rung=chosen.rung, way=way)


def decision_of(
    standing: Standing,
    policy: Policy,
    reasons: tuple[Because, ...],
    *,
    way: Way,
    action: StepAction = "none",
    rung: Rung | None = None,
    held: Held | None = None,
    not_before: date | None = None,
) -> Decision:
    """The decision with what was seen and why; `rung` is the step it is about, if any."""
    account, step, held_step = standing.account, rung.step if rung else None, held.rung.step if held else None
    return build(
        Decision,
        {
            "ledger": account.ledger,
            "debtor_id": account.debtor_id,
            "day": account.day,
            "action": action,
            "step": step.name if step else "",
            "claims": tuple(claim.claim for claim in asked_claims(step, standing)) if step else (),
            "amount_minor": max(0, asked_amount(step, standing)) if step else 0,
            "currency": policy.currency,
            "segment": way.segment,
            "destination": way.to if step and step.action == "escalate" else "",
            "channel": step.channel if step else "",
            "template": step.template if step else "",
            "tone": step.tone if step else "",
            "because": reasons,
            "not_before": not_before,
            "policy": policy.name,
            "policy_version": policy.version,
            "law": standing.law.version,
            "facts": fingerprint(account, standing.facts),
            "held_step": held_step.name if held_step else "",
            "held_minor": max(0, asked_amount(held_step, held.standing)) if held and held_step else 0,
            "seen": see(step, standing) if step else see(held_step, held.standing) if held and held_step else (),
        },
    )


def _others(weighed: list[Weighed], full: Weighed | None) -> tuple[Because, ...]:
    """What keeps back the steps other than `full`, in the order of the ladder."""
    return tuple(
        reason for one in reversed(weighed) if one is not full for reason in one.reasons if reason.verdict != "yes"
    )


def _asides(standing: Standing) -> tuple[Because, ...]:
    return tuple(_aside(one) for one in standing.aside)


def _aside(one: Aside) -> Because:
    return because(f"claim.{one.code}", one.asked, seen=one.seen, origin=one.origin, verdict=one.verdict)


def _finished(ladder: Ladder, standing: Standing) -> Because:
    """Nothing is left to climb: the last step taken is the reason."""
    last = max((rung for rung in ladder.rungs if rung.step.name in standing.taken), key=lambda rung: rung.place)
    return last.checks["not_taken"](standing)
