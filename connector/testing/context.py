"""A `Context` without a host: everything in memory, everything recorded, a clock that the test moves."""

import json
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.api import Context, Http, Limits, SecretRef
from connector.errors import QuotaError, TransientError

if TYPE_CHECKING:
    from requests import Response

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# The end of the minute, and what servers begin the next one late: as long as the host waits.
_WITHIN_THE_MINUTE = timedelta(seconds=65)


class ManualClock:
    """A clock that stands still until the test moves it. Sleeping moves it, and is recorded in `slept` (seconds).

    With `file` every move is written there as well, so that a stand-in server with `--clock-file` lives in the
    same time.
    """

    def __init__(self, start: datetime = START, *, file: Path | None = None) -> None:
        self.slept: list[float] = []
        self._file = file
        self.set(start)

    def now(self) -> datetime:
        return self._now

    def today(self, zone: str = "Europe/Amsterdam") -> date:
        return self._now.astimezone(ZoneInfo(zone)).date()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.set(self._now + timedelta(seconds=max(0.0, seconds)))

    def set(self, instant: datetime) -> None:
        """Move to `instant`, which must have a zone."""
        self._now = instant.astimezone(UTC)
        if self._file:
            beside = self._file.with_suffix(".new")
            beside.write_text(self._now.isoformat(), encoding="utf-8")
            beside.replace(self._file)

    def advance(self, **delta: float) -> None:
        """Move on by a `timedelta` given in its keywords: `advance(days=1)`."""
        self.set(self._now + timedelta(**delta))


class MemorySecrets:
    """Secrets in memory. A reference that the test did not give resolves to a canary: a value found nowhere else.

    `values` maps a reference as text ("env:EXACT_SECRET") to its value. `handed_out` holds every secret that the
    plugin has seen, resolved or saved: none of them may turn up anywhere.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        self.tokens: dict[str, str] = {}
        self.handed_out: set[str] = set()
        self._locks: dict[str, threading.Lock] = {}

    def resolve(self, ref: SecretRef) -> str:
        value = self.values.setdefault(str(ref), f"canary-{len(self.values)}-7f3c9e52d1b84a06")
        self.handed_out.add(value)
        return value

    def load(self, name: str) -> str | None:
        return self.tokens.get(name)

    def save(self, name: str, value: str) -> None:
        self.tokens[name] = value
        self.handed_out.add(value)

    @contextmanager
    def lock(self, name: str, *, timeout: float = 60.0) -> Iterator[None]:
        lock = self._locks.setdefault(name, threading.Lock())
        if not lock.acquire(timeout=timeout):
            raise TransientError(f"the lock {name!r} was not free within {timeout} s: does the plugin wait for itself?")
        try:
            yield
        finally:
            lock.release()


class MemoryState:
    """Small facts in memory. Values go through JSON, as in the host, so that what is not JSON fails here as well."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> Any:
        text = self.values.get(key)
        return None if text is None else json.loads(text)

    def put(self, key: str, value: Any) -> None:
        self.values[key] = json.dumps(value)


@dataclass(frozen=True)
class LogEntry:
    """One log call as the plugin made it, before any masking."""

    level: str
    event: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class CapturedLog:
    """Keeps what is logged. `entries` are in order; `text()` is all of it, to search in."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []

    def debug(self, event: str, **facts: Any) -> None:
        self.entries.append(LogEntry("debug", event, facts))

    def info(self, event: str, **facts: Any) -> None:
        self.entries.append(LogEntry("info", event, facts))

    def warning(self, event: str, **facts: Any) -> None:
        self.entries.append(LogEntry("warning", event, facts))

    def error(self, event: str, **facts: Any) -> None:
        self.entries.append(LogEntry("error", event, facts))

    def text(self) -> str:
        return "\n".join(f"{entry.level} {entry.event} {dict(entry.facts)!r}" for entry in self.entries)


class BudgetRecorder:
    """A budget without a limit of its own that behaves as the host's after a refusal.

    `taken` counts the calls announced; `refusals` are the instants given to `refused`. After a refusal `take` waits
    for the minute to end, and raises QuotaError where that is not enough.
    """

    def __init__(self, clock: ManualClock, limits: Limits) -> None:
        self.limits = limits
        self.taken = 0
        self.refusals: list[datetime] = []
        self.observed: list[dict[str, Any]] = []
        self._clock = clock

    def take(self, *, person: bool = False) -> None:
        until = self.refusals[-1] if self.refusals else None
        wait = until - self._clock.now() if until else timedelta(0)
        if until and wait > _WITHIN_THE_MINUTE:
            raise QuotaError("the receiver refuses calls for now", until=until)
        if wait > timedelta(0):
            self._clock.sleep(wait.total_seconds())
        self.taken += 1

    def observe(
        self,
        *,
        minute_left: int | None = None,
        minute_reset: datetime | None = None,
        day_left: int | None = None,
        day_reset: datetime | None = None,
    ) -> None:
        seen = {
            "minute_left": minute_left,
            "minute_reset": minute_reset,
            "day_left": day_left,
            "day_reset": day_reset,
        }
        self.observed.append({name: value for name, value in seen.items() if value is not None})

    def refused(self, until: datetime) -> None:
        self.refusals.append(until)


@dataclass(frozen=True)
class Call:
    """One HTTP call of the plugin. `status` is 0 when no answer came; `sent` is everything that left, as text."""

    method: str
    url: str
    status: int
    at: datetime
    sent: str = ""
    retry_after: str = ""
    error: BaseException | None = None


class RecordingHttp:
    """The host's session, with every call kept in `calls`. Answers are not kept: long pulls stay cheap."""

    def __init__(self, inner: Http, clock: ManualClock) -> None:
        self.calls: list[Call] = []
        self._inner = inner
        self._clock = clock
        # Sockets that nobody closes are a warning, and warnings are errors in many a project.
        self.close = weakref.finalize(self, getattr(inner, "close", _nothing))

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        files: Any = None,
        timeout: tuple[float, float] | None = None,
    ) -> "Response":
        at = self._clock.now()
        try:
            response = self._inner.request(
                method, url, params=params, headers=headers, json=json, data=data, files=files, timeout=timeout
            )
        except Exception as error:
            self.calls.append(Call(method.upper(), url, 0, at, sent=repr((params, headers, json, data)), error=error))
            raise
        self.calls.append(
            Call(
                method.upper(),
                response.request.url or url,
                response.status_code,
                at,
                sent=_sent(response),
                retry_after=response.headers.get("Retry-After", ""),
            )
        )
        return response


@dataclass(frozen=True)
class RecordedContext(Context):
    """A `Context` whose parts can be asked what the plugin did with them. `budgets` by company."""

    http: RecordingHttp
    secrets: MemorySecrets
    state: MemoryState
    clock: ManualClock
    log: CapturedLog
    budget: Callable[[str, Limits], BudgetRecorder]
    budgets: Mapping[str, BudgetRecorder] = field(default_factory=dict)


def make_context(
    *,
    connection: str = "test",
    secrets: Mapping[str, str] | MemorySecrets | None = None,
    state: MemoryState | None = None,
    clock: ManualClock | None = None,
    http: Http | None = None,
) -> RecordedContext:
    """A context for one test. Give `secrets` or `state` of an earlier one to play a new process of the same host.

    `http` replaces the host's session; the default is the real one.
    """
    clock, log = clock or ManualClock(), CapturedLog()
    budgets: dict[str, BudgetRecorder] = {}

    def budget(company: str, limits: Limits) -> BudgetRecorder:
        return budgets.setdefault(company, BudgetRecorder(clock, limits))

    return RecordedContext(
        connection=connection,
        http=RecordingHttp(http or _open_session(log), clock),
        secrets=secrets if isinstance(secrets, MemorySecrets) else MemorySecrets(secrets),
        state=state or MemoryState(),
        clock=clock,
        log=log,
        budget=budget,
        budgets=budgets,
    )


def _nothing() -> None:
    """A session without anything to close."""


def _sent(response: "Response") -> str:
    request = response.request
    body = request.body or b""
    text = body.decode("utf-8", errors="replace") if isinstance(body, bytes) else str(body)
    return "\n".join((request.url or "", *(f"{name}: {value}" for name, value in request.headers.items()), text))


def _open_session(log: CapturedLog) -> Http:
    from connector.http import Session

    return Session(log=log)
