"""Rights, asked endpoint by endpoint: a missing one may look like an empty list (Exact Online reference 2.8)."""

import json
from datetime import datetime, timedelta
from typing import Any

from connector.api import Context
from connector.errors import AuthError, ConfigError, PluginError, TransientError
from connector_exact.answers import missing_right
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.groups import CLASSIFICATIONS

_ENDPOINT = "users/UserHasRights"
_PULLED = (
    "sync/Cashflow/PaymentTerms",
    "sync/CRM/Accounts",
    "sync/CRM/Contacts",
    "sync/CRM/Addresses",
    "sync/Deleted",
)


class Rights:
    """Asks and remembers the rights of the logged-in user in one division."""

    def __init__(self, config: ExactConfig, context: Context, client: Client) -> None:
        self._config = config
        self._context = context
        self._client = client
        self._key = f"{config.division}/rights_asked"

    def assert_all(self) -> None:
        """Ask every right that the configuration uses. Raises AuthError naming the first endpoint and its scope."""
        written = [("documents/Documents", "POST")] if self._config.write_back else []
        fetched = ("documents/Documents", "documents/DocumentAttachments") if self._config.invoice_documents else ()
        self._assert([*self._read(), *((endpoint, "GET") for endpoint in fetched), *written])

    def assert_reading(self, *, now: bool = False) -> None:
        """Ask the rights that a pull needs, when they have not been asked for `rights_days`, or at once.

        Without them an empty list cannot be told from a ledger in which everybody has paid.
        """
        if now or self._is_due():
            self._assert(self._read())

    def _read(self) -> list[tuple[str, str]]:
        listed = ("bulk/Cashflow/Receivables",) if self._config.snapshot_days else ()
        grouped = (CLASSIFICATIONS,) if self._config.customer_group else ()
        return [(endpoint, "GET") for endpoint in (*_PULLED, *listed, *grouped)]

    def _is_due(self) -> bool:
        asked = self._context.state.get(self._key)
        if not self._config.rights_days:
            return False
        age = timedelta(days=self._config.rights_days)
        return not asked or self._context.clock.now() - datetime.fromisoformat(asked) >= age

    def _assert(self, wanted: list[tuple[str, str]]) -> None:
        for endpoint, action in wanted:
            try:
                answer = self._ask(endpoint, action)
            except (PluginError, ConfigError) as error:
                # The question itself is not understood (400, 404): each further one would count as an error.
                self._context.log.warning("rights cannot be asked here", endpoint=endpoint, why=error.message)
                break
            if not answer:
                raise AuthError(missing_right(endpoint, self._context))
        self._context.state.put(self._key, self._context.clock.now().isoformat())

    def _ask(self, endpoint: str, action: str) -> bool:
        url = self._client.url(_ENDPOINT, {"endpoint": f"'{endpoint}'", "action": f"'{action}'"})
        body = self._client.get(url, _ENDPOINT)
        try:
            answer = _truth(json.loads(body))
        except ValueError:
            answer = None
        if answer is None:
            raise TransientError(f"{_ENDPOINT}: the answer is neither true nor false")
        return answer


def _truth(answer: Any) -> bool | None:
    """The one boolean in an answer whose exact shape no source shows: `{"d": true}`, `{"d": {"…": true}}` or bare."""
    while isinstance(answer, dict | list):
        values = [value for key, value in answer.items() if key != "__metadata"] if isinstance(answer, dict) else answer
        if len(values) != 1:
            return None
        answer = values[0]
    if isinstance(answer, str) and answer.lower() in ("true", "false"):
        return answer.lower() == "true"
    return answer if isinstance(answer, bool) else None
