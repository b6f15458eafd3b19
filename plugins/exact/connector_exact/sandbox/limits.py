"""Call limits and the error budget: clock minutes, UTC days, blocked keys (reference 3.1 and 3.2)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.toggles import Toggles

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_BLOCK = timedelta(hours=1)


@dataclass(slots=True)
class Window:
    """Calls counted since `start`."""

    start: datetime
    calls: int = 0


@dataclass(slots=True)
class Budget:
    """The calls of one app in one company; every user of the app counts into it."""

    minute: Window
    day: Window


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose errors are counted: key, user, company (0 where there is none) and endpoint."""

    client_id: str
    user: str
    division: int
    endpoint: str


@dataclass(slots=True)
class Limiter:
    """Counts calls and errors on the stand-in's clock."""

    clock: Clock
    toggles: Toggles
    _budgets: dict[tuple[str, int], Budget] = field(default_factory=dict)
    _errors: dict[Caller, list[datetime]] = field(default_factory=dict)
    _blocked: dict[str, datetime] = field(default_factory=dict)
    _blocks: dict[str, int] = field(default_factory=dict)

    def take(self, client_id: str, division: int) -> dict[str, str]:
        """Count one call and return the rate headers of its answer.

        Raises a bare 429 with the headers of the limit that was hit, and only those (3.2).
        """
        budget = self._budget(client_id, division)
        if 0 < self.toggles.minute_limit <= budget.minute.calls:
            raise Refusal(429, headers=self._minute_headers(budget), bare=True)
        if 0 < self.toggles.day_limit <= budget.day.calls:
            raise Refusal(429, headers=self._day_headers(budget), bare=True)
        budget.minute.calls += 1
        budget.day.calls += 1
        return {**self._day_headers(budget), **self._minute_headers(budget)}

    def check_block(self, client_id: str) -> None:
        """Raises when the key is blocked; the answer's form is uncertain: no rate headers (3.3)."""
        until = self._blocked.get(client_id)
        if until is None:
            return
        if self.clock.now < until:
            raise Refusal(self.toggles.block_status, bare=True)
        del self._blocked[client_id]

    def count_error(self, caller: Caller) -> None:
        """Count a 400, 401, 403 or 404; at the limit the key is blocked for an hour, longer when repeated."""
        if not self.toggles.error_limit:
            return
        since = self.clock.now - timedelta(hours=1)
        recent = [moment for moment in self._errors.get(caller, []) if moment > since]
        self._errors[caller] = [*recent, self.clock.now]
        if len(self._errors[caller]) >= self.toggles.error_limit:
            times = self._blocks.get(caller.client_id, 0)
            self._blocks[caller.client_id] = times + 1
            self._blocked[caller.client_id] = self.clock.now + _BLOCK * 2**times
            self._errors[caller] = []

    def reset(self) -> None:
        """Forget every count and block."""
        for counted in (self._budgets, self._errors, self._blocked, self._blocks):
            counted.clear()

    def _budget(self, client_id: str, division: int) -> Budget:
        now = self.clock.now
        minute = now.replace(second=0, microsecond=0)
        day = datetime(now.year, now.month, now.day, tzinfo=UTC)
        budget = self._budgets.setdefault((client_id, division), Budget(Window(minute), Window(day)))
        if budget.minute.start != minute:
            budget.minute = Window(minute)
        if budget.day.start != day:
            budget.day = Window(day)
        return budget

    def _minute_headers(self, budget: Budget) -> dict[str, str]:
        limit = self.toggles.minute_limit
        if not limit:
            return {}
        headers = {
            "X-RateLimit-Minutely-Limit": str(limit),
            "X-RateLimit-Minutely-Remaining": str(max(0, limit - budget.minute.calls)),
        }
        if self.toggles.minute_reset_header:
            headers["X-RateLimit-Minutely-Reset"] = _milliseconds(budget.minute.start + _MINUTE)
        return headers

    def _day_headers(self, budget: Budget) -> dict[str, str]:
        limit = self.toggles.day_limit
        if not limit:
            return {}
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - budget.day.calls)),
            "X-RateLimit-Reset": _milliseconds(budget.day.start + _DAY),
        }


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp()) * 1000)
