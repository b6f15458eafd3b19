"""Incasso Connector: carries overdue invoices to a collection agency, and every answer back.

Public rooms for plugin authors: `connector.api`, `connector.model`, `connector.errors`,
`connector.testing`, and `hookimpl` from here. Everything else may change without notice.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.hookspecs import hookimpl

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl"]


def __getattr__(name: str) -> Any:
    # Loaded at use: `incasso --help` must not pay for pluggy and pydantic.
    if name == "hookimpl":
        from connector.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(name)
