"""What an agency puts into its folder: in order, also in pieces, twice, half-written and malformed."""

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from connector.model import Event, EventPage, Unmapped
from connector.testing import ManualClock, make_case, make_context, make_mutation
from connector_agency_api.files import folder as folder_module
from plugins.agency_api.tests.files_agency import KEY, Folder, an_event, open_files

CASE = make_case()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).make()


def read(folder: Folder, cursor: str | None = None, **more: Any) -> tuple[list[Event], str]:
    """One reading to the end, as the host does it: the events, and the last cursor."""
    pages = list(open_files(folder, **more).changes(cursor))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    return events_of(pages), pages[-1].cursor


def events_of(pages: Sequence[EventPage]) -> list[Event]:
    return [event for page in pages for event in page.events]


def ids(events: Sequence[Event]) -> list[str]:
    return [event.id for event in events]


def unread(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Unmapped)]


def receipt_for(name: str, **changes: Any) -> tuple[str, dict[str, Any]]:
    told = {
        "key": KEY,
        "case_ref": CASE.case_ref,
        "state": "received",
        "agency_ref": "A1",
        "at": "2026-03-02T10:00:00Z",
    }
    return name.removesuffix(".json") + ".receipt.json", told | changes


def test_files_are_read_in_the_order_of_their_names_and_put_away(folder: Folder) -> None:
    folder.put("events_20260303T09.jsonl", [an_event(3)])
    folder.put("events_20260302T09.jsonl", [an_event(1), an_event(2)])
    events, cursor = read(folder)
    assert ids(events) == ["ev-1", "ev-2", "ev-3"]
    assert folder.returned() == []
    assert folder.returned("done") == ["000001_events_20260302T09.jsonl", "000002_events_20260303T09.jsonl"]
    assert read(folder, cursor)[0] == []
    folder.put("events_20260301T00_late.jsonl", [an_event(0)])
    assert ids(read(folder, cursor)[0]) == ["ev-0"], "a file that comes late is read all the same"


@pytest.mark.parametrize("stop", range(1, 9))
def test_a_run_that_ends_after_any_page_goes_on_from_there(folder: Folder, stop: int) -> None:
    folder.put("events_a.jsonl", [an_event(number) for number in range(5)])
    folder.put("events_b.jsonl", [an_event(number) for number in range(5, 10)])
    pages = list(islice(open_files(folder, page_limit=2).changes(None), stop))
    rest, _ = read(folder, pages[-1].cursor, page_limit=2)
    assert ids(events_of(pages)) + ids(rest) == [f"ev-{number}" for number in range(10)], "each once, in order"
    assert folder.returned() == []


def test_a_file_is_moved_only_after_its_page_was_stored(folder: Folder) -> None:
    folder.put("events_a.jsonl", [an_event(1)])
    pages = open_files(folder).changes(None)
    next(pages)
    assert folder.returned() == ["events_a.jsonl"]
    next(pages)
    assert folder.returned() == []


def test_a_host_that_was_restored_reads_again_what_it_forgot(folder: Folder) -> None:
    folder.put("events_a.jsonl", [an_event(1), an_event(2)])
    first, backup = read(folder)
    folder.put("events_b.jsonl", [an_event(3)])
    read(folder, backup)
    folder.put("events_c.jsonl", [an_event(4)])
    assert ids(read(folder, backup)[0]) == ["ev-3", "ev-4"]
    assert ids(read(folder, None)[0]) == ["ev-1", "ev-2", "ev-3", "ev-4"], "a new database reads everything"
    assert ids(first) == ["ev-1", "ev-2"]
    assert len(folder.returned("done")) == 3


def test_a_new_file_under_an_old_name_is_read(folder: Folder) -> None:
    folder.put("events_today.jsonl", [an_event(1)])
    _, cursor = read(folder)
    folder.put("events_today.jsonl", [an_event(2)])
    events, cursor = read(folder, cursor)
    assert ids(events) == ["ev-2"]
    # And one that was replaced between its page and its move.
    folder.put("events_today.jsonl", [an_event(3)])
    (page,) = islice(open_files(folder).changes(cursor), 1)
    folder.put("events_today.jsonl", [an_event(4)])
    assert ids(page.events) == ["ev-3"]
    assert ids(read(folder, page.cursor)[0]) == ["ev-4"]


@pytest.mark.parametrize(
    "name",
    ["events_a.jsonl.part", ".events_a.jsonl", "events_a.jsonl.tmp", "events_a.jsonl.filepart", "events_a.jsonl~"],
)
def test_a_file_with_an_unfinished_name_is_left(folder: Folder, name: str) -> None:
    folder.put(name, [an_event(1)])
    assert read(folder)[0] == []
    assert folder.returned() == [name]


class Writing(ManualClock):
    """While somebody waits on this clock, the agency goes on writing its file."""

    path: Path
    more = ""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        with self.path.open("a", encoding="utf-8") as opened:
            opened.write(self.more)
        self.more = ""


def test_a_file_that_grows_is_left_until_it_rests(folder: Folder) -> None:
    clock = Writing()
    clock.path = folder.put("events_a.jsonl", [an_event(1)])
    clock.more = json.dumps(an_event(2)) + "\n"
    assert read(folder, context=make_context(clock=clock))[0] == []
    assert clock.slept == [2.0]
    assert ids(read(folder)[0]) == ["ev-1", "ev-2"]


def test_a_file_that_grows_after_it_was_read_is_read_on(folder: Folder) -> None:
    path = folder.put("events_a.jsonl", [an_event(1)])
    pages = open_files(folder).changes(None)
    assert ids(next(pages).events) == ["ev-1"]
    with path.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(an_event(2)) + "\n")
    (last,) = pages
    assert folder.returned() == ["events_a.jsonl"]
    assert ids(read(folder, last.cursor)[0]) == ["ev-2"]
    assert folder.returned("done") == ["000001_events_a.jsonl"]


def test_a_file_that_ends_in_mid_line_waits_once_and_is_then_told(folder: Folder) -> None:
    whole = json.dumps(an_event(1)) + "\n"
    folder.put("events_a.jsonl", whole + json.dumps(an_event(2))[:40])
    context = make_context()
    assert read(folder, context=context)[0] == []
    assert folder.returned() == ["events_a.jsonl"]
    events, _ = read(folder, context=context)
    assert ids(events)[0] == "ev-1"
    assert unread(events) == ["events_a.jsonl, line 2: is not JSON"]


def test_the_last_line_needs_no_line_end(folder: Folder) -> None:
    folder.put("events_a.jsonl", json.dumps(an_event(1)) + "\r\n\n" + json.dumps(an_event(2)))
    assert ids(read(folder)[0]) == ["ev-1", "ev-2"]


def test_what_cannot_be_read_is_told_by_line_and_field_and_holds_nothing_up(folder: Folder) -> None:
    gross = {"minor": "5,00", "currency": "EUR"}
    wrong_amount = an_event(
        3, kind="payment_received", payment_id="p", received_on="2026-03-01", gross=gross, allocation=[],
    )  # fmt: skip
    lines = [
        json.dumps(an_event(1)), "not json", '["a list"]', json.dumps(wrong_amount),
        json.dumps({"id": "ev-9", "kind": "closed", "case_ref": "NL-1"}), json.dumps(an_event(5, kind="new_kind")),
        json.dumps(an_event(6)),
    ]  # fmt: skip
    folder.put("events_a.jsonl", "\n".join(lines) + "\n")
    folder.put("events_b.jsonl", b"\xff\xfe\x00\n")
    folder.put("events_c.jsonl", [an_event(7)])
    context = make_context()
    events, _ = read(folder, context=context)
    good = [event.id for event in events if not isinstance(event, Unmapped)]
    assert good == ["ev-1", "ev-6", "ev-7"]
    told = unread(events)
    assert told[0] == "events_a.jsonl, line 2: is not JSON"
    assert told[1].startswith("events_a.jsonl, line 3: is not an event")
    assert told[2].startswith("events_a.jsonl, line 4: payment_received.gross.minor: ")
    assert told[3] == "events_a.jsonl, line 5: occurred_at: is missing"
    assert "line 6" in told[4]
    assert "unknown kind 'new_kind'" in told[4]
    assert told[5] == "events_b.jsonl, line 1: is not UTF-8"
    assert folder.returned("done") == ["000003_events_c.jsonl"]
    aside = folder.returned("set-aside")
    assert aside == [
        "000001_events_a.jsonl", "000001_events_a.jsonl.why.txt", "000002_events_b.jsonl",
        "000002_events_b.jsonl.why.txt",
    ]  # fmt: skip
    why = (folder.root / "from-agency" / "set-aside" / aside[1]).read_text(encoding="utf-8")
    assert why.splitlines() == told[:5]
    assert "events_a.jsonl, line 4" in context.log.text()
    assert {event.case_ref for event in events if isinstance(event, Unmapped)} == {"", "NL-2026-00031", "NL-1"}


def test_what_was_told_keeps_its_id(folder: Folder) -> None:
    folder.put("events_a.jsonl", "not json\n")
    first, _ = read(folder)
    again, _ = read(folder, None)
    assert ids(first) == ids(again)


def test_a_file_that_is_none_of_ours_is_set_aside_and_told(folder: Folder) -> None:
    folder.put("afrekening.xlsx", b"PK")
    folder.put("events_a.jsonl", [an_event(1)])
    events, _ = read(folder)
    assert ids(events)[0] == "ev-1"
    assert unread(events)[0].startswith("afrekening.xlsx: has a name that no file of the agency has")
    assert folder.returned("set-aside")[0] == "000002_afrekening.xlsx"


def test_a_file_that_is_too_large_is_set_aside_and_told(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MOST_BYTES", 100)
    folder.put("events_a.jsonl", [an_event(number) for number in range(9)])
    events, _ = read(folder)
    assert unread(events)[0].startswith("events_a.jsonl: is larger than")
    assert folder.returned("set-aside")[0] == "000001_events_a.jsonl"


def test_receipts_become_events_and_close_the_waiting(folder: Folder) -> None:
    context = make_context()
    sink = open_files(folder, context)
    case = sink.submit(CASE, key=KEY)
    paid = sink.mutate(make_mutation("direct_payment", case=CASE), key="k2")
    held = sink.mutate(make_mutation("hold", case=CASE), key="k3")
    folder.fetch()
    folder.put(*receipt_for(case.reference))
    folder.put(*receipt_for(paid.reference, key="k2"))
    folder.put(*receipt_for(held.reference, key="k3", state="rejected", reasons=["no_hold: not at this stage"]))
    events, cursor = read(folder, context=context)
    assert [event.kind for event in events] == ["received", "unmapped"]
    assert unread(events) == ["the agency refuses the hold: no_hold: not at this stage"]
    folder.put(*receipt_for(case.reference, state="accepted", at="2026-03-03T10:00:00Z"))
    later, cursor = read(folder, cursor, context=context)
    assert [event.kind for event in later] == ["accepted"]
    folder.put(*receipt_for(case.reference, state="rejected", reasons=["too_old: older than five years"]))
    refused, cursor = read(folder, cursor, context=context)
    assert [getattr(event, "reasons", ()) for event in refused] == [("too_old: older than five years",)]
    context.clock.advance(days=9)
    assert read(folder, cursor, context=context)[0] == [], "no receipt is missing"
    assert len(folder.returned("done")) == 5


def test_a_refused_withdrawal_lets_the_case_run_on(folder: Folder) -> None:
    asked = open_files(folder).mutate(make_mutation("withdraw", case=CASE), key="k5")
    folder.put(*receipt_for(asked.reference, key="k5", state="rejected", reasons=["summons: it was served today"]))
    (event,) = read(folder)[0]
    assert event.kind == "withdrawal_refused"
    assert event.reason == "summons: it was served today"


def test_a_receipt_that_cannot_be_read_is_told_and_closes_nothing(folder: Folder) -> None:
    context = make_context()
    case = open_files(folder, context).submit(CASE, key=KEY)
    folder.fetch()
    name, told = receipt_for(case.reference)
    folder.put(name, {**told, "at": "yesterday"})
    events, cursor = read(folder, context=context)
    assert unread(events)[0].startswith(f"{name}, line 1: at: ")
    assert events[0].case_ref == CASE.case_ref
    context.clock.advance(days=4)
    assert unread(read(folder, cursor, context=context)[0])[0].startswith("no receipt for ")


def test_a_missing_receipt_is_told_once(folder: Folder) -> None:
    context = make_context()
    case = open_files(folder, context).submit(CASE, key=KEY)
    folder.fetch()
    context.clock.advance(days=2)
    assert read(folder, context=context)[0] == []
    context.clock.advance(days=2)
    pages = open_files(folder, context).changes(None)
    (told,) = unread(next(pages).events)
    assert told == f"no receipt for {case.reference}, handed over on 2026-03-02: ask the agency whether it has it"
    # The run ends here, before the page was stored: it is told again.
    del pages
    events, cursor = read(folder, context=context)
    assert unread(events) == [told]
    assert events[0].case_ref == CASE.case_ref
    assert read(folder, cursor, context=context)[0] == []


def test_an_agency_without_receipts_is_not_missed(folder: Folder) -> None:
    context = make_context()
    open_files(folder, context, receipt_days=0).submit(CASE, key=KEY)
    context.clock.advance(days=30)
    assert read(folder, context=context, receipt_days=0)[0] == []


def test_an_empty_file_is_put_away(folder: Folder) -> None:
    folder.put("events_a.jsonl", "")
    events, cursor = read(folder)
    assert events == []
    assert folder.returned("done") == ["000001_events_a.jsonl"]
    assert read(folder, cursor)[0] == []
