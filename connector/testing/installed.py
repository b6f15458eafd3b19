"""The checks of an installed plugin that need no scenario: `pytest --connector-plugin NAME` runs this module."""

import pytest

from connector.plugins import PluginReport
from connector.testing import plugin_checks
from connector.testing.pytest_plugin import OPTION


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("name", metafunc.config.getoption(OPTION))


def test_p1_importing_it_costs_little(name: str) -> None:
    """Every command of the host pays for importing every plugin: no heavy library, no network, under 300 ms."""
    for offer in _offers(name):
        plugin_checks.check_import(plugin_checks.import_name(offer))


def test_p2_it_is_installed_under_its_own_name(name: str) -> None:
    """A connection file names the plugin: the name must be a slug, and lead to this plugin and no other."""
    for offer in _offers(name):
        plugin_checks.check_identity(offer)


def test_p3_its_configuration_catches_mistakes(name: str) -> None:
    """A mistyped key that passes silently is found months later; a secret in a file is found by others."""
    for offer in _offers(name):
        plugin_checks.check_config_model(offer.config)


def _offers(name: str) -> list[plugin_checks.Checked]:
    plugins = plugin_checks.installed()
    report = _report(name)
    assert report.state == "loaded", f"the plugin {report.title} is {report.state}: {report.reason}"
    offers: list[plugin_checks.Checked] = [
        *(plugins.sources[source] for source in report.sources),
        *(plugins.sinks[sink] for sink in report.sinks),
        *(plugins.conditions[condition] for condition in report.conditions),
    ]
    assert offers, f"the plugin {report.title} registers neither a source nor a sink nor a condition"
    return offers


def _report(name: str) -> PluginReport:
    reports = plugin_checks.installed().report()
    found = [report for report in reports if report.name == name]
    assert found, f"no plugin {name!r} is installed; installed are: {', '.join(report.name for report in reports)}"
    return found[0]
