"""The counts of a run as people say them: `2 cases delivered`, not `delivered case.open 2`. JSON keeps the codes."""

from collections.abc import Mapping

from connector.runtime.words import plural

# One of it and many of it, by the word under which a verb counts; `delivered KIND` and `event KIND` stand below.
WORDS: Mapping[str, tuple[str, str]] = {
    "pages": ("page", "pages"),
    "items new": ("new item", "new items"),
    "items changed": ("changed item", "changed items"),
    "items unchanged": ("unchanged item", "unchanged items"),
    "items closed": ("closed item", "closed items"),
    "items gone": ("deleted item", "deleted items"),
    "items missing": ("missing item", "missing items"),
    "debtors changed": ("changed debtor", "changed debtors"),
    "records set aside": ("record set aside", "records set aside"),
    "remind": ("reminder", "reminders"),
    "notice": ("formal notice", "formal notices"),
    "call": ("phone call", "phone calls"),
    "escalate": ("hand-over", "hand-overs"),
    "undecided": ("undecided", "undecided"),
    "none": ("with nothing to do", "with nothing to do"),
    "new": ("new step", "new steps"),
    "changed": ("changed step", "changed steps"),
    "unchanged": ("unchanged step", "unchanged steps"),
    "held": ("step held", "steps held"),
    "withdrawn": ("step withdrawn", "steps withdrawn"),
    # These two stand in the reports of runs that an older release made.
    "left_out": ("debtor without a step", "debtors without a step"),
    "gone": ("step gone", "steps gone"),
    "cases": ("case opened", "cases opened"),
    "claims": ("claim in them", "claims in them"),
    "left out": ("debtor left out", "debtors left out"),
    "invoices without document": ("invoice without document", "invoices without document"),
    "looked up": ("lost answer looked up", "lost answers looked up"),
    "parked": ("message parked", "messages parked"),
    "rejected": ("message refused by the agency", "messages refused by the agency"),
    "agencies not named": ("agency with cases not named in the file", "agencies with cases not named in the file"),
    "put off": ("message put off", "messages put off"),
    "unknown": ("message without an answer", "messages without an answer"),
    "events": ("event", "events"),
    "events repeated": ("event known before", "events known before"),
    "remittances": ("pay-out", "pay-outs"),
    "in quarantine": ("ledger in quarantine", "ledgers in quarantine"),
    "cases adopted": ("case adopted after the restore", "cases adopted after the restore"),
    "cases asked about": ("case asked about after the restore", "cases asked about after the restore"),
    "taken back": ("case taken back unsent", "cases taken back unsent"),
    "mutations": ("change to tell", "changes to tell"),
    "cases held by the brake": ("case held by the brake", "cases held by the brake"),
    "claims held by the brake": ("claim held by the brake", "claims held by the brake"),
    "notes": ("note written", "notes written"),
    "refused": ("note refused", "notes refused"),
    "cases compared": ("case compared", "cases compared"),
    "cases not compared": ("case not compared", "cases not compared"),
    "events read again": ("event read again", "events read again"),
    "events found late": ("event found late", "events found late"),
    "payments found": ("payment that no event told", "payments that no event told"),
    "differences": ("difference", "differences"),
    "differences new": ("new difference", "new differences"),
    "differences gone": ("difference gone", "differences gone"),
    "calls": ("call", "calls"),
}
DELIVERED: Mapping[str, tuple[str, str]] = {
    "open": ("case", "cases"),
    "document": ("invoice", "invoices"),
    "direct_payment": ("direct payment", "direct payments"),
    "reverse_payment": ("payment reversal", "payment reversals"),
    "credit_note": ("credit note", "credit notes"),
    "correct_claim": ("correction", "corrections"),
    "hold": ("hold", "holds"),
    "resume": ("resumption", "resumptions"),
    "withdraw": ("withdrawal", "withdrawals"),
    "dispute_report": ("dispute report", "dispute reports"),
    "request_answer": ("answer", "answers"),
    "approval_decision": ("approval or refusal", "approvals or refusals"),
    "message": ("message", "messages"),
}
EVENTS: Mapping[str, tuple[str, str]] = {
    "received": ("case received", "cases received"),
    "under_review": ("case under review", "cases under review"),
    "accepted": ("case accepted", "cases accepted"),
    "rejected": ("case rejected", "cases rejected"),
    "line_rejected": ("claim rejected", "claims rejected"),
    "merged": ("case merged", "cases merged"),
    "phase_changed": ("change of phase", "changes of phase"),
    "activity_changed": ("change of activity", "changes of activity"),
    "info_requested": ("request for information", "requests for information"),
    "approval_requested": ("request for approval", "requests for approval"),
    "request_settled": ("request settled", "requests settled"),
    "payment_received": ("payment received", "payments received"),
    "payment_reversed": ("payment reversed", "payments reversed"),
    "cost_added": ("cost added", "costs added"),
    "message_received": ("message received", "messages received"),
    "remittance_paid": ("pay-out announced", "pay-outs announced"),
    "closed": ("case closed", "cases closed"),
    "reopened": ("case reopened", "cases reopened"),
    "withdrawal_refused": ("withdrawal refused", "withdrawals refused"),
    "unmapped": ("unknown status", "unknown statuses"),
}


def as_counts(counts: Mapping[str, int]) -> str:
    """The counts of a run in one line, such as "4 pages, 1,025 new items"."""
    return ", ".join(say(word, count) for word, count in counts.items() if count) or "nothing to do"


def say(word: str, count: int) -> str:
    """One count: `2 payments received`."""
    kind = word.rpartition(" ")[2].removeprefix("case.")
    if word.startswith("delivered "):
        one, many = DELIVERED.get(kind, (kind, kind))
        return f"{plural(count, one, many)} delivered"
    if word.startswith("event "):
        return plural(count, *EVENTS.get(kind, (kind, kind)))
    return plural(count, *WORDS.get(word, (word, word)))
