"""The outcome of looking at an agreed term of payment."""

from connector.model.record import Record


class PaymentTerm(Record):
    """How many days apply, and whether the term that was agreed is valid."""

    article: str
    days: int
    valid: bool

    def __str__(self) -> str:
        return f"{self.days} days"
