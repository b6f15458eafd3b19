"""The code lists of the stand-in: every code that can appear in its answers, with a label."""

from typing import Any

from connector_agency_api.sandbox.options import AgencyOptions

_PRODUCTS = {
    "amicable": "Letters, calls and visits",
    "amicable_legal": "Amicable first, then the court",
    "ios": "Recovery of undisputed debts (Belgium)",
    "monitoring": "Watching a debtor over years",
}
_MUTATIONS = {
    "direct_payment": "The debtor paid the creditor",
    "reverse_payment": "That payment was undone",
    "credit_note": "The creditor credited",
    "correct_claim": "The claim changed for another reason",
    "hold": "Stop for a while",
    "resume": "Go on",
    "withdraw": "Give the case back",
    "dispute_report": "The debtor disputes at the creditor, or that was settled",
}
_DOCUMENTS = {
    "invoice": "Invoice", "statement": "Statement of account", "contract": "Contract", "terms": "General terms",
    "delivery_proof": "Proof of delivery", "notice": "Formal notice", "correspondence": "Correspondence",
    "mandate": "Mandate", "judgment": "Judgment", "other": "Other",
}  # fmt: skip
_REFUSALS = {
    "currency_not_served": "The currency is not taken",
    "currency_mixed": "An amount is in another currency than the case",
    "line_repeated": "A line id is there twice",
    "line_unknown": "A line is not in the case",
    "total_mismatch": "The total is not the sum of the lines",
    "below_minimum": "The case is too small",
    "address_missing": "Neither an address nor an e-mail address",
    "country_not_served": "The debtor's country is not served",
    "company_number_missing": "A company without its number (a warning)",
    "no_prior_steps": "No reminder on record (a warning)",
    "disputed": "The claim is disputed",
    "ios_incomplete": "IOS needs a company number and a description",
    "reverse_exceeds": "More is undone than was reported",
    "fee_ack_required": "Withdrawing costs money, to be accepted first",
    "wrong_kind": "The answer does not fit the request",
    "question_unknown": "There is no such question",
    "answer_missing": "A required question is not answered",
    "answer_unreadable": "The answer has another type than the question",
    "content_unreadable": "The document is not base64",
    "digest_mismatch": "The document is not what its digest says",
    "document_too_large": "The document is too large",
    "url_not_allowed": "This webhook URL is not called",
}
_REJECTIONS = {
    "debtor_unknown": "The debtor cannot be found",
    "insolvent": "The debtor is insolvent",
    "not_plausible": "The claim is not plausible",
    "no_answer": "Our question was not answered",
}
_CLOSURES = {
    "paid": "Paid in full", "settled": "Settled", "partly_recovered": "Partly recovered",
    "uncollectable": "Uncollectable", "withdrawn": "Withdrawn by the creditor", "disputed": "Disputed",
    "credited": "Credited", "merged": "Joined with another file", "statute_barred": "Statute-barred",
    "uneconomic": "Not worth its costs", "rejected_late": "Refused after acceptance", "error": "Opened in error",
    "other": "Other",
}  # fmt: skip
_COSTS = {
    "collection_costs": "Collection costs for the debtor",
    "summons": "Summons",
    "other": "Other costs",
}
_EVENTS = {
    "received": "We have the case", "under_review": "We look at it", "accepted": "We work it",
    "rejected": "We refuse it", "line_rejected": "We refuse a line of it", "merged": "Joined with another file",
    "phase_changed": "Another phase", "activity_changed": "Running, resting or waiting",
    "info_requested": "We have questions", "approval_requested": "We need permission",
    "request_settled": "A request needs no answer any more", "payment_received": "The debtor paid us",
    "payment_reversed": "That payment was undone", "cost_added": "A cost", "message_received": "A message",
    "remittance_paid": "We paid out", "closed": "Closed", "reopened": "Open again",
    "withdrawal_refused": "We do not give the case back",
}  # fmt: skip


def dictionaries(options: AgencyOptions) -> dict[str, Any]:
    """The answer of `GET /v1/dictionaries`."""
    lists = {
        "products": _PRODUCTS,
        "document_kinds": _DOCUMENTS,
        "mutations": _MUTATIONS,
        "refusals": _REFUSALS,
        "rejections": _REJECTIONS,
        "closures": _CLOSURES,
        "cost_kinds": _COSTS,
        "events": _EVENTS,
    }
    entries = {
        name: [{"code": code, "label": label} for code, label in labels.items()] for name, labels in lists.items()
    }
    limits = {
        "currencies": list(options.currencies),
        "countries": list(options.countries),
        "minimum": dict.fromkeys(options.currencies, options.minimum_minor),
        "max_document_bytes": options.max_document_bytes,
        "key_life_days": 30,
        "max_processing_seconds": 60,
        "read_lag_seconds": 5,
        "per_minute": 600,
    }
    return entries | {"limits": limits}
