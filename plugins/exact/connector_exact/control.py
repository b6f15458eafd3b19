"""The control total: what Exact Online itself says is open (reference 4.3)."""

from datetime import timedelta

from connector.api import Context
from connector.errors import AuthError, ConfigError
from connector.model import Money, minor_units
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.pages import RowReader, read_all
from connector_exact.rows import TotalRow

_TOTALS: RowReader[TotalRow] = RowReader(
    TotalRow, "read/financial/OutstandingInvoicesOverview", entity="control totals"
)
_PATIENCE = timedelta(days=7)


def read_total(client: Client, config: ExactConfig, context: Context, currency: str) -> Money | None:
    """Open receivables in `currency`. None when it is not to be had: the right is optional, and after a refusal it
    is not asked again for a week, as each refusal counts as an error.
    """
    key = f"{config.division}/no_total_before"
    now = context.clock.now()
    if not config.control_total or now.isoformat() < (context.state.get(key) or ""):
        return None
    try:
        rows = read_all(client, _TOTALS, {})
    except (AuthError, ConfigError) as error:
        context.log.warning("no control total", why=error.message)
        context.state.put(key, (now + _PATIENCE).isoformat())
        return None
    total = next((row["OutstandingReceivableInvoiceAmount"] for row in rows if row["CurrencyCode"] == currency), None)
    return (
        None
        if total is None
        else Money(minor=minor_units(total, currency, rounding="ROUND_HALF_EVEN"), currency=currency)
    )
