"""Traces of the work, one for each unit of it: off until an endpoint is configured, and until then nothing is imported.

What a span holds are names of ledgers and verbs, ids of runs, hosts, kinds of addresses and outcomes; never a debtor,
an invoice, an amount or the text of an error.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Fact = str | int
_EXPORT_SECONDS = 5


class _Current:
    """The tracer of this process; None while nothing is traced."""

    tracer: "Tracer | None" = None


@contextmanager
def tracing(endpoint: str, *, version: str) -> Iterator[None]:
    """Send traces to `endpoint`, the address of an OTLP collector that takes them over HTTP; empty: do nothing.

    What is not sent yet at the end is sent then. A collector that cannot be reached hinders nobody.
    Raises ConfigError when the extra `otel` is not installed.
    """
    if not endpoint:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            "traces need the extra otel, which is not installed.",
            file="incasso.toml",
            key="traces.endpoint",
            mend="Run: pip install 'incasso-connector[otel]', or take the endpoint out.",
        ) from error
    provider = TracerProvider(
        resource=Resource.create({"service.name": "incasso", "service.version": version}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_SECONDS)))
    before, _Current.tracer = _Current.tracer, provider.get_tracer("incasso", version)
    try:
        yield
    finally:
        _Current.tracer = before
        provider.shutdown()


@contextmanager
def span(name: str, **facts: Fact) -> Iterator[Callable[..., None]]:
    """A step of the work, inside the one that is under way. Gives a function that adds facts to it.

    An error that leaves it is told by its class alone.
    """
    if _Current.tracer is None:
        yield _forget
        return
    from opentelemetry.trace import Status, StatusCode

    opened = _Current.tracer.start_as_current_span(
        name, attributes=_named(facts), record_exception=False, set_status_on_exception=False
    )
    with opened as current:
        try:
            yield lambda **more: current.set_attributes(_named(more))
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def headers() -> dict[str, str]:
    """What tells a receiver of which trace a call is a part (W3C Trace Context); empty while nothing is traced."""
    carrier: dict[str, str] = {}
    if _Current.tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(carrier)
    return carrier


def _named(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """`http_status` as `incasso.http_status`."""
    return {f"incasso.{key}": value for key, value in facts.items()}


def _forget(**_facts: Fact) -> None: ...
