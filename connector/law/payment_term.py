"""The outcome of looking at an agreed term of payment."""

from datetime import date, timedelta

from connector.model.record import Record


class PaymentTerm(Record):
    """How many days apply, and whether the term that was agreed is valid."""

    article: str
    days: int
    valid: bool

    def last_day(self, received_on: date) -> date:
        """The last day for payment, of an invoice received on a day; the debtor is late from the next day on.

        The days run from the day after receipt: art. 6:119a lid 2 BW, art. 4 law of 2 August 2002.
        """
        return received_on + timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.days} days"
