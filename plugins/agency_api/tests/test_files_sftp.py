"""Over a real SFTP server that cuts lines, is slow, fetches at once, shows a wrong key."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any, get_args

import paramiko
import pytest

from connector.errors import AuthError, ConfigError, TransientError, UnknownOutcome
from connector.testing import RecordedContext, make_case, make_context, make_mutation
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.sink import AgencyFilesSink
from plugins.agency_api.tests.files_agency import KEY, Folder, an_event
from plugins.agency_api.tests.sftp_server import (
    HOST_KEY,
    PASSWORD,
    PRIVATE_KEY,
    Mishap,
    SftpStandIn,
    make_key,
    running_sftp,
)

CASE = make_case()
Open = Callable[..., AgencyFilesSink]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpStandIn]:
    with running_sftp(tmp_path) as running:
        yield running


@pytest.fixture
def folder(server: SftpStandIn) -> Folder:
    return Folder(server.root)


@pytest.fixture
def context() -> RecordedContext:
    secrets = {"env:KEY": PRIVATE_KEY, "env:PASSWORD": PASSWORD, "env:WRONG": "not-the-password-at-all"}
    return make_context(secrets=secrets)


@pytest.fixture
def open_sink(server: SftpStandIn, context: RecordedContext) -> Open:
    def open_(**changes: Any) -> AgencyFilesSink:
        settings = {**server.settings(), "private_key": {"env": "KEY"}, "read_timeout": 5, **changes}
        return AgencyFilesSink(AgencyFilesConfig.model_validate(settings), context)

    return open_


def got(server: SftpStandIn) -> list[str]:
    """Everything that the agency ever got, as often as it got it."""
    folder = Folder(server.root)
    return server.fetched + [name for name in folder.sent if name.endswith(".json")]


@pytest.mark.parametrize(
    ("mishap", "error", "arrived"),
    [
        ("cut_after_listing", TransientError, False),
        ("cut_during_upload", TransientError, False),
        ("refuse_rename", TransientError, False),
        ("cut_before_rename", UnknownOutcome, False),
        ("cut_after_rename", UnknownOutcome, True),
        ("cut_after_fetch", UnknownOutcome, True),
        ("fetch_at_once", None, True),
    ],
)
def test_whatever_the_line_does_the_agency_gets_it_once(
    server: SftpStandIn,
    folder: Folder,
    open_sink: Open,
    mishap: Mishap,
    error: type[Exception] | None,
    *,
    arrived: bool,
) -> None:
    server.mishaps.append(mishap)
    sink = open_sink()
    if error is None:
        sink.submit(CASE, key=KEY)
    else:
        with pytest.raises(error):
            sink.submit(CASE, key=KEY)
    assert not server.mishaps, "the mishap was not met"
    found = open_sink().find(KEY)
    assert (found is not None) == arrived
    receipt = open_sink().submit(CASE, key=KEY)
    assert got(server) == [receipt.reference]
    assert receipt.replayed == arrived
    assert not [name for name in folder.sent if name.endswith(".part")]


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_day_ends_with_every_message_there_once(
    server: SftpStandIn, folder: Folder, open_sink: Open, seed: int
) -> None:
    """The host's protocol in short: a lost answer is looked up, what surely did not happen is sent again."""
    chance = Random(seed)
    waiting = [f"key-{number}" for number in range(10)]
    doubtful: set[str] = set()
    for _ in range(400):
        if not waiting:
            break
        if chance.random() < 0.5:
            server.mishaps[:] = [chance.choice(get_args(Mishap)[:6])]
        if chance.random() < 0.1:
            server.stop()
            server.start()
        if chance.random() < 0.3:
            for name in [name for name in folder.sent if name.endswith(".json")]:
                server.fetch(folder.root / "to-agency" / name)
        key = waiting[0]
        try:
            if key in doubtful and open_sink().find(key) is None:
                doubtful.discard(key)
            if key not in doubtful:
                open_sink().mutate(make_mutation("hold", case=CASE), key=key)
        except UnknownOutcome:
            doubtful.add(key)
        except TransientError:
            continue
        else:
            waiting.pop(0)
    assert not waiting
    assert sorted(name.split("_")[1] for name in got(server)) == [f"{number:04}" for number in range(1, 11)]


def test_a_server_that_answers_too_late_leaves_it_unknown(server: SftpStandIn, folder: Folder, open_sink: Open) -> None:
    server.mishaps.append("slow_rename")
    with pytest.raises(UnknownOutcome):
        open_sink(read_timeout=0.5).submit(CASE, key=KEY)
    # The settle time of the host is minutes; the server here needs a second more.
    end = time.monotonic() + 10
    while not got(server) and time.monotonic() < end:
        time.sleep(0.05)
    assert open_sink().find(KEY) is not None
    open_sink().submit(CASE, key=KEY)
    assert len(got(server)) == 1


def test_a_line_that_breaks_prints_no_traceback(
    server: SftpStandIn, open_sink: Open, caplog: pytest.LogCaptureFixture
) -> None:
    # The server of this test runs in the same process and may complain.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    sink = open_sink()
    sink.check()
    server.stop()
    for _ in range(2):
        with pytest.raises(TransientError):
            sink.submit(CASE, key=KEY)
    assert caplog.text == ""


def test_after_a_restart_of_the_server_the_same_sink_goes_on(
    server: SftpStandIn, folder: Folder, open_sink: Open
) -> None:
    sink = open_sink()
    sink.check()
    server.stop()
    with pytest.raises(TransientError):
        sink.submit(CASE, key=KEY)
    server.start()
    sink.submit(CASE, key=KEY)
    assert len(got(server)) == 1


def test_a_run_logs_in_once_and_leaves_no_line_open(server: SftpStandIn, open_sink: Open) -> None:
    before = threading.active_count()
    sink = open_sink()
    sink.check()
    sink.submit(CASE, key=KEY)
    list(sink.changes(None))
    list(sink.remittances(None))
    assert server.log_ins == 1
    del sink
    gc.collect()
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before, [thread.name for thread in threading.enumerate()]


def test_many_cases_are_not_many_listings(server: SftpStandIn, folder: Folder, open_sink: Open) -> None:
    sink = open_sink()
    for number in range(20):
        sink.submit(make_case(case_ref=f"IC-{number}"), key=f"key-{number}")
    assert len(got(server)) == 20
    listings = [one for one in server.operations if one.startswith("list")]
    assert len(listings) == 2, "what waits, and the receipts"


def test_a_server_with_another_key_is_told_nothing(
    server: SftpStandIn, context: RecordedContext, open_sink: Open
) -> None:
    other = paramiko.ECDSAKey.generate()
    for pin in (f"{other.get_name()} {other.get_base64()}", other.fingerprint):
        with pytest.raises(ConfigError, match="another host key") as refusal:
            open_sink(host_keys=(pin,)).check()
        assert HOST_KEY.fingerprint in str(refusal.value)
    assert server.log_ins == 0
    assert not context.secrets.handed_out, "the key was taken out of its drawer for a stranger"


@pytest.mark.parametrize("form", ["fingerprint", "line", "bare line", "old and new"])
def test_the_right_host_key_is_known_in_every_form(server: SftpStandIn, open_sink: Open, form: str) -> None:
    other = paramiko.ECDSAKey.generate()
    pins = {
        "fingerprint": (HOST_KEY.fingerprint,),
        "line": (server.pin,),
        "bare line": (f"{HOST_KEY.get_name()} {HOST_KEY.get_base64()}",),
        "old and new": (other.fingerprint, server.pin),
    }
    open_sink(host_keys=pins[form]).check()


def test_a_password_will_do(open_sink: Open) -> None:
    open_sink(private_key=None, password={"env": "PASSWORD"}).check()


def test_wrong_credentials_are_a_matter_for_a_person(open_sink: Open, context: RecordedContext) -> None:
    with pytest.raises(AuthError):
        open_sink(private_key=None, password={"env": "WRONG"}).check()
    context.secrets.values["env:OTHER"] = make_key()[0]
    with pytest.raises(AuthError):
        open_sink(private_key={"env": "OTHER"}).check()
    context.secrets.values["env:JUNK"] = "-----BEGIN NOTHING-----"
    with pytest.raises(ConfigError, match="private key cannot be read"):
        open_sink(private_key={"env": "JUNK"}).check()


def test_a_key_with_a_passphrase_is_opened(server: SftpStandIn, context: RecordedContext, open_sink: Open) -> None:
    held = StringIO()
    paramiko.ECDSAKey.generate().write_private_key(held, password="open sesame")
    context.secrets.values |= {"env:LOCKED": held.getvalue().strip(), "env:PHRASE": "open sesame"}
    with pytest.raises(AuthError):
        # The key can be read; the server does not know it.
        open_sink(private_key={"env": "LOCKED"}, passphrase={"env": "PHRASE"}).check()
    with pytest.raises(ConfigError, match="passphrase"):
        open_sink(private_key={"env": "LOCKED"}).check()


def test_nobody_listens_and_folders_that_are_not_there(server: SftpStandIn, open_sink: Open) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        open_sink(from_agency="nowhere").check()
    server.stop()
    with pytest.raises(TransientError, match="cannot be reached"):
        open_sink().check()


def test_what_comes_back_is_read_and_moved(folder: Folder, open_sink: Open) -> None:
    (folder.root / "from-agency" / "a-folder").mkdir()
    folder.put("events_1.jsonl", [an_event(number) for number in range(3)])
    folder.put("events_2.jsonl.part", [an_event(9)])
    events = [event.id for page in open_sink().changes(None) for event in page.events]
    assert events == ["ev-0", "ev-1", "ev-2"]
    assert folder.returned() == ["events_2.jsonl.part"]
    assert folder.returned("done") == ["000001_events_1.jsonl"]


def test_large_files_pass_both_ways(server: SftpStandIn, folder: Folder, open_sink: Open) -> None:
    from connector.testing import make_document

    content = bytes(range(256)) * 12_000
    receipt = open_sink(read_timeout=30).attach(
        CASE.case_ref, make_document().model_copy(update={"content": content}), key="big"
    )
    assert len(folder.message(receipt.reference)["body"]["content"]) > len(content)
    folder.put("events_big.jsonl", [an_event(number, text="x" * 2000) for number in range(2000)])
    pages = list(open_sink(read_timeout=30).changes(None))
    assert sum(len(page.events) for page in pages) == 2000
