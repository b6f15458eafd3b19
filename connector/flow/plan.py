"""Plan: decide every account, keep the decisions with their reasons, and tell what differs from the last plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b, sha256
from itertools import islice
from typing import NamedTuple

from connector import __version__
from connector.config import Ledger
from connector.flow.accounts import Frame, Stored, account, frame_of, stored
from connector.flow.changes import change_since
from connector.flow.collecting import seldom_collecting
from connector.flow.runs import Progress, Report, StoppedError, quiet, running
from connector.flow.workspace import Workspace
from connector.law.law import Law
from connector.model import Account, Decision
from connector.policy import Policy
from connector.policy.decide import decide
from connector.policy.diff import Change, kind_again, moves, said, says_more
from connector.policy.glance import decide_at_a_glance, most_days
from connector.policy.horizon import rests_until
from connector.policy.standing import ONE_DAY
from connector.store import Tx, item_rows, people, plans
from connector.store.decided import Decided, Made, newest, remember, take_over
from connector.store.plans import Plan, Planned

_AT_ONCE = 500


@dataclass(frozen=True)
class _Making:
    """A plan that is being made.

    `standing`: of whom the last plan said more than nothing and who has had no turn yet. `due_after`: whose claims all
    fall due later may be looked at with a glance.
    """

    workspace: Workspace
    frame: Frame
    policy: Policy
    plan_id: int
    rules: str
    standing: set[str]
    report: Report
    due_after: date


class _Made(NamedTuple):
    """A decision of the plan, the account it rests on, and the digests of what was read for it and of what it says.

    `until`: the first day on which it may come out differently though nothing but the calendar moves. `stored` is given
    where the account was looked at without its claims. `before` is the newest decision, where it was of the same rules.
    """

    decision: Decision
    present: Account
    read: str
    said: str
    until: date
    stored: Stored | None = None
    before: Decided | None = None


def make_plan(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet) -> tuple[Report, Plan]:
    """Decide all accounts of a ledger as of today and store the plan.

    The counts: decisions by action, and by state against the last plan (`connector.policy.diff.Change`); who is held
    or withdrawn is among those for whom nothing is done. A debtor who does nothing, as before, keeps the decision of
    an earlier plan. Of whom nothing is due yet no step can come: he is counted, and not looked at.
    """
    with running(workspace, ledger.name, "plan") as report:
        policy = workspace.policy(ledger)
        day = workspace.clock.today(ledger.timezone)
        with workspace.store.write() as tx:
            last = plans.last_plan(tx, ledger.name)
            standing = plans.standing(tx, last.id) if last else set()
            plan_id = plans.start_plan(
                tx,
                ledger.name,
                day=day,
                policy=policy.name,
                policy_version=policy.version,
                at=workspace.clock.now(),
            )
        digest = sha256()
        due_by = day + timedelta(days=policy.most_days_ahead)
        with seldom_collecting(), workspace.store.read() as reading:
            frame = frame_of(reading, ledger, day)
            rules, due_after = _rules(frame, policy, workspace.law), day - timedelta(days=most_days(policy))
            making = _Making(workspace, frame, policy, plan_id, rules, standing, report, due_after)
            everybody = item_rows.count_debtors(reading, ledger.name)
            stream = stored(reading, frame, due_by=due_by)
            while chunk := list(islice(stream, _AT_ONCE)):
                seen = _go_on(making, reading, chunk)
                digest.update("".join(seen[one.debtor_id] for one in chunk if one.debtor_id in seen).encode())
                everybody -= len(seen)
                _tell(making, progress, len(chunk))
            for ids in _in_chunks(sorted(standing)):
                seen = _keep(making, [_decided(making, one, "") for one in _left_over(reading, frame, ids)])
                digest.update("".join(seen.values()).encode())
                everybody -= len(seen)
                _tell(making, progress, len(ids))
        report.counts["none"] += max(0, everybody)
        with workspace.store.write() as tx:
            plans.finish_plan(tx, plan_id, ledger.name, facts=digest.hexdigest(), counts=+report.counts)
            plan = plans.read_plan(tx, plan_id)
    assert plan is not None
    return report, plan


def explain(workspace: Workspace, ledger: Ledger, debtor_id: str) -> tuple[Account, Decision]:
    """What is decided for one debtor on the facts of this moment, with every condition. Stores nothing."""
    day = workspace.clock.today(ledger.timezone)
    with workspace.store.read() as tx:
        present = account(tx, ledger, debtor_id, day)
    return present, decide(present, workspace.policy(ledger), workspace.law)


def _rules(frame: Frame, policy: Policy, law: Law) -> str:
    """16 hexadecimal digits over what decisions rest on beside the day and what is stored of each debtor.

    Empty where a plugin is asked, who may answer otherwise tomorrow: then everybody is decided anew.
    """
    if policy.conditions:
        return ""
    told = repr((__version__, policy.name, policy.version, law.version, frame.digest()))
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _in_chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _tell(making: _Making, progress: Progress, done: int) -> None:
    progress("accounts", done)
    if making.workspace.stop.is_set():
        raise StoppedError("stopped while planning; the next plan starts anew")


def _go_on(making: _Making, reading: Tx, chunk: Sequence[Stored]) -> dict[str, str]:
    """Take over the decisions that are sure to come out the same, and decide the others.

    Returns the fingerprints of who has anything open.
    """
    day, rules = making.frame.day, making.rules
    known = newest(reading, making.frame.ledger.name, [one.debtor_id for one in chunk]) if rules else {}
    same: list[tuple[str, Decided]] = []
    made: list[_Made] = []
    for one in chunk:
        before, read = known.get(one.debtor_id), one.digest() if rules else ""
        if before and before.holds_for(read, rules, day):
            same.append((one.debtor_id, before))
        elif other := _at_a_glance(making, one, read) or _as_a_whole(making, one, read):
            made.append(other._replace(before=before if before and before.rules == rules else None))
    _take_over(making, same)
    return {key: one.facts for key, one in same} | _keep(making, made)


def _at_a_glance(making: _Making, one: Stored, read: str) -> _Made | None:
    glance = one.glance(making.policy.currency, making.due_after)
    if glance is None:
        return None
    present, seen = glance
    found = decide_at_a_glance(present, seen, making.policy, making.workspace.law)
    return _Made(found[0], present, read, said(found[0]), found[1], one) if found else None


def _as_a_whole(making: _Making, one: Stored, read: str) -> _Made | None:
    present = one.account()
    return _decided(making, present, read) if present else None


def _decided(making: _Making, present: Account, read: str) -> _Made:
    decision = decide(present, making.policy, making.workspace.law)
    until = making.frame.day + ONE_DAY
    if decision.action == "none" and not decision.held_step:
        until = max(until, rests_until(present, making.policy))
    return _Made(decision, present, read, said(decision), until)


def _take_over(making: _Making, same: Sequence[tuple[str, Decided]]) -> None:
    """Of whom nothing has changed and a step comes, is held, or a fact is missing: the same decision, once more."""
    by_plan: dict[int, list[str]] = {}
    for key, one in same:
        making.standing.discard(key)
        making.report.counts[one.action] += 1
        if one.says_more:
            by_plan.setdefault(one.plan_id, []).append(key)
            if one.action != "undecided":
                making.report.counts["held" if one.action == "none" else "unchanged"] += 1
    if by_plan:
        with making.workspace.store.write() as tx:
            for before, ids in by_plan.items():
                take_over(tx, making.frame.ledger.name, making.plan_id, before, ids)


def _left_over(tx: Tx, frame: Frame, ids: Sequence[str]) -> list[Account]:
    """The accounts of debtors of whom the last plan said more, and who have nothing due any more: theirs is over."""
    steps = people.steps(tx, frame.ledger.name, ids)
    still_open = item_rows.with_anything_open(tx, frame.ledger.name, ids)
    return [
        account(tx, frame.ledger, key, frame.day)
        if key in still_open
        else Account(
            ledger=frame.ledger.name,
            debtor_id=key,
            debtor_kind="unknown",
            day=frame.day,
            steps=tuple(steps.get(key, ())),
        )
        for key in ids
    ]


def _keep(making: _Making, made: Sequence[_Made]) -> dict[str, str]:
    """Store who moves, is held or needs a person, and whose standing changed; count everybody.

    Returns the fingerprints of who has anything open.
    """
    if not made:
        return {}
    kept: list[tuple[Decision, str, str]] = []
    places: list[Made] = []
    with making.workspace.store.write() as tx:
        for one, change, why, plan_id in _compared(making, tx, made):
            now = one.decision
            making.standing.discard(now.debtor_id)
            making.report.counts[now.action] += 1
            if change not in ("undecided", "none"):
                making.report.counts[change] += 1
            if plan_id == making.plan_id:
                kept.append((now, change, why))
            places.append(Made(now.debtor_id, plan_id, one.read, one.said, one.until))
        plans.add_decisions(tx, making.plan_id, kept)
        remember(tx, making.frame.ledger.name, rules=making.rules, day=making.frame.day, made=places)
    some = (one for one in made if one.stored or one.present.claims or one.present.credit_minor)
    return {one.decision.debtor_id: one.decision.facts for one in some}


def _compared(making: _Making, tx: Tx, made: Sequence[_Made]) -> Iterator[tuple[_Made, str, str, int]]:
    """Each decision with its state, what differs, and the plan that is to have it: this one, or the one before."""
    mine = making.plan_id
    # Most say what they said before: those of before need not be read.
    again = {one.decision.debtor_id for one in made if one.before and one.before.said == one.said}
    others = [one.decision.debtor_id for one in made if one.decision.debtor_id not in again]
    known = plans.latest_decisions(tx, making.frame.ledger.name, others)
    for one in made:
        now = one.decision
        if one.before and now.debtor_id in again:
            same = not says_more(now) and one.before.facts == now.facts
            yield one, kind_again(now), "", one.before.plan_id if same else mine
            continue
        before = known.get(now.debtor_id)
        change = change_since(tx, before, now, _account_for(before, one))
        plan_id = mine if before is None or _worth_keeping(change, now) else before.plan_id
        yield one, change.kind, "; ".join(change.why), plan_id


def _account_for(before: Planned | None, one: _Made) -> Account:
    """The account to compare a decision by: what a step of before asked for is looked up among its claims."""
    whole = one.stored.account() if one.stored and before and moves(before.decision) else None
    return whole or one.present


def _worth_keeping(change: Change, now: Decision) -> bool:
    if says_more(now) or change.before is None:
        return True
    before = change.before
    if (before.policy_version, before.law) != (now.policy_version, now.law):
        return True
    return change.moved or before.action != now.action
