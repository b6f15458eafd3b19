"""Setting up the log: one way out for our own events, the libraries' lines, warnings and crashes."""

import importlib
import sys
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

from connector.log.masker import Masker

if TYPE_CHECKING:
    from types import TracebackType

    from connector.api import Log

Level = Literal["debug", "info", "warning", "error"]

MASKER = Masker()
"""The process's masker: what any part registers, every line hides."""


def mask(text: str) -> str:
    """`text` without secrets and personal data: for messages that reach a person or a file outside the log."""
    return MASKER.mask(text)


def configure(
    level: Level = "info",
    form: Literal["console", "json"] = "console",
    *,
    stream: TextIO | None = None,
    masker: Masker = MASKER,
) -> None:
    """Set up the log of this process, to stderr unless `stream` is given. Calling it again replaces the set-up.

    `console` is for people, `json` one object a line. An error that nobody caught is logged, masked, in place of
    Python's own traceback.
    """
    import logging

    structlog = _structlog()
    out = stream or cast("TextIO", _CurrentStderr())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                masker,
                _renderer(form, out),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)
    _quieten(level)
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash


def open_log(**facts: Any) -> "Log":
    """A log whose lines all carry `facts`."""
    return cast("Log", _structlog().get_logger("connector").bind(**facts))


def bound(**facts: Any) -> AbstractContextManager[None]:
    """While it is open, every line of this thread or task carries `facts`, the libraries' lines too."""
    return cast("AbstractContextManager[None]", _structlog().contextvars.bound_contextvars(**facts))


def _structlog() -> Any:
    """The library, imported at use.

    It takes rich along where it finds it, for tracebacks that we have it write in plain text: not finding it saves
    every process 60 ms and three megabytes.
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return importlib.import_module("structlog")
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]


class _CurrentStderr:
    """Whatever stderr is at the moment of writing: it may be replaced after the log was set up."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def _renderer(form: str, out: TextIO) -> Any:
    structlog = _structlog()
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain, sort_keys=False)


def _quieten(level: Level) -> None:
    """Libraries that tell each call or request are heard when something is wrong, or at level debug."""
    import logging

    for name in ("urllib3", "apscheduler", "uvicorn.access", "alembic", "asyncio"):
        logging.getLogger(name).setLevel("INFO" if level == "debug" else "WARNING")
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _log_crash(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    open_log().error("crashed", exc_info=(kind, error, trace))


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is None or issubclass(crash.exc_type, SystemExit):
        return
    thread = crash.thread.name if crash.thread else ""
    open_log().error("thread crashed", thread=thread, exc_info=(crash.exc_type, crash.exc_value, crash.exc_traceback))
