"""Giving a case back: its price, what becomes of it, and what the sink makes of both. And acts that nobody tells."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.model import Money
from connector.testing import make_case
from connector_agency_api.sink import AgencySink
from plugins.agency_api.tests.api_cases import eur, events, hand_over, kinds, mutate
from plugins.agency_api.tests.sandbox_server import SandboxServer, running_sandbox


def price(server: SandboxServer, case_ref: str) -> object:
    return server.api("GET", f"/v1/cases/{case_ref}/withdrawal").json()


def test_its_price_is_nothing_before_it_was_accepted(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, withdraw_fee_minor="7500") as server:
        hand_over(server, "C-1")
        assert price(server, "C-1") == {"case_ref": "C-1", "cost": eur(0), "waits": False}
        server.act("C-1", "accept")
        assert price(server, "C-1") == {"case_ref": "C-1", "cost": eur(7_500), "waits": False}
        assert server.case("C-1")["closure"] == ""


class TestReviewed:
    @pytest.fixture
    def asked(self, tmp_path: Path) -> Iterator[SandboxServer]:
        with running_sandbox(tmp_path, withdrawals="reviewed", withdraw_fee_minor="7500") as server:
            hand_over(server, "C-1")
            server.act("C-1", "accept")
            assert mutate(server, "C-1", "withdraw", "M-1", reason="settled", fee_ack=eur(7_500)).status_code == 201
            yield server

    def test_it_waits_and_is_worked_on(self, asked: SandboxServer) -> None:
        assert price(asked, "C-1") == {"case_ref": "C-1", "cost": eur(7_500), "waits": True}
        assert asked.case("C-1")["closure"] == ""

    def test_it_is_given_back_and_charged_for(self, asked: SandboxServer) -> None:
        asked.act("C-1", "give_back")
        assert (asked.case("C-1")["closure"], asked.case("C-1")["costs"]) == ("withdrawn", eur(7_500))
        assert events(asked, "C-1")[-1]["reason"] == "settled"

    def test_it_is_kept_and_costs_nothing(self, asked: SandboxServer) -> None:
        asked.act("C-1", "keep", reason="summons is out")
        assert (asked.case("C-1")["closure"], asked.case("C-1")["costs"]) == ("", eur(0))
        last = events(asked, "C-1")[-1]
        assert (last["kind"], last["reason"]) == ("withdrawal_refused", "summons is out")


def test_an_agency_may_refuse_every_withdrawal(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, withdrawals="refused") as server:
        hand_over(server, "C-1")
        mutate(server, "C-1", "withdraw", "M-1", reason="settled")
        assert kinds(server, "C-1") == ["received", "withdrawal_refused"]


def test_the_sink_tells_the_price_and_reads_the_refusal(tmp_path: Path, open_sink: Callable[..., AgencySink]) -> None:
    with running_sandbox(tmp_path, withdraw_fee_minor="7500", withdrawals="reviewed") as server:
        sink = open_sink(server.url)
        case = make_case()
        sink.submit(case, key="k1")
        assert sink.withdrawal_cost(case.case_ref) == Money(minor=0, currency="EUR")
        server.act(case.case_ref, "accept")
        assert sink.withdrawal_cost(case.case_ref) == Money(minor=7_500, currency="EUR")
        assert sink.withdrawal_cost("NL-0000-00000") is None


class TestWhatNobodyTells:
    def test_a_silent_act_leaves_no_event(self, server: SandboxServer) -> None:
        hand_over(server, "C-1")
        server.act("C-1", "accept")
        before = kinds(server, "C-1")
        server.act("C-1", "pay", minor=5_000, silent=True)
        assert kinds(server, "C-1") == before
        assert len(server.case("C-1")["payments"]) == 1

    def test_a_late_event_stands_before_what_was_read(self, server: SandboxServer) -> None:
        hand_over(server, "C-1")
        server.act("C-1", "accept")
        server.act("C-1", "phase", phase="judicial", late=True)
        assert kinds(server, "C-1")[:2] == ["phase_changed", "received"]
        ids = [one["id"] for one in events(server)]
        assert len(ids) == len(set(ids))

    def test_a_case_may_be_forgotten_and_lines_made_up(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", 10_000)
        server.act("C-1", "alter_line", minor=250)
        server.act("C-1", "add_line", minor=700)
        assert [line["open"]["minor"] for line in server.case("C-1")["lines"]] == [10_250, 700]
        server.act("C-1", "stranger")
        assert events(server)[-1]["case_ref"] == "NOBODYS-CASE"
        server.control("POST", "cases/C-1/act", {"act": "forget"})
        assert server.api("GET", "/v1/cases/C-1").status_code == 404
