"""The control total: what Exact Online itself says is open (reference 4.3)."""

from connector.api import Context
from connector.model import Money, minor_units
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.optional import read_if_allowed
from connector_exact.pages import RowReader
from connector_exact.rows import TotalRow

_TOTALS: RowReader[TotalRow] = RowReader(
    TotalRow, "read/financial/OutstandingInvoicesOverview", entity="control totals"
)


def read_total(client: Client, config: ExactConfig, context: Context, currency: str) -> Money | None:
    """Open receivables in `currency`. None when it is switched off, or not to be had: the right is optional."""
    if not config.control_total:
        return None
    rows = read_if_allowed(client, config, context, _TOTALS, {})
    total = next((row["OutstandingReceivableInvoiceAmount"] for row in rows if row["CurrencyCode"] == currency), None)
    if total is None:
        return None
    return Money(minor=minor_units(total, currency, rounding="ROUND_HALF_EVEN"), currency=currency)
