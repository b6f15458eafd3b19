"""Dutch extrajudicial collection costs (buitengerechtelijke incassokosten, BIK)."""

from collections.abc import Sequence
from datetime import date
from itertools import combinations

from connector.law.answers import Answer, Undecided
from connector.law.calendars import add_months
from connector.law.debtor import Debtor
from connector.law.law import Law
from connector.law.lines import Itemised, Line, capped, lifted
from connector.law.rows import ScaleRow
from connector.law.scales import cumulative
from connector.model.record import Record

ARTICLE = "art. 6:96 lid 2 sub c BW, art. 2 Besluit vergoeding voor buitengerechtelijke incassokosten"
RECURRING_SINCE = date(2024, 10, 1)
_WINDOW_MONTHS = 6


class CostClaim(Record):
    """A claim on which costs are asked.

    - `principal_minor`: what is still open of it as invoiced, VAT included, interest left out; in cents.
    - `default_since`: the first day of the debtor's default.
    - `instalment`: whether it is an instalment of a contract that goes on, such as rent, energy or a subscription.
    - `contract`: which contract; instalments of different contracts do not stand together.
    """

    principal_minor: int
    default_since: date
    instalment: Answer = "unknown"
    contract: str = ""


def scale_costs(law: Law, principal_minor: int, default_since: date) -> Itemised:
    """The costs that the scale gives on one principal, in cents: art. 2 lid 1-2 Besluit BIK.

    15 % of the first 2,500, 10 % of the next 2,500, 5 % of the next 5,000, 1 % of the next 190,000, 0.5 % of the rest;
    40 at least and 6,775 at most. No principal, no costs. Raises CoverageError for a default before 1 July 2012, which
    the decree leaves out (art. 3).
    """
    row = law.tables.scale("nl.collection_costs").at(default_since)
    return Itemised(article=ARTICLE, lines=tuple(_bounded(row, cumulative(row, principal_minor))))


def collection_costs(
    law: Law, claims: Sequence[CostClaim], debtor: Debtor, day: date, *, agreed_minor: int | None = None
) -> Itemised | Undecided:
    """The costs on all claims of one debtor that can be demanded together on `day`, in cents: art. 6:96 lid 5-7 BW.

    For money owed under a contract only (art. 1 Besluit BIK); not for consumer credit, nor for claims of public law.
    The principals are added first, then the scale is applied once (lid 7), so the least costs are due once. What was
    agreed (`agreed_minor`) counts for a business, at the 40 of lid 4 at least; for anybody who may be a consumer only
    where it is less than the scale (lid 5).

    Undecided for a consumer with two instalments of one continuing contract within six months, since 1 October 2024:
    art. 2a Besluit BIK was not read. The setting `nl_recurring_instalments` decides.
    """
    owing = [claim for claim in claims if claim.principal_minor > 0]
    if not owing:
        return Itemised(article=ARTICLE)
    rows = [law.tables.scale("nl.collection_costs").at(claim.default_since) for claim in owing]
    if any(row != rows[0] for row in rows):
        return Undecided(
            question="What are the costs of these claims together?",
            reason="The debtor came into default under more than one scale.",
            decided_by="a demand for the claims of each time apart",
        )
    repeated = _instalments_together(owing) if debtor.consumer and day >= RECURRING_SINCE else []
    if repeated:
        return _on_instalments(law, owing, repeated)
    whole = scale_costs(law, sum(claim.principal_minor for claim in owing), owing[0].default_since)
    return whole if agreed_minor is None else _agreed(law, whole, agreed_minor, debtor, day)


def commercial_minimum(law: Law, day: date) -> Itemised:
    """The 40 euro that a late business or public body owes without any reminder: art. 6:96 lid 4 BW.

    Due from the day after the last day for payment. Raises CoverageError before 16 March 2013.
    """
    row = law.tables.count("nl.commercial_minimum").at(day)
    line = Line(what="least costs, no reminder needed", amount_minor=row.value, source=row.source)
    return Itemised(article="art. 6:96 lid 4 BW", lines=(line,))


def _bounded(row: ScaleRow, lines: list[Line]) -> list[Line]:
    if not lines:
        return lines
    least = lifted(lines, row.minimum_minor, "lifted to the least costs", row.source)
    return capped(least, row.maximum_minor, "taken down to the most costs", row.source)


def _agreed(law: Law, scale: Itemised, agreed_minor: int, debtor: Debtor, day: date) -> Itemised:
    """What the contract says, as far as the law lets it."""
    lines = [Line(what="costs as agreed", amount_minor=agreed_minor, source="contract")]
    if debtor.consumer:
        return scale if agreed_minor >= scale.amount_minor else Itemised(article=scale.article, lines=tuple(lines))
    least = commercial_minimum(law, day)
    lines = lifted(lines, least.amount_minor, "lifted to the least costs of a late business", least.lines[0].source)
    return Itemised(article="art. 6:96 lid 4 BW; the contract", lines=tuple(lines))


def _instalments_together(claims: Sequence[CostClaim]) -> list[CostClaim]:
    """The claims that are, or may be, instalments of one contract missed within six months of each other."""
    maybe = sorted((one for one in claims if one.instalment != "no"), key=lambda one: one.default_since)
    close = [(before, after) for before, after in combinations(maybe, 2) if _close(before, after)]
    return [one for one in maybe if any(one in pair for pair in close)]


def _close(before: CostClaim, after: CostClaim) -> bool:
    one_contract = before.contract == after.contract or not (before.contract and after.contract)
    return one_contract and after.default_since <= add_months(before.default_since, _WINDOW_MONTHS)


def _on_instalments(law: Law, claims: Sequence[CostClaim], repeated: list[CostClaim]) -> Itemised | Undecided:
    """Costs with the repeated instalments in them: no more than those of the highest one, where that was chosen."""
    highest = max(claim.principal_minor for claim in repeated)
    others = [claim.principal_minor for claim in claims if claim not in repeated]
    since = claims[0].default_since
    lowest = scale_costs(law, highest + sum(others), since)
    if law.settings.nl_recurring_instalments == "highest instalment":
        return lowest
    whole = scale_costs(law, sum(claim.principal_minor for claim in claims), since)
    facts = "" if all(one.instalment == "yes" for one in repeated) else ", or whether these are instalments at all"
    return Undecided(
        question="What are the costs of instalments of one contract, missed within six months?",
        reason="Art. 2a Besluit BIK holds since 1 October 2024 and could not be read; what is told of it disagrees.",
        decided_by=f"the setting nl_recurring_instalments{facts}",
        readings={"highest instalment": str(lowest), "all added, as for other claims": str(whole)},
    )
