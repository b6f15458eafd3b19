"""Endpoints that we can do without: a refusal is remembered, as each one counts towards blocking the key."""

from datetime import timedelta

from connector.api import Context
from connector.errors import AuthError, ConfigError
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.pages import R, RowReader, read_all

_PATIENCE = timedelta(days=7)


def read_if_allowed(
    client: Client, config: ExactConfig, context: Context, reader: RowReader[R], query: dict[str, str]
) -> list[R]:
    """All rows of a short list; none when it may not be read, and then for a week it is not asked again."""
    key = f"{config.division}/not_before/{reader.endpoint}"
    now = context.clock.now()
    if now.isoformat() < (context.state.get(key) or ""):
        return []
    try:
        return read_all(client, reader, query)
    except (AuthError, ConfigError) as error:
        context.log.warning("done without", endpoint=reader.endpoint, why=error.message)
        context.state.put(key, (now + _PATIENCE).isoformat())
        return []
