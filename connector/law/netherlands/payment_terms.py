"""How long a Dutch business may be made to wait for its money."""

from datetime import date

from connector.law.answers import Answer, Undecided, either
from connector.law.debtor import Debtor
from connector.law.law import Law
from connector.law.payment_term import PaymentTerm
from connector.model.record import Record

BETWEEN_BUSINESSES = "art. 6:119a lid 2 and 5 BW"
LARGE_TO_SMALL = "art. 6:119a lid 6 BW"
PUBLIC_BODY = "art. 6:119b lid 2 and 5 BW"
_RAISED_FROM = 2024
_THRESHOLDS = {"20/40": (20_000_000, 40_000_000), "25/50": (25_000_000, 50_000_000)}
_RUNNING_CONTRACTS_UNTIL = date(2023, 6, 30)
_LARGE_30_SINCE = date(2022, 7, 1)
_STAFF = 250


class CompanyFigures(Record):
    """A company's size in one financial year: balance sheet and turnover in whole euro, staff on average.

    `year` is None where it is not known: then both sets of thresholds are tried.
    """

    balance_euro: int
    turnover_euro: int
    staff: int
    year: int | None = None


def is_large(law: Law, figures: CompanyFigures) -> bool | Undecided:
    """Whether a company is large in the sense of art. 6:119a lid 6 BW: two of balance sheet, turnover and staff.

    More than 20 million, more than 40 million, 250 or more. For years from 2024 the amounts were raised to 25 and 50
    million, which was not read: undecided where that matters, the setting `nl_large_company` decides.
    """
    if figures.year is not None and figures.year < _RAISED_FROM:
        return _two_of_three(figures, "20/40")
    chosen = law.settings.nl_large_company
    readings = {setting: _two_of_three(figures, setting) for setting in _THRESHOLDS if chosen in (None, setting)}
    return either(
        readings,
        question="Is this company large?",
        reason="The thresholds of years from 2024 were not read.",
        decided_by="the setting nl_large_company",
    )


def payment_term(
    law: Law,
    debtor: Debtor,
    contract_concluded: date,
    day: date,
    *,
    agreed_days: int | None,
    large_to_small: Answer = "unknown",
    expressly_fair: Answer = "unknown",
) -> PaymentTerm | Undecided:
    """The term that applies on `day` to a debt of a business or a public body, in days: art. 6:119a and 6:119b BW.

    None agreed: 30 days. Agreed: up to 60, and more between businesses only where it was agreed expressly and is not
    manifestly unfair (`expressly_fair`). A large debtor may not agree on more than 30 with a small or medium creditor
    (`large_to_small`); a longer term is void and 30 days apply, for running contracts since 1 July 2023. A public body
    has more than 30 only where expressly agreed and justified by the contract, and never more than 60.

    Undecided where one of these facts is not known and matters, and on what replaces a term of more than 60 days.
    """
    default = law.tables.count("nl.payment_term").at(contract_concluded).value
    if agreed_days is None or agreed_days <= default:
        return PaymentTerm(article=BETWEEN_BUSINESSES, days=default if agreed_days is None else agreed_days, valid=True)
    if debtor.public_body == "yes":
        return _of_public_body(law, contract_concluded, default, agreed_days, expressly_fair)
    most = _most_of_large(law, contract_concluded, day)
    void = PaymentTerm(article=LARGE_TO_SMALL, days=default, valid=False)
    limited = most is not None and agreed_days > most
    if limited and large_to_small == "yes":
        return void
    between = _between_businesses(law, contract_concluded, agreed_days, expressly_fair)
    if limited and large_to_small == "unknown":
        return Undecided(
            question=f"Is a term of {agreed_days} days valid?",
            reason=f"A large debtor may not agree on more than {most} days with a small or medium creditor.",
            decided_by="the fact large_to_small of the contract",
            readings={"yes": str(void), "no": str(between)},
        )
    return between


def _between_businesses(law: Law, concluded: date, agreed: int, fair: Answer) -> PaymentTerm | Undecided:
    most = law.tables.count("nl.payment_term_most").at(concluded).value
    if agreed <= most or fair == "yes":
        return PaymentTerm(article=BETWEEN_BUSINESSES, days=agreed, valid=True)
    return Undecided(
        question=f"Which term applies in the place of {agreed} days?",
        reason=f"More than {most} days hold only where expressly agreed and not manifestly unfair; what replaces them "
        "was not read.",
        decided_by="the fact expressly_fair of the contract" if fair == "unknown" else "a lawyer's reading",
    )


def _of_public_body(law: Law, concluded: date, default: int, agreed: int, fair: Answer) -> PaymentTerm | Undecided:
    if agreed > law.tables.count("nl.payment_term_public").at(concluded).value or fair == "no":
        return PaymentTerm(article=PUBLIC_BODY, days=default, valid=False)
    if fair == "yes":
        return PaymentTerm(article=PUBLIC_BODY, days=agreed, valid=True)
    return Undecided(
        question=f"Is a term of {agreed} days of a public body valid?",
        reason="More than 30 days hold only where expressly agreed and objectively justified.",
        decided_by="the fact expressly_fair of the contract",
        readings={"yes": f"{agreed} days", "no": f"{default} days"},
    )


def _most_of_large(law: Law, concluded: date, day: date) -> int | None:
    """The longest term of a large debtor, None before there was one.

    Contracts of before 1 July 2022 kept theirs for one more year.
    """
    table = law.tables.count("nl.payment_term_large_to_sme")
    if day < table.since:
        return None
    if concluded < _LARGE_30_SINCE and day <= _RUNNING_CONTRACTS_UNTIL:
        return table.at(max(concluded, table.since)).value
    return table.at(max(concluded, _LARGE_30_SINCE)).value


def _two_of_three(figures: CompanyFigures, setting: str) -> bool:
    balance, turnover = _THRESHOLDS[setting]
    met = (figures.balance_euro > balance, figures.turnover_euro > turnover, figures.staff >= _STAFF)
    return sum(met) >= 2
