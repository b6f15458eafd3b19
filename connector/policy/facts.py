"""The fingerprint of what was seen of an account, so that a plan can tell whether anything changed since."""

from hashlib import blake2b
from operator import itemgetter

from connector.model import Account

_SEEN = itemgetter("claim", "currency", "open_minor", "in_collection_minor", "due_date", "case_ref", "whole")


def fingerprint(account: Account) -> str:
    """16 hexadecimal digits over the facts a decision rests on, in any order of the claims, steps, holds and so on.

    The day is left out, and with it which part of a claim is overdue: those follow from the calendar. Names,
    descriptions and invoice numbers are left out as well. Whoever carries out a plan later also compares step,
    claims and amount, which move with the day.
    """
    claims = []
    for claim in account.claims:
        key, currency, still_open, collecting, due, case_ref, whole = _SEEN(claim.__dict__)
        # Lengths before free texts: no key can be made to look like other facts.
        text = f"{len(key)}:{key}{currency}{still_open}@{due.toordinal() if due else ''}"
        claims.append(text if whole and not (collecting or case_ref) else f"{text}/{collecting}/{whole:d}/{case_ref}")
    claims.sort()
    seen = repr(claims) + _about_debtor(account)
    return blake2b(seen.encode(), digest_size=8).hexdigest()


def _about_debtor(account: Account) -> str:
    text = f"{account.debtor_kind}{account.debtor_blocked:d}{account.calibrated:d}"
    if account.credit_minor:
        text += repr(sorted(account.credit_minor.items()))
    for facts in (account.steps, account.holds, account.disputes):
        if facts:
            text += repr(sorted(fact.model_dump_json() for fact in facts))
    return text
