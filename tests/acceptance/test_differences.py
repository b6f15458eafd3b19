"""Source, store and agency held against each other in the night, over real HTTP, read and settled by a person."""

import pytest
from acceptance.installation import Installation, StandIn
from acceptance.test_a_bookkeepers_day import INVOICES, lines_of, server_url

__all__ = ["server_url"]


@pytest.fixture
def case_ref(whole: Installation, agency: StandIn) -> str:
    """A case that the agency has accepted and does nothing with."""
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    ref = whole.hand_over()
    whole.pass_days(2)
    night(whole)
    assert listed(whole) == []
    return ref


def night(whole: Installation) -> None:
    whole.pass_days(1)
    assert whole.run("run", "--once").code in (0, 1)


def listed(whole: Installation, *options: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["owner"]) for one in whole.run("differences", *options, "--json").json]


def act(agency: StandIn, case_ref: str, act: str, **more: object) -> None:
    agency.order(f"cases/{case_ref}/act", {"act": act, **more})


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ({"act": "alter_line", "minor": 250}, ("balance_differs", "agency")),
        ({"act": "add_line", "minor": 700}, ("line_unknown_here", "agency")),
        ({"act": "forget"}, ("case_unknown_there", "agency")),
        ({"act": "phase", "phase": "judicial", "silent": True}, ("standing_differs", "agency")),
        ({"act": "close", "closure": "uneconomic", "silent": True}, ("standing_differs", "agency")),
        ({"act": "stranger"}, ("foreign_case", "operator")),
    ],
    ids=lambda value: value.get("act") if isinstance(value, dict) else None,
)
def test_the_next_night_finds_it(
    whole: Installation, agency: StandIn, case_ref: str, deed: dict[str, object], found: tuple[str, str]
) -> None:
    agency.order(f"cases/{case_ref}/act", deed)
    night(whole)
    assert listed(whole) == [found]


def test_a_payment_that_vanishes_without_an_event(whole: Installation, agency: StandIn, case_ref: str) -> None:
    act(agency, case_ref, "pay", minor=50_000)
    night(whole)
    assert listed(whole) == []
    act(agency, case_ref, "reverse", silent=True)
    night(whole)
    assert listed(whole) == [("payment_vanished", "agency")]


def test_a_payment_that_no_event_told_is_taken_in(whole: Installation, agency: StandIn, case_ref: str) -> None:
    act(agency, case_ref, "pay", minor=100_000, silent=True)
    night(whole)
    assert listed(whole) == []
    story = whole.run("case", "show", case_ref).out
    assert "agency: payment received" in story
    assert whole.run("compare").code == 0


def test_an_event_that_slipped_in_late_is_read_again(whole: Installation, agency: StandIn, case_ref: str) -> None:
    act(agency, case_ref, "phase", phase="judicial", late=True)
    night(whole)
    assert listed(whole) == []
    assert whole.run("case", "show", case_ref, "--json").json["case"]["phase"] == "judicial"


def test_a_person_reads_assigns_and_closes(whole: Installation, agency: StandIn, case_ref: str) -> None:
    act(agency, case_ref, "alter_line", minor=250)
    night(whole)
    whole.pass_days(3)
    shown = lines_of(whole.run("differences").out)
    assert any(f"acme balance differs {case_ref}" in line and " 3 agency " in line for line in shown)
    assert "acme: 1 difference. See: incasso differences acme" in whole.run("status").out
    number = str(whole.run("differences", "--json").json[0]["id"])

    assert whole.run("difference", "assign", number, "anna", "--note", "called them").code == 0
    assert listed(whole) == [("balance_differs", "anna")]
    assert whole.run("difference", "close", number, "--reason", "a rounding of theirs").code == 0
    assert whole.run("differences").out == "There are no differences.\n"
    assert "a rounding of theirs" in whole.run("differences", "--all").out
    again = whole.run("difference", "close", number, "--reason", "twice")
    assert (again.code, again.err.splitlines()[0]) == (
        2,
        f"Error: difference {number} is closed already. See: incasso differences",
    )


def test_the_night_comes_once_a_day(whole: Installation, case_ref: str) -> None:
    verbs = [one["verb"] for one in whole.run("run", "--once", "--json").json]
    assert "nightly" not in verbs
    whole.pass_days(1)
    verbs = [one["verb"] for one in whole.run("run", "--once", "--json").json]
    assert verbs[-1] == "nightly"


class TestAskingBack:
    @pytest.fixture
    def agency_options(self) -> dict[str, str]:
        return {"withdrawals": "reviewed", "withdraw_fee_minor": "7500"}

    def test_the_cost_comes_first_and_it_stands_until_the_agency_confirms(
        self, whole: Installation, agency: StandIn, case_ref: str
    ) -> None:
        ask = ("case", "withdraw", case_ref, "--reason", "settled by phone")
        shown = whole.run(*ask)
        assert (shown.code, shown.out.splitlines()[0]) == (1, "Asking this case back costs EUR 75.00, without VAT.")
        assert whole.run(*ask, "--fee", "50.00").code == 2
        assert "case.withdraw" not in whole.run("case", "show", case_ref, "--json").out

        assert whole.run(*ask, "--yes").code == 0
        assert whole.run("follow").code == 0
        assert "asked back" in whole.run("case", "list").out
        assert "settled by phone, EUR 75.00 agreed), not confirmed yet" in whole.run("case", "show", case_ref).out
        assert "acme: 1 case asked back, not confirmed" in whole.run("status").out
        assert whole.run(*ask, "--yes").code == 2

        act(agency, case_ref, "give_back")
        whole.run("follow")
        assert "asked back" not in whole.run("case", "list").out
        assert "confirmed: settled by phone" in whole.run("case", "show", case_ref).out

    def test_a_refusal_lets_it_run_on(self, whole: Installation, agency: StandIn, case_ref: str) -> None:
        whole.run("case", "withdraw", case_ref, "--reason", "settled by phone", "--yes")
        whole.run("follow")
        act(agency, case_ref, "keep", reason="summons is out")
        whole.run("follow")
        assert "refused: summons is out" in whole.run("case", "show", case_ref).out
        assert "summons is out" in whole.run("tasks").out
