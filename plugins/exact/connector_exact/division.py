"""Administrations: which there are, and how the configured one stands (Exact Online reference 4.1)."""

from datetime import timedelta

from connector.api import Context
from connector.errors import AuthError, ConfigError, QuotaError
from connector_exact.client import Client
from connector_exact.pages import RowReader, read_all
from connector_exact.rows import DivisionRow, MeRow

_ME: RowReader[MeRow] = RowReader(MeRow, "current/Me", entity="user")
_DIVISIONS: RowReader[DivisionRow] = RowReader(DivisionRow, "system/Divisions", entity="administration")
_ACTIVE = 1
_WAIT = timedelta(hours=1)
_SHOWN = 20


def read_me(client: Client) -> MeRow:
    """Who is logged in. Its current division may lie outside the consent: never take it as the one to read."""
    url = client.root_url(f"current/Me?$select={_ME.fields}")
    rows = _ME.read(client.get(url, _ME.endpoint)).rows
    if not rows:
        raise AuthError("Exact Online does not say who is logged in")
    return rows[0]


def describe_divisions(client: Client, current: int) -> str:
    """Numbers and names of the administrations the user may use, for a person to choose from."""
    url = client.url(_DIVISIONS.endpoint, {"$select": _DIVISIONS.fields}, division=current)
    page = _DIVISIONS.read(client.get(url, _DIVISIONS.endpoint))
    names = [f"{row['Code']} {row.get('Description') or ''}".strip() for row in page.rows]
    more = len(names) > _SHOWN or page.next_url
    return ", ".join(names[:_SHOWN]) + (" and more" if more else "")


def read_division(client: Client, division: int, context: Context) -> DivisionRow:
    """The configured administration. Raises AuthError when it was not granted, ConfigError when it is not active,
    QuotaError while it is being copied, converted or restored.
    """
    rows = [row for row in read_all(client, _DIVISIONS, {"$filter": f"Code eq {division}"}) if row["Code"] == division]
    if not rows:
        raise AuthError(
            f"administration {division} was not ticked at log-in, or is of another site: "
            f"run `incasso connect {context.connection}`"
        )
    row = rows[0]
    if row.get("BlockingStatus"):
        raise QuotaError("the administration is being copied, converted or restored", until=context.clock.now() + _WAIT)
    if row.get("Status", _ACTIVE) not in (None, _ACTIVE):
        raise ConfigError(
            f"administration {division} is archived or not active", key="division", mend="Choose another one."
        )
    return row


def choose_division(client: Client) -> ConfigError:
    """The error for a configuration without a division: it lists the numbers to choose from."""
    names = describe_divisions(client, read_me(client)["CurrentDivision"])
    return ConfigError(
        "no administration is chosen",
        key="division",
        mend=f"Write its number into the ledger's [source]; you may use: {names}.",
    )
