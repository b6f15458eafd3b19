"""Hand over: carry out exactly a plan, and leave out by name whatever has changed since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.api import Sink, Source
from connector.config import Ledger, Link
from connector.errors import ConfigError, PluginError, RejectedError, TransientError
from connector.flow.accounts import account, kind_of
from connector.flow.agencies import Troubles
from connector.flow.balance import otherwise_closed, paid
from connector.flow.delivery import deliver
from connector.flow.messages import derive_case_ref, put_document, put_open, seal_document
from connector.flow.runs import Progress, Remark, Report, StoppedError, quiet, running
from connector.flow.since import is_same, tell_since
from connector.flow.workspace import Workspace
from connector.model import Account, Case, Claim, ClaimLine, Decision, Document, Money
from connector.policy.decide import decide
from connector.policy.policy import Policy
from connector.store import Tx, agency, cases, debtors, items, journal, plans, quarantine
from connector.store.cases import AlreadyHandedOverError, CaseRow, LineRow
from connector.store.plans import Plan


class _LeftOutError(Exception):
    """This decision is not carried out, for a reason a person can read."""


class _AgencyFailedError(Exception):
    """The agency this decision is for takes nothing now; the plan stays open for its cases."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class _Handing:
    """What carrying out one plan works with; `opened` are the sinks that were needed so far, by connection."""

    workspace: Workspace
    ledger: Ledger
    plan: Plan
    policy: Policy
    source: Source
    report: Report
    opened: dict[str, Sink] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)

    def sink(self, link: Link) -> Sink:
        """An agency of the ledger, opened once."""
        if link.connection not in self.opened:
            self.opened[link.connection] = self.workspace.sink(link)
        return self.opened[link.connection]


def hand_over(workspace: Workspace, ledger: Ledger, plan_id: int, *, progress: Progress = quiet) -> Report:
    """Carry out the escalations of an open plan, each at the agency it names, then send what is due.

    Raises ConfigError when there is no such plan, it was carried out already, or the ledger has no sink, and
    TransientError in the quarantine after a restore: first it has to be known again what is there. What the
    source or an agency raises otherwise (no calls left, log in again) leaves the plan open: handing it over again
    goes on with the cases that are left. An agency that fails keeps nothing from the others: its error comes last.
    """
    if not ledger.sinks:
        raise ConfigError("this ledger hands nothing over", file=ledger.source.shown, key="sink", mend="Add [sink].")
    with running(workspace, ledger.name, "handover") as report:
        plan = _open_plan(workspace, ledger, plan_id)
        _refuse_in_quarantine(workspace, ledger)
        handing = _Handing(
            workspace=workspace,
            ledger=ledger,
            plan=plan,
            policy=workspace.policy(ledger),
            source=workspace.source(ledger),
            report=report,
        )
        with workspace.store.read() as tx:
            chosen = [one.decision for one in plans.decisions(tx, plan.id, action="escalate") if not one.outcome]
        for decision in chosen:
            _carry_out(handing, decision)
            progress("cases", 1)
            if workspace.stop.is_set():
                raise StoppedError("stopped between two cases; hand the same plan over again to go on")
        if not handing.troubles.at_agency:
            with workspace.store.write() as tx:
                plans.mark_applied(tx, plan.id, at=workspace.clock.now())
        _send(handing)
    return report


def _send(handing: _Handing) -> None:
    """Send what waits, to each agency that has not failed yet; then say what went wrong."""
    workspace, ledger, troubles = handing.workspace, handing.ledger, handing.troubles
    for link in ledger.sinks:
        if link.connection not in troubles.at_agency:
            with troubles.at(workspace, link.connection):
                deliver(workspace, ledger, link, handing.sink(link), handing.report)
    troubles.tell(ledger)


def _open_plan(workspace: Workspace, ledger: Ledger, plan_id: int) -> Plan:
    with workspace.store.read() as tx:
        plan = plans.read_plan(tx, plan_id)
    if plan is None or plan.ledger != ledger.name:
        raise ConfigError(f"ledger {ledger.name} has no plan {plan_id}", mend=f"Make one: incasso plan {ledger.name}")
    if plan.state != "open":
        raise ConfigError(f"plan {plan_id} is {plan.state}", mend=f"Make a new one: incasso plan {ledger.name}")
    return plan


def _refuse_in_quarantine(workspace: Workspace, ledger: Ledger) -> None:
    with workspace.store.read() as tx:
        held = quarantine.keeps_cases(tx, ledger.name)
    if held:
        said = "the database was restored, and it is not known yet which cases were handed over after the back-up"
        raise TransientError(f"{said}: incasso follow {ledger.name}, then incasso quarantine show")


def _carry_out(handing: _Handing, decision: Decision) -> None:
    store = handing.workspace.store
    try:
        link = _destination(handing, decision)
        if link.connection in handing.troubles.at_agency:
            return
        case_ref = _open_case(handing, decision, link)
    except _AgencyFailedError as failed:
        handing.troubles.keep(handing.workspace, link.connection, failed.error)
        return
    except _LeftOutError as left_out:
        handing.report.counts["left out"] += 1
        handing.report.remarks.append(Remark(f"left out, {left_out}", decision.debtor_id))
        with store.write() as tx:
            plans.settle_decision(tx, handing.plan.id, decision.debtor_id, outcome="left_out", why=str(left_out))
        return
    handing.report.counts["cases"] += 1
    handing.report.counts["claims"] += len(decision.claims)
    handing.report.remarks.append(Remark(f"handed over as {case_ref}", decision.debtor_id))


def _destination(handing: _Handing, decision: Decision) -> Link:
    found = handing.ledger.sink_at(decision.destination)
    if found is None:
        raise _LeftOutError(f"the policy sends it to {decision.destination}, which the ledger does not name")
    return found


def _open_case(handing: _Handing, decision: Decision, link: Link) -> str:
    workspace, ledger = handing.workspace, handing.ledger
    day = workspace.clock.today(ledger.timezone)
    with workspace.store.read() as tx:
        present = account(tx, ledger, decision.debtor_id, day)
        _unchanged(handing, tx, present, decision)
        case = _build(tx, ledger, link, present, decision=decision)
    reason = workspace.plugins.before_handover(case, link.connection)
    if reason:
        raise _LeftOutError(reason)
    try:
        most = _preflight(handing.sink(link), case)
    except _LeftOutError:
        raise
    except Exception as error:
        raise _AgencyFailedError(error) from error
    documents = _documents(handing, case, most=most)
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        _commit(handing, tx, case, link, documents=documents, at=at)
        plans.settle_decision(tx, handing.plan.id, decision.debtor_id, outcome="handed_over", case_ref=case.case_ref)
    return case.case_ref


def _unchanged(handing: _Handing, tx: Tx, present: Account, decision: Decision) -> None:
    """What was shown is what happens: other facts, another policy or another outcome, and the person sees it anew."""
    again = decide(present, handing.policy, handing.workspace.law)
    if not is_same(decision, again):
        raise _LeftOutError(tell_since(tx, decision, again, present, made_at=handing.plan.created_at))


def _build(tx: Tx, ledger: Ledger, link: Link, present: Account, *, decision: Decision) -> Case:
    debtor = debtors.debtor_of(tx, ledger.name, decision.debtor_id)
    # Whom the source has not sent has no country, and the law lets nobody go whose country is not known.
    assert debtor is not None
    chosen = [claim for claim in present.claims if claim.claim in decision.claims]
    attempt = cases.times_handed_over(tx, ledger.name, list(decision.claims))
    case_ref = derive_case_ref(ledger.name, decision.debtor_id, list(decision.claims), attempt=attempt)
    return Case(
        case_ref=case_ref,
        ledger=ledger.name,
        creditor=ledger.creditor_at(link),
        debtor=debtor.model_copy(update={"kind": kind_of(ledger, debtor.kind)}),
        lines=tuple(_line(claim, f"{case_ref}-{number}") for number, claim in enumerate(chosen, start=1)),
        currency=decision.currency,
        product=ledger.product_at(link),
        language=debtor.language or ledger.language,
        description=f"{len(chosen)} unpaid invoices of {ledger.creditor.name}",
        prior_steps=present.steps,
        is_test=ledger.is_test,
    )


def _line(claim: Claim, line_id: str) -> ClaimLine:
    if claim.invoice_date is None or claim.due_date is None:
        raise _LeftOutError(f"invoice {claim.number} has no invoice date or due date")
    if claim.open_minor != claim.overdue_minor:
        raise _LeftOutError(f"invoice {claim.number} is not wholly due before {claim.last_due_date}")
    return ClaimLine(
        line_id=line_id,
        claim=claim.claim,
        number=claim.number,
        invoice_date=claim.invoice_date,
        due_date=claim.due_date,
        original=Money(minor=claim.original_minor or claim.open_minor, currency=claim.currency),
        open=Money(minor=claim.open_minor, currency=claim.currency),
        description=claim.description,
        payment_reference=claim.payment_reference,
    )


def _preflight(sink: Sink, case: Case) -> int:
    """Whether the agency takes the case; returns how many bytes a document for it may have."""
    promise = sink.capabilities()
    minimum = promise.minimum.get(case.currency, 0)
    if case.open.minor < minimum:
        least = Money(minor=minimum, currency=case.currency)
        raise _LeftOutError(f"{case.open} is less than the agency takes ({least})")
    blocking = sink.preflight(case).blocking
    if blocking:
        raise _LeftOutError("; ".join(finding.message for finding in blocking))
    return promise.max_document_bytes


def _documents(handing: _Handing, case: Case, *, most: int) -> Sequence[Document]:
    """The invoices of the case, asked of the source only now that they are needed; none of more than `most` bytes."""
    if not (handing.ledger.documents and handing.workspace.source_provides(handing.ledger, "document")):
        return ()
    found = []
    for line in case.lines:
        try:
            document = handing.source.document(line.claim)
        except (RejectedError, PluginError) as error:
            raise _LeftOutError(f"the invoice {line.number} could not be read: {error.message}") from error
        if document is None or len(document.content) > most:
            handing.report.counts["invoices without document"] += 1
            continue
        found.append(document)
    return found


def _commit(handing: _Handing, tx: Tx, case: Case, link: Link, *, documents: Sequence[Document], at: datetime) -> None:
    """Case, lines, messages and their reasons in one transaction: all of it, or nothing."""
    workspace, name = handing.workspace, handing.ledger.name
    row = CaseRow(
        case_ref=case.case_ref,
        ledger=name,
        connection=link.connection,
        debtor_id=case.debtor.id,
        currency=case.currency,
        plan_id=handing.plan.id,
        opened_at=at,
        handover="queued",
        handover_at=at,
        base_credit=items.open_credit(tx, name, case.debtor.id, case.currency),
    )
    pieces = items.pieces(tx, name, row.debtor_id, [line.claim for line in case.lines])
    lines = [
        LineRow(
            case_ref=case.case_ref,
            line_id=line.line_id,
            ledger=name,
            claim=line.claim,
            number=line.number,
            handed_minor=line.open.minor,
            base_paid=paid(pieces[line.claim]),
            base_other=otherwise_closed(pieces[line.claim]),
        )
        for line in case.lines
    ]
    try:
        cases.open_case(tx, row, lines)
    except AlreadyHandedOverError as error:
        raise _LeftOutError("a claim of it is at an agency already") from error
    put_open(workspace, tx, row, case, at=at)
    for document in documents:
        agency.store_document(tx, name, document, sealed=seal_document(workspace, document), at=at)
        put_document(workspace, tx, row, document.id, at=at)
    journal.note(tx, "case.opened", case.case_ref, at=at, ledger=name, plan=handing.plan.id, open_minor=case.open.minor)
