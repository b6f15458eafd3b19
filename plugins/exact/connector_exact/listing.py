"""The listing of all open terms: it finds what the row versions did not tell (Exact Online reference 4.5, 7.2)."""

from collections.abc import Iterator

from connector.api import Context
from connector.model import OpenItem, RecordFault
from connector_exact.calibration import Calibration
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.mapping import TermMapping, not_asked
from connector_exact.pages import RowPage, RowReader, walk
from connector_exact.rows import OpenTerm

_OPEN = "Status eq 20 or Status eq 30 or Status eq 40"


class Listing:
    """Lists the open terms of one division.

    `conclusive` after the last page: every open term was listed and read, so an item that is missing is open no
    more. Its sign is measured apart: nobody promises that this endpoint and the row-version one agree.
    """

    def __init__(self, config: ExactConfig, context: Context, client: Client, *, sign: int, home_currency: str) -> None:
        self._config = config
        self._context = context
        self._client = client
        self._sign = sign
        self._home_currency = home_currency
        self._calibration = Calibration(config, context, "listing")
        self.conclusive = False
        self.count = 0

    def pages(self) -> Iterator[tuple[tuple[OpenItem, ...], tuple[RecordFault, ...]]]:
        """Items and bad records, page by page. Ends early, inconclusive, where the sign may be another one."""
        unread = 0
        for page in walk(self._client, _reader(self._config), {"$filter": _OPEN}):
            sign = self._sign_for(page)
            if sign is None:
                self._context.log.warning("the listing of open terms may have the other sign: it is not used")
                return
            mapping = TermMapping(self._config, sign=sign, home_currency=self._home_currency)
            items = mapping.items(page.rows)
            self.count += len(items)
            unread += len(page.faults)
            if items or page.faults:
                yield items, page.faults
        self._calibration.save()
        self.conclusive = unread == 0

    def _sign_for(self, page: RowPage[OpenTerm]) -> int | None:
        """The sign for a page, or None when too little evidence speaks against the sign of the stored items."""
        self._calibration.count(page.rows)
        if self._calibration.measured == 0 and self._calibration.leaning == -self._sign:
            return None
        return self._calibration.sign(self._sign)


def _reader(config: ExactConfig) -> RowReader[OpenTerm]:
    return RowReader(OpenTerm, "bulk/Cashflow/Receivables", entity="open terms", without=not_asked(config))
