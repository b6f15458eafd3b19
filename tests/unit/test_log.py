"""The log's one way out: our events, libraries, warnings and crashes, all masked."""

import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from connector.log import MASKER, Masker, bound, configure, mask, open_log

CANARY = "canary-7f3a91"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    yield
    root.handlers[:], sys.excepthook, threading.excepthook = before[0], before[2], before[3]
    root.setLevel(before[1])
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def masker() -> Masker:
    masker = Masker()
    masker.register(CANARY)
    return masker


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_for_machines_is_one_json_object(out: io.StringIO, masker: Masker) -> None:
    configure("info", "json", stream=out, masker=masker)
    open_log(connection="books").info("page stored", rows=1000, secret_note=CANARY)
    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "page stored", "level": "info", "connection": "books", "rows": 1000, "secret_note": "***",
    }  # fmt: skip


def test_a_line_for_people_reads_from_left_to_right(out: io.StringIO, masker: Masker) -> None:
    configure("info", "console", stream=out, masker=masker)
    open_log().warning("no calls left", connection="books", until="11:00", why=CANARY)
    text = out.getvalue()
    assert "no calls left" in text
    assert "connection=books" in text
    assert CANARY not in text
    assert "\x1b[" not in text, "no colours in a file"


def test_the_level_holds_for_us_and_for_libraries(out: io.StringIO, masker: Masker) -> None:
    configure("warning", "json", stream=out, masker=masker)
    open_log().info("not heard")
    logging.getLogger("some.library").info("not heard")
    logging.getLogger("some.library").warning("heard")
    assert [line["event"] for line in lines(out)] == ["heard"]


def test_chatty_libraries_are_heard_at_level_debug_only(out: io.StringIO, masker: Masker) -> None:
    configure("info", "json", stream=out, masker=masker)
    logging.getLogger("apscheduler.executors.default").info("running job")
    configure("debug", "json", stream=out, masker=masker)
    logging.getLogger("apscheduler.executors.default").info("running job at debug")
    assert [line["event"] for line in lines(out)] == ["running job at debug"]


def test_a_librarys_line_is_masked_and_names_its_logger(out: io.StringIO, masker: Masker) -> None:
    configure("info", "json", stream=out, masker=masker)
    logging.getLogger("uvicorn.error").error("sent %s to %s", CANARY, "jan@x.nl")
    (line,) = lines(out)
    assert line["event"] == "sent *** to [e-mail]"
    assert line["logger"] == "uvicorn.error"


def test_a_server_that_set_up_its_own_handlers_is_brought_back(out: io.StringIO, masker: Masker) -> None:
    own = io.StringIO()
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(own))
    configure("info", "json", stream=out, masker=masker)
    logging.getLogger("uvicorn").warning(CANARY)
    assert own.getvalue() == ""
    assert lines(out)[0]["event"] == "***"


def fail(text: str, cause: BaseException | None = None) -> None:
    raise RuntimeError(text) from cause


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_are_masked(out: io.StringIO, masker: Masker, form: Any) -> None:
    configure("info", form, stream=out, masker=masker)
    try:
        fail("could not reach jan@x.nl", ValueError(f"inner {CANARY}"))
    except RuntimeError:
        open_log().error("failed", exc_info=True)
        logging.getLogger("library").exception("failed too")
    text = out.getvalue()
    assert text.count("inner ***") == 2
    assert text.count("RuntimeError: could not reach [e-mail]") == 2
    assert CANARY not in text


def test_what_a_stretch_of_work_has_in_common_stands_on_every_line(out: io.StringIO, masker: Masker) -> None:
    configure("info", "json", stream=out, masker=masker)
    with bound(run="r-1", ledger="acme"):
        open_log().info("inside")
        logging.getLogger("library").warning("inside too")
    open_log().info("outside")
    assert [line.get("run") for line in lines(out)] == ["r-1", "r-1", None]


def test_warnings_of_python_are_lines_too(out: io.StringIO, masker: Masker) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure("info", "json", stream=out, masker=masker)
        warnings.warn(f"old {CANARY}", stacklevel=1)
    (line,) = lines(out)
    assert line["logger"] == "py.warnings"
    assert CANARY not in line["event"]


def test_a_crash_is_logged_masked(out: io.StringIO, masker: Masker) -> None:
    configure("info", "json", stream=out, masker=masker)
    error = RuntimeError(f"with {CANARY}")
    sys.excepthook(RuntimeError, error, None)
    (line,) = lines(out)
    assert line["event"] == "crashed"
    assert "RuntimeError: with ***" in line["exception"]


def test_a_crash_of_a_thread_is_logged_masked(out: io.StringIO, masker: Masker) -> None:
    configure("info", "json", stream=out, masker=masker)
    thread = threading.Thread(target=fail, args=(f"with {CANARY}",), name="worker-1")
    thread.start()
    thread.join()
    (line,) = lines(out)
    assert (line["event"], line["thread"]) == ("thread crashed", "worker-1")
    assert "RuntimeError: with ***" in line["exception"]


def test_set_up_again_replaces_the_first(out: io.StringIO, masker: Masker) -> None:
    first = io.StringIO()
    configure("info", "json", stream=first, masker=masker)
    configure("info", "json", stream=out, masker=masker)
    open_log().info("once")
    assert first.getvalue() == ""
    assert len(lines(out)) == 1


def test_without_a_stream_lines_go_to_whatever_stderr_is_now(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("info", "json")
    open_log().info("first")
    assert "first" in capsys.readouterr().err
    replaced = io.StringIO()
    monkeypatch.setattr(sys, "stderr", replaced)
    open_log().info("second")
    assert [line["event"] for line in lines(replaced)] == ["second"]


def test_the_process_has_one_masker_for_all() -> None:
    MASKER.register("process-wide-secret", slot="test")
    assert mask("the process-wide-secret of jan@x.nl") == "the *** of [e-mail]"


def test_a_real_process_crashes_without_telling_its_secret() -> None:
    program = (
        f"from connector.log import MASKER, configure\nMASKER.register({CANARY!r})\nconfigure()\n"
        f"raise SystemError('lost {CANARY}')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "SystemError: lost ***" in done.stderr
    assert "lost canary" not in done.stderr


def test_importing_the_log_costs_no_library() -> None:
    program = "import sys, connector.log\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "connector.log" in loaded
    assert loaded.isdisjoint({"structlog", "logging", "pydantic", "requests"})
