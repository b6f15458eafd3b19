"""The Belgian recovery of undisputed business debts without a court (IOS, RCI): who may use it, how much, and when."""

from collections.abc import Iterator
from datetime import date, timedelta

from connector.law.answers import Answer, all_of
from connector.law.calendars import add_months
from connector.law.debtor import Debtor
from connector.law.law import Law
from connector.law.lines import Itemised, Line, capped
from connector.law.rounding import percent_down
from connector.model.record import Record

ARTICLE = "arts. 1394/20-1394/27 Judicial Code"


class IosFacts(Record):
    """What has to be known of a debt.

    - `creditor_registered`, `debtor_registered`: in the enterprise register (KBO, BCE) or that of another country.
    - `business_debt`: it comes from the debtor's enterprise, and is not private.
    - `contractual`: from a contract; agreed or acknowledged, or from co-ownership, where not.
    - `certain_and_due`: fixed in amount, and due on the day of the demand.
    - `undisputed`: the debtor does not contest it.
    - `no_insolvency`: no bankruptcy, reorganisation, collective settlement or other concursus.
    - `invoice_language`: the invoices are in the language of the creditor's operating seat.
    """

    creditor_registered: Answer = "unknown"
    debtor_registered: Answer = "unknown"
    business_debt: Answer = "unknown"
    contractual: Answer = "unknown"
    certain_and_due: Answer = "unknown"
    undisputed: Answer = "unknown"
    no_insolvency: Answer = "unknown"
    invoice_language: Answer = "unknown"


class IosEligibility(Record):
    """Whether the route is open: `no` with what stands against it (`missing`), `unknown` with what is not known."""

    eligible: Answer
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class IosDays(Record):
    """The days of the procedure.

    - `reaction_until`: last day on which the debtor pays, asks for instalments or disputes.
    - `record_from`: first day of the record of non-dispute.
    - `opposition_until`: last day to oppose, once the record was served; None: not served yet, or before that rule.
    """

    reaction_until: date
    record_from: date
    opposition_until: date | None


def ios_eligibility(debtor: Debtor, facts: IosFacts) -> IosEligibility:
    """Whether a debt may be recovered by IOS: arts. 1394/20-1394/27 Judicial Code, as told by bailiffs and lawyers.

    Only between registered enterprises, for a contractual, certain, due and undisputed debt of the enterprise; never
    against a public authority or under a concursus. A lawyer checks the conditions again, and a bailiff serves.
    """
    answers = dict(_conditions(debtor, facts))
    return IosEligibility(
        eligible=all_of(*answers.values()),
        missing=tuple(said for said, answer in answers.items() if answer == "no"),
        unknown=tuple(said for said, answer in answers.items() if answer == "unknown"),
    )


def ios_surcharge(law: Law, principal_minor: int, interest_minor: int, penalty_minor: int, served_on: date) -> Itemised:
    """Interest and penalty clauses that may be recovered by IOS, in cents: at most 10 % of the principal together.

    Statutory increases and the costs of the recovery come on top. Raises CoverageError before 2 July 2016.
    """
    row = law.tables.rate("be.ios.surcharge_most").at(served_on)
    lines = [
        Line(what="interest", amount_minor=interest_minor, source="claim"),
        Line(what="penalty clauses", amount_minor=penalty_minor, source="claim"),
    ]
    most = percent_down(principal_minor, row.percent)
    reduced = capped(lines, most, f"reduced to {row.percent} % of the principal, down to the cent", row.source)
    return Itemised(article=ARTICLE, lines=tuple(reduced))


def ios_days(law: Law, served_on: date, record_served_on: date | None = None) -> IosDays:
    """When a debtor has to react, and when the bailiff and the debtor may go on.

    One month after the service of the demand; the record of non-dispute eight days after that month at the earliest;
    since January 2023 one month to oppose after the service of the record.
    """
    reaction_until = add_months(served_on, law.tables.count("be.ios.reaction").at(served_on).value)
    record_from = reaction_until + timedelta(days=law.tables.count("be.ios.record").at(served_on).value)
    table = law.tables.count("be.ios.opposition")
    until = None
    if record_served_on is not None and record_served_on >= table.since:
        until = add_months(record_served_on, table.at(record_served_on).value)
    return IosDays(reaction_until=reaction_until, record_from=record_from, opposition_until=until)


def _conditions(debtor: Debtor, facts: IosFacts) -> Iterator[tuple[str, Answer]]:
    opposite: dict[Answer, Answer] = {"yes": "no", "no": "yes", "unknown": "unknown"}
    yield "the debtor is no public authority", opposite[debtor.public_body]
    yield "the debt comes from the debtor's enterprise", all_of(debtor.in_business, facts.business_debt)
    yield "the creditor is registered as an enterprise", facts.creditor_registered
    yield "the debtor is registered as an enterprise", facts.debtor_registered
    yield "the debt comes from a contract, or is acknowledged", facts.contractual
    yield "the debt is certain and due", facts.certain_and_due
    yield "the debtor does not dispute it", facts.undisputed
    yield "no insolvency or debt arrangement stands in the way", facts.no_insolvency
    yield "the invoices are in the language of the operating seat", facts.invoice_language
