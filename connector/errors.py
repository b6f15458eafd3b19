"""Errors, named for what happens next.

Each carries a sentence for the user (`message`) and a detail for the developer (`detail`). Neither may
hold a secret or personal data in clear: both are masked again before they reach a log.

| class            | means                                    | the host                                        |
|------------------|------------------------------------------|-------------------------------------------------|
| `ConfigError`    | a person must change the configuration   | stops the connection, says file, key and mend   |
| `AuthError`      | a person must log in again               | marks the connection; other connections go on   |
| `QuotaError`     | no calls left until `until`              | waits or re-schedules; not a failure            |
| `TransientError` | may work later                           | bounded retries with jitter, then the next run  |
| `RejectedError`  | this case is refused                     | the case goes to a person; the next goes on     |
| `ConflictError`  | the receiver has something else there    | parked for a person; nothing is repeated        |
| `UnknownOutcome` | it may have happened                     | looked up, never repeated blindly               |
| `PluginError`    | a plugin broke its contract              | the report names the plugin and its version     |

A bad record is not an exception: it is a `connector.model.RecordFault` beside the good ones.
"""

from datetime import datetime


class ConnectorError(Exception):
    """Root of every error that the connector raises on purpose."""

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class ConfigError(ConnectorError):
    """A person must change the configuration. Names the file, the key and the mend where they are known."""

    def __init__(self, message: str, *, file: str = "", key: str = "", mend: str = "", detail: str = "") -> None:
        where = ": ".join(part for part in (file, key) if part)
        text = f"{where}: {message}" if where else message
        if mend and text[-1:] not in ".!?:":
            text += "."
        super().__init__(f"{text} {mend}".strip() if mend else text, detail=detail)
        self.file = file
        self.key = key
        self.mend = mend


class AuthError(ConnectorError):
    """A person must log in again, or be given rights. Never retried."""


class QuotaError(ConnectorError):
    """No calls left. `until` is the UTC instant at which calls are expected to be possible again."""

    def __init__(self, message: str, *, until: datetime, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.until = until


class TransientError(ConnectorError):
    """May work later: a time-out on a read, a 5xx, a maintenance page, a truncated body."""


class RejectedError(ConnectorError):
    """The receiver understood the request and refused it. `reasons` are the receiver's own words."""

    def __init__(self, message: str, *, reasons: tuple[str, ...] = (), detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.reasons = reasons or (message,)


class ConflictError(ConnectorError):
    """The receiver has something else under our reference: only a person can tell which of the two is right.

    `reference` is the receiver's own of what it has, empty when it does not say.
    """

    def __init__(self, message: str, *, reference: str = "", detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.reference = reference


class UnknownOutcome(ConnectorError):
    """The request may have been carried out: settle it by look-up under `key`, never repeat it blindly."""

    def __init__(self, message: str, *, key: str, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.key = key


class PluginError(ConnectorError):
    """A plugin broke its contract, or could not be loaded."""

    def __init__(self, message: str, *, plugin: str = "", version: str = "", detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.plugin = plugin
        self.version = version
