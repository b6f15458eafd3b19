"""One call about to be made: its address, what of it may be shown, where a redirect leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from connector.errors import ConfigError
from connector.log import MASK

if TYPE_CHECKING:
    from requests import Response

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Call:
    """One call about to be made. Its text is safe to show: no query, no user name."""

    method: str
    url: str
    key: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2].lower()

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    @property
    def shown_path(self) -> str:
        """The path, and of the query only which parameters it has."""
        query = urlsplit(self.url).query
        names = "&".join(f"{name}={MASK}" for name, _ in parse_qsl(query, keep_blank_values=True))
        return f"{self.path}?{names}" if names else self.path

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}"


def make_call(
    method: str, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Call:
    """The call of `method` on `url` with `params` added to its query; its key is the Idempotency-Key header."""
    key = next((value for name, value in (headers or {}).items() if name.lower() == "idempotency-key"), "")
    return Call(method.upper(), _with_params(url, params), key)


def check_address(call: Call, hosts: frozenset[str] | None) -> None:
    """Raises ConfigError unless the call goes to one of `hosts` (None: to any), by https or to this machine."""
    parts = urlsplit(call.url)
    host = (parts.hostname or "").lower()
    if parts.username is not None or parts.password is not None:
        raise _bad_address(call, "it holds a user name or password", "Give them as secret references.")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        raise _bad_address(call, "it is not https", "Give an https address, or http on this machine.")
    if hosts is not None and host not in hosts and call.host not in hosts:
        allowed = ", ".join(sorted(hosts)) or "none"
        raise _bad_address(call, "this connection may not call that host", f"Allowed: {allowed}.")


def same_host_redirect(call: Call, response: "Response") -> Call | None:
    """The call that a redirect of a GET or HEAD asks for, if it stays within scheme, host and port."""
    location = response.headers.get("Location", "")
    if call.method not in {"GET", "HEAD"} or response.status_code not in {301, 302, 303, 307, 308} or not location:
        return None
    url = urljoin(call.url, location)
    here, there = urlsplit(call.url), urlsplit(url)
    if (here.scheme, here.netloc.lower()) != (there.scheme, there.netloc.lower()):
        return None
    return Call(call.method, url, call.key)


def _with_params(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    parts = urlsplit(url)
    # `$filter` rather than `%24filter`, and `%20` rather than `+`: every server understands these.
    query = urlencode(dict(params), safe="$,'():*/", quote_via=quote)
    return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


def _bad_address(call: Call, why: str, mend: str) -> ConfigError:
    return ConfigError(f"{call} is not called: {why}.", mend=mend)
