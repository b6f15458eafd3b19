"""What a plugin's tests need: the conformance kit, a context without a host, and builders of records.

Loaded at use: this package is imported in every pytest run of every project that has the connector installed,
so importing it costs nothing until a name is taken from it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.testing.builders import (
        euros,
        make_account,
        make_case,
        make_creditor,
        make_debtor,
        make_document,
        make_item,
        make_line,
        make_mutation,
        make_update,
    )
    from connector.testing.condition import ConditionConformance
    from connector.testing.context import (
        BudgetRecorder,
        Call,
        CapturedLog,
        ManualClock,
        MemorySecrets,
        MemoryState,
        RecordedContext,
        RecordingHttp,
        make_context,
    )
    from connector.testing.priming import prime_json
    from connector.testing.run import Run
    from connector.testing.sink import AgencyCase, SinkConformance
    from connector.testing.source import SourceConformance

_HOMES = {
    "builders": (
        "euros",
        "make_account",
        "make_case",
        "make_creditor",
        "make_debtor",
        "make_document",
        "make_item",
        "make_line",
        "make_mutation",
        "make_update",
    ),
    "condition": ("ConditionConformance",),
    "context": (
        "BudgetRecorder",
        "Call",
        "CapturedLog",
        "ManualClock",
        "MemorySecrets",
        "MemoryState",
        "RecordedContext",
        "RecordingHttp",
        "make_context",
    ),
    "priming": ("prime_json",),
    "run": ("Run",),
    "sink": ("AgencyCase", "SinkConformance"),
    "source": ("SourceConformance",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AgencyCase",
    "BudgetRecorder",
    "Call",
    "CapturedLog",
    "ConditionConformance",
    "ManualClock",
    "MemorySecrets",
    "MemoryState",
    "RecordedContext",
    "RecordingHttp",
    "Run",
    "SinkConformance",
    "SourceConformance",
    "euros",
    "make_account",
    "make_case",
    "make_context",
    "make_creditor",
    "make_debtor",
    "make_document",
    "make_item",
    "make_line",
    "make_mutation",
    "make_update",
    "prime_json",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
