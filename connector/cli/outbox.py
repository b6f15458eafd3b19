"""`incasso outbox …`: what is on its way to the agencies, and settling what only a person can settle."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption, LedgerArgument
from connector.cli.selection import pick_ledger
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.flow.workspace import Workspace
    from connector.store.outbox import Outgoing

MessageArgument = Annotated[int, typer.Argument(metavar="MESSAGE", help="The number of a message.")]
_AT_ONCE = 1000
# Ready to be sent to the agency: what was sent is named by references, not by who owes.
_QUESTIONS = {
    "nl": "Heeft u onder onze referentie {case} de levering {key} ({kind}) van {at} ontvangen? "
    "Zo ja, onder welk nummer van u?",
    "fr": "Avez-vous reçu sous notre référence {case} l'envoi {key} ({kind}) du {at} ? "
    "Si oui, sous quel numéro chez vous ?",
    "en": "Did you receive, under our reference {case}, the delivery {key} ({kind}) of {at}? "
    "If so, under which number of yours?",
}


def listing(
    context: typer.Context,
    ledger: LedgerArgument = "",
    state: Annotated[
        str,
        typer.Option("--state", help="Only these: ready, sending, unknown, parked, delivered, rejected, cancelled."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """List what has not arrived yet, what stops a collection first."""
    from connector.cli.output import instant, print_line, show_json, show_table
    from connector.store import outbox

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        name = pick_ledger(workspace.settings, ledger).name if ledger else ""
        with workspace.store.read() as tx:
            found = outbox.listing(tx, ledger=name, state=_state(state), limit=_AT_ONCE)
    if json:
        show_json([_facts(one) for one in found])
    elif not found:
        print_line("Nothing is on its way." if not state else f"No message is {state}.")
    else:
        rows = [
            [
                str(one.id),
                one.ledger,
                one.case_ref,
                _kind(one),
                one.state.lower(),
                instant(one.created_at),
                str(one.attempt),
                one.last_error or "-",
            ]
            for one in found
        ]
        columns = ["message", "ledger", "case", "what", "state", "since", "attempts", "trouble"]
        show_table(columns, rows, right=["message", "attempts"], whole=["case", "since"])
        if len(found) == _AT_ONCE:
            print_line(f"These are the first {_AT_ONCE:,}.")


def show(
    context: typer.Context,
    message: MessageArgument,
    language: Annotated[
        Literal["nl", "fr", "en"], typer.Option("--language", help="Of the question to the agency.")
    ] = "nl",
    json: JsonOption = False,
) -> None:
    """Show a message with all that is needed to ask its receiver."""
    from connector.cli.naming import NOBODY, debtors_of_cases
    from connector.cli.output import instant, print_line, show_facts, show_json
    from connector.flow.parked import contents

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = _pick(workspace, message)
        said = contents(workspace, found)
        debtor = debtors_of_cases(workspace, [found.case_ref]).get(found.case_ref, NOBODY)
    at = instant(found.sent_at or found.created_at)
    question = _QUESTIONS[language].format(case=found.case_ref, key=found.key, kind=_kind(found), at=at)
    if json:
        show_json({**_facts(found), "debtor_code": debtor.debtor_code, "contents": said, "question": question})
        return
    show_facts(
        {
            "message": f"{found.id}, {_kind(found)}",
            "ledger": found.ledger,
            "to": found.connection,
            "our reference": found.case_ref,
            "debtor": debtor.full if debtor.debtor_id else "",
            "key": found.key,
            "state": found.state.lower(),
            "written": instant(found.created_at),
            "attempts": str(found.attempt),
            "last sent": instant(found.sent_at) if found.sent_at else "",
            "in doubt since": instant(found.doubtful_since) if found.doubtful_since else "",
            "its number there": found.reference,
            "trouble": found.last_error,
            **{word: _said(value) for word, value in said.items()},
        }
    )
    if found.state == "PARKED":
        print_line(f"Ask: {question}")
        print_line(f"Then: {settling(found.id)}")


def settling(message: int) -> str:
    """The command that settles a parked message."""
    return f"incasso outbox resolve {message} --arrived REFERENCE, or --not-arrived, or --give-up REASON"


def resolve(
    context: typer.Context,
    message: MessageArgument,
    arrived: Annotated[
        str, typer.Option("--arrived", metavar="REFERENCE", help="It has arrived; the agency's number of it.")
    ] = "",
    not_arrived: Annotated[bool, typer.Option("--not-arrived", help="It has not: send it again.")] = False,
    give_up: Annotated[
        str, typer.Option("--give-up", metavar="REASON", help="Do not send it any more; you tell the agency yourself.")
    ] = "",
) -> None:
    """Say what became of a parked message, after asking the agency."""
    from connector.cli.output import print_line
    from connector.flow import parked

    chosen: list[tuple[parked.Answer, str, str]] = [
        ("arrived", arrived.strip(), "Noted as arrived. What waited behind it goes out with"),
        ("not_arrived", "-" if not_arrived else "", "It goes out with"),
        ("given_up", give_up.strip(), "Given up. What waited behind it goes out with"),
    ]
    given = [one for one in chosen if one[1]]
    if len(given) != 1:
        raise typer.BadParameter("give one of --arrived, --not-arrived and --give-up", param_hint="--arrived")
    ((answer, told, said),) = given
    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        found = parked.resolve(workspace, message, answer, told=told, actor=invocation.actor)
    print_line(f"{said}: incasso follow {found.ledger}")


def _pick(workspace: "Workspace", number: int) -> "Outgoing":
    from connector.store import outbox

    with workspace.store.read() as tx:
        found = outbox.read(tx, number)
    if found is None:
        raise ConfigError(f"there is no message {number}.", mend="See: incasso outbox list")
    return found


def _state(given: str) -> str:
    from connector.store import outbox

    wanted = given.upper()
    if wanted and wanted not in outbox.STATES:
        known = ", ".join(one.lower() for one in outbox.STATES)
        raise ConfigError(f"there is no state {given}.", mend=f"There are: {known}.")
    return wanted


def _facts(one: "Outgoing") -> dict[str, Any]:
    return {name: value for name, value in vars(one).items() if name not in ("payload", "payload_sha256")}


def _kind(one: "Outgoing") -> str:
    return one.kind.removeprefix("case.").replace("_", " ")


def _said(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
