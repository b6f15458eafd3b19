"""Options of the command line, checked and turned into settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from connector.errors import ConfigError
from connector_exact.sandbox.toggles import Toggles

REGIONS = ("nl", "be", "de", "uk", "us", "es")


@dataclass(frozen=True, slots=True)
class DivisionSettings:
    """An administration to open at start."""

    code: int
    country: str = "NL"
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class AppSettings:
    """An app registration: its credentials, the registered redirect address, the webhook secret."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105 - the published secret of a stand-in
    redirect_uri: str = ""
    webhook_secret: str = "sandbox-webhook-secret"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the stand-in is started with. `consent` empty grants all divisions."""

    region: str = "nl"
    app: AppSettings = field(default_factory=AppSettings)
    divisions: tuple[DivisionSettings, ...] = (DivisionSettings(code=123456),)
    users: tuple[str, ...] = ("anna",)
    consent: tuple[int, ...] = ()
    seed: int = 1
    demo: bool = False
    toggles: Toggles = field(default_factory=Toggles)


def read_options(options: Mapping[str, str]) -> Settings:
    """Settings from `key=value` options. Raises ConfigError naming the option and its mend."""
    rest = dict(options)
    app = AppSettings(**{key: rest.pop(key) for key in _APP_KEYS if key in rest})
    values: dict[str, object] = {"app": app}
    for key, read in _READERS.items():
        if key in rest:
            values[key] = read(rest.pop(key))
    values["toggles"] = _toggles(rest)
    return Settings(**values)  # type: ignore[arg-type]


_APP_KEYS = ("client_id", "client_secret", "redirect_uri", "webhook_secret")


def _toggles(rest: Mapping[str, str]) -> Toggles:
    unknown = sorted(set(rest) - set(Toggles.model_fields))
    if unknown:
        raise ConfigError("is not an option of this sandbox", key=unknown[0], mend="See the sandbox's README.")
    try:
        return Toggles.model_validate_strings(dict(rest))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError("has a wrong value", key=str(first["loc"][0]), mend=f"{first['msg']}.") from error


def _divisions(text: str) -> tuple[DivisionSettings, ...]:
    found = tuple(_division(part.strip()) for part in text.split(",") if part.strip())
    if not found:
        raise ConfigError("names no division", key="divisions", mend="Write 123456:NL.")
    return found


def _division(text: str) -> DivisionSettings:
    code, country, currency, *_ = [*text.split(":"), "", ""]
    if not code.isdecimal():
        raise ConfigError(f"{text!r} is no division", key="divisions", mend="Write 123456:NL or 123456:NL:EUR.")
    return DivisionSettings(code=int(code), country=country or "NL", currency=currency or "EUR")


def _region(text: str) -> str:
    if text not in REGIONS:
        raise ConfigError(f"{text!r} is no region", key="region", mend=f"Take one of {', '.join(REGIONS)}.")
    return text


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ConfigError(f"{text!r} is no number", key="seed", mend="Write a whole number.")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip()) or ("anna",)


def _codes(text: str) -> tuple[int, ...]:
    return tuple(_division(part.strip()).code for part in text.split(",") if part.strip())


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false", "1", "0"):
        raise ConfigError(f"{text!r} is neither yes nor no", key="demo", mend="Write yes or no.")
    return text.lower() in ("yes", "true", "1")


_READERS = {
    "region": _region,
    "divisions": _divisions,
    "users": _names,
    "consent": _codes,
    "seed": _number,
    "demo": _yes,
}
