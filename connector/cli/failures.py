"""What an error means to whoever called: an exit code, and one clear sentence with the mend.

| code | meaning                                                                          |
|------|----------------------------------------------------------------------------------|
| 0    | done                                                                             |
| 1    | done, and something needs a person: a refusal, a parked message, a brake, a difference |
| 2    | the command or the configuration is wrong                                        |
| 3    | log in again: `incasso connect`                                                  |
| 70   | a fault in this program                                                          |
| 75   | not now, try again later: no calls left, a time-out, busy, stopped               |
| 130  | interrupted                                                                      |
"""

import json
import sys
import traceback
from enum import IntEnum
from typing import Any

from connector.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    PluginError,
    QuotaError,
    RejectedError,
)


class ExitCode(IntEnum):
    """The exit codes of `incasso`."""

    DONE = 0
    PERSON = 1
    CONFIG = 2
    LOGIN = 3
    FAULT = 70
    LATER = 75


def code_of(error: Exception) -> ExitCode:
    """What the caller should do next. What is not one of our errors is a fault in this program."""
    match error:
        case AuthError():
            return ExitCode.LOGIN
        case ConfigError():
            return ExitCode.CONFIG
        case RejectedError() | PluginError():
            return ExitCode.PERSON
        case ConnectorError():
            return ExitCode.LATER
        case _:
            return ExitCode.FAULT


def tell(error: Exception, *, as_json: bool, verbose: bool) -> ExitCode:
    """Tell an error, masked, on stderr (as JSON: on stdout, where a machine reads). Returns the exit code."""
    from connector.log import mask

    code = code_of(error)
    if as_json:
        sys.stdout.write(mask(json.dumps({"error": _facts(error, code)}, ensure_ascii=False)) + "\n")
        return code
    sys.stderr.write(mask(_sentence(error, code)) + "\n")
    if verbose:
        detail = getattr(error, "detail", "")
        sys.stderr.write(mask("".join(traceback.format_exception(error)) + detail) + "\n")
    return code


def _sentence(error: Exception, code: ExitCode) -> str:
    if code is ExitCode.FAULT:
        return f"A fault in this program: {_first_line(error)} Report what it says with --verbose."
    text = str(error)
    until = f" Calls are possible again from {error.until:%Y-%m-%d %H:%M} UTC." if isinstance(error, QuotaError) else ""
    return f"Error: {text}{until}"


def _first_line(error: Exception) -> str:
    told = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {told}." if told else f"{type(error).__name__}."


def _facts(error: Exception, code: ExitCode) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": type(error).__name__, "message": str(error), "exit_code": int(code)}
    if isinstance(error, ConfigError):
        facts |= {"file": error.file, "key": error.key, "mend": error.mend}
        facts["mistakes"] = [vars(mistake) for mistake in getattr(error, "mistakes", ())]
    if isinstance(error, RejectedError):
        facts["reasons"] = list(error.reasons)
    if isinstance(error, QuotaError):
        facts["until"] = error.until.isoformat()
    return facts
