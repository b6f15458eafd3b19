"""Exact Online as a source of open items. Registers itself; everything else is loaded at use."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector import hookimpl
from connector.api import Context, Login, Sandbox, Source, SourceType

if TYPE_CHECKING:
    from connector_exact.config import ExactConfig


@hookimpl
def register_sources() -> list[SourceType]:
    """One kind of source: an administration in Exact Online."""
    from connector_exact.config import ExactConfig

    return [
        SourceType(
            name="exact",
            title="Exact Online",
            config=ExactConfig,
            open=_open,
            hosts=_hosts,
            provides=frozenset({"report", "document", "snapshot", "login"}),
            login=_login,
        )
    ]


@hookimpl
def register_sandboxes() -> list[Sandbox]:
    """The stand-in server, for demonstrations and tests."""
    from connector_exact.sandbox import SANDBOX

    return [SANDBOX]


def _open(config: "ExactConfig", context: Context) -> Source:
    from connector_exact.source import ExactSource

    return ExactSource(config, context)


def _hosts(config: "ExactConfig") -> list[str]:
    return [urlsplit(config.base).netloc]


def _login(config: "ExactConfig", context: Context) -> Login:
    from connector_exact.login import ExactLogin

    return ExactLogin(config, context)
