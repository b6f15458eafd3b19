"""The stand-in as a process, and its settings."""

from pathlib import Path

import pytest

from connector.errors import ConfigError
from connector_agency_api import register_sandboxes
from connector_agency_api.sandbox.agenda import AgencyClock, Agenda
from connector_agency_api.sandbox.options import AgencyOptions
from plugins.agency_api.tests.api_cases import case_body, hand_over
from plugins.agency_api.tests.sandbox_server import START, SandboxServer


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org"])
def test_the_stand_in_runs_on_loopback_only(host: str) -> None:
    (sandbox,) = register_sandboxes()
    with pytest.raises(ConfigError, match="loopback only"):
        sandbox.serve(host=host, port=0, clock_file=None, options={})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"commission_percent": "-1"}, "commission_percent"),
        ({"remit_every": "hour"}, "remit_every"),
        ({"api_key": "short"}, "api_key"),
        ({"webhook_url": "http://127.0.0.1:9/x"}, "webhook_url needs webhook_secret"),
        ({"webhook_url": "https://example.org/x", "webhook_secret": ""}, "webhook_url"),
        ({"webhook_secret": "plain"}, "webhook_secret"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], named: str) -> None:
    (sandbox,) = register_sandboxes()
    with pytest.raises(ConfigError, match=named):
        sandbox.serve(host="127.0.0.1", port=0, clock_file=None, options=options)


def test_lists_are_given_with_commas() -> None:
    options = AgencyOptions.parse({"countries": "NL, DE", "currencies": "EUR,USD"})
    assert (options.countries, options.currencies) == (("NL", "DE"), ("EUR", "USD"))
    assert AgencyOptions.parse({"countries": ""}).countries == ()


def test_without_a_clock_file_it_lives_in_the_present() -> None:
    clock = AgencyClock(None)
    assert clock.now() <= clock.now()


def test_a_clock_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        AgencyClock(tmp_path / "nothing").now()


def test_the_agenda_works_in_the_order_of_time_also_what_is_added_meanwhile() -> None:
    agenda, done = Agenda(), []
    agenda.add(START.replace(hour=12), lambda at: done.append(("noon", at.hour)))
    cancelled = agenda.add(START.replace(hour=11), lambda at: done.append(("cancelled", at.hour)))
    agenda.add(
        START.replace(hour=10),
        lambda at: agenda.add(START.replace(hour=11), lambda when: done.append(("late", when.hour))),
    )
    agenda.cancel(cancelled)
    agenda.work(START.replace(hour=11))
    assert done == [("late", 11)]
    agenda.work(START.replace(hour=23))
    assert done == [("late", 11), ("noon", 12)]


def test_the_control_surface_shows_what_left_the_house(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="collects")
    there = server.case("C-1")
    sent = case_body("C-1", tags=("scenario:collects",))
    assert there["submission"]["debtor"]["name"] == sent["debtor"]["name"]
    assert there["submission"]["lines"][0]["open"] == sent["lines"][0]["open"]
    assert there["next_step"] == {"act": "review", "due": "2026-06-01T10:00:00Z"}
    assert (there["scenario"], there["open_minor"], there["resting"]) == ("collects", 100_000, [])
    assert server.control("GET", "cases")["now"] == "2026-06-01T09:00:00Z"


def test_scenarios_are_listed_with_what_they_do(server: SandboxServer) -> None:
    server.control("POST", "scenario", {"scenario": "plan", "tag": "slow"})
    told = server.control("GET", "scenarios")
    assert told["default"] == "collects"
    assert told["rules"] == [{"scenario": "plan", "case_ref": "*", "debtor_id": "*", "tag": "slow"}]
    assert told["scenarios"]["rejects"] == "Refused after a day"


def test_calls_are_counted(server: SandboxServer) -> None:
    hand_over(server, "C-1")
    body = case_body("C-1", tags=("scenario:silent",))
    for key, status in (("case-C-1", 201), ("other", 409)):
        answer = server.api("POST", "/v1/cases", headers={"Idempotency-Key": key}, json=body)
        assert answer.status_code == status
    counted = server.control("GET", "counters")["calls"]
    assert (counted["case"], counted["replayed"], counted["reference_exists"]) == (3, 1, 1)


def test_a_reset_begins_again(server: SandboxServer) -> None:
    hand_over(server, "C-1")
    server.fault("html")
    server.control("POST", "reset")
    assert server.control("GET", "cases")["cases"] == []
    assert server.control("GET", "faults")["waiting"] == []
    assert hand_over(server, "C-1")["agency_ref"] == "A26-000001"


def test_every_option_is_described_for_the_command_line() -> None:
    (sandbox,) = register_sandboxes()
    assert set(sandbox.options) == set(AgencyOptions.model_fields)
    assert sandbox.options["scenario"] == "what happens to a case when no rule says otherwise; default collects"
    assert all(text and "None" not in text for text in sandbox.options.values())
