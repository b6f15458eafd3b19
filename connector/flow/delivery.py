"""The delivery of messages to agencies: intent first, the wire second, and no doubt settled by guessing.

The rules are in `connector.flow.protocol`, the states in `connector.store.outbox`; here they meet store and network.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector.api import Sink
from connector.config import Ledger, Link
from connector.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    ConnectorError,
    QuotaError,
    RejectedError,
    TransientError,
)
from connector.flow.messages import OPEN, open_document, read_mutation, read_payload
from connector.flow.protocol import SEND_BY, Answer, Move, answered, intend, looked_up, pause, way_out
from connector.flow.returned import bring_back
from connector.flow.runs import Remark, Report
from connector.flow.unsent import reason_to_stay, take_back
from connector.flow.workspace import Workspace
from connector.http.deadline import moment, write_until
from connector.log import mask
from connector.model import Capabilities, Case, Receipt
from connector.store import StoreError, Tx, agency, cases, journal, outbox, people, quarantine, withdrawals
from connector.store.outbox import Outgoing

# Whoever was overdue when the store was restored has been handed over by then.
_ASK_FIRST = timedelta(days=60)
# What a report calls an attempt that went wrong, by what became of its message.
_COUNTED = {"REJECTED": "rejected", "PARKED": "parked", "READY": "put off", "UNKNOWN": "unknown"}


def deliver(workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, report: Report) -> None:
    """Settle what is in doubt at one agency, then send it what is due, one message at a time, payments first.

    No new case leaves a ledger that is on the brake, nor one that something keeps at home by now. In the quarantine
    after a restore nothing leaves, or no new case, and doubts are settled by look-up alone.
    Raises AuthError, ConfigError or QuotaError when the connection as a whole cannot go on; the message at hand
    is then ready again.
    """
    _find_interrupted(workspace, ledger, link)
    _settle_doubts(workspace, ledger, link, sink, report)
    while not workspace.stop.is_set():
        with workspace.store.read() as tx:
            brake = journal.read_ledger_state(tx, ledger.name).brake_reason
            held = quarantine.held(tx, ledger.name, link.connection)
            if held == "all":
                return
            without = OPEN if brake or held else ""
            message = outbox.due(tx, ledger.name, at=workspace.clock.now(), connection=link.connection, without=without)
            waiting = outbox.count_ready(tx, ledger.name, OPEN) if brake and message is None else 0
            why = reason_to_stay(workspace, tx, ledger, message) if message and message.kind == OPEN else ""
        if message is None:
            _say_held(ledger, report, brake=brake, waiting=waiting)
            return
        if why:
            _keep_home(workspace, sink, message, why=why, report=report)
        elif not _is_there_already(workspace, sink, message, report):
            _attempt(workspace, ledger, sink, message, report)


def _say_held(ledger: Ledger, report: Report, *, brake: str, waiting: int) -> None:
    """A run delivers more than once: what waits is said once."""
    if not waiting or report.counts["cases held by the brake"]:
        return
    report.counts["cases held by the brake"] = waiting
    said = f"the brake holds what was to be handed over ({brake}): look, then incasso release {ledger.name}"
    report.remarks.append(Remark(said))


def _keep_home(workspace: Workspace, sink: Sink, message: Outgoing, *, why: str, report: Report) -> None:
    """Take a case back that has not left. One that was tried before is asked for first: the line was bad then."""
    asked = message.attempt and sink.capabilities().lookup
    if asked and _settled_by_asking(workspace, sink, message, report):
        return
    with workspace.store.write() as tx:
        row = take_back(tx, message, why=why, at=workspace.clock.now())
    if row is not None:
        report.counts["taken back"] += 1
        report.remarks.append(Remark(f"case {row.case_ref} was taken back before it was sent: {why}", row.debtor_id))


def _is_there_already(workspace: Workspace, sink: Sink, message: Outgoing, report: Report) -> bool:
    """Some time after a restore a new case is asked for before it is sent: the same facts gave the same key before.

    The agency's feed should have told of it, and is not trusted with this alone.
    """
    if message.kind != OPEN or message.attempt or not sink.capabilities().lookup:
        return False
    with workspace.store.read() as tx:
        restored = quarantine.restored_at(tx, message.ledger)
    if restored is None or message.created_at > restored + _ASK_FIRST:
        return False
    return _settled_by_asking(workspace, sink, message, report)


def _find_interrupted(workspace: Workspace, ledger: Ledger, link: Link) -> None:
    """A message that is still being sent belongs to a run that died: whether it arrived is unknown.

    Only one run works a ledger at a time, so no living one is in the middle of it.
    """
    with workspace.store.write() as tx:
        for message in outbox.in_state(tx, ledger.name, "SENDING", connection=link.connection):
            _doubt(tx, message, Move("UNKNOWN"), why="the process ended while it was being sent")


def _settle_doubts(workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, report: Report) -> None:
    """What is unknown goes on by the same key, by look-up, or to a person: whatever the receiver's word allows."""
    with workspace.store.read() as tx:
        doubtful = outbox.in_state(tx, ledger.name, "UNKNOWN", connection=link.connection)
        held = quarantine.held(tx, ledger.name, link.connection)
    for message in doubtful:
        if workspace.stop.is_set():
            return
        now = workspace.clock.now()
        unwanted = bool(held) or (message.kind == OPEN and _unwanted(workspace, ledger, message))
        way = way_out(message, sink.capabilities(), now=now, prefer_look_up=unwanted)
        if way == "repeat" and not _comes_later(workspace, message, held):
            _attempt(workspace, ledger, sink, message, report)
        elif way == "look_up":
            _look_up(workspace, sink, message, report)
        elif way == "park":
            _park(workspace, message, Move("PARKED"), why="the agency cannot be asked by our key")
            report.counts["parked"] += 1


def _comes_later(workspace: Workspace, message: Outgoing, held: quarantine.Held) -> bool:
    """Whether a repeat has to wait: for the quarantine, or for what comes before it in its case.

    After a restore more than one message of a case can be in doubt.
    """
    if held == "all" or (held and message.kind == OPEN):
        return True
    with workspace.store.read() as tx:
        before = [one for one in outbox.of_case(tx, message.case_ref) if one.seq < message.seq]
    return any(one.kind != outbox.DOCUMENT and one.state not in outbox.ENDED for one in before)


def _unwanted(workspace: Workspace, ledger: Ledger, message: Outgoing) -> bool:
    """Whether a hand-over in doubt should rather not have arrived: a repeat would bring it there."""
    with workspace.store.read() as tx:
        brake = journal.read_ledger_state(tx, ledger.name).brake_reason
        return bool(brake or reason_to_stay(workspace, tx, ledger, message))


def _look_up(workspace: Workspace, sink: Sink, message: Outgoing, report: Report) -> None:
    if not _settled_by_asking(workspace, sink, message, report):
        with workspace.store.write() as tx:
            send_again(workspace, tx, message)


def _settled_by_asking(workspace: Workspace, sink: Sink, message: Outgoing, report: Report) -> bool:
    """Ask by our key; False when it is not there. An agency that cannot say yet is asked again later.

    That holds nothing else up.
    """
    try:
        receipt = sink.find(message.key)
    except TransientError as error:
        with workspace.store.write() as tx:
            again = workspace.clock.now() + pause(message)
            outbox.move(tx, message, message.state, next_at=again, last_error=mask(str(error)))
        return True
    report.counts["looked up"] += 1
    if receipt is not None:
        _delivered(workspace, message, receipt)
    return receipt is not None


def _attempt(workspace: Workspace, ledger: Ledger, sink: Sink, message: Outgoing, report: Report) -> None:
    promise = sink.capabilities()
    began = moment()
    intent = intend(message, promise, now=workspace.clock.now())
    with workspace.store.write() as tx:
        if not outbox.move(tx, message, intent.state, **intent.values):
            return
        if message.kind == OPEN:
            cases.change_case(tx, message.case_ref, handover="sending")
    sending = replace(message, state=intent.state, **intent.values)
    try:
        with write_until(began, SEND_BY):
            receipt = _send(workspace, ledger, sink, sending)
    except Exception as error:
        _went_wrong(workspace, sending, error, promise=promise, report=report)
        # The connection as a whole cannot go on.
        if isinstance(error, AuthError | ConfigError | QuotaError):
            raise
    else:
        _delivered(workspace, sending, receipt)
        report.counts[f"delivered {sending.kind}"] += 1


def _went_wrong(
    workspace: Workspace, message: Outgoing, error: Exception, *, promise: Capabilities, report: Report
) -> None:
    move = answered(message, _sort(error), promise, now=workspace.clock.now())
    why = mask(str(error)) or type(error).__name__
    match move.state:
        case "REJECTED":
            _rejected(workspace, message, move, reasons=getattr(error, "reasons", (why,)))
        case "PARKED":
            _park(workspace, message, move, why=why)
        case "READY":
            _later(workspace, message, move, error, why=why)
        case _:
            with workspace.store.write() as tx:
                _doubt(tx, message, move, why=why)
    report.counts[_COUNTED[move.state]] += 1
    if not isinstance(error, ConnectorError):
        workspace.log.error("the sink failed", message=message.kind, error=type(error).__name__)


def _sort(error: Exception) -> Answer:
    """What an error says of the attempt. Whatever is not known to be harmless may have arrived."""
    match error:
        case StoreError():
            # Ours, not the receiver's: what could not be noted may have been done.
            return "unclear"
        case RejectedError():
            return "refused"
        case ConflictError():
            return "conflict"
        case AuthError() | ConfigError() | QuotaError() | TransientError():
            return "not_processed"
        case _:
            return "unclear"


def _send(workspace: Workspace, ledger: Ledger, sink: Sink, message: Outgoing) -> Receipt:
    if message.kind == OPEN:
        return sink.submit(Case.model_validate_json(read_payload(workspace, message)), key=message.key)
    if message.kind == outbox.DOCUMENT:
        with workspace.store.read() as tx:
            kept = agency.read_document(tx, ledger.name, read_payload(workspace, message).decode())
        if kept is None:
            raise RejectedError("the document is not kept any more")
        return sink.attach(message.case_ref, open_document(workspace, kept), key=message.key)
    return sink.mutate(read_mutation(workspace, message), key=message.key)


def _delivered(workspace: Workspace, message: Outgoing, receipt: Receipt) -> None:
    with workspace.store.write() as tx:
        note_arrival(workspace, tx, message, receipt)


def note_arrival(workspace: Workspace, tx: Tx, message: Outgoing, receipt: Receipt) -> bool:
    """The agency has the message. False, with nothing changed, when somebody else settled it meanwhile."""
    now = workspace.clock.now()
    move = looked_up(found=True, now=now)
    if not outbox.move(tx, message, move.state, **move.values, reference=receipt.reference, last_error=""):
        return False
    if message.kind == OPEN:
        row = cases.read_case(tx, message.case_ref)
        # An event may have been quicker than the answer.
        if row is not None and row.handover in ("queued", "sending", "unknown"):
            state = "accepted" if receipt.state == "accepted" else "received"
            cases.change_case(tx, message.case_ref, handover=state, agency_ref=receipt.reference)
    cases.touch(tx, [message.case_ref])
    _note(workspace, tx, message, "delivered", reference=receipt.reference)
    return True


def send_again(workspace: Workspace, tx: Tx, message: Outgoing) -> bool:
    """The agency has not got the message: it is due now. False, with nothing changed, when somebody else settled it."""
    move = looked_up(found=False, now=workspace.clock.now())
    if not outbox.move(tx, message, move.state, **move.values, last_error=""):
        return False
    if message.kind == OPEN:
        row = cases.read_case(tx, message.case_ref)
        if row is not None and row.handover in ("sending", "unknown"):
            cases.change_case(tx, message.case_ref, handover="queued")
    return True


def _rejected(workspace: Workspace, message: Outgoing, move: Move, *, reasons: tuple[str, ...]) -> None:
    now = workspace.clock.now()
    said = "; ".join(reasons)
    with workspace.store.write() as tx:
        if not outbox.move(tx, message, move.state, **move.values, last_error=said):
            return
        if message.kind == OPEN:
            for other in outbox.of_case(tx, message.case_ref):
                if other.state == "READY":
                    outbox.move(tx, other, "CANCELLED", ended_at=now, last_error="the hand-over was refused")
            row = cases.read_case(tx, message.case_ref)
            assert row is not None
            bring_back(tx, row, reason=said, at=now)
            withdrawals.end(tx, message.case_ref, "confirmed", at=now, why=said)
            cases.change_case(tx, message.case_ref, handover="rejected", handover_at=now, closure_why=said)
        people.open_task(
            tx,
            message.ledger,
            "rejected",
            message.key,
            case_ref=message.case_ref,
            subject=f"The agency refused {message.kind} of case {message.case_ref}: {said}",
            at=now,
        )
        cases.touch(tx, [message.case_ref])
        _note(workspace, tx, message, "rejected", reasons=said)


def _later(workspace: Workspace, message: Outgoing, move: Move, error: Exception, *, why: str) -> None:
    values = {**move.values, "next_at": error.until} if isinstance(error, QuotaError) else move.values
    with workspace.store.write() as tx:
        if outbox.move(tx, message, move.state, **values, last_error=why) and message.kind == OPEN:
            cases.change_case(tx, message.case_ref, handover="queued")


def _doubt(tx: Tx, message: Outgoing, move: Move, *, why: str) -> None:
    if outbox.move(tx, message, move.state, **move.values, last_error=why) and message.kind == OPEN:
        cases.change_case(tx, message.case_ref, handover="unknown")


def _park(workspace: Workspace, message: Outgoing, move: Move, *, why: str) -> None:
    now = workspace.clock.now()
    with workspace.store.write() as tx:
        if not outbox.move(tx, message, move.state, **move.values, last_error=why):
            return
        if message.kind == OPEN:
            cases.change_case(tx, message.case_ref, handover="unknown")
        people.open_task(
            tx,
            message.ledger,
            "parked",
            message.key,
            case_ref=message.case_ref,
            subject=f"Ask the agency whether {message.kind} of case {message.case_ref} arrived: {why}",
            body={"message": message.id},
            at=now,
        )
        _note(workspace, tx, message, "parked", why=why)


def _note(workspace: Workspace, tx: Tx, message: Outgoing, what: str, **detail: Any) -> None:
    journal.note(
        tx,
        f"{message.kind}.{what}",
        message.case_ref,
        at=workspace.clock.now(),
        ledger=message.ledger,
        attempt=message.attempt,
        **detail,
    )
