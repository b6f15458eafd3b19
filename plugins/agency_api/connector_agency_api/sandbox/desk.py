"""The agency's desk: the dossiers, the plan for each of them, and the rules for closing and reopening."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from itertools import count

from connector_agency_api.sandbox.agenda import Agenda
from connector_agency_api.sandbox.dossier import AgencyRequest, Dossier, open_book
from connector_agency_api.sandbox.feed import Feed
from connector_agency_api.sandbox.options import AgencyOptions
from connector_agency_api.sandbox.payouts import Payouts
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.scenarios import Casting, Step
from connector_agency_api.sandbox.wire import CaseSubmission

# A case that was withdrawn, or given up, is neither closed nor opened by what is booked on it.
_SETTLING = ("", "merged", "paid", "credited")

Perform = Callable[["Desk", Dossier, Step, datetime], None]


class Desk:
    """All that the agency knows of one creditor, and its work on it. Not safe for threads: its owner locks."""

    def __init__(self, options: AgencyOptions, casting: Casting, perform: Perform, now: datetime) -> None:
        self.options = options
        self.casting = casting
        self.agenda = Agenda()
        self.feed = Feed()
        self.payouts = Payouts(options)
        self.dossiers: dict[str, Dossier] = {}
        self._perform = perform
        self._numbers = {name: count(1) for name in ("pay", "req", "cost", "msg", "booking")}
        self._plan_payout(now)

    def number(self, name: str) -> str:
        """The next number of a series: pay_1, pay_2 and so on."""
        return f"{name}_{next(self._numbers[name])}"

    # -- dossiers ----------------------------------------------------------------------------------------------

    def open(self, case: CaseSubmission, now: datetime) -> Dossier:
        """Make a dossier of a case and plan its scenario. A test case is kept and never worked."""
        dossier = Dossier(
            submission=case,
            agency_ref=f"A{now:%y}-{len(self.dossiers) + 1:06}",
            received_at=now,
            scenario="" if case.is_test else self.casting.name_for(case),
            book=open_book(case),
        )
        self.dossiers[case.case_ref] = dossier
        self.feed.tell(now, case.case_ref, "received", agency_ref=dossier.agency_ref, raw=dossier.raw_status)
        if dossier.scenario:
            dossier.script = deque(self.casting.scenarios[dossier.scenario].steps)
            self.plan(dossier, now)
        return dossier

    def dossier(self, case_ref: str) -> Dossier:
        """A dossier by the creditor's reference. Raises Problem (404)."""
        if case_ref not in self.dossiers:
            raise Problem("not_found", "case_unknown", "This case reference is not known.", field="case_ref")
        return self.dossiers[case_ref]

    def file_of(self, dossier: Dossier) -> list[Dossier]:
        """The cases under the same file number, in the order of hand-over."""
        return [other for other in self.dossiers.values() if other.agency_ref == dossier.agency_ref]

    def worked_with(self, dossier: Dossier) -> list[Dossier]:
        """The cases of the file that are still open."""
        return [member for member in self.file_of(dossier) if member.closure in ("", "merged")]

    # -- plans -------------------------------------------------------------------------------------------------

    def plan(self, dossier: Dossier, now: datetime) -> None:
        """Put the next step of the dossier's script on the agenda, unless the script rests."""
        dossier.due = None
        if dossier.script and dossier.paused_at is None:
            dossier.due = now + dossier.script[0].after
            dossier.ticket = self.agenda.add(dossier.due, lambda at: self.advance(dossier, at))

    def advance(self, dossier: Dossier, at: datetime) -> Step | None:
        """Take the next step now. A step that makes no sense any more is passed over. Returns the step."""
        self.agenda.cancel(dossier.ticket)
        if not dossier.script:
            return None
        step = dossier.script.popleft()
        with suppress(Problem):
            self._perform(self, dossier, step, at)
        self.plan(dossier, at)
        return step

    def rest(self, dossier: Dossier, why: str, at: datetime) -> None:
        """Let the script rest for one more reason; the time until its next step is kept."""
        dossier.rests.add(why)
        if dossier.paused_at is None:
            self.agenda.cancel(dossier.ticket)
            dossier.paused_at = at

    def go_on(self, dossier: Dossier, why: str, at: datetime) -> None:
        """Take a reason away; without any left the script goes on, its next step later by the time it rested."""
        dossier.rests.discard(why)
        if dossier.rests or dossier.paused_at is None:
            return
        rested, due = at - dossier.paused_at, dossier.due
        dossier.paused_at = None
        if due is None:
            self.plan(dossier, at)
        else:
            dossier.due = due + rested
            dossier.ticket = self.agenda.add(dossier.due, lambda when: self.advance(dossier, when))

    def drop_plan(self, dossier: Dossier) -> None:
        """Forget what was planned."""
        dossier.script.clear()
        for ticket in (dossier.ticket, dossier.resume_ticket):
            self.agenda.cancel(ticket)
        dossier.due = None

    # -- states ------------------------------------------------------------------------------------------------

    def set_activity(self, dossier: Dossier, activity: str, at: datetime, *, reason: str = "", until: str = "") -> None:
        """Change what the case is doing, and say so when it is a change."""
        if dossier.activity != activity:
            dossier.activity = activity
            self._say(dossier, at, "activity_changed", activity=activity, reason=reason or None, until=until or None)

    def show_activity(self, dossier: Dossier, at: datetime, *, reason: str = "", until: str = "") -> None:
        """Change the activity to what the reasons for resting say."""
        named = (("dispute", "disputed"), ("hold", "on_hold"), ("no_answer", "on_hold"))
        resting = next((activity for why, activity in named if why in dossier.rests), "awaiting_creditor")
        self.set_activity(dossier, resting if dossier.rests else "running", at, reason=reason, until=until)

    def set_phase(self, dossier: Dossier, phase: str, at: datetime) -> None:
        """Move the case to a phase, forward or back."""
        if dossier.phase != phase:
            dossier.phase = phase
            self._say(dossier, at, "phase_changed", phase=phase)

    def close(self, dossier: Dossier, closure: str, at: datetime, *, reason: str) -> None:
        """Close the case, and those that were joined with it."""
        for member in self.worked_with(dossier):
            member.closure = closure
            member.activity = "running"
            self._say(member, at, "closed", closure=closure, reason=reason or None)

    def reopen(self, dossier: Dossier, at: datetime, *, reason: str) -> None:
        """Open a closed file again: every case of it that was closed in the same way."""
        closure = dossier.closure
        for member in self.file_of(dossier):
            if member.closure == closure:
                member.closure = "merged" if member.merged_into else ""
                self._say(member, at, "reopened", reason=reason or None)

    def settle(self, dossier: Dossier, at: datetime) -> None:
        """Close a file that has nothing left to collect, reopen one that was closed so and has again."""
        members = [member for member in self.file_of(dossier) if member.closure in _SETTLING]
        if any(member.handover == "rejected" for member in members):
            return
        nothing_left = sum(member.book.claimed for member in members) == 0
        closed = [member for member in members if member.closure in ("paid", "credited")]
        if not nothing_left:
            for member in closed:
                self.reopen(member, at, reason="something is open again")
        elif len(closed) < len(members):
            for member in members:
                member.book.waive()
            lines = [line for member in members for line in member.book.lines.values()]
            paid = any(line.applied["collected"] + line.applied["direct"] for line in lines)
            self.close(dossier, "paid" if paid else "credited", at, reason="nothing is left to collect")

    def withdrawal_cost(self, dossier: Dossier) -> int:
        """What giving the case back costs now, in minor units: nothing before it was accepted."""
        return self.options.withdraw_fee_minor if dossier.handover == "accepted" else 0

    def give_back(self, dossier: Dossier, at: datetime) -> None:
        """The case was asked back: it is charged for and closed."""
        fee = self.withdrawal_cost(dossier)
        if fee:
            dossier.book.creditor_costs += fee
            self.payouts.charge(dossier.submission.currency, fee)
        self.drop_plan(dossier)
        dossier.rests.clear()
        dossier.closure = "withdrawn"
        dossier.activity = "running"
        dossier.book.waive()
        self._say(dossier, at, "closed", closure="withdrawn", reason=dossier.asked_back)
        dossier.asked_back = ""

    def keep(self, dossier: Dossier, at: datetime, *, reason: str) -> None:
        """The case was asked back, and is worked on."""
        dossier.asked_back = ""
        self._say(dossier, at, "withdrawal_refused", reason=reason or None)

    def ask(self, dossier: Dossier, request: AgencyRequest, at: datetime) -> None:
        """Let a request wait for the creditor; the script rests until the answer."""
        dossier.requests[request.request_id] = request
        end = datetime.combine(request.deadline + timedelta(days=1), time(), tzinfo=UTC)
        request.expiry = self.agenda.add(end, lambda when: self._expire(dossier, request, when))
        if dossier.handover != "accepted":
            dossier.handover = "needs_info"
        dossier.activity = "awaiting_creditor"
        self.rest(dossier, request.request_id, at)

    def answered(self, dossier: Dossier, request: AgencyRequest, at: datetime, *, outcome: str) -> None:
        """A request has its answer; the script goes on."""
        request.outcome = outcome
        self.agenda.cancel(request.expiry)
        self.feed.tell(at, dossier.case_ref, "request_settled", request_id=request.request_id, outcome=outcome)
        if dossier.handover == "needs_info":
            dossier.handover = "under_review"
        self.go_on(dossier, request.request_id, at)
        self.show_activity(dossier, at, reason="answered")

    def remit(self, at: datetime) -> list[str]:
        """Pay out now."""
        made = self.payouts.remit(at)
        for remittance_id in made:
            self.feed.tell(at, "", "remittance_paid", remittance_id=remittance_id)
        return made

    def _say(self, dossier: Dossier, at: datetime, kind: str, **facts: object) -> None:
        self.feed.tell(at, dossier.case_ref, kind, raw=dossier.raw_status, **facts)

    def _expire(self, dossier: Dossier, request: AgencyRequest, at: datetime) -> None:
        request.outcome = "expired"
        self.feed.tell(at, dossier.case_ref, "request_settled", request_id=request.request_id, outcome="expired")
        if dossier.handover == "accepted":
            self.rest(dossier, "no_answer", at)
            self.go_on(dossier, request.request_id, at)
            self.show_activity(dossier, at, reason="no answer from the creditor")
            return
        dossier.handover = "rejected"
        dossier.activity = "running"
        self.drop_plan(dossier)
        self._say(dossier, at, "rejected", reasons=["no_answer"])

    def _plan_payout(self, now: datetime) -> None:
        due = self.payouts.next_run(now)
        if due:
            self.agenda.add(due, self._pay_out)

    def _pay_out(self, at: datetime) -> None:
        self.remit(at)
        self._plan_payout(at)
