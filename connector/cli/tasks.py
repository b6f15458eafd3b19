"""`incasso tasks`, `incasso task …`: what waits for a person, and settling it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption, LedgerOption
from connector.cli.selection import pick_ledger, pick_task
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.cli.naming import Named
    from connector.flow.workspace import Workspace
    from connector.store.people import Task

TaskArgument = Annotated[int, typer.Argument(metavar="TASK", help="The number of a task.")]
TermsOption = Annotated[str, typer.Option("--terms", help="What goes with it, in words.")]


def tasks(
    context: typer.Context,
    ledger: LedgerOption = "",
    done: Annotated[bool, typer.Option("--done", help="List those that were settled.")] = False,
    json: JsonOption = False,
) -> None:
    """List what waits for a person, oldest first."""
    from connector.cli.naming import NOBODY, debtors_of_cases
    from connector.cli.output import print_line, show_json, show_table
    from connector.store import people

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        name = pick_ledger(workspace.settings, ledger).name if ledger else ""
        with workspace.store.read() as tx:
            found = people.tasks(tx, name, done=done)
        debtors = debtors_of_cases(workspace, (one.case_ref for one in found))
    if json:
        show_json([_facts(one, debtors.get(one.case_ref, NOBODY)) for one in found])
        return
    if not found:
        print_line("Nothing was settled yet." if done else "Nothing waits for a person.")
        return
    rows = [
        [
            str(one.id),
            one.ledger or "-",
            one.kind,
            one.case_ref or "-",
            debtors.get(one.case_ref, NOBODY).full,
            str(one.deadline or "-"),
            one.outcome or one.subject,
        ]
        for one in found
    ]
    last = "outcome" if done else "what"
    show_table(["task", "ledger", "kind", "case", "debtor", "by", last], rows, right=["task"], whole=["case", "by"])


def _facts(task: "Task", debtor: "Named") -> dict[str, Any]:
    return {**vars(task), "debtor_id": debtor.debtor_id, "debtor_code": debtor.debtor_code}


def show(context: typer.Context, task: TaskArgument, json: JsonOption = False) -> None:
    """Show a task with all that is known, and what settles it."""
    from connector.cli.naming import NOBODY, debtors_of_cases
    from connector.cli.output import instant, print_line, show_facts, show_json

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = pick_task(workspace, task)
        debtor = debtors_of_cases(workspace, [found.case_ref]).get(found.case_ref, NOBODY)
    if json:
        show_json(_facts(found, debtor))
        return
    show_facts(
        {
            "task": str(found.id),
            "ledger": found.ledger,
            "kind": found.kind,
            "case": found.case_ref,
            "debtor": debtor.full if debtor.debtor_id else "",
            "since": instant(found.opened_at),
            "by": str(found.deadline or ""),
            "what": found.subject,
        }
    )
    for line in _questions(found.body):
        print_line(line)
    print_line(f"Then: {_settling(found)}")


def _questions(body: Mapping[str, Any]) -> Iterator[str]:
    for one in body.get("questions", ()):
        choice = f" ({' | '.join(one['options'])})" if one.get("options") else ""
        optional = "" if one["required"] else " (may stay open)"
        yield f"  {one['question_id']}: {one['label']} [{one['type']}]{choice}{optional}"
    estimate = body.get("estimate")
    if estimate:
        from connector.cli.output import money

        yield f"  estimated cost: {money(estimate['minor'], estimate['currency'])}"


def _settling(task: "Task") -> str:
    match task.kind:
        case "question":
            return f"incasso task answer {task.id} QUESTION=ANSWER …"
        case "approval":
            return f"incasso task approve {task.id}, or: incasso task refuse {task.id}"
        case "brake":
            return f"incasso release {task.ledger}"
        case "parked":
            return f"incasso outbox show {task.body['message']}"
        case _:
            return f"incasso task done {task.id} --outcome TEXT"


def finish(
    context: typer.Context,
    task: TaskArgument,
    outcome: Annotated[str, typer.Option("--outcome", help="What you did about it.")] = "done",
) -> None:
    """Take a task off the list that was dealt with outside of this program."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = pick_task(workspace, task)
        if found.kind == "brake":
            raise ConfigError("a brake is not taken off by its task.", mend=f"Run: incasso release {found.ledger}")
        if found.kind == "parked":
            raise ConfigError("off the list, the message would stay parked.", mend=f"Run: {_settling(found)}")
        actions.finish_task(workspace, found, outcome=outcome, actor=invocation.actor)
    print_line(f"Task {task} is off the list.")


def answer(
    context: typer.Context,
    task: TaskArgument,
    answers: Annotated[list[str], typer.Argument(metavar="QUESTION=ANSWER...", help="An answer to each question.")],
) -> None:
    """Answer the agency's questions; the answers go out with the next follow."""
    from connector.cli.output import print_line
    from connector.flow import actions

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = _of_kind(workspace, task, "question")
        ledger = pick_ledger(workspace.settings, found.ledger)
        actions.answer(workspace, ledger, found, read_answers(answers), actor=invocation.actor)
    print_line(f"Answered. It goes out with: incasso follow {found.ledger}")


def read_answers(given: list[str]) -> dict[str, str]:
    """`question=answer` texts as a mapping. Raises ConfigError for a text without `=`."""
    answers = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise ConfigError(f"{text!r} is not QUESTION=ANSWER.", mend='Write it as q1="31 January".')
        answers[key] = value
    return answers


def approve(context: typer.Context, task: TaskArgument, terms: TermsOption = "") -> None:
    """Give the permission the agency asks for."""
    _decide(context.obj, task, approved=True, terms=terms)


def refuse(context: typer.Context, task: TaskArgument, terms: TermsOption = "") -> None:
    """Refuse the permission the agency asks for."""
    _decide(context.obj, task, approved=False, terms=terms)


def _decide(invocation: Invocation, task: int, *, approved: bool, terms: str) -> None:
    from connector.cli.output import print_line
    from connector.flow import actions

    with invocation.workspace() as workspace:
        found = _of_kind(workspace, task, "approval")
        ledger = pick_ledger(workspace.settings, found.ledger)
        actions.decide_approval(workspace, ledger, found, approved=approved, terms=terms, actor=invocation.actor)
    said = "Approved" if approved else "Refused"
    print_line(f"{said}. It goes out with: incasso follow {found.ledger}")


def _of_kind(workspace: "Workspace", task: int, kind: str) -> "Task":
    found = pick_task(workspace, task)
    if found.kind != kind:
        raise ConfigError(f"task {task} is no {kind} but a {found.kind}.", mend=f"Run: {_settling(found)}")
    return found
