"""What a failed call means: surely nothing happened, or nobody knows."""

from typing import Any
from urllib.parse import urlsplit

from connector.errors import ConfigError, ConnectorError, TransientError, UnknownOutcome
from connector.http.body import BodyError
from connector.http.call import Call
from connector.log import MASK, Masker

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def explain(call: Call, error: Exception, *, sent: bool, masker: Masker) -> ConnectorError:
    """The named error for `error`; `sent` tells whether any byte of the request had left.

    Nothing sent, or a method that changes nothing: TransientError. Anything else: UnknownOutcome. A request that
    could not even be made: ConfigError.
    """
    query = urlsplit(call.url).query
    text = f"{type(error).__name__}: {error}"
    detail = masker.mask(text.replace(query, MASK) if query else text)
    if not sent:
        return _explain_unsent(call, error, detail)
    why = f"{call}: the answer was lost ({describe(error)})."
    if call.method in _SAFE:
        return TransientError(why, detail=detail)
    return UnknownOutcome(f"{why} It may have been carried out.", key=call.key, detail=detail)


def _explain_unsent(call: Call, error: Exception, detail: str) -> ConnectorError:
    from requests import ConnectionError as Unreachable
    from requests import RequestException, Timeout

    unmade = isinstance(error, RequestException) and not isinstance(error, Unreachable | Timeout)
    if unmade or isinstance(error, UnicodeError):
        # What is wrong may be the value of a header, and that may be a secret: only the kind of error is told.
        return ConfigError(
            f"{call}: the request cannot be made ({type(error).__name__}).",
            mend="Look at the address and the secrets of this connection.",
        )
    return TransientError(
        f"{call}: {call.host} cannot be reached ({describe(error)}). Nothing was sent.", detail=detail
    )


def describe(error: Exception) -> str:
    """What went wrong in a few words, from the innermost cause that says so."""
    if isinstance(error, BodyError):
        return str(error)
    chain = [type(one).__name__ for one in _causes(error)]
    return next((words for name, words in _WORDS if name in chain), type(error).__name__)


_WORDS = (
    ("LateError", "the time of this attempt was over"),
    ("NameResolutionError", "the host name is not known"),
    ("ConnectTimeoutError", "no connection in time"),
    ("SSLCertVerificationError", "the server's certificate is not trusted"),
    ("SSLError", "no secure connection"),
    ("ConnectionRefusedError", "connection refused"),
    ("NewConnectionError", "no connection"),
    ("ReadTimeoutError", "no answer in time"),
    ("RemoteDisconnected", "connection closed without an answer"),
    ("BadStatusLine", "the answer is not HTTP"),
    ("ConnectionResetError", "connection reset"),
    ("BrokenPipeError", "connection reset"),
    ("IncompleteRead", "the answer broke off"),
    ("InvalidChunkLength", "the answer broke off"),
    ("DecodeError", "the answer's compression is broken"),
)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it was made of: urllib3 and requests wrap in several ways."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 20:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found
