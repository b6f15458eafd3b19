"""One call to Exact Online: paced before it leaves, checked when it is back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from connector.api import Budget, Context, Limits
from connector.errors import QuotaError, TransientError, UnknownOutcome
from connector_exact.answers import COUNTED, PASSING, raise_for, require_json
from connector_exact.brake import Brake
from connector_exact.config import ExactConfig
from connector_exact.headers import read_rates, refuse_skew, refused_until
from connector_exact.tokens import TokenKeeper

if TYPE_CHECKING:
    from requests import Response

_WAITS = (2.0, 8.0)
_JSON = {"Accept": "application/json"}


class Client:
    """Calls of one division. Serial by nature: two page requests of one list at once double or lose rows.

    `writing`: for notes and documents, which find calls left when reading has stopped. `person`: somebody waits.
    """

    def __init__(
        self,
        config: ExactConfig,
        context: Context,
        keeper: TokenKeeper,
        *,
        writing: bool = False,
        person: bool = False,
    ) -> None:
        self._config = config
        self._context = context
        self._keeper = keeper
        self._person = person
        self._brake = Brake(config, context)
        self._budget = _open_budget(config, context, writing=writing) if config.division else None

    def url(self, endpoint: str, query: Mapping[str, str] | None = None, *, division: int | None = None) -> str:
        """The address of an endpoint of the configured division (or of `division`), with its query."""
        code = division or self._config.division
        text = urlencode(query or {}, quote_via=quote, safe="$,()'/")
        return f"{self._config.base}/api/v1/{code}/{endpoint}" + (f"?{text}" if text else "")

    def root_url(self, endpoint: str) -> str:
        """The address of an endpoint that belongs to no division, such as `current/Me`."""
        return f"{self._config.base}/api/v1/{endpoint}"

    def get(self, url: str, endpoint: str) -> bytes:
        """The JSON body at `url`. Reads are repeated after passing faults, at most twice.

        Raises AuthError, ConfigError, QuotaError, TransientError or PluginError.
        """
        return require_json(self._read(url, endpoint, _JSON), endpoint)

    def download(self, url: str, endpoint: str) -> bytes:
        """The file at `url`, which must lie on the configured site: the access token goes nowhere else."""
        ours, theirs = urlsplit(self._config.base), urlsplit(url)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise TransientError(f"{endpoint}: the attachment lies on another site, it is not fetched")
        return self._read(url, endpoint, {}).content

    def write(self, method: str, url: str, endpoint: str, *, body: Mapping[str, Any], key: str) -> "Response | None":
        """Send a change once. None when the record does not exist (404).

        Raises RejectedError when refused, UnknownOutcome under `key` when it may have been carried out: a 500 says
        neither (reference 3.3).
        """
        headers = {**_JSON, "Prefer": "return=representation"}
        try:
            response = self._call(method, url, endpoint, headers=headers, body=body)
        except UnknownOutcome as error:
            raise UnknownOutcome(error.message, key=key, detail=error.detail) from error
        if response.status_code in PASSING:
            raise UnknownOutcome(f"{endpoint}: Exact Online answered {response.status_code}", key=key)
        if response.status_code == 404:
            return None
        if response.status_code not in (200, 201, 204):
            raise_for(response, endpoint, self._context)
        return response

    def next_url(self, url: str, endpoint: str, *, current: str) -> str:
        """Check a `__next` address before the access token is sent there: our site, division and endpoint."""
        ours, theirs = urlsplit(self.url(endpoint)), urlsplit(url)
        same = (theirs.scheme, theirs.netloc, theirs.path.lower()) == (ours.scheme, ours.netloc, ours.path.lower())
        if not same:
            raise TransientError(f"{endpoint}: malformed page: its next page lies elsewhere")
        if url == current:
            raise TransientError(f"{endpoint}: malformed page: its next page is itself")
        return url

    def _read(self, url: str, endpoint: str, headers: Mapping[str, str]) -> "Response":
        for wait in (*_WAITS, None):
            try:
                response = self._call("GET", url, endpoint, headers=headers, body=None)
            except TransientError:
                if wait is None:
                    raise
            else:
                if response.status_code == 200:
                    return response
                if wait is None or response.status_code not in PASSING:
                    raise_for(response, endpoint, self._context)
            self._context.clock.sleep(wait)
        raise AssertionError("the last round returns or raises")

    def _call(
        self, method: str, url: str, endpoint: str, *, headers: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> "Response":
        """Send, and once more after a 429 or after a 401 that a newer token mends. Refusals are counted."""
        again = {401, 429}
        while True:
            self._brake.check(endpoint)
            token = self._keeper.access()
            response = self._send(method, url, token=token, headers=headers, body=body)
            status = response.status_code
            if status in COUNTED:
                self._brake.count(endpoint)
            if status == 429:
                self._wait_for(response, last=status not in again)
            elif not (status == 401 and status in again and self._keeper.after_refusal(token)):
                return response
            again.discard(status)

    def _send(
        self, method: str, url: str, *, token: str, headers: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> "Response":
        if self._budget:
            self._budget.take(person=self._person)
        before = self._context.clock.now()
        response = self._context.http.request(
            method,
            url,
            headers={**headers, "Authorization": f"Bearer {token}"},
            json=body,
            timeout=(self._config.connect_timeout, self._config.read_timeout),
        )
        self._observe(response, before)
        return response

    def _observe(self, response: "Response", before: datetime) -> None:
        rates = read_rates(response.headers)
        tolerance = timedelta(seconds=self._config.clock_skew_seconds)
        refuse_skew(rates, before=before, after=self._context.clock.now(), tolerance=tolerance)
        if self._budget and not rates.silent:
            self._budget.observe(
                minute_left=rates.minute_left,
                minute_reset=rates.minute_reset,
                day_left=rates.day_left,
                day_reset=rates.day_reset,
            )

    def _wait_for(self, response: "Response", *, last: bool) -> None:
        """After a 429: nobody calls before the reset. A second one without any header looks like a blocked key."""
        rates = read_rates(response.headers)
        until = self._brake.block() if last and rates.silent else refused_until(rates, self._context.clock.now())
        if self._budget:
            self._budget.refused(until)
        if last or self._budget is None:
            raise QuotaError("Exact Online refuses calls for now", until=until)


def _open_budget(config: ExactConfig, context: Context, *, writing: bool) -> Budget:
    """Reading stops early, so that notes and documents find calls left at the end of a busy day."""
    limits = Limits(
        per_minute=config.calls_per_minute,
        per_day=config.calls_per_day,
        reserve=config.keep_per_minute,
        day_reserve=config.keep_for_people if writing else config.keep_for_writing,
    )
    return context.budget(str(config.division), limits)
