"""What a plugin author imports: the contracts of sources and sinks, and what the host hands to a plugin.

A plugin registers a `SourceType`, a `SinkType`, a `ConditionType` or a `Sandbox` from a hook (see
`connector.hookspecs`); the host opens it with the validated configuration and, but for a condition, a `Context`, and
closes over nothing else: no globals, no environment, no session of the plugin's own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, model_validator

from connector.errors import AuthError, PluginError, QuotaError, TransientError
from connector.model import (
    Account,
    Capabilities,
    Case,
    CaseView,
    ConditionAnswer,
    Document,
    Event,
    EventPage,
    Money,
    Mutation,
    Page,
    Preflight,
    Receipt,
    Remittance,
    SourceUpdate,
)

if TYPE_CHECKING:
    from requests import Response

API_VERSION = 1


class PluginConfig(BaseModel):
    """Base of every plugin's configuration model: frozen, and an unknown key is an error, not a guess."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SecretRef(BaseModel):
    """Where a secret is kept; never the secret itself. Exactly one of the four is given.

    In TOML: `client_secret = { env = "EXACT_SECRET" }`, `{ file = "/run/secrets/exact" }`,
    `{ credential = "exact" }` (what systemd hands over by LoadCredential) or `{ keyring = "incasso/exact" }`
    (service/user). A secret in plain text is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str = ""
    file: str = ""
    credential: str = ""
    keyring: str = ""

    @model_validator(mode="before")
    @classmethod
    def _no_plain_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError(  # noqa: TRY004 - pydantic turns only ValueError into a named field error
                'a secret is never written in a configuration file: use { env = "NAME" }, '
                '{ file = "/path" }, { credential = "name" } or { keyring = "service/user" }'
            )
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretRef":
        if sum(bool(part) for part in (self.env, self.file, self.credential, self.keyring)) != 1:
            raise ValueError("give exactly one of env, file, credential, keyring")
        return self

    def __str__(self) -> str:
        kind, name = next((k, v) for k, v in self if v)
        return f"{kind}:{name}"


class Clock(Protocol):
    """The host's clock: the machine's, or a test clock that a demonstration moves."""

    def now(self) -> datetime:
        """The present instant, with zone UTC."""

    def today(self, zone: str = "Europe/Amsterdam") -> date:
        """The calendar day in `zone`, an IANA name."""

    def sleep(self, seconds: float) -> None:
        """Wait. On a test clock this returns at once and moves nothing."""


class Secrets(Protocol):
    """Secrets by reference, and tokens kept encrypted at rest. What it hands out is masked in every log."""

    def resolve(self, ref: SecretRef) -> str:
        """The secret behind `ref`. Raises ConfigError naming the reference when it cannot be read."""

    def load(self, name: str) -> str | None:
        """A token of this connection, decrypted, or None."""

    def save(self, name: str, value: str) -> None:
        """Keep a token: encrypted, and on disk for good before this returns."""

    def lock(self, name: str, *, timeout: float = 60.0) -> AbstractContextManager[None]:
        """One holder at a time over all processes of this connection. Raises TransientError on time-out."""


class State(Protocol):
    """Small facts a plugin keeps between runs, namespaced by connection. Values are JSON; no secrets here."""

    def get(self, key: str) -> Any:
        """The value last put under `key`, or None."""

    def put(self, key: str, value: Any) -> None:
        """Keep `value` (JSON, under 64 kB) under `key`."""


@dataclass(frozen=True)
class Limits:
    """Calls in any 60 seconds and in a UTC day; `reserve` and `day_reserve` of them are kept for people who wait."""

    per_minute: int
    per_day: int
    reserve: int = 5
    day_reserve: int = 250


class Budget(Protocol):
    """The calls left for one company at one connection, shared by every process and kept over restarts."""

    def take(self, *, person: bool = False) -> None:
        """Count one call about to be made; waits within the minute when it must.

        Raises QuotaError when the day is used up. A call on behalf of a waiting person may use the reserve.
        """

    def observe(
        self,
        *,
        minute_left: int | None = None,
        minute_reset: datetime | None = None,
        day_left: int | None = None,
        day_reset: datetime | None = None,
    ) -> None:
        """What the server's headers said. A missing value leaves what is stored."""

    def refused(self, until: datetime) -> None:
        """The server refused: nobody calls before `until`."""


class Http(Protocol):
    """The session handed to a plugin: time-outs always, no proxies from the environment, no redirects to
    another host, a body size limit, every call logged without its secrets.
    """

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
        """Send once: nothing is repeated here. Returns every HTTP status.

        Raises TransientError when surely nothing was processed (refused connection, DNS, TLS) or when the
        method is GET; UnknownOutcome for any other method whose answer was lost.
        """


def raise_for_status(answer: "Response", *, budget: Budget, clock: Clock) -> None:
    """Raise the error that an HTTP status means to the host; any other status passes.

    401 and 403: AuthError. 429: the budget is told, and QuotaError until what `Retry-After` says (seconds or a
    date; a minute when it says nothing). 408 and 5xx: TransientError, also for a write: where a 5xx may come after
    the work was done, ask for the outcome first and raise UnknownOutcome instead.
    """
    status = answer.status_code
    if status in (401, 403):
        raise AuthError("the service refuses the credentials, or they lack a right", detail=f"HTTP {status}")
    if status == 429:
        until = _retry_after(answer.headers.get("Retry-After", ""), clock.now())
        budget.refused(until)
        raise QuotaError("the service takes no more calls for now", until=until)
    if status == 408 or status >= 500:
        raise TransientError("the service is out of order for now", detail=f"HTTP {status}")


def _retry_after(text: str, now: datetime) -> datetime:
    try:
        if text.isascii() and text.isdigit():
            return now + timedelta(seconds=int(text))
        instant = parsedate_to_datetime(text)
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return now + timedelta(minutes=1)


class Log(Protocol):
    """A structured log. Give facts as keywords; secrets and personal data are masked before rendering."""

    def debug(self, event: str, **facts: Any) -> Any: ...
    def info(self, event: str, **facts: Any) -> Any: ...
    def warning(self, event: str, **facts: Any) -> Any: ...
    def error(self, event: str, **facts: Any) -> Any: ...


@dataclass(frozen=True)
class Context:
    """All that a plugin gets. `connection` is the configured name; `budget(company, limits)` opens a budget."""

    connection: str
    http: Http
    secrets: Secrets
    state: State
    clock: Clock
    log: Log
    budget: Callable[[str, Limits], Budget]


SourceAbility = Literal["report", "document", "snapshot", "login"]


@runtime_checkable
class Source(Protocol):
    """One ledger of an accounting package, opened. Derive from it to leave out what is not announced."""

    def check(self) -> None:
        """Try the connection with as few calls as possible, writing nothing.

        Raises ConfigError, AuthError or TransientError.
        """

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Pages from `cursor` (None: from the beginning) to now. Each page can be the last one read.

        Reads only. A page is yielded before the next call is made. The last page has `complete` set.
        """

    def report(self, update: SourceUpdate, *, key: str) -> Receipt:
        """Write the state of a case back. The same update twice leaves one note. If announced."""
        raise PluginError(f"{type(self).__name__} does not announce report")

    def document(self, claim: str) -> Document | None:
        """The invoice of a claim as a document, or None when the ledger holds none. If announced."""
        raise PluginError(f"{type(self).__name__} does not announce document")


@runtime_checkable
class Sink(Protocol):
    """One agency or bailiff, opened."""

    def check(self) -> None:
        """Try the connection with as few calls as possible, writing nothing."""

    def capabilities(self) -> "Capabilities":
        """What the agency can take, and how surely."""

    def preflight(self, case: Case) -> Preflight:
        """What stands in the way of this case, and its price. Creates nothing."""

    def submit(self, case: Case, *, key: str) -> Receipt:
        """Hand the case over. The same key twice is one case at the agency.

        Raises RejectedError, UnknownOutcome, or TransientError when surely nothing was processed.
        """

    def find(self, key: str) -> Receipt | None:
        """What became of the delivery under `key` (of a case, a mutation or a document), or None.

        The only way out of an unknown outcome.
        """

    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        """Tell the agency what happened at the creditor. Errors as for `submit`."""

    def attach(self, case_ref: str, document: Document, *, key: str) -> Receipt:
        """Add a document to a case. Errors as for `submit`."""

    def changes(self, cursor: str | None) -> Iterator[EventPage]:
        """Events after `cursor`, oldest first as the agency has them; repeats are allowed."""

    def snapshot(self, case_ref: str) -> CaseView | None:
        """How the case stands at the agency now; None when the agency does not know it."""

    def remittances(self, since: date | None) -> Iterator[Remittance]:
        """Pay-outs on or after `since`, oldest first."""

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """The events of a signed webhook call. Raises RejectedError for a wrong or stale signature."""


@runtime_checkable
class WithdrawalPricing(Protocol):
    """What a sink also has whose agency tells beforehand what giving a case back costs. The host looks for it."""

    def withdrawal_cost(self, case_ref: str) -> Money | None:
        """The cost of withdrawing the case now, without VAT; zero when it is free, None when the agency does not say.

        Changes nothing. It is shown to the person who asks the case back, and sent with the withdrawal as `fee_ack`.
        """


class Login(Protocol):
    """A log-in by a person in a browser, for connections that need one."""

    def authorize_url(self, redirect_uri: str) -> str:
        """Where the person goes. Remembers what it needs to check the answer."""

    def finish(self, redirect_uri: str, query: Mapping[str, str]) -> str:
        """Exchange the answer for tokens and keep them. Returns a sentence saying who is logged in.

        Raises AuthError when the person refused, or the state does not match.
        """


@dataclass(frozen=True)
class SourceType:
    """A kind of source. `name` is a slug, equal to the entry point's name when the plugin offers one source.

    `config` is the model of the connection file merged with the `[source]` table of a ledger; `open` is called
    with an instance of it. `login` is given where a person must log in. `hosts` names the hosts (with the port where
    it is not the usual one) that a configuration may call: the session refuses every other.
    """

    name: str
    title: str
    config: type[BaseModel]
    open: Callable[[Any, Context], Source]
    hosts: Callable[[Any], Iterable[str]] | None = None
    provides: frozenset[SourceAbility] = frozenset()
    login: Callable[[Any, Context], Login] | None = None
    api_version: int = API_VERSION


@dataclass(frozen=True)
class SinkType:
    """A kind of sink: as `SourceType`, for agencies and bailiffs."""

    name: str
    title: str
    config: type[BaseModel]
    open: Callable[[Any, Context], Sink]
    hosts: Callable[[Any], Iterable[str]] | None = None
    api_version: int = API_VERSION


@dataclass(frozen=True)
class ConditionType:
    """A kind of condition that a policy may ask before its steps, as `[[condition]]` with `use = "name"`.

    - `asked`: the question, in words for a person, such as "Is the debtor insured?".
    - `config`: the model of the condition's `settings`.
    - `open`: called with an instance of it; gives what is asked about each account. That must be pure (the account
      alone decides, no clock, no network), total (an answer for every account, no error), and monotone in days (once
      yes, more days alone never change it).
    """

    name: str
    title: str
    asked: str
    config: type[BaseModel]
    open: Callable[[Any], Callable[[Account], ConditionAnswer]]
    api_version: int = API_VERSION


@dataclass(frozen=True)
class Sandbox:
    """A stand-in server that comes with a plugin, for demonstrations and tests; on loopback only.

    `serve` runs until stopped. It prints one line `listening on http://127.0.0.1:PORT` when ready, so that
    port 0 (any free port) can be used. `clock_file` is a test clock: a file holding one ISO 8601 instant; None
    is the machine's clock. `options` are the plugin's own, from `--set key=value`.
    """

    name: str
    title: str
    serve: Callable[..., None]
    options: Mapping[str, str] = field(default_factory=dict)
    api_version: int = API_VERSION
