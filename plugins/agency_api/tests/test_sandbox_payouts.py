"""Pay-outs: net to the cent, every payment once, what was undone taken off again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector_agency_api.sandbox.options import AgencyOptions, percent_of
from connector_agency_api.sandbox.payouts import Payouts
from plugins.agency_api.tests.api_cases import eur, hand_over
from plugins.agency_api.tests.sandbox_server import SandboxServer, running_sandbox


def _remittances(server: SandboxServer, **query: str) -> list[dict[str, Any]]:
    paid: list[dict[str, Any]] = server.api("GET", "/v1/remittances", params=query).json()["remittances"]
    return paid


def _adds_up(remittance: dict[str, Any]) -> bool:
    amounts = {name: remittance[name]["minor"] for name in ("gross", "costs", "vat", "net")}
    items = remittance["items"]
    whole = all(
        item["gross"]["minor"] == item["principal"]["minor"] + item["interest"]["minor"] + item["costs"]["minor"]
        for item in items
    )
    net = amounts["gross"] - amounts["costs"] - amounts["vat"] == amounts["net"] > 0
    return whole and net and sum(item["gross"]["minor"] for item in items) == amounts["gross"]


def test_an_agency_that_collects_1150_pays_out_968_50(tmp_path: Path) -> None:
    """The example of agency-apis reference 0: 1,000 principal and 150 costs, which the agency keeps, with VAT."""
    with running_sandbox(tmp_path, commission_percent="0") as server:
        hand_over(server, "C-1", 100_000, scenario="pays_out")
        server.clock.advance(days=40)
        (paid,) = _remittances(server)
    amounts = {name: paid[name]["minor"] for name in ("gross", "costs", "vat", "net")}
    assert amounts == {"gross": 115_000, "costs": 15_000, "vat": 3_150, "net": 96_850}
    assert _adds_up(paid)


def test_commission_is_taken_of_what_the_agency_does_not_keep(server: SandboxServer) -> None:
    hand_over(server, "C-1", 100_000, scenario="pays_out")
    server.clock.advance(days=40)
    (paid,) = _remittances(server)
    assert paid["costs"] == eur(15_000 + 10_000)
    assert paid["vat"] == eur(5_250)
    assert (paid["period_from"], paid["paid_on"], paid["payer_iban"]) == (
        "2026-06-06",
        "2026-07-01",
        "NL13TEST0123456789",
    )


def test_every_payment_is_paid_out_once_in_its_month(server: SandboxServer) -> None:
    hand_over(server, "C-1", 60_000, 40_000, scenario="collects")
    hand_over(server, "C-2", 33_333, scenario="plan")
    server.clock.advance(days=200)
    remittances = _remittances(server)
    assert all(_adds_up(remittance) for remittance in remittances)
    paid = [item["payment_id"] for remittance in remittances for item in remittance["items"]]
    assert set(paid) == {"pay_1", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6", "pay_7"}
    gross = sum(remittance["gross"]["minor"] for remittance in remittances)
    assert gross == 100_000 + 15_000 + 33_333 + 5_000
    assert _remittances(server, since="2026-08-02") == [r for r in remittances if r["paid_on"] >= "2026-08-02"]


def test_a_payment_undone_before_the_pay_out_is_not_in_it(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="reverses")
    server.clock.advance(days=65)
    (paid,) = _remittances(server)
    assert {item["payment_id"] for item in paid["items"]} == {"pay_2"}


def test_a_payment_undone_after_its_pay_out_is_taken_off_the_next(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="reverses_late")
    hand_over(server, "C-2", 900_000, scenario="plan")
    server.clock.advance(days=65)
    first, second = _remittances(server)
    assert first["items"][0]["gross"]["minor"] > 0
    assert _adds_up(second)
    undone = [item for item in second["items"] if item["payment_id"] == first["items"][0]["payment_id"]]
    assert [item["gross"]["minor"] for item in undone] == [-item["gross"]["minor"] for item in first["items"]][:1]


def test_what_comes_to_less_than_nothing_is_carried_on(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="reverses_late")
    server.clock.advance(days=75)
    assert len(_remittances(server)) == 1
    hand_over(server, "C-2", 400_000, scenario="pays_out")
    server.clock.advance(days=60)
    _, later = _remittances(server)
    assert _adds_up(later)
    assert any(item["gross"]["minor"] < 0 for item in later["items"])


def test_what_the_creditor_bears_comes_off_the_pay_out(server: SandboxServer) -> None:
    hand_over(server, "C-1", 100_000, scenario="accepts")
    server.clock.advance(days=2)
    server.act("C-1", "cost", cost_kind="summons", net_minor=11_000)
    server.act("C-1", "pay", percent=100)
    (remittance_id,) = server.control("POST", "remit")["remittances"]
    (paid,) = _remittances(server)
    assert paid["remittance_id"] == remittance_id
    assert paid["costs"] == eur(15_000 + 10_000 + 11_000)
    assert server.control("POST", "remit")["remittances"] == []


def test_interest_runs_on_open_principal_since_acceptance(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, interest_percent="7.3", debtor_costs="none") as server:
        hand_over(server, "C-1", 100_000, scenario="accepts")
        server.clock.advance(days=1, hours=1)
        server.clock.advance(days=100)
        server.act("C-1", "pay", percent=100)
        view = server.api("GET", "/v1/cases/C-1").json()
    # 7.3 % of 1,000.00 over 100 of 365 days.
    assert view["payments"][0]["gross"] == eur(102_000)


@pytest.mark.parametrize(
    ("every", "after", "expected"),
    [
        ("month", "2026-12-31T23:00:00", "2027-01-01T06:00:00"),
        ("month", "2026-06-01T06:00:00", "2026-07-01T06:00:00"),
        ("week", "2026-06-01T09:00:00", "2026-06-08T06:00:00"),
        ("week", "2026-06-07T09:00:00", "2026-06-08T06:00:00"),
        ("day", "2026-02-28T09:00:00", "2026-03-01T06:00:00"),
        ("never", "2026-02-28T09:00:00", None),
    ],
)
def test_the_next_pay_out_is_on_its_day(every: str, after: str, expected: str | None) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    planned = Payouts(AgencyOptions.parse({"remit_every": every})).next_run(moment)
    assert (planned.strftime("%Y-%m-%dT%H:%M:%S") if planned else None) == expected


@pytest.mark.parametrize(("minor", "expected"), [(250, 53), (-250, -53), (238, 50), (0, 0)])
def test_percentages_are_rounded_half_away_from_zero(minor: int, expected: int) -> None:
    assert percent_of(minor, AgencyOptions.parse({}).vat_percent) == expected
