"""The delivery of messages to agencies: intent first, the wire second, and a lost answer settled by look-up only.

The rules and their proof sketch: reliability reference, section 3.2. States: `connector.store.outbox`.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from pydantic import TypeAdapter

from connector.api import Sink
from connector.config import Ledger
from connector.errors import AuthError, ConfigError, ConnectorError, QuotaError, RejectedError, TransientError
from connector.flow.messages import OPEN, open_document, read_payload
from connector.flow.returned import bring_back
from connector.flow.runs import Remark, Report
from connector.flow.unsent import reason_to_stay, take_back
from connector.flow.workspace import Workspace
from connector.log import mask
from connector.model import Case, Mutation, Receipt
from connector.store import Tx, agency, cases, journal, outbox, people
from connector.store.outbox import Outgoing

_MUTATION: TypeAdapter[Mutation] = TypeAdapter(Mutation)
# An attempt is on the wire at most this long after its intent was committed.
_SEND_BY = timedelta(seconds=30)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)


def deliver(workspace: Workspace, ledger: Ledger, sink: Sink, report: Report) -> None:
    """Settle what is in doubt, then send what is due, one message at a time, payments first.

    No new case leaves a ledger that is on the brake, nor one that something keeps at home by now.
    Raises AuthError, ConfigError or QuotaError when the connection as a whole cannot go on; the message at hand
    is then ready again.
    """
    _find_interrupted(workspace, ledger)
    _settle_unknown(workspace, ledger, sink, report)
    while not workspace.stop.is_set():
        with workspace.store.read() as tx:
            brake = journal.read_ledger_state(tx, ledger.name).brake_reason
            message = outbox.due(tx, ledger.name, at=workspace.clock.now(), without=OPEN if brake else "")
            waiting = outbox.count_ready(tx, ledger.name, OPEN) if brake and message is None else 0
            why = reason_to_stay(workspace, tx, ledger, message) if message and message.kind == OPEN else ""
        if message is None:
            _say_held(ledger, report, brake=brake, waiting=waiting)
            return
        if why:
            _keep_home(workspace, sink, message, why=why, report=report)
        else:
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
    if message.attempt and sink.capabilities().lookup:
        receipt = sink.find(message.key)
        report.counts["looked up"] += 1
        if receipt is not None:
            _delivered(workspace, message, receipt)
            return
    with workspace.store.write() as tx:
        row = take_back(tx, message, why=why, at=workspace.clock.now())
    if row is not None:
        report.counts["taken back"] += 1
        report.remarks.append(Remark(f"case {row.case_ref} was taken back before it was sent: {why}", row.debtor_id))


def _find_interrupted(workspace: Workspace, ledger: Ledger) -> None:
    """A message that is still being sent belongs to a run that died: whether it arrived is unknown.

    Only one run works a ledger at a time, so no living one is in the middle of it.
    """
    with workspace.store.write() as tx:
        for message in outbox.in_state(tx, ledger.name, "SENDING"):
            outbox.move(tx, message, "UNKNOWN", last_error="the process ended while it was being sent")


def _settle_unknown(workspace: Workspace, ledger: Ledger, sink: Sink, report: Report) -> None:
    """After the settle time the agency is asked by our key; its answer decides."""
    with workspace.store.read() as tx:
        doubtful = outbox.in_state(tx, ledger.name, "UNKNOWN", settled_by=workspace.clock.now())
    for message in doubtful:
        if not sink.capabilities().lookup:
            _park(workspace, message, "the agency cannot be asked by our key")
            report.counts["parked"] += 1
            continue
        receipt = sink.find(message.key)
        report.counts["looked up"] += 1
        if receipt is not None:
            _delivered(workspace, message, receipt)
        else:
            with workspace.store.write() as tx:
                send_again(workspace, tx, message)


def _attempt(workspace: Workspace, ledger: Ledger, sink: Sink, message: Outgoing, report: Report) -> None:
    promise = sink.capabilities()
    now = workspace.clock.now()
    settle = now + _SEND_BY + promise.max_processing + promise.read_lag
    with workspace.store.write() as tx:
        if not outbox.move(tx, message, "SENDING", attempt=message.attempt + 1, sent_at=now, settle_until=settle):
            return
        if message.kind == OPEN:
            cases.change_case(tx, message.case_ref, handover="sending")
    sending = replace(message, state="SENDING", attempt=message.attempt + 1)
    try:
        receipt = _send(workspace, ledger, sink, sending)
    except RejectedError as error:
        _rejected(workspace, sending, error)
        report.counts["rejected"] += 1
    except (AuthError, ConfigError, QuotaError, TransientError) as error:
        # Surely not processed: the same message goes out again later.
        _later(workspace, sending, error)
        report.counts["put off"] += 1
        if not isinstance(error, TransientError):
            raise
    except Exception as error:
        # Whatever else went wrong: it may have arrived. Never repeated blindly.
        _unknown(workspace, sending, error)
        report.counts["unknown"] += 1
        if not isinstance(error, ConnectorError):
            workspace.log.error("the sink failed", message=sending.kind, error=type(error).__name__)  # noqa: TRY400
    else:
        _delivered(workspace, sending, receipt)
        report.counts[f"delivered {sending.kind}"] += 1


def _send(workspace: Workspace, ledger: Ledger, sink: Sink, message: Outgoing) -> Receipt:
    payload = read_payload(workspace, message)
    if message.kind == OPEN:
        return sink.submit(Case.model_validate_json(payload), key=message.key)
    if message.kind == outbox.DOCUMENT:
        with workspace.store.read() as tx:
            kept = agency.read_document(tx, ledger.name, payload.decode())
        if kept is None:
            raise RejectedError("the document is not kept any more")
        return sink.attach(message.case_ref, open_document(workspace, kept), key=message.key)
    return sink.mutate(_MUTATION.validate_json(payload), key=message.key)


def _delivered(workspace: Workspace, message: Outgoing, receipt: Receipt) -> None:
    with workspace.store.write() as tx:
        note_arrival(workspace, tx, message, receipt)


def note_arrival(workspace: Workspace, tx: Tx, message: Outgoing, receipt: Receipt) -> bool:
    """The agency has the message. False, with nothing changed, when somebody else settled it meanwhile."""
    now = workspace.clock.now()
    if not outbox.move(tx, message, "DELIVERED", reference=receipt.reference, ended_at=now, last_error=""):
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
    if not outbox.move(tx, message, "READY", next_at=workspace.clock.now(), last_error=""):
        return False
    if message.kind == OPEN:
        row = cases.read_case(tx, message.case_ref)
        if row is not None and row.handover in ("sending", "unknown"):
            cases.change_case(tx, message.case_ref, handover="queued")
    return True


def _rejected(workspace: Workspace, message: Outgoing, error: RejectedError) -> None:
    now = workspace.clock.now()
    reasons = "; ".join(error.reasons)
    with workspace.store.write() as tx:
        if not outbox.move(tx, message, "REJECTED", last_error=reasons, ended_at=now):
            return
        if message.kind == OPEN:
            for other in outbox.of_case(tx, message.case_ref):
                if other.state == "READY":
                    outbox.move(tx, other, "CANCELLED", ended_at=now, last_error="the hand-over was refused")
            row = cases.read_case(tx, message.case_ref)
            assert row is not None
            bring_back(tx, row, reason=reasons, at=now)
            cases.change_case(tx, message.case_ref, handover="rejected", handover_at=now, closure_why=reasons)
        people.open_task(
            tx,
            message.ledger,
            "rejected",
            message.key,
            case_ref=message.case_ref,
            subject=f"The agency refused {message.kind} of case {message.case_ref}: {reasons}",
            at=now,
        )
        cases.touch(tx, [message.case_ref])
        _note(workspace, tx, message, "rejected", reasons=reasons)


def _later(workspace: Workspace, message: Outgoing, error: ConnectorError) -> None:
    now = workspace.clock.now()
    pause = min(_FIRST_PAUSE * 2 ** min(message.attempt - 1, 9), _LONGEST_PAUSE)
    # Jitter from the key: the same message waits the same time, many messages do not wait together.
    pause *= 1 + Random(message.key + str(message.attempt)).random() / 4  # noqa: S311 - not a secret
    again = error.until if isinstance(error, QuotaError) else now + pause
    with workspace.store.write() as tx:
        outbox.move(tx, message, "READY", next_at=again, last_error=mask(str(error)))
        if message.kind == OPEN:
            cases.change_case(tx, message.case_ref, handover="queued")


def _unknown(workspace: Workspace, message: Outgoing, error: Exception) -> None:
    with workspace.store.write() as tx:
        outbox.move(tx, message, "UNKNOWN", last_error=mask(str(error)) or type(error).__name__)
        if message.kind == OPEN:
            cases.change_case(tx, message.case_ref, handover="unknown")


def _park(workspace: Workspace, message: Outgoing, why: str) -> None:
    now = workspace.clock.now()
    with workspace.store.write() as tx:
        outbox.move(tx, message, "PARKED", last_error=why)
        people.open_task(
            tx,
            message.ledger,
            "parked",
            message.key,
            case_ref=message.case_ref,
            subject=f"Ask the agency whether {message.kind} of case {message.case_ref} arrived: {why}",
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
