"""The stand-in agency as people start it for files: it fetches, works and answers by itself."""

import time
from collections.abc import Callable
from pathlib import Path

from connector.model import Accepted
from connector.testing import make_case, make_context
from plugins.agency_api.tests.files_agency import KEY, Folder, open_files
from plugins.agency_api.tests.sandbox_server import running_sandbox

CASE = make_case()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done() and time.monotonic() < end:
        time.sleep(0.05)
    assert done()


def test_it_works_its_folder_beside_its_api(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "exchange")
    with running_sandbox(tmp_path, files=str(folder.root), scenario="accepts") as server:
        until(lambda: any(name.startswith("status_") for name in folder.returned()))
        context = make_context()
        receipt = open_files(folder, context).submit(CASE, key=KEY)
        until(lambda: not folder.sent)
        until(lambda: any(name.endswith(".receipt.json") for name in folder.returned()))
        assert (folder.root / "archive" / receipt.reference).exists()
        assert server.case(CASE.case_ref)["claimed_minor"] == CASE.open.minor
        found = open_files(folder, context).find(KEY)
        assert found is not None
        assert found.reference == server.case(CASE.case_ref)["agency_ref"]

        server.clock.advance(days=3)
        until(lambda: sum(name.startswith("status_") for name in folder.returned()) == 2)
        events = [event for page in open_files(folder, context).changes(None) for event in page.events]
        assert any(isinstance(event, Accepted) for event in events)
        view = open_files(folder, context).snapshot(CASE.case_ref)
        assert view is not None
        assert view.handover == "accepted"


def test_it_answers_a_repeated_message_with_the_same_receipt(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "exchange").make()
    with running_sandbox(tmp_path, files=str(folder.root)) as server:
        for _ in range(2):
            # A creditor without memory: each time a host that was restored from a backup of before the hand-over.
            receipt = open_files(folder).submit(CASE, key=KEY)
            until(lambda: not folder.sent)
            answer = receipt.reference.removesuffix(".json") + ".receipt.json"
            until(lambda name=answer: name in folder.returned())  # type: ignore[misc]
            (folder.root / "from-agency" / answer).unlink()
        assert len(server.control("GET", "cases")["cases"]) == 1
