"""How long a Belgian enterprise may be made to wait for its money."""

from datetime import date

from connector.law.answers import Answer, Undecided
from connector.law.law import Law
from connector.law.payment_term import PaymentTerm

ARTICLE = "art. 4 law of 2 August 2002"
_FOR_ALL_SINCE = date(2022, 2, 1)


def payment_term(
    law: Law, contract_concluded: date, *, agreed_days: int | None, small_creditor: Answer = "unknown"
) -> PaymentTerm | Undecided:
    """The term that applies between enterprises, in days: art. 4 law of 2 August 2002.

    None agreed: 30 days. Agreed: 60 calendar days at most, time for verification included; a longer one counts as
    unwritten, and 30 days apply. From 29 January 2020 to 31 January 2022 that held only where the creditor was a small
    or medium enterprise: undecided where that is not known and matters. Before, any term could be agreed.
    """
    default = law.tables.count("be.payment_term").at(contract_concluded).value
    if agreed_days is None:
        return PaymentTerm(article=ARTICLE, days=default, valid=True)
    agreed = PaymentTerm(article=ARTICLE, days=agreed_days, valid=True)
    table = law.tables.count("be.payment_term_most")
    if contract_concluded < table.since or agreed_days <= table.at(contract_concluded).value:
        return agreed
    unwritten = PaymentTerm(article=ARTICLE, days=default, valid=False)
    if contract_concluded >= _FOR_ALL_SINCE or small_creditor == "yes":
        return unwritten
    if small_creditor == "no":
        return agreed
    return Undecided(
        question=f"Is a term of {agreed_days} days valid?",
        reason="Until 31 January 2022 the limit bound only debtors of a small or medium enterprise.",
        decided_by="the fact small_creditor",
        readings={"yes": str(unwritten), "no": str(agreed)},
    )
