"""Which sign of AmountDC means that the customer owes, measured on each division's own invoices (reference 4.5).

Sources contradict each other, and a wrong sign would hand every credit note to a bailiff and spare the debtors:
so nothing may escalate before a division is calibrated.
"""

from collections.abc import Iterable

from connector.api import Context
from connector.model import Record
from connector_exact.config import ExactConfig
from connector_exact.mapping import RECEIVABLE, SALE
from connector_exact.rows import OpenTerm

_SIGNS = {"negative_owes": -1, "positive_owes": 1}


class Counts(Record):
    """Invoice rows whose AmountDC has the same sign as their TransactionAmountDC, and those with the opposite."""

    same: int = 0
    opposite: int = 0


class Calibration:
    """Counts the evidence of one division at one endpoint, kept over restarts, and says which sign to use and
    whether to trust it. Endpoints are measured apart: nobody promises that they agree (reference 10, question 1).
    """

    def __init__(self, config: ExactConfig, context: Context, endpoint: str) -> None:
        self._config = config
        self._context = context
        self._key = f"{config.division}/sign/{endpoint}"
        self._counts = self._saved = Counts.model_validate(context.state.get(self._key) or {})

    def count(self, terms: Iterable[OpenTerm]) -> None:
        """Add the evidence of `terms`: sales entries that are no reversal, with both amounts (reference 4.5)."""
        same = opposite = 0
        for term in terms:
            whole = term.get("TransactionAmountDC")
            if not whole or term.get("TransactionType") != SALE or term.get("TransactionIsReversal"):
                continue
            if term["AmountDC"] and term.get("LineType", RECEIVABLE) == RECEIVABLE:
                if (term["AmountDC"] > 0) == (whole > 0):
                    same += 1
                else:
                    opposite += 1
        counts = self._counts
        self._counts = Counts(same=counts.same + same, opposite=counts.opposite + opposite)

    def save(self) -> None:
        """Keep the evidence, where there is more of it."""
        if self._counts != self._saved:
            self._context.state.put(self._key, self._counts.model_dump())
            self._saved = self._counts

    @property
    def measured(self) -> int:
        """The sign that the evidence proves: 1, -1, or 0 while it proves none."""
        rows = self._counts.same + self._counts.opposite
        if rows < self._config.calibration_rows:
            return 0
        needed = self._config.calibration_percent * rows
        if self._counts.opposite * 100 >= needed:
            return -1
        return 1 if self._counts.same * 100 >= needed else 0

    @property
    def leaning(self) -> int:
        """The sign that most of the evidence speaks for, however little there is: 1, -1, or 0."""
        difference = self._counts.same - self._counts.opposite
        return (difference > 0) - (difference < 0)

    def sign(self, before: int) -> int:
        """The sign to use: the one a person configured, else the measured one, else that of the rows stored
        `before` (0: none are), else the configured assumption. Losing evidence never turns stored amounts round.
        """
        if self._config.sign != "calibrate":
            return _SIGNS[self._config.sign]
        return self.measured or before or _SIGNS[self._config.uncalibrated_sign]

    @property
    def vouched(self) -> bool:
        """Whether the amounts may be acted on: measured, or configured and not contradicted by the evidence."""
        if self._config.sign == "calibrate":
            return self.measured != 0
        return self.measured in (0, _SIGNS[self._config.sign])
