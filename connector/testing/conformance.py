"""What the conformance classes of sources and sinks share: scenarios, exemptions, and the checks of every plugin."""

import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic
from urllib.parse import urlsplit

import pytest
from pydantic import BaseModel

from connector.api import Sink, SinkType, Source, SourceType
from connector.errors import AuthError, ConfigError, ConnectorError
from connector.testing import plugin_checks
from connector.testing.context import Call, ManualClock, RecordedContext, make_context
from connector.testing.run import Opened, Run, listed

if TYPE_CHECKING:
    from requests import PreparedRequest
    from responses import BaseResponse, RequestsMock
    from urllib3 import HTTPResponse

EXEMPT = "exempt from conformance: "


class Conformance(Generic[Opened]):
    """Not used by itself: derive `SourceConformance` or `SinkConformance`."""

    config: ClassVar[Mapping[str, Any]] = {}
    """A working configuration, as the connection file would give it, without `plugin`."""

    secrets: ClassVar[Mapping[str, str]] = {}
    """Secrets that must have a certain value: reference as text ("env:NAME") to value. The others are canaries."""

    login_paths: ClassVar[tuple[str, ...]] = ()
    """How the paths of log-in calls end, such as "/oauth2/token". They are counted apart, and may be POSTs."""

    check_calls: ClassVar[int] = 1
    """How many calls `check()` may make, log-ins not counted."""

    exempt: ClassVar[Mapping[str, str]] = {}
    """Scenarios and demands that do not apply, each with its reason, which is printed."""

    exemptable: ClassVar[frozenset[str]] = frozenset()
    """What may be named in `exempt`."""

    ordinary: ClassVar[str] = ""
    """The scenario in which everything is well."""

    readme: ClassVar[Path | None] = None
    """Where the README is, when it is neither beside the module nor one folder up."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, reason in cls.exempt.items():
            if name not in cls.exemptable:
                raise TypeError(
                    f"{cls.__name__}: {name!r} cannot be exempt; one of {', '.join(sorted(cls.exemptable))}"
                )
            if not reason.strip():
                raise TypeError(f"{cls.__name__}: the exemption of {name!r} needs a reason")

    @property
    def offer(self) -> SourceType | SinkType:
        """What is checked."""
        raise NotImplementedError

    def open(self, config: BaseModel, context: RecordedContext) -> Opened:
        """Open what is checked, as the host does."""
        raise NotImplementedError

    def upstream(self, mock: "RequestsMock", scenario: str) -> Mapping[str, Any] | None:
        """Prime the upstream for `scenario`, and return settings that differ from `config`, if any.

        Either register answers on `mock` (calls that are not registered are refused), or put a stand-in server on
        127.0.0.1 into the scenario and return its address: calls to 127.0.0.1 are let through.
        """
        raise NotImplementedError(f"{type(self).__name__} must say how to prime {scenario!r}: define upstream()")

    def make_clock(self) -> ManualClock:
        """The clock of one check. Give it a `file` to share with a stand-in server."""
        return ManualClock()

    def is_login(self, call: Call) -> bool:
        """Whether a call fetched or refreshed a token."""
        return urlsplit(call.url).path.endswith(self.login_paths)

    def skip_if_exempt(self, name: str) -> None:
        """Skip the running check, with the author's reason, when `name` is exempt."""
        if name in self.exempt:
            pytest.skip(f"{EXEMPT}{name}: {self.exempt[name]}")

    def exercise(self, run: Run[Opened]) -> Sequence[object]:
        """Use the plugin as the host does and return everything it gave, for the search for secrets."""
        raise NotImplementedError

    @contextmanager
    def opened(self, scenario: str) -> Iterator[Run[Opened]]:
        """The plugin, opened against an upstream in `scenario`. Says which call the scenario did not foresee."""
        import responses

        with ExitStack() as stack:
            mock = stack.enter_context(responses.RequestsMock(assert_all_requests_are_fired=False))
            context = make_context(secrets=self.secrets, clock=self.make_clock())
            run = Run(mock, context, prepare=self._prepare, open=self.open, is_login=self.is_login)
            run.prime(scenario)
            try:
                yield run
            except Exception as error:
                _blame_unforeseen_call(mock, scenario, error)
                raise
            finally:
                context.http.close()
            _blame_unforeseen_call(mock, scenario, None)

    def _prepare(self, mock: "RequestsMock", scenario: str) -> BaseModel:
        self.skip_if_exempt(scenario)
        changes = self.upstream(mock, scenario) or {}
        for answer in mock.registered():
            _tell_when_sent(answer)
        return self.offer.config.model_validate({**self.config, **changes})

    def test_p1_importing_it_costs_little(self) -> None:
        """Every command of the host pays for importing every plugin: no heavy library, no network, under 300 ms."""
        plugin_checks.check_import(plugin_checks.import_name(self.offer))

    def test_p2_it_is_installed_under_its_own_name(self) -> None:
        """A connection file names the plugin: the name must be a slug, and lead to this plugin and no other."""
        self.skip_if_exempt("installed")
        plugin_checks.check_identity(self.offer)

    def test_p3_its_configuration_catches_mistakes(self) -> None:
        """A mistyped key that passes silently is found months later; a secret in a file is found by others."""
        with self.opened(self.ordinary) as run:
            sample = run.config.model_dump(exclude_unset=True)
        plugin_checks.check_config_model(self.offer.config, sample)

    def test_p4_the_example_in_its_readme_loads(self) -> None:
        """The example is what people copy."""
        self.skip_if_exempt("readme")
        plugin_checks.check_readme(self.offer, self.readme)

    def test_p5_no_secret_shows_up_anywhere(self) -> None:
        """Logs, errors, cursors and stored rows are read by people and copied to places that secrets must not reach."""
        with _everything_logged() as logged, self.opened(self.ordinary) as run:
            given: list[object] = [run.plugin, run.config, *self.exercise(run)]
            if "unauthorised" not in self.exempt:
                run.prime("unauthorised")
                given += [run.plugin, _error_of(run.plugin)]
        places = [
            ("the log", run.context.log.text()),
            ("the standard log", "\n".join(logged)),
            ("the state", repr(run.context.state.values)),
            *((f"a {type(thing).__name__}", _texts(thing)) for thing in given),
        ]
        for secret in filter(_findable, run.context.secrets.handed_out):
            leaks = sorted({place for place, text in places if secret in text})
            assert not leaks, f"a secret shows up in {', '.join(leaks)}"

    def test_p6_check_tells_good_credentials_from_bad(self) -> None:
        """`incasso doctor` is how a person finds out; it must cost next to nothing and change nothing."""
        with self.opened(self.ordinary) as run:
            run.plugin.check()
            assert len(run.calls) <= self.check_calls, f"check() made {len(run.calls)} calls: {listed(run.calls)}"
            assert not run.writes, f"check() wrote: {listed(run.writes)}"
        with self.opened("unauthorised") as run:
            error = _error_of(run.plugin)
            assert isinstance(error, AuthError | ConfigError), (
                f"check() with wrong credentials gave {error!r}, expected AuthError (or ConfigError)"
            )
            assert len(run.calls) <= self.check_calls, (
                f"check() repeated a refused call: {listed(run.calls)}; services lock keys for that"
            )


def _tell_when_sent(answer: "BaseResponse") -> None:
    """A call that reached a registered answer counts as sent, as it would over a wire: its loss is not harmless."""
    from connector.http import wire

    give = answer.get_response

    def get_response(request: "PreparedRequest") -> "HTTPResponse":
        wire.mark_sent()
        return give(request)

    answer.get_response = get_response  # type: ignore[method-assign]


def _error_of(plugin: Source | Sink) -> ConnectorError | None:
    try:
        plugin.check()
    except ConnectorError as error:
        return error
    return None


def _texts(thing: object) -> str:
    texts = [repr(thing), str(thing)]
    if isinstance(thing, ConnectorError):
        texts += [thing.detail, *traceback.format_exception(thing)]
    if isinstance(thing, BaseModel):
        texts.append(str(thing.model_dump()))
    return "\n".join(texts)


def _findable(secret: str) -> bool:
    """Shorter secrets turn up by chance, as a number or a word."""
    return len(secret) >= 8


def _blame_unforeseen_call(mock: "RequestsMock", scenario: str, cause: Exception | None) -> None:
    """Say which call the scenario did not foresee: the error that the plugin makes of it would only mislead."""
    for call in mock.calls:
        if isinstance(call.response, Exception) and "refused by Responses" in str(call.response):
            raise AssertionError(
                f"the plugin called {call.request.method} {call.request.url}, which upstream(mock, {scenario!r}) "
                "does not answer: prime it, or name the scenario in `exempt` with the reason"
            ) from cause


@contextmanager
def _everything_logged() -> Iterator[list[str]]:
    """All records of the standard logging, also of libraries, at every level."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, keep = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(keep)
        root.setLevel(level)
