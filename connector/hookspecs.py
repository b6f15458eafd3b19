"""The hooks. They register things and otherwise stay out of the way."""

from collections.abc import Iterable

import pluggy

from connector.api import ConditionType, Sandbox, SinkType, SourceType
from connector.model import Case, Event

PROJECT = "connector"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_sources() -> Iterable[SourceType]:  # type: ignore[empty-body]
    """The kinds of source this plugin offers. Called once, at load."""


@hookspec
def register_sinks() -> Iterable[SinkType]:  # type: ignore[empty-body]
    """The kinds of sink this plugin offers. Called once, at load."""


@hookspec
def register_sandboxes() -> Iterable[Sandbox]:  # type: ignore[empty-body]
    """The stand-in servers this plugin offers. Called once, at load."""


@hookspec
def register_conditions() -> Iterable[ConditionType]:  # type: ignore[empty-body]
    """The kinds of condition this plugin offers to policies. Called once, at load."""


@hookspec(firstresult=True)
def before_handover(case: Case, sink: str) -> str | None:
    """A reason to hold this case at home, in words for a person, or None. The first answer wins."""


@hookspec
def on_event(event: Event) -> None:
    """Called after an agency event was stored. An error is logged and never stops a run."""
