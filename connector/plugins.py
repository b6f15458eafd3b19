"""Finds, loads and guards plugins, and reports what became of each.

A plugin is an entry point of the group `connector.plugins`. Each is loaded into a hook manager of its own: a
broken one is shown as broken while the others run, and none can wrap or see another's hooks. There is no manager
at import time; `load` makes one `Plugins` for whoever asks.
"""

import os
import re
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import pluggy
from pydantic import BaseModel

from connector import hookspecs
from connector.api import API_VERSION, ConditionType, Log, Sandbox, SinkType, SourceType
from connector.errors import ConfigError, PluginError
from connector.model import Case, Event

GROUP = "connector.plugins"

PluginState = Literal["loaded", "broken", "disabled", "refused"]
Offer = SourceType | SinkType | ConditionType | Sandbox
AnOffer = TypeVar("AnOffer", SourceType, SinkType, ConditionType, Sandbox)

_SLUG = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_NOUNS: Mapping[type[Offer], str] = {
    SourceType: "source",
    SinkType: "sink",
    ConditionType: "condition",
    Sandbox: "sandbox",
}


@dataclass(frozen=True)
class PluginReport:
    """What became of one plugin. `name` is its entry point's name; `reason` says why it is not loaded.

    - `broken`: it raised, or broke its contract. `refused`: it collides with another, or speaks another
      `api_version`. `disabled`: by configuration; then it was not even imported.
    - `sources`, `sinks`, `conditions`, `sandboxes`: the names it registered; `hooks`: the hooks it implements.
    """

    name: str
    distribution: str
    version: str
    state: PluginState
    reason: str = ""
    sources: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    sandboxes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The plugin as errors name it: `exact (incasso-connector 0.1.0)`."""
        return f"{self.name} ({self.distribution} {self.version})"


@dataclass(frozen=True)
class _Plugin:
    """One plugin with its hook manager, None unless it is loaded, and what it registered."""

    report: PluginReport
    manager: pluggy.PluginManager | None = None
    offers: tuple[Offer, ...] = ()

    def refused(self, reason: str) -> "_Plugin":
        """The same plugin, out of service."""
        return _Plugin(replace(self.report, state="refused", reason=reason))


class Plugins:
    """The plugins of one process. Made by `load`; what they offer is by registered name."""

    def __init__(self, plugins: Collection[_Plugin], *, log: Log | None = None) -> None:
        self._plugins = tuple(plugins)
        self._log = log
        offers = [offer for plugin in self._plugins for offer in plugin.offers]
        self.sources: Mapping[str, SourceType] = _by_name(offers, SourceType)
        self.sinks: Mapping[str, SinkType] = _by_name(offers, SinkType)
        self.conditions: Mapping[str, ConditionType] = _by_name(offers, ConditionType)
        self.sandboxes: Mapping[str, Sandbox] = _by_name(offers, Sandbox)

    def report(self) -> tuple[PluginReport, ...]:
        """One entry a plugin, also for those that could not be loaded, by name and then by distribution."""
        return tuple(sorted((plugin.report for plugin in self._plugins), key=lambda it: (it.name, it.distribution)))

    def source(self, name: str) -> SourceType:
        """The kind of source called `name`. Raises ConfigError that says which there are, or why it is not."""
        return self.sources[name] if name in self.sources else self._missing("source", name, self.sources)

    def sink(self, name: str) -> SinkType:
        """The kind of sink called `name`. Raises ConfigError that says which there are, or why it is not."""
        return self.sinks[name] if name in self.sinks else self._missing("sink", name, self.sinks)

    def sandbox(self, name: str) -> Sandbox:
        """The stand-in server called `name`. Raises ConfigError that says which there are, or why it is not."""
        return self.sandboxes[name] if name in self.sandboxes else self._missing("sandbox", name, self.sandboxes)

    def before_handover(self, case: Case, sink: str) -> str | None:
        """A reason to hold `case` at home, in words for a person, or None.

        A plugin that fails while it is asked holds the case: a veto that could not be heard is not a yes.
        """
        for report, manager in self._loaded():
            try:
                reason = manager.hook.before_handover(case=case, sink=sink)
            except (Exception, SystemExit) as error:
                return f"The plugin {report.title} failed when asked about this case ({_why(error)})."
            if reason is not None and not (isinstance(reason, str) and reason.strip()):
                return f"The plugin {report.title} holds this case without giving a reason."
            if reason is not None:
                return str(reason)
        return None

    def on_event(self, event: Event) -> None:
        """Tell every plugin of an event that was stored. What a plugin raises is logged, and stops nobody."""
        for report, manager in self._loaded():
            try:
                manager.hook.on_event(event=event)
            except (Exception, SystemExit) as error:
                self._logger().error(
                    "plugin_failed", plugin=report.title, hook="on_event", event_id=event.id, why=_why(error)
                )

    def _loaded(self) -> Iterator[tuple[PluginReport, pluggy.PluginManager]]:
        return ((plugin.report, plugin.manager) for plugin in self._plugins if plugin.manager)

    def _logger(self) -> Log:
        if self._log is None:
            import structlog

            self._log = structlog.get_logger("connector.plugins")
        return self._log

    def _missing(self, noun: str, name: str, known: Mapping[str, object]) -> Any:
        blamed = [it for it in self.report() if it.name == name and it.state != "loaded"]
        why = "; ".join(f"its plugin {it.title} is {it.state}: {it.reason}" for it in blamed)
        raise ConfigError(
            f"there is no {noun} {name!r}" + (f", {why}." if why else "."),
            mend=f"Installed: {', '.join(sorted(known)) or 'none'}. See `incasso plugins`.",
        )


def load(
    *,
    disable: Collection[str] = (),
    prefer: Mapping[str, str] = MappingProxyType({}),
    strict: bool = False,
    log: Log | None = None,
) -> Plugins:
    """Load every installed plugin and return them with a report on each.

    - `disable`: entry-point names that are not even imported.
    - `prefer`: entry-point name to distribution: which one may offer that name. Without it two distributions
      offering one name are both refused, so that nobody replaces a plugin by installing a package.
    - `strict`, or CONNECTOR_STRICT=1 in the environment: raise PluginError for the first that is broken or refused.
    - `log`: where failing `on_event` hooks are logged; by default the logger `connector.plugins`.
    """
    plugins: list[_Plugin] = []
    for name, offered in sorted(_found().items()):
        plugins += _resolve(name, offered, disabled=name in disable, preferred=prefer.get(name))
    plugins = _refuse_equal_offers(plugins)
    if strict or os.environ.get("CONNECTOR_STRICT") == "1":
        _raise_first_failure(plugins)
    return Plugins(plugins, log=log)


def _found() -> dict[str, list[EntryPoint]]:
    """All entry points by name, read before anything is loaded; one a distribution."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, {}).setdefault(_distribution(point), point)
    return {name: list(by_distribution.values()) for name, by_distribution in found.items()}


def _resolve(name: str, offered: list[EntryPoint], *, disabled: bool, preferred: str | None) -> list[_Plugin]:
    if disabled:
        return [_out(point, "disabled", "switched off in the configuration") for point in offered]
    if preferred is not None:
        wanted = _normal(preferred)
        why = f"the configuration prefers the distribution {wanted} for the name {name!r}"
        return [_open(point) if _distribution(point) == wanted else _out(point, "refused", why) for point in offered]
    if len(offered) > 1:
        names = " and ".join(sorted(_distribution(point) for point in offered))
        why = f"{names} all offer a plugin {name!r}: neither is loaded. Say which in `prefer`, or uninstall one."
        return [_out(point, "refused", why) for point in offered]
    return [_open(point) for point in offered]


def _open(point: EntryPoint) -> _Plugin:
    """Load one plugin; whatever it raises becomes its report."""
    try:
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        module = point.load()
        manager.register(module, name=point.name)
        manager.check_pending()
        hooks = tuple(sorted(caller.name for caller in manager.get_hookcallers(module) or ()))
        if not hooks:
            return _out(point, "broken", "it implements no hook: is `@hookimpl` missing?")
        offers = _registered(manager)
    except PluginError as error:
        return _out(point, "broken", error.message)
    except (Exception, SystemExit) as error:
        return _out(point, "broken", _why(error))
    report = replace(
        _report(point, "loaded"),
        sources=_names(offers, SourceType),
        sinks=_names(offers, SinkType),
        conditions=_names(offers, ConditionType),
        sandboxes=_names(offers, Sandbox),
        hooks=hooks,
    )
    plugin = _Plugin(report, manager, offers)
    foreign = next((offer for offer in offers if offer.api_version != API_VERSION), None)
    if foreign:
        return plugin.refused(
            f"the {_noun(foreign)} {foreign.name!r} needs api_version {foreign.api_version}; "
            f"this connector speaks {API_VERSION}"
        )
    return plugin


def _registered(manager: pluggy.PluginManager) -> tuple[Offer, ...]:
    offers: list[Offer] = [
        *_answers("register_sources", manager.hook.register_sources, SourceType),
        *_answers("register_sinks", manager.hook.register_sinks, SinkType),
        *_answers("register_conditions", manager.hook.register_conditions, ConditionType),
        *_answers("register_sandboxes", manager.hook.register_sandboxes, Sandbox),
    ]
    keys = [(type(offer), offer.name) for offer in offers]
    twice = next((offer for offer in offers if keys.count((type(offer), offer.name)) > 1), None)
    if twice:
        raise PluginError(f"it registers the {_noun(twice)} {twice.name!r} twice")
    return tuple(offers)


def _answers(hook: str, caller: pluggy.HookCaller, kind: type[AnOffer]) -> Iterator[AnOffer]:
    answers = caller()
    if caller.get_hookimpls() and not answers:
        raise PluginError(f"{hook} returned None, expected an iterable of {kind.__name__}")
    for answer in answers:
        if not isinstance(answer, Iterable):
            raise PluginError(f"{hook} returned a {type(answer).__name__}, expected an iterable of {kind.__name__}")
        for offer in answer:
            if type(offer) is not kind:
                raise PluginError(f"{hook} returned a {type(offer).__name__}, expected {kind.__name__}")
            _check_offer(hook, offer)
            yield offer


def _check_offer(hook: str, offer: Offer) -> None:
    if not (isinstance(offer.name, str) and _SLUG.fullmatch(offer.name)):
        raise PluginError(f"{hook}: the name {offer.name!r} is not a slug (lower case, digits, - or _)")
    if not isinstance(offer, Sandbox):
        if not (isinstance(offer.config, type) and issubclass(offer.config, BaseModel)):
            raise PluginError(f"{hook}: the config of {offer.name!r} is not a pydantic model")
        if not callable(offer.open):
            raise PluginError(f"{hook}: {offer.name!r} cannot be opened: `open` is not callable")
    elif not callable(offer.serve):
        raise PluginError(f"{hook}: {offer.name!r} cannot be started: `serve` is not callable")


def _refuse_equal_offers(plugins: list[_Plugin]) -> list[_Plugin]:
    """Refuse whoever registers a name that is taken.

    A name belongs first to the plugin whose entry point carries it, so that a plugin which merely sorts earlier
    cannot take another's; else to the first by name.
    """
    owners: dict[tuple[type[Offer], str], str] = {}
    for plugin in plugins:
        for offer in plugin.offers:
            key = (type(offer), offer.name)
            if key not in owners or plugin.report.name == offer.name:
                owners[key] = plugin.report.title
    return [_refuse_taken(plugin, owners) for plugin in plugins]


def _refuse_taken(plugin: _Plugin, owners: Mapping[tuple[type[Offer], str], str]) -> _Plugin:
    for offer in plugin.offers:
        owner = owners[type(offer), offer.name]
        if owner != plugin.report.title:
            return plugin.refused(f"the {_noun(offer)} {offer.name!r} is offered by the plugin {owner} already")
    return plugin


def _raise_first_failure(plugins: list[_Plugin]) -> None:
    for plugin in plugins:
        report = plugin.report
        if report.state in ("broken", "refused"):
            raise PluginError(
                f"the plugin {report.title} is {report.state}: {report.reason}",
                plugin=report.name,
                version=report.version,
            )


def _out(point: EntryPoint, state: PluginState, reason: str) -> _Plugin:
    return _Plugin(replace(_report(point, state), reason=reason))


def _report(point: EntryPoint, state: PluginState) -> PluginReport:
    version = point.dist.version if point.dist else ""
    return PluginReport(name=point.name, distribution=_distribution(point), version=version, state=state)


def _distribution(point: EntryPoint) -> str:
    return _normal(point.dist.name) if point.dist else "unknown"


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _why(error: BaseException) -> str:
    """The error in one line, with the place in the plugin's own code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    frame = frames[-1]
    place = "/".join(Path(frame.filename).parts[-2:])
    return f"{type(error).__name__}: {error} ({place}, line {frame.lineno})"


def _noun(offer: Offer) -> str:
    return _NOUNS[type(offer)]


def _names(offers: Collection[Offer], kind: type[Offer]) -> tuple[str, ...]:
    return tuple(offer.name for offer in offers if type(offer) is kind)


def _by_name(offers: Collection[Offer], kind: type[AnOffer]) -> Mapping[str, AnOffer]:
    return MappingProxyType({offer.name: offer for offer in offers if isinstance(offer, kind)})
