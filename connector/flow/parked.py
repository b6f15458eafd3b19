"""A message that waits for a person, because its receiver cannot be asked, or has something else there."""

from typing import Any, Literal

from connector.errors import ConfigError
from connector.flow.delivery import note_arrival, send_again
from connector.flow.messages import OPEN, read_mutation, read_payload
from connector.flow.unsent import take_back
from connector.flow.workspace import Workspace
from connector.model import Case, Receipt
from connector.store import Tx, journal, outbox, people
from connector.store.outbox import Outgoing

Answer = Literal["arrived", "not_arrived", "given_up"]


def resolve(workspace: Workspace, number: int, answer: Answer, *, told: str, actor: str) -> Outgoing:
    """A person asked the receiver, and says what it said. Returns the message as it was.

    - `arrived`: it stands as if the answer had come; `told` is the receiver's own reference of it.
    - `not_arrived`: the same message goes out again, under the same key.
    - `given_up`: it is not sent any more; `told` says why. The claims of a hand-over come home with it. What a mutation
      says, the person tells the receiver another way: it counts as told.

    Raises ConfigError when the message is not parked, or somebody settled it meanwhile.
    """
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        message = outbox.read(tx, number)
        if message is None or message.state != "PARKED" or not _settle(workspace, tx, message, answer, told=told):
            raise ConfigError(f"message {number} is not parked", mend="See: incasso outbox list")
        outcome = {"arrived": f"arrived as {told}", "not_arrived": "not arrived, sent again", "given_up": "given up"}
        people.finish_task(tx, message.ledger, "parked", message.key, at=at, outcome=f"{outcome[answer]} ({actor})")
        journal.note(
            tx,
            "message.resolved",
            message.case_ref,
            at=at,
            ledger=message.ledger,
            actor=actor,
            message=message.kind,
            answer=answer,
            reference=told if answer == "arrived" else "",
        )
    return message


def _settle(workspace: Workspace, tx: Tx, message: Outgoing, answer: Answer, *, told: str) -> bool:
    if answer == "arrived":
        return note_arrival(workspace, tx, message, Receipt(reference=told))
    if answer == "not_arrived":
        return send_again(workspace, tx, message)
    at = workspace.clock.now()
    if message.kind == OPEN:
        return take_back(tx, message, why=told, at=at) is not None
    return outbox.move(tx, message, "CANCELLED", ended_at=at, last_error=told)


def contents(workspace: Workspace, message: Outgoing) -> dict[str, Any]:
    """What a message says, as far as a person needs it to ask: amounts and invoices, no names and no addresses."""
    if message.kind == outbox.DOCUMENT:
        return {"document": read_payload(workspace, message).decode()}
    if message.kind == OPEN:
        case = Case.model_validate_json(read_payload(workspace, message))
        return {"total": str(case.open), "invoices": [f"{line.number}: {line.open}" for line in case.lines]}
    mutation = read_mutation(workspace, message)
    found: dict[str, Any] = {"mutation": mutation.mutation_id, "day": mutation.effective_date.isoformat()}
    lines = getattr(mutation, "lines", ())
    return found | ({"amounts": [f"{line.line_id}: {line.amount}" for line in lines]} if lines else {})
