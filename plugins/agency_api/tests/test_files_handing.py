"""Handing over by files, killed between any two steps: the agency gets each message once, and none is lost."""

import json
import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError, RejectedError, UnknownOutcome
from connector.model import Receipt
from connector.testing import MemoryState, RecordedContext, make_case, make_context, make_document, make_mutation
from connector_agency_api.files.folder import FolderPlace
from connector_agency_api.files.place import Denied, Place, Unanswered
from connector_agency_api.files.sink import AgencyFilesSink
from connector_agency_api.outgoing import sent_fields
from connector_agency_api.sandbox.wire import CaseSubmission
from plugins.agency_api.tests.files_agency import KEY, Folder, open_files

CASE = make_case(ledger="administratie-seven")
STEPS = 32


class KilledError(BaseException):
    """The process ends here: nothing of the plugin may catch it."""


class Killer:
    """Ends the process before or after the step with a number; every call to folder and store is a step."""

    def __init__(self, step: int, when: str) -> None:
        self.left = step
        self.when = when

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0 and self.when == "before":
                raise KilledError
            done = call(*arguments, **named)
            if self.left == 0 and self.when == "after":
                raise KilledError
            return done

        return stepped


class Stepped:
    """Folder or store with a killer before and behind each of its calls. A file is also cut in half."""

    def __init__(self, inner: Any, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        return self._killer.around(getattr(self._inner, name))

    def write(self, path: str, content: bytes) -> None:
        self._killer.around(self._inner.write)(path, content[: len(content) // 2])
        self._killer.around(self._inner.write)(path, content)


def wear(sink: AgencyFilesSink, killer: Killer) -> None:
    handing: Any = sink._handing
    handing._place = Stepped(handing._place, killer)
    book: Any = sink._book
    book._state = Stepped(book._state, killer)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).make()


def run_and_die(folder: Folder, state: MemoryState, killer: Killer) -> bool:
    """One process of the host that hands the case over; True when it was killed."""
    sink = open_files(folder, make_context(state=state))
    wear(sink, killer)
    try:
        sink.submit(CASE, key=KEY)
    except KilledError:
        return True
    return False


def test_a_process_killed_at_any_step_hands_over_once(tmp_path: Path) -> None:
    seen: set[tuple[bool, bool]] = set()
    for step, when, quick, again in product(range(1, STEPS), ("before", "after"), (False, True), (0, 3)):
        folder = Folder(tmp_path / f"{step}-{when}-{quick}-{again}").make()
        state = MemoryState()
        killed = run_and_die(folder, state, Killer(step, when))
        got = folder.fetch() if quick else []
        if again:
            # The next process dies as well, three steps later.
            run_and_die(folder, state, Killer(again, when))
            got += folder.fetch() if quick else []
        sink = open_files(folder, make_context(state=state))
        found = sink.find(KEY)
        there = [name for name in folder.sent if name.endswith(".json")]
        assert bool(found) == bool(got or there), (step, when, quick, again, folder.sent)
        receipt = sink.submit(CASE, key=KEY)
        got += folder.fetch()
        assert len(got) == 1, (step, when, quick, again, got)
        assert receipt.reference == got[0]
        assert not folder.sent, "a part was left behind"
        seen.add((killed, bool(found)))
    assert seen >= {(True, False), (True, True), (False, True)}, "the steps do not reach both sides of the renaming"


@pytest.mark.parametrize("happened", [False, True], ids=["not-renamed", "renamed"])
@pytest.mark.parametrize("quick", [False, True], ids=["there", "fetched"])
def test_a_renaming_without_an_answer_is_settled_by_a_look(folder: Folder, *, happened: bool, quick: bool) -> None:
    context = make_context()
    sink = open_files(folder, context)
    lose_the_answer(sink, happened=happened)
    with pytest.raises(UnknownOutcome) as lost:
        sink.submit(CASE, key=KEY)
    assert lost.value.key == KEY
    got = folder.fetch() if quick else []
    found = sink.find(KEY)
    assert (found is not None) == happened
    assert found is None or found.raw == ("file fetched" if quick else "file in place")
    assert sink.submit(CASE, key=KEY).replayed == happened
    assert len(got + folder.fetch()) == 1


def lose_the_answer(sink: AgencyFilesSink, *, happened: bool) -> None:
    handing: Any = sink._handing
    inner: FolderPlace = handing._place

    class Losing(FolderPlace):
        def move(self, source: str, target: str) -> None:
            handing._place = inner
            if happened:
                inner.move(source, target)
            raise Unanswered("lost")

    handing._place = Losing(str(inner._root))


def test_a_case_fetched_long_ago_is_not_sent_again(folder: Folder) -> None:
    context = make_context()
    first = open_files(folder, context).submit(CASE, key=KEY)
    assert folder.fetch() == [first.reference]
    context.clock.advance(days=700)
    again = open_files(folder, context).submit(CASE, key=KEY)
    assert again == Receipt(reference=first.reference, state="received", raw="file fetched", replayed=True)
    assert folder.sent == []


def test_with_an_older_store_the_receipt_tells_that_it_arrived(folder: Folder) -> None:
    first = open_files(folder).submit(CASE, key=KEY)
    folder.fetch()
    receipt = {
        "key": KEY,
        "case_ref": CASE.case_ref,
        "state": "accepted",
        "agency_ref": "A7",
        "at": "2026-03-02T09:00:00Z",
    }
    name = first.reference.removesuffix(".json") + ".receipt.json"
    folder.put(name, receipt)
    restored = open_files(folder)
    assert restored.find(KEY) == Receipt(reference="A7", state="accepted", raw="accepted", replayed=True)
    list(restored.changes(None))
    assert folder.returned() == []
    later = open_files(folder)
    assert later.submit(CASE, key=KEY).reference == "A7", "a receipt in done counts as well"
    assert folder.sent == []


def test_with_an_older_store_a_file_that_waits_is_found(folder: Folder) -> None:
    first = open_files(folder).submit(CASE, key=KEY)
    found = open_files(folder).find(KEY)
    assert found == Receipt(reference=first.reference, state="received", raw="file in place", replayed=True)


def test_with_an_older_store_a_file_that_waits_is_not_sent_again(folder: Folder) -> None:
    first = open_files(folder).submit(CASE, key=KEY)
    again = open_files(folder, client_number="CL-NEW").submit(CASE, key=KEY)
    assert again.replayed
    assert folder.sent == [first.reference]


@pytest.mark.parametrize(
    ("mode", "file", "made"), [(0o2770, 0o660, 0o770), (0o750, 0o640, 0o750), (0o700, 0o600, 0o700)]
)
def test_the_group_of_the_folder_reads_what_it_may(folder: Folder, mode: int, file: int, made: int) -> None:
    for name in ("to-agency", "from-agency"):
        (folder.root / name).chmod(mode)
    before = os.umask(0o077)
    try:
        receipt = open_files(folder).submit(CASE, key=KEY)
        folder.put("events_a.jsonl", "not json\n")
        list(open_files(folder).changes(None))
    finally:
        os.umask(before)
    assert (folder.root / "to-agency" / receipt.reference).stat().st_mode & 0o777 == file
    aside = folder.root / "from-agency" / "set-aside"
    assert aside.stat().st_mode & 0o777 == made
    assert (aside / "000001_events_a.jsonl.why.txt").stat().st_mode & 0o777 == file


def test_other_settings_after_a_lost_answer_do_not_make_a_second_file(folder: Folder) -> None:
    context = make_context()
    first = open_files(folder, context).submit(CASE, key=KEY)
    folder.fetch()
    again = open_files(folder, context, client_number="CL-NEW").submit(CASE, key=KEY)
    assert again.reference == first.reference
    assert folder.sent == []
    assert "sent before with other settings" in context.log.text()


def test_a_part_of_older_settings_is_written_anew(folder: Folder) -> None:
    context = make_context()
    sink = open_files(folder, context)
    lose_the_answer(sink, happened=False)
    with pytest.raises(UnknownOutcome):
        sink.submit(CASE, key=KEY)
    (part,) = folder.sent
    assert part.endswith(".json.part")
    receipt = open_files(folder, context, client_number="CL-NEW").submit(CASE, key=KEY)
    assert folder.message(receipt.reference)["body"]["creditor"]["client_number"] == "CL-NEW"
    assert folder.sent == [receipt.reference]


def test_a_key_of_another_message_is_refused(folder: Folder) -> None:
    sink = open_files(folder)
    sink.submit(CASE, key=KEY)
    with pytest.raises(RejectedError):
        sink.submit(make_case(case_ref="IC-2026-000002"), key=KEY)
    assert len(folder.sent) == 1


def test_a_folder_that_is_gone_leaves_nothing_half_done(folder: Folder) -> None:
    sink = open_files(folder)
    (folder.root / "to-agency").rename(folder.root / "away")
    with pytest.raises(ConfigError, match="cannot be used"):
        sink.submit(CASE, key=KEY)
    with pytest.raises(ConfigError, match="there is no folder"):
        sink.check()
    (folder.root / "away").rename(folder.root / "to-agency")
    sink.check()
    assert sink.submit(CASE, key=KEY).reference == folder.sent[0]


def test_no_file_is_renamed_over_another(folder: Folder) -> None:
    place = FolderPlace(str(folder.root))
    place.write("to-agency/a", b"mine")
    place.write("to-agency/b", b"theirs")
    with pytest.raises(Denied):
        place.move("to-agency/a", "to-agency/b")
    assert place.read("to-agency/b") == b"theirs"
    assert sorted(folder.sent) == ["a", "b"]


def test_a_message_holds_what_the_api_would_get_and_nothing_more(folder: Folder) -> None:
    sink = open_files(folder, withhold=["debtor.phone"])
    receipt = sink.submit(CASE, key=KEY)
    message = folder.message(receipt.reference)
    assert list(message) == ["format", "key", "kind", "case_ref", "sequence", "path", "body"]
    CaseSubmission.model_validate_json(json.dumps(message["body"]))
    text = (folder.root / "to-agency" / receipt.reference).read_text(encoding="utf-8")
    declared = sent_fields(frozenset({"debtor.phone"}))
    assert sink.capabilities().sends == declared
    assert CASE.debtor.phone not in text
    assert CASE.ledger not in text
    assert CASE.debtor.iban == "" or CASE.debtor.iban not in text
    assert CASE.debtor.name in text


def test_names_tell_the_case_its_order_and_the_kind(folder: Folder) -> None:
    sink = open_files(folder)
    sink.submit(CASE, key=KEY)
    sink.mutate(make_mutation("direct_payment", case=CASE), key="k2")
    sink.attach(CASE.case_ref, make_document(), key="k3")
    sink.mutate(make_mutation("request_answer", case=CASE, request_id="req_1"), key="k4")
    sink.mutate(make_mutation("direct_payment", case=CASE), key="k2")
    heads = [name.rsplit("_", 2)[0] for name in folder.sent]
    assert heads == [
        f"{CASE.case_ref}_{tail}" for tail in ("0001_case", "0002_direct-payment", "0003_document", "0004_answer")
    ]
    assert [folder.message(name)["sequence"] for name in folder.sent] == [1, 2, 3, 4]
    assert folder.message(folder.sent[3])["path"] == f"/v1/cases/{CASE.case_ref}/requests/req_1/answer"


def test_a_reference_that_is_no_file_name_stays_at_home(folder: Folder) -> None:
    sink = open_files(folder)
    for case_ref in ("../../etc/passwd", "a/b", ""):
        with pytest.raises(RejectedError):
            sink.attach(case_ref, make_document(), key="k")
    assert folder.sent == []


def test_the_place_of_the_tests_is_a_place() -> None:
    place: Place = FolderPlace("/")
    assert place.look("nowhere-at-all") is None


def test_what_was_noted_holds_no_personal_data(folder: Folder) -> None:
    context: RecordedContext = make_context()
    open_files(folder, context).submit(CASE, key=KEY)
    noted = repr(context.state.values)
    assert CASE.debtor.name not in noted
    assert CASE.debtor.email not in noted
