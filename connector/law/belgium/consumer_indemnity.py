"""The lump sum that a penalty clause may ask of a Belgian consumer, and what becomes of older clauses."""

from datetime import date
from decimal import Decimal

from connector.law.answers import Answer, Undecided, all_of
from connector.law.law import Law
from connector.law.lines import Itemised, Line, capped, lifted
from connector.law.rounding import HALF_UP, percent_of
from connector.law.scales import single_band
from connector.model.record import Record

ARTICLE = "art. XIX.4 Code of Economic Law"
OLD_CONTRACTS = "art. 15 §2 law of 4 May 2023, as changed by art. 120 law of 5 November 2023"
BOOK_XIX_SINCE = date(2023, 9, 1)


class PenaltyClause(Record):
    """What the contract says about late payment.

    - `concluded_on`: the day of the contract.
    - `agreed`: it stands expressly in terms that the consumer accepted (art. XIX.4 al. 3-4).
    - `reciprocal`: it also binds the enterprise (art. VI.83 Code of Economic Law).
    - `changed_since`: the contract was changed or renewed since 1 September 2023.
    - `percent`, `fixed_minor`, `least_minor`: what it asks: a part of what is due, a sum, at least so much; in cents.
    """

    concluded_on: date
    agreed: Answer = "unknown"
    reciprocal: Answer = "unknown"
    changed_since: Answer = "unknown"
    percent: Decimal = Decimal(0)
    fixed_minor: int = 0
    least_minor: int = 0

    def lines(self, remaining_due_minor: int) -> list[Line]:
        """What it asks on what is still due."""
        asked = [Line(what="fixed sum of the clause", amount_minor=self.fixed_minor, source="contract")]
        share = Line(
            what=f"{self.percent} % by the clause",
            amount_minor=percent_of(remaining_due_minor, self.percent),
            base_minor=remaining_due_minor,
            percent=self.percent,
            rounding=HALF_UP,
            source="contract",
        )
        lines = [line for line in (*asked, share) if line.amount_minor]
        return lifted(lines, self.least_minor, "lifted to the least sum of the clause", "contract")


def indemnity_cap(law: Law, remaining_due_minor: int, default_on: date) -> Itemised:
    """The most that may be asked on what is still due, in cents: art. XIX.4 al. 1, 2° Code of Economic Law.

    Up to 150: 20. Up to 500: 30 and 10 % of the part above 150. Above: 65 and 5 % of the part above 500, at most 2,000.
    Raises CoverageError for a default before 1 September 2023.
    """
    row = law.tables.scale("be.consumer_indemnity").at(default_on)
    lines = capped(single_band(row, remaining_due_minor), row.maximum_minor, "taken down to the most", row.source)
    return Itemised(article=ARTICLE, lines=tuple(lines))


def consumer_indemnity(
    law: Law, remaining_due_minor: int, clause: PenaltyClause, default_on: date
) -> Itemised | Undecided:
    """What the clause may ask of a consumer, in cents: art. XIX.4 Code of Economic Law.

    Nothing without a clause that is express and reciprocal. One that asks more than the caps counts as unwritten; in a
    contract of before 1 September 2023 that was not changed or renewed since, it is reduced to them (art. 15 §2 al. 3-4
    law of 4 May 2023). It may be asked only after the first reminder: `belgium.first_reminder`.

    Undecided where a fact about the clause is not known and matters, and for a default before Book XIX.
    """
    binding = all_of(clause.agreed, clause.reciprocal)
    if binding == "no" or remaining_due_minor <= 0:
        return Itemised(article=ARTICLE)
    if clause.concluded_on < BOOK_XIX_SINCE and default_on < BOOK_XIX_SINCE:
        return Undecided(
            question="What may the penalty clause ask?",
            reason="The debtor was late before Book XIX, and the law of before is not in the tables.",
            decided_by="a lawyer's reading of the contract",
        )
    asked, most = clause.lines(remaining_due_minor), indemnity_cap(law, remaining_due_minor, default_on)
    allowed = _allowed(asked, most, clause)
    if binding == "unknown":
        return Undecided(
            question="Is there a penalty clause that binds the consumer?",
            reason="Whether it was accepted, and binds both sides alike, is not known.",
            decided_by="the facts agreed and reciprocal of the contract",
            readings={"yes": str(allowed), "no": "EUR 0.00"},
        )
    return allowed


def _allowed(asked: list[Line], most: Itemised, clause: PenaltyClause) -> Itemised | Undecided:
    if sum(line.amount_minor for line in asked) <= most.amount_minor:
        return Itemised(article=ARTICLE, lines=tuple(asked))
    reduced = capped(asked, most.amount_minor, "reduced to the cap of Book XIX", most.lines[0].source)
    reduction = Itemised(article=f"{ARTICLE}; {OLD_CONTRACTS}", lines=tuple(reduced))
    if clause.concluded_on >= BOOK_XIX_SINCE or clause.changed_since == "yes":
        return Itemised(article=ARTICLE)
    if clause.changed_since == "no":
        return reduction
    return Undecided(
        question="What may an old penalty clause above the caps ask?",
        reason="It is reduced where the contract stayed as it was, and void where it was changed or renewed since.",
        decided_by="the fact changed_since of the contract",
        readings={"unchanged": str(reduction), "changed or renewed": "EUR 0.00"},
    )
