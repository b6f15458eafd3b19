"""Finding, loading and guarding plugins."""

import re
import sys
from collections.abc import Callable, Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verdicts import install

from connector import plugins as host
from connector.errors import ConfigError, PluginError
from connector.model import Accepted
from connector.plugins import PluginReport, Plugins, load
from connector.testing import CapturedLog, ManualClock, make_case

Put = Callable[..., None]

HEAD = """
from pydantic import BaseModel
from connector import hookimpl
from connector.api import Sandbox, SinkType, SourceType

class Config(BaseModel):
    pass

def serve(**options):
    pass
"""
TRIAL_GROUP = "connector.plugins.trial"


def a_source(name: str, *more: str) -> str:
    """The text of a plugin that registers one source."""
    offer = f'SourceType(name="{name}", title="A ledger", config=Config, open=print)'
    return "\n".join((HEAD, "@hookimpl", "def register_sources():", f"    return [{offer}]", *more))


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """Installs a plugin: its name, the text of its module, and its distribution. Nobody else offers any."""
    monkeypatch.setattr(host, "GROUP", TRIAL_GROUP)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def put_plugin(name: str, text: str, *, distribution: str = "", version: str = "1.0") -> None:
        distribution = distribution or f"plugin-{name}"
        module = f"trial_{distribution}_{name}".replace("-", "_").replace(".", "_").lower()
        tmp_path.joinpath(f"{module}.py").write_text(text, encoding="utf-8")
        install(tmp_path, distribution, {name: module}, version, group=TRIAL_GROUP)
        invalidate_caches()

    yield put_plugin
    for name in set(sys.modules) - before:
        if name.startswith("trial_"):
            del sys.modules[name]


def only(plugins: Plugins) -> PluginReport:
    (report,) = plugins.report()
    return report


def by_name(plugins: Plugins) -> dict[str, PluginReport]:
    return {report.name: report for report in plugins.report()}


def test_a_plugin_is_loaded_and_reported(put: Put) -> None:
    put("acme", a_source("acme"), version="2.3")

    plugins = load()

    assert plugins.sources["acme"].title == "A ledger"
    assert plugins.source("acme") is plugins.sources["acme"]
    assert only(plugins) == PluginReport(
        name="acme",
        distribution="plugin-acme",
        version="2.3",
        state="loaded",
        sources=("acme",),
        hooks=("register_sources",),
    )


def test_sources_sinks_and_sandboxes_may_share_a_name(put: Put) -> None:
    more = (
        "@hookimpl",
        "def register_sinks():",
        '    yield SinkType(name="acme", title="An agency", config=Config, open=print)',
        "@hookimpl",
        "def register_sandboxes():",
        '    return (Sandbox(name="acme", title="A stand-in", serve=serve),)',
    )
    put("acme", a_source("acme", *more))

    plugins = load()

    report = only(plugins)
    assert (report.sources, report.sinks, report.sandboxes) == (("acme",), ("acme",), ("acme",))
    assert report.hooks == ("register_sandboxes", "register_sinks", "register_sources")
    assert plugins.sink("acme").title == "An agency"
    assert plugins.sandbox("acme").title == "A stand-in"


def test_no_plugins_is_an_empty_house(put: Put) -> None:
    assert load().report() == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import a_library_that_is_not_there", "ModuleNotFoundError: No module named 'a_library_that_is_not_there'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def half(:", "SyntaxError"),
        ("1 / 0", r"ZeroDivisionError: division by zero \(.*/trial_plugin_broken_broken.py, line 1\)"),
        ("x = 1", "it implements no hook: is `@hookimpl` missing?"),
        (HEAD + "@hookimpl\ndef register_sourcs():\n    return []", "unknown hook 'register_sourcs'"),
        (HEAD + "@hookimpl\ndef register_sources(config):\n    return []", "Argument.s. {'config'}"),
        (
            HEAD + "@hookimpl\ndef register_sources():\n    return None",
            "register_sources returned None, expected an iterable",
        ),
        (HEAD + "@hookimpl\ndef register_sources():\n    return 1", "returned a int, expected an iterable of"),
        (HEAD + "@hookimpl\ndef register_sources():\n    yield 1 / 0", "ZeroDivisionError"),
        (HEAD + "@hookimpl\ndef register_sources():\n    return ['x']", "returned a str, expected SourceType"),
        (a_source("Not A Slug"), "'Not A Slug' is not a slug"),
        (a_source("two").replace("print)]", "print)] * 2"), "registers the source 'two' twice"),
        (a_source("odd").replace("config=Config", "config=dict"), "config of 'odd' is not a pydantic model"),
        (a_source("odd").replace("open=print", "open=None"), "`open` is not callable"),
    ],
)
def test_a_broken_plugin_is_reported_and_the_others_run(put: Put, text: str, reason: str) -> None:
    put("broken", text)
    put("fine", a_source("fine"))

    plugins = load()

    reports = by_name(plugins)
    assert reports["broken"].state == "broken"
    assert re.search(reason, reports["broken"].reason)
    assert reports["fine"].state == "loaded"
    assert list(plugins.sources) == ["fine"]


def test_a_broken_plugin_says_where_it_broke(put: Put) -> None:
    put("broken", HEAD + "@hookimpl\ndef register_sources():\n    return [1 / 0]\n", version="0.9")

    report = only(load())

    assert report.title == "broken (plugin-broken 0.9)"
    assert report.reason.endswith("/trial_plugin_broken_broken.py, line 13)")
    assert (report.sources, report.hooks) == ((), ())


def test_two_distributions_with_one_name_are_both_refused_and_neither_is_imported(put: Put) -> None:
    put("acme", "raise RuntimeError('imported')", distribution="honest-acme")
    put("acme", "raise RuntimeError('imported')", distribution="Evil.Acme")

    plugins = load()

    assert [(it.distribution, it.state) for it in plugins.report()] == [
        ("evil-acme", "refused"),
        ("honest-acme", "refused"),
    ]
    assert "evil-acme and honest-acme all offer a plugin 'acme'" in plugins.report()[0].reason
    assert "`prefer`" in plugins.report()[0].reason
    assert not plugins.sources


def test_a_preferred_distribution_is_loaded_alone(put: Put) -> None:
    put("acme", a_source("acme"), distribution="Honest_Acme")
    put("acme", "raise RuntimeError('imported')", distribution="evil-acme")

    plugins = load(prefer={"acme": "honest.acme"})

    assert [(it.distribution, it.state) for it in plugins.report()] == [
        ("evil-acme", "refused"),
        ("honest-acme", "loaded"),
    ]
    assert list(plugins.sources) == ["acme"]


def test_a_preference_also_keeps_out_a_single_stranger(put: Put) -> None:
    put("acme", "raise RuntimeError('imported')", distribution="evil-acme")

    report = only(load(prefer={"acme": "honest-acme"}))

    assert (report.state, report.reason) == (
        "refused",
        "the configuration prefers the distribution honest-acme for the name 'acme'",
    )


def test_a_disabled_plugin_is_not_imported(put: Put) -> None:
    put("acme", "raise RuntimeError('imported')")

    report = only(load(disable=["acme"]))

    assert (report.state, report.reason) == ("disabled", "switched off in the configuration")


def test_an_unknown_api_version_is_refused(put: Put) -> None:
    put("acme", a_source("acme").replace("open=print", "open=print, api_version=2"))

    plugins = load()

    assert only(plugins).state == "refused"
    assert only(plugins).reason == "the source 'acme' needs api_version 2; this connector speaks 1"
    assert not plugins.sources


def test_a_name_that_is_taken_is_refused_to_the_later_one(put: Put) -> None:
    put("bravo", a_source("ledger"))
    put("alpha", a_source("ledger"))

    plugins = load()

    reports = by_name(plugins)
    assert reports["alpha"].state == "loaded"
    assert reports["bravo"].state == "refused"
    assert reports["bravo"].reason == ("the source 'ledger' is offered by the plugin alpha (plugin-alpha 1.0) already")


def test_a_name_belongs_to_the_plugin_that_carries_it(put: Put) -> None:
    put("aardvark", a_source("exact"))
    put("exact", a_source("exact"))

    reports = by_name(load())

    assert reports["exact"].state == "loaded"
    assert reports["aardvark"].state == "refused"


@pytest.mark.parametrize("by_environment", [True, False])
def test_strict_raises_for_a_broken_plugin(put: Put, monkeypatch: pytest.MonkeyPatch, by_environment: bool) -> None:
    put("broken", "1 / 0", version="0.9")
    if by_environment:
        monkeypatch.setenv("CONNECTOR_STRICT", "1")

    with pytest.raises(PluginError, match=r"broken \(plugin-broken 0.9\) is broken: ZeroDivisionError") as raised:
        load(strict=not by_environment)

    assert (raised.value.plugin, raised.value.version) == ("broken", "0.9")


def test_strict_leaves_what_was_disabled_alone(put: Put) -> None:
    put("acme", "1 / 0")

    assert only(load(disable={"acme"}, strict=True)).state == "disabled"


def test_a_missing_name_tells_what_there_is(put: Put) -> None:
    put("acme", a_source("acme"))

    with pytest.raises(ConfigError, match=r"there is no source 'acne'. Installed: acme. See `incasso plugins`."):
        load().source("acne")
    with pytest.raises(ConfigError, match=r"there is no sink 'acme'. Installed: none."):
        load().sink("acme")
    with pytest.raises(ConfigError, match=r"there is no sandbox 'acme'. Installed: none."):
        load().sandbox("acme")


def test_a_name_of_a_broken_plugin_tells_why(put: Put) -> None:
    put("acme", "1 / 0")

    with pytest.raises(ConfigError, match=r"its plugin acme \(plugin-acme 1.0\) is broken: ZeroDivisionError"):
        load().source("acme")


def a_veto(body: str) -> str:
    return a_source("veto", "@hookimpl", "def before_handover(case, sink):", f"    {body}")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return None", None),
        ("return f'{case.case_ref} not to {sink}'", "IC-1 not to agency"),
        ("return '  '", "The plugin veto (plugin-veto 1.0) holds this case without giving a reason."),
        ("return True", "The plugin veto (plugin-veto 1.0) holds this case without giving a reason."),
    ],
)
def test_before_handover_can_hold_a_case(put: Put, body: str, reason: str | None) -> None:
    put("veto", a_veto(body))
    put("without", a_source("without"))

    assert load().before_handover(make_case(case_ref="IC-1"), "agency") == reason


@pytest.mark.parametrize("body", ["raise ValueError('no network')", "raise SystemExit('no network')"])
def test_a_veto_that_fails_holds_the_case(put: Put, body: str) -> None:
    put("veto", a_veto(body))

    reason = load().before_handover(make_case(), "agency")

    assert reason
    assert reason.startswith("The plugin veto (plugin-veto 1.0) failed when asked about this case")
    assert "no network" in reason


def test_the_first_veto_wins_and_the_next_is_not_asked(put: Put) -> None:
    put("a", a_veto("return 'first'").replace('"veto"', '"a"'))
    put("b", a_veto("raise ValueError").replace('"veto"', '"b"'))

    assert load().before_handover(make_case(), "agency") == "first"


def test_no_plugin_can_wrap_the_veto_of_another(put: Put) -> None:
    wrapper = a_source(
        "wrapper",
        "@hookimpl(wrapper=True, tryfirst=True)",
        "def before_handover(case, sink):",
        "    yield",
        "    return None",
    )
    put("veto", a_veto("return 'held'"))
    put("wrapper", wrapper)

    assert load().before_handover(make_case(), "agency") == "held"


def test_what_a_plugin_raises_on_an_event_is_logged_and_stops_nobody(put: Put, tmp_path: Path) -> None:
    listener = "@hookimpl", "def on_event(event):", "    {body}"
    heard = tmp_path / "heard"
    put("a", a_source("a", *listener).format(body="raise SystemExit('stop')"))
    put("b", a_source("b", *listener).format(body=f"__import__('pathlib').Path({str(heard)!r}).write_text(event.id)"))
    log = CapturedLog()
    event = Accepted(id="event-1", case_ref="IC-1", occurred_at=ManualClock().now(), agency_ref="AG-1")

    load(log=log).on_event(event)

    assert heard.read_text() == "event-1"
    (entry,) = log.entries
    assert (entry.level, entry.event) == ("error", "plugin_failed")
    assert entry.facts["plugin"] == "a (plugin-a 1.0)"
    assert entry.facts["event_id"] == "event-1"
    assert "SystemExit: stop" in entry.facts["why"]


def test_without_a_log_a_failing_listener_is_logged_as_the_host_logs(
    put: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    put("a", a_source("a", "@hookimpl", "def on_event(event):", "    1 / 0"))
    event = Accepted(id="event-1", case_ref="IC-1", occurred_at=ManualClock().now(), agency_ref="AG-1")

    load().on_event(event)

    printed = capsys.readouterr()
    assert "plugin_failed" in printed.out + printed.err


def test_a_keyboard_interrupt_is_not_a_broken_plugin(put: Put) -> None:
    put("acme", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        load()


def test_every_load_starts_anew(put: Put) -> None:
    put("acme", a_source("acme"))
    first = load()
    put("bravo", a_source("bravo"))

    assert list(first.sources) == ["acme"]
    assert list(load().sources) == ["acme", "bravo"]


def test_what_is_registered_cannot_be_changed_by_whoever_holds_it(put: Put) -> None:
    put("acme", a_source("acme"))

    with pytest.raises(TypeError):
        load().sources["acme"] = None  # type: ignore[index]


@given(st.text(max_size=20))
def test_only_slugs_are_names(name: str) -> None:
    accepted = host._SLUG.fullmatch(name) is not None

    assert accepted == bool(re.fullmatch(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", name, re.ASCII))
    if accepted:
        assert name == name.lower()
        assert name.isascii()


@given(st.lists(st.sampled_from("ab.-_AB"), min_size=1).map("".join))
def test_distribution_names_compare_as_packaging_does(name: str) -> None:
    normal = host._normal(name)

    assert host._normal(normal) == normal
    assert host._normal(name.upper()) == normal
    assert not re.search(r"[A-Z._]|--", normal)
