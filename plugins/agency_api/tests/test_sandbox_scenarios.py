"""The stand-in works its files by scenario, over test-clock time."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.errors import ConfigError
from connector_agency_api.sandbox.scenarios import Casting, Rule, load_scenarios
from connector_agency_api.sandbox.wire import CaseSubmission
from plugins.agency_api.tests.api_cases import case_body, eur, events, hand_over, kinds, mutate, on_lines
from plugins.agency_api.tests.sandbox_server import SandboxServer

_ACCEPTED = ["received", "accepted", "phase_changed", "cost_added"]
_REVIEWED = ["received", "under_review", "accepted", "phase_changed", "cost_added"]


_ENDINGS: list[tuple[str, list[str], str, str]] = [
    ("silent", ["received"], "received", ""),
    ("accepts", _REVIEWED, "accepted", ""),
    ("accepts_late", _REVIEWED, "accepted", ""),
    ("rejects", ["received", "under_review", "rejected"], "rejected", ""),
    ("rejects_late", [*_ACCEPTED, "rejected"], "rejected", "rejected_late"),
    ("collects", [*_REVIEWED, *["payment_received"] * 3, "closed"], "accepted", "paid"),
    ("collects_part", [*_ACCEPTED, *["payment_received"] * 2, "closed"], "accepted", "partly_recovered"),
    ("pays_out", [*_ACCEPTED, "payment_received", "closed"], "accepted", "paid"),
    ("plan", [*_ACCEPTED, "activity_changed", *["payment_received"] * 4, "closed"], "accepted", "paid"),
    (
        "reverses",
        [*_ACCEPTED, "payment_received", "payment_reversed", "payment_received", "closed"],
        "accepted",
        "paid",
    ),
    (
        "reverses_late",
        [*_ACCEPTED, "payment_received", "closed", "payment_reversed", "reopened", "payment_received"],
        "accepted",
        "",
    ),
    ("disputes", [*_ACCEPTED, "activity_changed", "message_received"], "accepted", ""),
    ("closes", [*_ACCEPTED, "phase_changed", "phase_changed", "closed"], "accepted", "uncollectable"),
    ("reopens", [*_ACCEPTED, "closed", "reopened", "payment_received", "closed"], "accepted", "paid"),
    ("odd", [*_ACCEPTED, "file_photographed"], "accepted", ""),
    ("merges", [*_ACCEPTED, "payment_received", "closed"], "accepted", "paid"),
]


@pytest.mark.parametrize(("scenario", "expected", "handover", "closure"), _ENDINGS)
def test_a_scenario_ends_as_it_says(
    server: SandboxServer, scenario: str, expected: list[str], handover: str, closure: str
) -> None:
    hand_over(server, "C-1", scenario=scenario)
    server.clock.advance(days=200)
    assert kinds(server, "C-1") == expected
    view = server.api("GET", "/v1/cases/C-1").json()
    assert (view["handover"], view["closure"]) == (handover, closure)


def test_every_scenario_that_comes_along_is_tried_here() -> None:
    tried = {scenario for scenario, *_ in _ENDINGS}
    assert set(load_scenarios(None)) - tried == {"asks", "asks_approval", "partial"}


def test_nothing_happens_before_its_time_and_each_thing_at_its_own(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="accepts_late")
    server.clock.advance(days=10)
    assert kinds(server, "C-1") == ["received", "under_review"]
    server.clock.advance(days=100)
    accepted = next(event for event in events(server, "C-1") if event["kind"] == "accepted")
    assert accepted["occurred_at"] == "2026-06-12T09:00:00Z"


def test_events_of_several_cases_come_in_the_order_of_their_instants(server: SandboxServer) -> None:
    for number, scenario in enumerate(("collects", "pays_out", "accepts_late", "reverses")):
        hand_over(server, f"C-{number}", scenario=scenario)
    server.clock.advance(days=120)
    moments = [event["occurred_at"] for event in events(server)]
    assert moments == sorted(moments)
    assert len({event["id"] for event in events(server)}) == len(moments)


def test_a_line_can_be_refused_and_the_rest_collected(server: SandboxServer) -> None:
    hand_over(server, "C-1", 70_000, 30_000, scenario="partial")
    server.clock.advance(days=30)
    refused, kept = server.api("GET", "/v1/cases/C-1").json()["lines"]
    assert (refused["corrected"], refused["collected"]) == (eur(70_000), eur(0))
    assert (kept["collected"], kept["open"]) == (eur(30_000), eur(0))
    assert "line_rejected" in kinds(server, "C-1")


def test_a_question_stops_the_work_until_it_is_answered(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="asks")
    server.clock.advance(days=10)
    view = server.api("GET", "/v1/cases/C-1").json()
    assert (view["handover"], view["activity"]) == ("needs_info", "awaiting_creditor")
    (request,) = view["requests"]
    answer = _answer(server, request["request_id"], contract="yes", delivered="2026-02-01")
    assert answer.status_code == 201, answer.text
    server.clock.advance(days=30)
    assert kinds(server, "C-1")[:6] == [
        "received", "under_review", "info_requested", "request_settled", "activity_changed", "accepted",
    ]  # fmt: skip
    assert server.api("GET", "/v1/cases/C-1").json()["closure"] == "paid"


def test_a_question_without_an_answer_ends_in_a_refusal(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="asks")
    server.clock.advance(days=60)
    *_, settled, rejected = events(server, "C-1")
    assert (settled["kind"], settled["outcome"]) == ("request_settled", "expired")
    assert (rejected["kind"], rejected["reasons"]) == ("rejected", ["no_answer"])
    assert settled["occurred_at"] == "2026-06-17T00:00:00Z"


def test_answers_are_checked_against_their_questions(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="asks")
    server.clock.advance(days=3)
    (request,) = server.api("GET", "/v1/cases/C-1").json()["requests"]
    wrong: list[tuple[dict[str, str], str]] = [
        ({"contract": "yes"}, "answer_missing"),
        ({"contract": "perhaps", "delivered": "2026-02-01"}, "answer_unreadable"),
        ({"contract": "yes", "delivered": "yesterday"}, "answer_unreadable"),
        ({"contract": "yes", "delivered": "2026-02-01", "weather": "wet"}, "question_unknown"),
    ]
    for answers, code in wrong:
        refused = _answer(server, request["request_id"], **answers)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    decided = _decide(server, request["request_id"], approved=True)
    assert (decided.status_code, decided.json()["code"]) == (422, "wrong_kind")
    assert _answer(server, request["request_id"], contract="no", delivered="2026-02-01").status_code == 201
    late = _answer(server, request["request_id"], key="again", contract="yes", delivered="2026-02-02")
    assert (late.status_code, late.json()["code"]) == (409, "request_settled")
    assert _answer(server, "req_999", contract="yes").status_code == 404


def test_a_permission_given_leads_to_the_court(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="asks_approval")
    server.clock.advance(days=35)
    (request,) = server.api("GET", "/v1/cases/C-1").json()["requests"]
    assert _decide(server, request["request_id"], approved=True).status_code == 201
    server.clock.advance(days=100)
    view = server.api("GET", "/v1/cases/C-1").json()
    assert (view["phase"], view["closure"], view["costs"]) == ("title", "paid", eur(11_000))


def test_a_permission_refused_ends_in_monitoring(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="asks_approval")
    server.clock.advance(days=35)
    (request,) = server.api("GET", "/v1/cases/C-1").json()["requests"]
    assert _decide(server, request["request_id"], approved=False).status_code == 201
    server.clock.advance(days=200)
    view = server.api("GET", "/v1/cases/C-1").json()
    assert (view["phase"], view["closure"], view["payments"]) == ("monitoring", "", [])


def test_a_permission_not_given_in_time_puts_the_case_on_hold_until_resumed(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="asks_approval")
    server.clock.advance(days=100)
    view = server.api("GET", "/v1/cases/C-1").json()
    assert (view["handover"], view["activity"], view["phase"]) == ("accepted", "on_hold", "amicable")
    assert mutate(server, "C-1", "resume", "M-1").status_code == 201
    server.clock.advance(days=8)
    assert server.api("GET", "/v1/cases/C-1").json()["phase"] == "judicial"


def test_a_hold_moves_the_plan_by_the_time_it_took(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="pays_out")
    server.clock.advance(days=1)
    assert mutate(server, "C-1", "hold", "M-1", reason="they are talking", until="2026-07-01").status_code == 201
    server.clock.advance(days=25)
    assert server.api("GET", "/v1/cases/C-1").json()["activity"] == "on_hold"
    server.clock.advance(days=60)
    happened = {event["kind"]: event["occurred_at"] for event in events(server, "C-1")}
    # Paid five days and an hour after receipt, and the 28 days 15 hours of the hold later.
    assert happened["payment_received"] == "2026-07-05T01:00:00Z"
    assert kinds(server, "C-1").count("activity_changed") == 2


def test_a_dispute_stops_the_work_until_it_is_settled(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="pays_out")
    server.clock.advance(days=1)
    assert mutate(server, "C-1", "dispute_report", "M-1", position="disputed").status_code == 201
    server.clock.advance(days=50)
    view = server.api("GET", "/v1/cases/C-1").json()
    assert (view["activity"], view["payments"]) == ("disputed", [])
    assert mutate(server, "C-1", "dispute_report", "M-2", position="settled").status_code == 201
    server.clock.advance(days=10)
    assert server.api("GET", "/v1/cases/C-1").json()["closure"] == "paid"


def test_a_second_case_of_a_debtor_joins_the_open_file(server: SandboxServer) -> None:
    hand_over(server, "C-1", 60_000, scenario="accepts")
    hand_over(server, "C-2", 40_000, scenario="merges")
    server.clock.advance(days=60)
    merged = next(event for event in events(server, "C-2") if event["kind"] == "merged")
    assert merged["into_case_ref"] == "C-1"
    joined = server.api("GET", "/v1/cases", params={"agency_ref": merged["into_agency_ref"]}).json()["cases"]
    assert [(case["case_ref"], case["closure"]) for case in joined] == [("C-1", ""), ("C-2", "merged")]
    assert joined[1]["merged_into"] == "C-1"


def test_a_payment_on_a_joined_file_is_booked_under_each_case(server: SandboxServer) -> None:
    hand_over(server, "C-1", 60_000, scenario="accepts")
    hand_over(server, "C-2", 40_000, scenario="merges")
    server.clock.advance(days=2)
    server.act("C-1", "pay", percent=100)
    assert kinds(server, "C-1")[-2:] == ["payment_received", "closed"]
    assert kinds(server, "C-2")[-3:] == ["merged", "payment_received", "closed"]
    for case_ref in ("C-1", "C-2"):
        view = server.api("GET", f"/v1/cases/{case_ref}").json()
        assert (view["closure"], view["lines"][0]["open"]) == ("paid", eur(0))


def test_only_the_same_debtor_is_joined(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="accepts", debtor={**case_body("x")["debtor"], "debtor_id": "other"})
    hand_over(server, "C-2", scenario="merges")
    server.clock.advance(days=5)
    assert "merged" not in kinds(server, "C-2")


def test_a_test_case_is_kept_and_never_worked(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="collects", is_test=True)
    server.clock.advance(days=100)
    assert kinds(server, "C-1") == ["received"]


def test_the_next_step_can_be_taken_at_once(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="accepts")
    assert server.control("POST", "cases/C-1/advance")["done"] == "review"
    assert server.control("POST", "cases/C-1/advance")["done"] == "accept"
    assert server.control("POST", "cases/C-1/advance")["done"] is None
    assert kinds(server, "C-1") == _REVIEWED


def test_an_act_that_makes_no_sense_is_refused(server: SandboxServer) -> None:
    hand_over(server, "C-1", 10_000)
    for act, facts in (("pay", {"minor": 1}), ("reverse", {}), ("reopen", {}), ("close", {}), ("merge", {})):
        assert _refused_act(server, act, **facts) == "act_not_possible"
    server.act("C-1", "accept")
    assert _refused_act(server, "pay", minor=14_001) == "act_not_possible"
    assert _refused_act(server, "close", closure="paid") == "act_not_possible"
    server.act("C-1", "pay", minor=14_000)
    assert server.case("C-1")["closure"] == "paid"


def test_rules_choose_the_scenario(server: SandboxServer) -> None:
    server.control("POST", "scenario", {"scenario": "closes"})
    server.control("POST", "scenario", {"scenario": "rejects", "debtor_id": "bad-*"})
    server.control("POST", "scenario", {"scenario": "plan", "case_ref": "VIP-*"})
    chosen = {}
    for case_ref, debtor_id in (("C-1", "good"), ("C-2", "bad-7"), ("VIP-1", "bad-8")):
        body = case_body(case_ref, debtor_id=debtor_id)
        server.api("POST", "/v1/cases", headers={"Idempotency-Key": case_ref}, json=body)
        chosen[case_ref] = server.case(case_ref)["scenario"]
    assert chosen == {"C-1": "closes", "C-2": "rejects", "VIP-1": "plan"}


def test_a_tag_rule_and_an_unknown_scenario() -> None:
    casting = Casting(load_scenarios(None), "silent")
    casting.add(Rule("asks", tag="slow*"))
    case = CaseSubmission.model_validate_json(json.dumps(case_body("C-1", tags=("slow-payer",))))
    assert casting.name_for(case) == "asks"
    with pytest.raises(ConfigError, match="no scenario 'magic'"):
        casting.add(Rule("magic"))


def test_scenarios_of_ones_own_are_read_from_a_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[lazy]\ntitle = "Late"\nsteps = [{ act = "accept", after = "3w" }]\n', encoding="utf-8")
    step = load_scenarios(mine)["lazy"].steps[0]
    assert step.after.days == 21
    mine.write_text('[lazy]\ntitle = "Late"\nsteps = [{ act = "dance" }]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        load_scenarios(mine)
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load_scenarios(tmp_path / "none.toml")


def test_a_clock_that_is_set_back_undoes_nothing(server: SandboxServer) -> None:
    hand_over(server, "C-1", scenario="accepts")
    server.clock.advance(days=5)
    before = kinds(server, "C-1")
    server.clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    assert kinds(server, "C-1") == before
    assert server.api("GET", "/v1/ping").json()["time"] == "2026-06-06T09:00:00Z"


def _answer(server: SandboxServer, request_id: str, *, key: str = "", **answers: str) -> Any:
    given = [{"question_id": name, "value": value} for name, value in answers.items()]
    own_id = key or f"A-{len(answers)}-{'-'.join(answers.values())}"
    body = {"kind": "answers", "mutation_id": own_id, "effective_date": "2026-06-01", "answers": given}
    path = f"/v1/cases/C-1/requests/{request_id}/answer"
    return server.api("POST", path, headers={"Idempotency-Key": own_id}, json=body)


def _decide(server: SandboxServer, request_id: str, *, approved: bool) -> Any:
    body = {"kind": "approval", "mutation_id": "D-1", "effective_date": "2026-06-01", "approved": approved}
    path = f"/v1/cases/C-1/requests/{request_id}/answer"
    return server.api("POST", path, headers={"Idempotency-Key": "D-1"}, json=body)


def _refused_act(server: SandboxServer, act: str, **facts: Any) -> str:
    answer = requests.post(f"{server.url}/sandbox/cases/C-1/act", json={"act": act, **facts}, timeout=10)
    assert answer.status_code == 409, answer.text
    code: str = answer.json()["code"]
    return code


def test_money_mutations_need_lines_that_are_there(server: SandboxServer) -> None:
    hand_over(server, "C-1", 10_000)
    strange = [{"line_id": "C-9/1", "amount": eur(1)}]
    assert mutate(server, "C-1", "direct_payment", "M-1", lines=strange).json()["code"] == "line_unknown"
    twice = on_lines("C-1", 10) * 2
    assert mutate(server, "C-1", "direct_payment", "M-2", lines=twice).json()["code"] == "line_repeated"
    dollars = [{"line_id": "C-1/1", "amount": {"minor": 1, "currency": "USD"}}]
    assert mutate(server, "C-1", "direct_payment", "M-3", lines=dollars).json()["code"] == "currency_mixed"
    assert server.case("C-1")["lines"][0]["open"] == eur(10_000)
