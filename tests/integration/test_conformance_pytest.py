"""The pytest plugin that ships with the connector, as an author meets it."""

import subprocess
import sys

import pytest

from connector.testing import SourceConformance

pytest_plugins = "pytester"

EXEMPTING = """
    from connector.testing import SourceConformance

    class TestMine(SourceConformance):
        exempt = {"limited": "the API has no limit"}

        def test_something(self):
            self.skip_if_exempt("limited")
"""


@pytest.fixture(autouse=True)
def _no_settings(pytester: pytest.Pytester) -> None:
    # schemathesis is a test tool of ours, not of an author, and takes seconds to load.
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = -p no:schemathesis")


def test_an_unknown_plugin_is_named_with_those_there_are(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--connector-plugin", "acne")

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*no plugin 'acne' is installed; installed are: *exact*"])


def test_only_the_plugins_asked_for_are_checked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_the_project():\n    assert False")

    result = pytester.runpytest_subprocess("-v", "--connector-plugin", "exact", "--connector-plugin", "agency_api")

    result.assert_outcomes(passed=6)
    assert "test_of_the_project" not in result.stdout.str()


def test_an_exemption_is_printed_with_its_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(EXEMPTING)

    result = pytester.runpytest_subprocess("-k", "test_something")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*exempt from conformance*", "TestMine: limited: the API has no limit"])


def test_an_exemption_is_printed_by_several_workers_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(EXEMPTING)

    result = pytester.runpytest_subprocess("-k", "test_something", "-n", "1")

    result.stdout.fnmatch_lines(["TestMine: limited: the API has no limit"])


def test_a_project_without_plugins_sees_nothing_of_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_the_project():\n    pass")

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=1)
    assert "conformance" not in result.stdout.str()


def test_a_failing_check_shows_what_was_compared(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from connector.api import PluginConfig, SourceType
        from connector.model import Page
        from connector.testing import SourceConformance, euros

        class Empty:
            def __init__(self, config, context): pass
            def check(self): pass
            def pull(self, cursor): yield Page(cursor="{}", complete=True)

        class TestEmpty(SourceConformance):
            source_type = SourceType(name="empty", title="Empty", config=PluginConfig, open=Empty)
            expected = {"a": euros("1.15")}
            def upstream(self, mock, scenario): pass
        """
    )

    result = pytester.runpytest_subprocess("-k", "s2_everything")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*missing: ?'a'?, not expected: ??", "*assert set() == {'a'}"])


def test_loading_it_imports_nothing_heavy() -> None:
    code = "import sys, connector.testing.pytest_plugin; print(sorted({'pydantic', 'requests'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("exempt", "why"),
    [({"limited": " "}, "the exemption of 'limited' needs a reason"), ({"limitd": "no limit"}, "cannot be exempt")],
)
def test_an_exemption_needs_a_known_name_and_a_reason(exempt: dict[str, str], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        type("TestMine", (SourceConformance,), {"exempt": exempt})


def test_an_author_who_forgot_the_upstream_is_told() -> None:
    class Mine(SourceConformance):
        pass

    with pytest.raises(NotImplementedError, match="Mine must say how to prime 'pages': define upstream"):
        Mine().test_s1_records_are_valid()
