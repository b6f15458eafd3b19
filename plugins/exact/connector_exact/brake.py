"""The brake on refused calls: we stop well before Exact Online blocks the key (reference 3.1, 3.3)."""

from datetime import datetime, timedelta

from connector.api import Context
from connector.errors import QuotaError
from connector_exact.config import ExactConfig

_HOUR = timedelta(hours=1)
_BLOCKED = "blocked_until"


class Brake:
    """Counts answers 400, 401, 403 and 404 per endpoint and hour, kept over restarts.

    Exact Online blocks the key for all its calls at 10 in an hour; we stop the endpoint at `errors_per_hour`.
    """

    def __init__(self, config: ExactConfig, context: Context) -> None:
        self._config = config
        self._context = context
        self._key = f"{config.division}/refused"

    def check(self, endpoint: str) -> None:
        """Raises QuotaError while the key may be blocked, or the endpoint has been refused too often."""
        now = self._context.clock.now()
        blocked = self._context.state.get(_BLOCKED)
        if blocked and now < datetime.fromisoformat(blocked):
            raise QuotaError("Exact Online may have blocked this key", until=datetime.fromisoformat(blocked))
        recent = self._recent().get(endpoint, [])
        if len(recent) >= self._config.errors_per_hour:
            raise QuotaError(
                f"{endpoint} was refused {len(recent)} times within the hour: no call before the count runs down",
                until=datetime.fromisoformat(recent[0]) + _HOUR,
            )

    def count(self, endpoint: str) -> None:
        """Remember a refused call."""
        refused = self._recent()
        refused.setdefault(endpoint, []).append(self._context.clock.now().isoformat())
        self._context.state.put(self._key, refused)

    def block(self) -> datetime:
        """Pause the whole key: it looks blocked. Returns until when."""
        until = self._context.clock.now() + timedelta(minutes=self._config.block_minutes)
        self._context.state.put(_BLOCKED, until.isoformat())
        return until

    def _recent(self) -> dict[str, list[str]]:
        """Refusals of the last hour by endpoint, oldest first."""
        oldest = (self._context.clock.now() - _HOUR).isoformat()
        kept = {
            endpoint: [at for at in times if at > oldest]
            for endpoint, times in (self._context.state.get(self._key) or {}).items()
        }
        return {endpoint: times for endpoint, times in kept.items() if times}
