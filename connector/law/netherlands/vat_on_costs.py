"""VAT on Dutch collection costs, for a creditor who cannot deduct it."""

from datetime import date

from connector.law.answers import Answer, all_of
from connector.law.law import Law
from connector.law.lines import Itemised, Line
from connector.law.rounding import HALF_UP, percent_of
from connector.model.record import Record

ARTICLE = "art. 2 lid 3 Besluit vergoeding voor buitengerechtelijke incassokosten"


class VatFacts(Record):
    """What has to be so before VAT is added.

    - `taxed_service`: the creditor has the claim collected by somebody who charges VAT.
    - `cannot_deduct`: the creditor cannot set that VAT off.
    - `declared`: the demand says so, and that the costs were raised for that reason.
    """

    taxed_service: Answer = "unknown"
    cannot_deduct: Answer = "unknown"
    declared: Answer = "unknown"

    @property
    def added(self) -> bool:
        """Whether all three are so. One that is not known is not so: the debtor must have been told."""
        return all_of(self.taxed_service, self.cannot_deduct, self.declared) == "yes"


def with_vat(law: Law, costs: Itemised, facts: VatFacts, day: date) -> Itemised:
    """The costs with the general rate of VAT of `day`, the day of the demand, where it may be added.

    Art. 2 lid 3 Besluit BIK. Raises CoverageError before 1 July 2012.
    """
    if not facts.added:
        return costs
    row = law.tables.rate("nl.vat").at(day)
    line = Line(
        what=f"{row.percent} % VAT that the creditor cannot deduct",
        amount_minor=percent_of(costs.amount_minor, row.percent),
        base_minor=costs.amount_minor,
        percent=row.percent,
        rounding=HALF_UP,
        source=row.source,
    )
    return Itemised(article=f"{costs.article}; {ARTICLE}", lines=(*costs.lines, line))
