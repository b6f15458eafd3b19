"""What a person does: holds, disputes, steps taken, answers to the agency, withdrawals. Each with its audit line."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.holds import add_hold, checked_start
from connector.flow.messages import put_mutation
from connector.flow.on_the_day import tell_by_now
from connector.flow.rest import hold_of_a_person
from connector.flow.telling import case_of, common_of, tell_all
from connector.flow.workspace import Workspace
from connector.model import (
    Answer,
    ApprovalDecision,
    DebtorKind,
    Decision,
    DisputeFact,
    DisputeReport,
    Hold,
    HoldFact,
    Message,
    Mutation,
    RequestAnswer,
    Resume,
)
from connector.store import Tx, debtors, differences, items, journal, people, plans, told_on
from connector.store.cases import CaseRow
from connector.store.differences import Difference
from connector.store.people import Task


def hold_debtor(
    workspace: Workspace,
    ledger: Ledger,
    debtor_id: str,
    *,
    reason: str,
    until: date | None,
    actor: str,
    since: date | None = None,
    claims: Sequence[str] = (),
) -> int:
    """Leave a debtor, or these claims of his, alone from `since` (today); agencies that work them are asked to rest.

    A day that has passed dates the hold back. Of a hold that begins later agencies are told on its first day. Returns
    how many cases are told of now.
    """
    day = workspace.clock.today(ledger.timezone)
    start = checked_start(since or day, until)
    with workspace.store.write() as tx:
        tell_by_now(workspace, tx, ledger, debtor_id=debtor_id)
        for scope, key in [("claim", claim) for claim in claims] or [("debtor", debtor_id)]:
            values = {"scope": scope, "key": key, "since": start, "until": until, "reason": reason, "origin": actor}
            fact = HoldFact.model_validate(values)
            add_hold(workspace, tx, ledger, fact, action="debtor.hold", subject=debtor_id, actor=actor)
        if until and until < day:
            return 0
        if start > day:
            told_on.put(tx, ledger.name, debtor_id, "hold", day=start)
            return 0
        from_now = {"effective_date": day, "reason": reason, "until": until}
        return tell_all(
            workspace,
            tx,
            ledger,
            debtor_id,
            lambda common: Hold.model_validate(common | from_now),
            unless_resting=True,
            about=claims,
        )


def resume_debtor(
    workspace: Workspace, ledger: Ledger, debtor_id: str, *, actor: str, claims: Sequence[str] = ()
) -> int:
    """End the holds on a debtor and all his claims, or on these claims; agencies go on that no other hold stops.

    Of a hold that has not begun no agency was told. Returns how many holds there were.
    """
    day = workspace.clock.today(ledger.timezone)
    with workspace.store.write() as tx:
        tell_by_now(workspace, tx, ledger, debtor_id=debtor_id)
        keys = claims or [debtor_id, *items.claims_of(tx, ledger.name, debtor_id)]
        ended = people.end_holds(tx, ledger.name, keys, on=day, at=workspace.clock.now())

        def go_on(common: dict[str, Any]) -> Mutation:
            other = hold_of_a_person(tx, ledger, case_of(tx, common["case_ref"]), day)
            return Hold(**common, reason=other.reason, until=other.until) if other else Resume(**common)

        if ended:
            _note(workspace, tx, ledger, "debtor.resume", debtor_id, actor=actor, of=list(claims))
        if any(one.since <= day for one in ended):
            tell_all(workspace, tx, ledger, debtor_id, go_on, unless_resting=True, about=claims)
    return len(ended)


def open_dispute(workspace: Workspace, ledger: Ledger, debtor_id: str, *, reason: str, claim: str, actor: str) -> int:
    """The debtor disputes; agencies that work a case of this debtor are told. Returns how many."""
    day = workspace.clock.today(ledger.timezone)
    fact = DisputeFact(claim=claim, opened_on=day, reason=reason, origin=actor)
    with workspace.store.write() as tx:
        people.open_dispute(tx, ledger.name, debtor_id, fact, at=workspace.clock.now())
        _note(workspace, tx, ledger, "debtor.dispute", debtor_id, actor=actor)
        return tell_all(
            workspace,
            tx,
            ledger,
            debtor_id,
            lambda common: DisputeReport(**common, position="disputed", text=reason),
        )


def settle_dispute(workspace: Workspace, ledger: Ledger, debtor_id: str, *, actor: str) -> int:
    """The disputes of a debtor are settled. Returns how many there were."""
    with workspace.store.write() as tx:
        day, at = workspace.clock.today(ledger.timezone), workspace.clock.now()
        settled = people.settle_dispute(tx, ledger.name, debtor_id, on=day, at=at)
        if settled:
            _note(workspace, tx, ledger, "debtor.dispute_settled", debtor_id, actor=actor)
            tell_all(workspace, tx, ledger, debtor_id, lambda common: DisputeReport(**common, position="settled"))
    return settled


def confirm_kind(workspace: Workspace, ledger: Ledger, debtor_id: str, kind: DebtorKind, *, actor: str) -> None:
    """A person says what kind of debtor this is."""
    with workspace.store.write() as tx:
        debtors.confirm_kind(tx, ledger.name, debtor_id, kind, origin=actor, at=workspace.clock.now())
        _note(workspace, tx, ledger, "debtor.kind", debtor_id, actor=actor, kind=kind)


def record_steps(
    workspace: Workspace, ledger: Ledger, plan_id: int, *, action: str, taken_on: date, channel: str, actor: str
) -> int:
    """The steps of a plan with this action were taken (letters sent, calls made). Returns how many were new.

    `channel`: how; empty: as the policy's step says, else by post, and calls by phone.
    """
    with workspace.store.write() as tx:
        recorded, _ = take_steps(
            workspace, tx, ledger, plan_id, action=action, taken_on=taken_on, channel=channel, actor=actor
        )
    return recorded


def take_steps(
    workspace: Workspace,
    tx: Tx,
    ledger: Ledger,
    plan_id: int,
    *,
    action: str,
    taken_on: date,
    channel: str,
    actor: str,
) -> tuple[int, list[Decision]]:
    """The same inside a transaction: how many were new, and the decisions they carry out.

    Raises ConfigError where the ledger has no such plan.
    """
    plan = plans.read_plan(tx, plan_id)
    if plan is None or plan.ledger != ledger.name:
        raise ConfigError(f"ledger {ledger.name} has no plan {plan_id}", mend="See: incasso status")
    recorded = 0
    decisions = [one.decision for one in plans.decisions(tx, plan_id, action=action)]
    for decided in decisions:
        recorded += people.record_step(
            tx,
            ledger.name,
            decided.debtor_id,
            decided.step,
            taken_on=taken_on,
            channel=channel or decided.channel or ("phone" if action == "call" else "post"),
            origin=f"plan {plan_id}, {actor}",
            at=workspace.clock.now(),
        )
    _note(workspace, tx, ledger, "plan.steps_taken", str(plan_id), actor=actor, step=action, count=recorded)
    return recorded, decisions


def release(workspace: Workspace, ledger: Ledger, *, actor: str) -> str:
    """A person has looked: the brake of a ledger is taken off. Returns what it was for, empty without a brake."""
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        state = journal.read_ledger_state(tx, ledger.name)
        if state.brake_reason:
            journal.write_ledger_state(tx, ledger.name, replace(state, brake_reason="", brake_since=None))
            people.finish_task(tx, ledger.name, "brake", ledger.name, at=at, outcome=f"released by {actor}")
            _note(workspace, tx, ledger, "brake.released", ledger.name, actor=actor)
    return state.brake_reason


def answer(workspace: Workspace, ledger: Ledger, task: Task, answers: Mapping[str, str], *, actor: str) -> None:
    """Answer the agency's questions: question id to value. Raises ConfigError naming what is missing or unknown."""
    questions = {one["question_id"]: one for one in task.body.get("questions", ())}
    unknown = sorted(set(answers) - set(questions))
    missing = sorted(key for key, one in questions.items() if one.get("required", True) and not answers.get(key))
    if unknown or missing:
        problem = f"there is no question {unknown[0]}" if unknown else f"question {missing[0]} is not answered"
        raise ConfigError(problem, mend=f"The questions are: {', '.join(questions)}.")
    given = tuple(Answer(question_id=key, value=value) for key, value in answers.items())
    with workspace.store.write() as tx:
        row = case_of(tx, task.case_ref)
        common = common_of(workspace, tx, ledger, row)
        mutation = RequestAnswer(**common, request_id=_request(task), answers=given)
        _finish(workspace, tx, ledger, row, task=task, mutation=mutation, actor=actor)


def decide_approval(
    workspace: Workspace, ledger: Ledger, task: Task, *, approved: bool, terms: str, actor: str
) -> None:
    """Approve or refuse what the agency asked permission for."""
    with workspace.store.write() as tx:
        row = case_of(tx, task.case_ref)
        common = common_of(workspace, tx, ledger, row)
        mutation = ApprovalDecision(**common, request_id=_request(task), approved=approved, terms=terms)
        _finish(workspace, tx, ledger, row, task=task, mutation=mutation, actor=actor)


def finish_task(workspace: Workspace, task: Task, *, outcome: str, actor: str) -> None:
    """A person dealt with a task outside of this program."""
    with workspace.store.write() as tx:
        at = workspace.clock.now()
        people.finish_task(tx, task.ledger, task.kind, task.key, at=at, outcome=f"{outcome} ({actor})")
        journal.note(tx, "task.done", task.key, at=at, ledger=task.ledger, actor=actor, kind=task.kind)


def assign_difference(workspace: Workspace, number: int, *, owner: str, note: str, actor: str) -> None:
    """Give a difference between the sides to somebody else; an empty note leaves the one there is."""
    with workspace.store.write() as tx:
        found = _difference(tx, number)
        differences.assign(tx, number, owner=owner, note=note)
        at = workspace.clock.now()
        journal.note(tx, "difference.assigned", str(number), at=at, ledger=found.ledger, actor=actor)


def close_difference(workspace: Workspace, number: int, *, why: str, actor: str) -> None:
    """A person says that a difference is none, or that nobody mends it. Other amounts bring it back."""
    with workspace.store.write() as tx:
        found = _difference(tx, number)
        at = workspace.clock.now()
        differences.close(tx, number, at=at, by=actor, why=why)
        journal.note(tx, "difference.closed", str(number), at=at, ledger=found.ledger, actor=actor, kind=found.kind)


def _difference(tx: Tx, number: int) -> Difference:
    found = differences.read(tx, number)
    if found is None or found.closed_at:
        said = "is closed already" if found else "does not exist"
        raise ConfigError(f"difference {number} {said}", mend="See: incasso differences")
    return found


def write_message(workspace: Workspace, ledger: Ledger, case_ref: str, text: str, *, actor: str) -> None:
    """Write to the agency about a case."""
    with workspace.store.write() as tx:
        row = case_of(tx, case_ref)
        put_mutation(
            workspace, tx, row, Message(**common_of(workspace, tx, ledger, row), text=text), at=workspace.clock.now()
        )
        _note(workspace, tx, ledger, "case.message", case_ref, actor=actor)


def _finish(
    workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, *, task: Task, mutation: Mutation, actor: str
) -> None:
    at = workspace.clock.now()
    put_mutation(workspace, tx, row, mutation, at=at)
    people.finish_task(tx, ledger.name, task.kind, task.key, at=at, outcome=f"answered by {actor}")
    _note(workspace, tx, ledger, f"task.{task.kind}", row.case_ref, actor=actor, request=task.key)


def _request(task: Task) -> str:
    """The agency's name of what it asked: where two agencies use one name, the task's key says more."""
    return str(task.body.get("request_id", task.key))


def _note(
    workspace: Workspace, tx: Tx, ledger: Ledger, action: str, subject: str, *, actor: str, **detail: Any
) -> None:
    journal.note(tx, action, subject, at=workspace.clock.now(), ledger=ledger.name, actor=actor, **detail)
