"""How cases stand, and pay-outs: from the agency's files."""

from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError, TransientError
from connector.model import Unmapped
from connector.testing import RecordedContext, make_case, make_context
from connector_agency_api.files.standing import NOT_YET
from plugins.agency_api.tests.files_agency import KEY, Folder, open_files

CASE = make_case()
EUR = {"currency": "EUR"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path).make()


@pytest.fixture
def context() -> RecordedContext:
    return make_context()


def a_status(as_of: str, *case_refs: str, minor: int = 100) -> dict[str, Any]:
    line = {"line_id": "L1", "open": {"minor": minor, **EUR}}
    cases = [{"case_ref": ref, "agency_ref": "A1", "handover": "accepted", "lines": [line]} for ref in case_refs]
    return {"as_of": as_of, "cases": cases}


def a_payout(number: str, paid_on: str, *, net: int = 8790, **changes: Any) -> dict[str, Any]:
    gross = {"minor": 10_000, **EUR}
    item = {"case_ref": "NL-1", "payment_id": "p1", "line_id": "L1", "gross": gross, "principal": gross}
    return {
        "remittance_id": number, "paid_on": paid_on, "gross": gross, "costs": {"minor": 1000, **EUR},
        "vat": {"minor": 210, **EUR}, "net": {"minor": net, **EUR}, "items": [item], **changes,
    }  # fmt: skip


def test_without_a_status_file_it_says_that_it_cannot_tell(folder: Folder) -> None:
    with pytest.raises(ConfigError, match="gives no status files"):
        open_files(folder).snapshot(CASE.case_ref)


def test_the_newest_status_answers_and_the_older_ones_are_put_away(folder: Folder) -> None:
    folder.put("status_20260301T03.json", a_status("2026-03-01T03:00:00Z", "NL-1", minor=100))
    folder.put("status_20260302T03.json", a_status("2026-03-02T03:00:00+01:00", "NL-1", minor=60))
    view = open_files(folder).snapshot("NL-1")
    assert view is not None
    assert view.lines[0].open.minor == 60
    assert view.as_of.isoformat() == "2026-03-02T02:00:00+00:00"
    list(open_files(folder).changes(None))
    assert folder.returned() == ["status_20260302T03.json"]
    assert folder.returned("done") == ["000001_status_20260301T03.json"]


def test_a_case_is_unknown_there_only_by_a_status_newer_than_its_hand_over(
    folder: Folder, context: RecordedContext
) -> None:
    folder.put("status_1.json", a_status("2026-03-02T08:00:00Z"))
    sink = open_files(folder, context)
    assert sink.snapshot(CASE.case_ref) is None
    sink.submit(CASE, key=KEY)
    view = open_files(folder, context).snapshot(CASE.case_ref)
    assert view is not None
    assert view.raw_status == NOT_YET
    assert {line.line_id: line.open for line in view.lines} == {line.line_id: line.open for line in CASE.lines}
    folder.put("status_2.json", a_status("2026-03-03T03:00:00Z"))
    assert open_files(folder, context).snapshot(CASE.case_ref) is None


@pytest.mark.parametrize("wrong", ["not json", '{"cases": []}', '{"as_of": "2026-03-01T03:00:00", "cases": []}', "[]"])
def test_a_status_that_cannot_be_read_is_no_answer(folder: Folder, wrong: str) -> None:
    folder.put("status_1.json", wrong)
    with pytest.raises(TransientError, match=r"status_1\.json"):
        open_files(folder).snapshot("NL-1")


def test_a_case_that_cannot_be_read_spoils_no_other(folder: Folder) -> None:
    status = a_status("2026-03-01T03:00:00Z", "NL-1", "NL-2")
    status["cases"][0]["handover"] = "somewhere"
    folder.put("status_1.json", status)
    sink = open_files(folder)
    assert sink.snapshot("NL-2") is not None
    with pytest.raises(TransientError):
        sink.snapshot("NL-1")


def test_payouts_come_oldest_first_and_once(folder: Folder, context: RecordedContext) -> None:
    folder.put("remittance_b.json", {"remittances": [a_payout("R-1", "2026-02-27"), a_payout("R-3", "2026-03-31")]})
    folder.put("remittance_a.json", {"remittances": [a_payout("R-2", "2026-03-15", payer_iban="NL02ABNA0123456789")]})
    sink = open_files(folder, context, payer_iban="NL13TEST0123456789")
    paid = list(sink.remittances(None))
    assert [one.remittance_id for one in paid] == ["R-1", "R-2", "R-3"]
    assert [one.payer_iban for one in paid] == ["NL13TEST0123456789", "NL02ABNA0123456789", "NL13TEST0123456789"]
    assert folder.returned() == []
    since = [one.remittance_id for one in open_files(folder, context).remittances(date(2026, 3, 31))]
    assert since == ["R-3"], "the day itself is told again, and what is before is not"


def test_a_payout_that_comes_late_is_not_lost(folder: Folder, context: RecordedContext) -> None:
    folder.put("remittance_a.json", {"remittances": [a_payout("R-1", "2026-01-15")]})
    pages = open_files(folder, context).remittances(date(2026, 3, 1))
    assert [one.remittance_id for one in islice(pages, 1)] == ["R-1"]
    del pages
    assert folder.returned() == ["remittance_a.json"], "the host may not have stored it"
    assert [one.remittance_id for one in open_files(folder, context).remittances(date(2026, 3, 1))] == ["R-1"]
    assert folder.returned() == []


def test_a_payout_that_does_not_add_up_goes_to_a_person_and_holds_nothing_up(
    folder: Folder, context: RecordedContext
) -> None:
    folder.put("remittance_a.json", {"remittances": [a_payout("R-1", "2026-02-27", net=1)]})
    folder.put("remittance_b.json", {"remittances": [a_payout("R-2", "2026-02-27")]})
    folder.put("remittance_c.json", "[]")
    assert [one.remittance_id for one in open_files(folder, context).remittances(None)] == ["R-2"]
    aside = ["000001_remittance_a.json", "000001_remittance_a.json.why.txt", "000002_remittance_c.json",
             "000002_remittance_c.json.why.txt"]  # fmt: skip
    assert folder.returned("set-aside") == aside
    (page,) = open_files(folder, context).changes(None)
    told = [event.text for event in page.events if isinstance(event, Unmapped)]
    assert told[0].startswith("remittance_a.json: A pay-out of the agency does not add up")
    assert told[1].startswith("remittance_c.json: The file is not JSON with a list remittances")
    (again,) = open_files(folder, context).changes(page.cursor)
    assert again.events == ()
