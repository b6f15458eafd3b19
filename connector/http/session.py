"""The session handed to a plugin: one call at a time, nothing repeated, everything bounded, every outcome named."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from connector import __version__, trace
from connector.api import Clock, Log
from connector.failpoints import failpoint
from connector.http.body import BodyError, read_body
from connector.http.call import Call, check_address, make_call, same_host_redirect
from connector.http.calls import Calls, template
from connector.http.failures import describe, explain
from connector.http.offsets import Offsets
from connector.log import MASKER, Masker, open_log

if TYPE_CHECKING:
    from requests import Response

# Exact Online reference 3.6: TLS handshakes of 5 s are reported; bulk and sync pages take up to two minutes.
TIMEOUT = (15.0, 120.0)
BODY_LIMIT = 48 * 1024 * 1024
_BODY_SECONDS = 600.0
_REDIRECTS = 3


class Session:
    """Implements `connector.api.Http` over requests. Safe for threads; close it, or use it in a `with`.

    - `hosts`: the hosts that may be called, from the plugin's base URL: "start.exactonline.nl", or with a port
      "127.0.0.1:8080". None allows any host over https, and this machine over http.
    - `body_limit`: bytes of an answer after decompression.
    - `timeout`: seconds to connect, and seconds of silence while waiting for the answer.
    - `calls` counts what was called.
    - `offsets`: how far the clocks of the servers are from `clock`; nothing without one.
    """

    def __init__(
        self,
        *,
        hosts: Iterable[str] | None = None,
        body_limit: int = BODY_LIMIT,
        timeout: tuple[float, float] = TIMEOUT,
        log: Log | None = None,
        masker: Masker = MASKER,
        clock: Clock | None = None,
    ) -> None:
        from http.cookiejar import DefaultCookiePolicy

        import requests

        from connector.http.wire import WireAdapter

        self.calls = Calls()
        self.offsets = Offsets()
        self._clock = clock
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._body_limit = body_limit
        self._timeout = timeout
        self._log = log or open_log()
        self._masker = masker
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = f"incasso-connector/{__version__}"
        # Nothing of one call may colour the next.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, WireAdapter(pool_size=8))

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._session.close()

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
        """Send once: nothing is repeated here. Returns every HTTP status, its whole body already read.

        A GET or HEAD that is redirected within the same scheme, host and port is followed, three times at most;
        any other redirect is returned as it came.

        Raises TransientError when surely nothing was processed (refused connection, DNS, TLS), and for any failure
        of a GET, HEAD or OPTIONS; UnknownOutcome, with the `Idempotency-Key` header as its key, for any other
        method whose answer was lost; ConfigError for an address that may not be called.
        """
        call = make_call(method, url, params=params, headers=headers)
        options = {"headers": dict(headers or {}), "json": json, "data": data, "files": files}
        for _ in range(_REDIRECTS):
            response = self._traced(call, options, timeout or self._timeout)
            following = same_host_redirect(call, response)
            if following is None:
                return response
            call = following
        return self._traced(call, options, timeout or self._timeout)

    def _traced(self, call: Call, options: Mapping[str, Any], timeout: tuple[float, float]) -> "Response":
        with trace.span(f"{call.method} {call.host}", host=call.host, path=template(call.path)) as note:
            response = self._send(call, {**options, "headers": {**trace.headers(), **options["headers"]}}, timeout)
            note(status=response.status_code, bytes=len(response.content))
        return response

    def _send(self, call: Call, options: Mapping[str, Any], timeout: tuple[float, float]) -> "Response":
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        from connector.http import wire

        check_address(call, self._hosts)
        started = time.monotonic()
        before = self._clock.now() if self._clock else None
        wire.begin()
        failpoint("before wire")
        try:
            response = self._session.request(
                call.method, call.url, stream=True, allow_redirects=False, verify=True, timeout=timeout, **options
            )
            if self._clock and before:
                self.offsets.hear(call.host, response.headers, before=before, after=self._clock.now())
            body = read_body(response, limit=self._body_limit, seconds=_BODY_SECONDS)
        except (RequestException, HTTPError, OSError, UnicodeError, BodyError) as error:
            self._note(call, started, failed=True, received=0, outcome=describe(error))
            raise explain(call, error, sent=wire.was_sent(), masker=self._masker) from None
        failpoint("after wire")
        # As its own reading would leave it, but for that reading's second copy of a large body.
        response._content, response._content_consumed = body, True  # type: ignore[attr-defined]
        failed = response.status_code >= 400
        self._note(call, started, failed=failed, received=len(body), outcome=response.status_code)
        return response

    def _note(self, call: Call, started: float, *, failed: bool, received: int, outcome: int | str) -> None:
        took = round((time.monotonic() - started) * 1000)
        self.calls.add(call.host, call.method, call.path, failed=failed, received=received, milliseconds=took)
        self._log.debug(
            "http call",
            method=call.method,
            host=call.host,
            path=call.shown_path,
            outcome=outcome,
            milliseconds=took,
            bytes=received,
        )
