"""One ledger between two real agencies: what a person does, and reads, when debtors go to one or the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.installation import AGENCY, Installation, StandIn, stand_in
from acceptance.test_a_bookkeepers_day import server_url

from connector.flow import actions
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.model import DebtorKind
from connector.runtime.visit import visit
from connector.store import cases, debtors

__all__ = ["server_url"]

SINKS = """
[[sink]]
connection = "agency"

[[sink]]
connection = "south"
agency.client_number = "Z-9"
"""
ROUTES = """
[[route]]
to = "south"
kinds = ["public_body"]

[[route]]
to = "agency"
"""
# The first goes to the one, the second to the other.
KINDS: dict[str, DebtorKind] = {"Korst": "business", "Drukkerij": "public_body"}


@pytest.fixture
def south(clock_file: Path) -> Iterator[StandIn]:
    with stand_in("agency", clock_file) as running:
        yield running


@pytest.fixture
def home(whole: Installation, agency: StandIn, south: StandIn) -> Installation:
    """A ledger with two agencies that accept what they get, and two debtors."""
    whole.write("connections/south.toml", AGENCY.format(agency=south.url))
    whole.amend("ledgers/acme.toml", lambda text: text.replace('[sink]\nconnection = "agency"\n', SINKS.strip() + "\n"))
    whole.amend("policies/standard.toml", lambda text: text + ROUTES)
    for one in (agency, south):
        one.order("scenario", {"scenario": "accepts"})
    whole.invoices(25)
    whole.book(
        "accounts", code="11", name="Drukkerij Tien B.V.", country="NL", address="Hofweg 1",
        postcode="2511 AA", city="Den Haag", email="post@tien.example", chamber_of_commerce="68750110",
    )  # fmt: skip
    rows = [{"account": "11", "amount": "200.00", "number": n, "date": "2026-01-05"} for n in range(101, 126)]
    whole.book("load", invoices=rows)
    return whole


def planned(home: Installation) -> int:
    """Live through the steps of the policy, up to the plan that hands both debtors over."""
    with home.opened() as (workspace, ledger):
        visit(workspace, ledger)
        with workspace.store.read() as tx:
            kinds = {debtors.find(tx, ledger.name, name)[0].id: kind for name, kind in KINDS.items()}
        for key, kind in kinds.items():
            actions.confirm_kind(workspace, ledger, key, kind, actor="test")
        for step in ("remind", "notice"):
            _, plan = make_plan(workspace, ledger)
            day = workspace.clock.today(ledger.timezone)
            actions.record_steps(workspace, ledger, plan.id, action=step, taken_on=day, channel="post", actor="test")
            home.pass_days(20)
            pull(workspace, ledger)
        _, plan = make_plan(workspace, ledger)
    return plan.id


def refs(home: Installation) -> dict[str, str]:
    """Our references by agency."""
    with home.store() as store, store.read() as tx:
        return {row.connection: row.case_ref for row in cases.cases(tx, ledger="acme")}


def away(home: Installation, connection: str) -> str:
    """Nothing answers where this agency was; returns its file as it was."""
    before = (home.home / f"connections/{connection}.toml").read_text(encoding="utf-8")
    home.write(f"connections/{connection}.toml", AGENCY.format(agency="http://127.0.0.1:9"))
    return before


def test_two_debtors_go_to_two_agencies_and_both_are_followed_to_the_cent(
    home: Installation, agency: StandIn, south: StandIn
) -> None:
    done = home.run("handover", str(planned(home)))
    assert done.code == 0, done.err
    assert "2 cases opened" in done.out
    at = refs(home)
    assert set(at) == {"agency", "south"}
    [there] = home.run("status", "--json").json["ledgers"]
    assert [(one["connection"], one["cases"], one["mend"]) for one in there["agencies"]] == [
        ("agency", 1, ""),
        ("south", 1, ""),
    ]
    for connection, server in (("agency", agency), ("south", south)):
        assert [one["case_ref"] for one in server.order("cases")["cases"]] == [at[connection]]

    home.pass_days(3)
    assert "2 cases accepted" in home.run("follow").out
    home.book("payments", invoice=2, amount="21.00")
    home.book("payments", invoice=102, amount="30.00")
    assert home.run("pull").code == 0
    told = home.run("follow")
    assert told.code == 0, told.err
    assert "2 direct payments delivered" in told.out
    for connection, server in (("agency", agency), ("south", south)):
        server.order(f"cases/{at[connection]}/act", {"act": "pay", "percent": 40})
    assert "2 payments received" in home.run("follow").out
    for server in (agency, south):
        server.order("remit", {})
    assert "2 pay-outs" in home.run("follow").out
    compared = home.run("compare")
    assert compared.code == 0, compared.out
    assert "50 claims compared, 0 differ." in compared.out


def test_an_agency_that_is_down_keeps_the_other_from_nothing(
    home: Installation, agency: StandIn, south: StandIn
) -> None:
    plan = planned(home)
    before = away(home, "agency")
    handed = home.run("handover", str(plan))
    assert handed.code == 75, handed.err
    assert len(south.order("cases")["cases"]) == 1
    assert agency.order("cases")["cases"] == []

    home.pass_days(3)
    followed = home.run("follow")
    assert followed.code == 75
    assert "agency: " in followed.err
    south_case = home.run("case", "show", refs(home)["south"], "--json").json
    assert south_case["case"]["handover"] == "accepted"
    states = {one["name"]: one["state"] for one in home.run("status", "--json").json["connections"]}
    assert (states["agency"], states["south"]) == ("trouble", "ok")
    home.write("connections/agency.toml", before)
    home.pass_days(1)
    assert home.run("follow").code == 0
    if "agency" not in refs(home):
        assert home.run("handover", str(plan)).code == 0
    assert len(agency.order("cases")["cases"]) == len(south.order("cases")["cases"]) == 1
    home.pass_days(3)
    assert home.run("follow").code == 0
    assert "50 claims compared, 0 differ." in home.run("compare").out
    away(home, "agency")
    compared = home.run("compare")
    assert "25 claims compared, 0 differ." in compared.out
    assert compared.code == 75
    assert compared.err.startswith("Error: agency: ")


def test_an_agency_that_was_taken_out_with_its_cases_is_asked_for(home: Installation) -> None:
    assert home.run("handover", str(planned(home))).code == 0
    kept = (home.home / "ledgers/acme.toml").read_text(encoding="utf-8")
    home.amend("ledgers/acme.toml", lambda text: text.replace(SINKS.strip(), '[sink]\nconnection = "agency"'))
    followed = home.run("follow")
    assert followed.code == 1
    missed = 'ledgers/acme.toml: sink: the ledger has cases at "south", which its file does not name.'
    assert missed in " ".join(followed.out.split())
    again = home.run("follow")
    assert again.code == 1
    assert "does not name" not in again.out
    shown = " ".join(home.run("status").out.split())
    assert f"acme: {missed} Put it back:" in shown
    assert "south (not named)" in shown
    assert "1 agency not named" in shown
    found = {one["subject"]: one for one in home.run("doctor", "--json").json["findings"]}
    assert found["sink agency of acme"]["verdict"] == "ok"
    assert found["sink south of acme"]["verdict"] == "fail"
    assert found["sink south of acme"]["mend"].startswith('Put it back: [[sink]] with connection = "south".')
    home.write("ledgers/acme.toml", kept)
    assert home.run("follow").code == 0


def test_the_cost_of_a_withdrawal_is_asked_of_the_agency_that_has_the_case(home: Installation, south: StandIn) -> None:
    assert home.run("handover", str(planned(home))).code == 0
    home.pass_days(3)
    home.run("follow")
    case_ref = refs(home)["south"]
    asked = home.run("case", "withdraw", case_ref, "--reason", "paid in cash", "--yes")
    assert asked.code == 0, asked.err
    assert "Asking this case back costs " in asked.out
    assert home.run("follow").code == 0
    assert "asked back" in home.run("case", "list").out or south.order(f"cases/{case_ref}")["closure"] == "withdrawn"
