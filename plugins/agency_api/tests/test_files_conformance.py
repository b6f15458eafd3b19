"""The host's conformance kit on the sink by files: on a folder, and over SFTP to a server that plays badly."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connector.api import Sink
from connector.model import Case, Money
from connector.testing import AgencyCase, Run, SinkConformance, make_case, make_line
from connector_agency_api import register_sinks
from plugins.agency_api.tests.files_agency import Folder, an_event
from plugins.agency_api.tests.sftp_server import PASSWORD, PRIVATE_KEY, SftpStandIn, running_sftp

if TYPE_CHECKING:
    from responses import RequestsMock

MONEY = {"currency": "EUR"}


def _events() -> list[dict[str, Any]]:
    paid = {"minor": 5000, **MONEY}
    allocated = {"allocation": [{"component": "principal", "amount": paid, "line_id": "L1"}]}
    return [
        an_event(1),
        an_event(2, kind="under_review"),
        an_event(3, kind="payment_received", payment_id="p1", received_on="2026-03-01", gross=paid) | allocated,
        an_event(4, kind="payment_reversed", payment_id="p1"),
        an_event(5, kind="carrier_pigeon", raw="DUIF"),
        an_event(6, kind="closed", closure="paid"),
    ]  # fmt: skip


def _remittance() -> dict[str, Any]:
    gross, net = {"minor": 10_000, **MONEY}, {"minor": 8790, **MONEY}
    item = {"case_ref": "NL-1", "payment_id": "p1", "line_id": "L1", "gross": gross, "principal": gross}
    return {
        "remittance_id": "R-1", "paid_on": "2026-02-27", "gross": gross, "costs": {"minor": 1000, **MONEY},
        "vat": {"minor": 210, **MONEY}, "net": net, "items": [item],
    }  # fmt: skip


class _Files(SinkConformance):
    sink_type = next(it for it in register_sinks() if it.name == "agency_files")
    config = {"folder": "/nowhere"}
    readme = Path(__file__).parents[1] / "README.md"
    check_calls = 0
    expected_events = (
        "received", "message_received", "under_review", "payment_received", "payment_reversed", "unmapped", "closed",
    )  # fmt: skip

    @pytest.fixture(autouse=True)
    def _make_folders(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.scenario = ""
        self.rooms = 0

    def fresh(self) -> Folder:
        self.rooms += 1
        self.folder = Folder(self.tmp_path / str(self.rooms)).make()
        return self.folder

    def upstream(self, mock: "RequestsMock", scenario: str) -> Mapping[str, Any]:
        self.scenario = scenario
        folder = self.fresh()
        folder.put("status_20260301T030000Z.json", {"as_of": "2026-03-01T03:00:00Z", "cases": []})
        if scenario in ("events", "duplicate_event"):
            events = _events()
            folder.put("events_20260302T0100.jsonl", events + events[2:3] * (scenario == "duplicate_event"))
            receipt = {"key": "k", "case_ref": "NL-1", "state": "received", "agency_ref": "A1"}
            name = f"NL-1_0001_case_{'0' * 16}_{'0' * 12}.receipt.json"
            folder.put(name, {**receipt, "at": "2026-03-02T08:00:00Z"})
        if scenario == "remittances":
            folder.put("remittance_202602.json", {"remittances": [_remittance()]})
        return {"folder": str(folder.root), "page_limit": 2}

    def case(self, **changes: Any) -> Case:
        if self.scenario == "refused":
            changes = {"lines": (make_line(number="F" * 101),), **changes}
        return make_case(**{"ledger": "administratie-seven", **changes})

    def at_agency(self, run: Run[Sink]) -> Sequence[AgencyCase]:
        messages = [self.folder.message(name) for name in self.folder.sent if name.endswith(".json")]
        return [
            AgencyCase(
                reference=one["key"],
                case_ref=one["case_ref"],
                debtor_name=one["body"]["debtor"]["name"],
                open=Money(**one["body"]["total"]),
            )
            for one in messages
            if one["kind"] == "case"
        ]


class TestFolder(_Files):
    exempt = {
        "limited": "a folder counts no calls",
        "flaky": "a folder of this machine answers or is not there",
        "lost_answer": "a rename on this machine is answered; what a crash leaves is tried in test_files_handing.py",
    }

    def upstream(self, mock: "RequestsMock", scenario: str) -> Mapping[str, Any]:
        changes = super().upstream(mock, scenario)
        return {**changes, "folder": "/not/mounted"} if scenario == "unauthorised" else changes


class TestSftp(_Files):
    exempt = {"limited": "SFTP knows no calls that are counted"}
    secrets = {"env:SFTP_KEY": PRIVATE_KEY, "env:SFTP_PASSWORD": PASSWORD}

    @pytest.fixture(autouse=True)
    def _serve(self, tmp_path: Path) -> Iterator[None]:
        with running_sftp(tmp_path / "sftp") as server:
            self.server: SftpStandIn = server
            yield

    def upstream(self, mock: "RequestsMock", scenario: str) -> Mapping[str, Any]:
        changes = super().upstream(mock, scenario)
        self.server.root = self.folder.root
        self.server.mishaps.clear()
        if scenario == "flaky":
            self.server.mishaps.append("cut_during_upload")
        elif scenario == "lost_answer":
            self.server.mishaps.append("cut_after_rename")
        elif scenario == "unauthorised":
            self.server.mishaps += ["refuse_log_in"] * 20
        way = {"private_key": {"env": "SFTP_KEY"}, "password": {"env": "SFTP_PASSWORD"}}
        return {**changes, **self.server.settings(), **way}
