"""What a bookkeeper types, and reads, between an accounting package and an agency: both real servers."""

import json
import os
import subprocess

import pytest
from acceptance.installation import Installation, StandIn
from databases import Databases

from connector.model import RecordFault
from connector.store import journal
from connector_agency_api.sink import AgencySink

INVOICES = 25
TOTAL = "EUR 3,025.00"


@pytest.fixture(params=["sqlite", "postgresql"])
def server_url(request: pytest.FixtureRequest) -> str:
    """Everything a person does here is done on both databases."""
    if request.param == "sqlite":
        return ""
    databases: Databases = request.getfixturevalue("postgres")
    return databases.url()


def lines_of(text: str) -> list[str]:
    """The lines of a table or text, their columns one blank apart."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_new_ledger_is_read_and_planned_and_everything_says_what_to_do_next(plain: Installation) -> None:
    plain.invoices(INVOICES)
    pulled = plain.run("pull")
    assert pulled.code == 0
    assert f"{INVOICES} new items" in pulled.out

    planned = plain.run("plan")
    assert planned.code == 0
    shown = lines_of(planned.out)
    move = next(line for line in shown if "Bakkerij De Korst B.V. reminder" in line)
    assert f"reminder {TOTAL} {INVOICES} 26 days" in move
    assert f"1 reminder: {TOTAL}" in shown
    assert "When done, record it: incasso steps 1 --taken remind" in shown

    recorded = plain.run("steps", "1", "--taken", "remind", "--on", "2026-03-02")
    assert recorded.out == "1 step recorded as taken on 2026-03-02.\n"
    assert plain.run("steps", "1", "--taken", "remind", "--on", "2026-03-02").out.startswith("0 steps")

    again = plain.run("plan")
    assert "reminder" not in again.out
    assert "1 with nothing to do" in again.out


def test_a_decision_is_explained_to_whoever_asks(plain: Installation) -> None:
    plain.invoices(INVOICES)
    plain.run("pull")
    told = plain.run("plan", "--explain", "Korst")
    assert told.code == 0
    assert f'a reminder (step "remind"), {TOTAL} in {INVOICES} claims' in told.out
    assert "Is the oldest claim at least 14 days overdue?" in told.out
    assert plain.run("plans", "--json").json == []
    key = plain.run("debtor", "find", "korst", "--json").json[0]["id"]
    assert plain.run("plan", "--explain", key, "--json").json["action"] == "remind"
    unknown = plain.run("plan", "--explain", "Nobody")
    assert unknown.code == 2
    assert "has no debtor 'Nobody'" in unknown.err


def test_a_debtor_on_hold_is_left_alone_until_resumed(plain: Installation) -> None:
    plain.invoices(INVOICES)
    plain.run("pull")
    held = plain.run("debtor", "hold", "Korst", "--reason", "asked for time", "--until", "2026-03-20")
    assert held.out.startswith("On hold until 2026-03-20.")
    assert plain.run("plan", "--json").json["plan"]["counts"].get("remind") is None
    assert "on hold until 2026-03-20: asked for time" in plain.run("debtor", "show", "Korst").out
    assert plain.run("debtor", "resume", "Korst").out.startswith("It goes on.")
    assert plain.run("plan", "--json").json["plan"]["counts"]["remind"] == 1
    disputed = plain.run("debtor", "dispute", "Korst", "--reason", "never delivered")
    assert disputed.code == 0
    assert "remind" not in plain.run("plan", "--json").json["plan"]["counts"]
    assert plain.run("debtor", "settle", "Korst").out.startswith("Settled.")


def test_a_case_goes_out_and_is_followed_to_the_cent(whole: Installation, agency: StandIn) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    case_ref = whole.hand_over()

    listed = lines_of(whole.run("case", "list").out)
    assert any(line.startswith(f"{case_ref} ") for line in listed)
    whole.pass_days(3)
    followed = whole.run("follow")
    assert followed.code == 0
    assert "1 case accepted" in followed.out

    agreed = whole.run("compare")
    assert agreed.code == 0
    assert f"{INVOICES} claims compared, 0 differ." in agreed.out

    first = whole.run("case", "show", case_ref, "--json").json["lines"][0]
    agency.order(f"cases/{case_ref}/act", {"act": "pay", "percent": 50})
    differing = whole.run("compare", "--json")
    assert differing.code == 1
    assert {one["number"] for one in differing.json if one["difference"]} >= {first["number"]}
    assert whole.run("follow").code == 0
    assert whole.run("compare").code == 0

    reported = whole.run("report", "--json")
    assert reported.code == 0
    assert reported.json["counts"]["notes"] == 1

    shown = whole.run("case", "show", case_ref).out
    assert "agency: accepted" in shown
    assert "agency: payment received" in shown
    assert "to the agency: open, delivered" in shown


def test_questions_and_permissions_of_the_agency_are_answered(whole: Installation, agency: StandIn) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "asks"})
    case_ref = whole.hand_over()
    whole.pass_days(3)
    whole.run("follow")
    listed = whole.run("tasks", "--json").json
    question = next(str(one["id"]) for one in listed if one["kind"] == "question")
    assert "Is there a signed contract?" in whole.run("task", "show", question).out

    wrong = whole.run("task", "approve", question)
    assert wrong.code == 2
    assert f"incasso task answer {question}" in wrong.err
    missing = whole.run("task", "answer", question, "contract=yes")
    assert missing.code == 2
    assert "question delivered is not answered" in missing.err

    answered = whole.run("task", "answer", question, "contract=yes", "delivered=2026-01-04")
    assert answered.code == 0
    assert "1 answer delivered" in whole.run("follow").out
    assert whole.run("task", "show", question).err.startswith(f"Error: task {question} was done already.")
    trail = whole.run("case", "show", case_ref).out
    assert "to the agency: request answer, delivered" in trail


def test_a_case_is_asked_back_with_a_reason(whole: Installation, agency: StandIn) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    case_ref = whole.hand_over()
    whole.pass_days(2)
    whole.run("follow")
    for wrong in ("much", "0.00", "1.005"):
        assert whole.run("case", "withdraw", case_ref, "--reason", "settled by phone", "--fee", wrong).code == 2
    assert whole.run("case", "message", case_ref, "We settled by phone.").code == 0
    assert whole.run("case", "withdraw", case_ref, "--reason", "settled by phone").code == 1
    assert whole.run("case", "withdraw", case_ref, "--reason", "settled by phone", "--yes").code == 0
    followed = whole.run("follow")
    assert followed.code == 0, whole.run("tasks").out
    states = {one["kind"]: one["state"] for one in whole.run("case", "show", case_ref, "--json").json["messages"]}
    assert states["case.withdraw"] == "DELIVERED"
    assert states["case.message"] == "DELIVERED"


def test_a_person_says_whether_a_parked_delivery_arrived(
    whole: Installation, agency: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    case_ref = whole.hand_over()
    able = AgencySink.capabilities
    # The stand-in can be asked by our key; the promise is of an agency that cannot.
    monkeypatch.setattr(
        AgencySink, "capabilities", lambda sink: able(sink).model_copy(update={"lookup": False, "idempotent": False})
    )
    agency.order("faults", {"kind": "error_before_commit", "on": "writes", "times": 9})
    whole.run("case", "message", case_ref, "They called us.")
    assert whole.run("follow").code == 1
    agency.order("faults", method="DELETE")
    whole.pass_days(1)
    assert whole.run("follow").code == 0
    (task,) = (str(one["id"]) for one in whole.run("tasks", "--json").json if one["kind"] == "parked")
    (message,) = (str(one["id"]) for one in whole.run("outbox", "list", "--json").json)
    assert f"incasso outbox show {message}" in whole.run("task", "show", task).out
    shown = whole.run("outbox", "show", message, "--language", "en").out
    assert "Did you receive, under our reference" in shown
    assert f"incasso outbox resolve {message} --arrived REFERENCE" in shown

    by_hand = whole.run("task", "done", task)
    assert by_hand.code == 2
    assert f"incasso outbox show {message}" in by_hand.err
    assert whole.run("outbox", "resolve", message).code == 2
    assert whole.run("outbox", "resolve", message, "--arrived", "M-1", "--not-arrived").code == 2
    assert whole.run("outbox", "list", "--state", "lost").code == 2

    assert whole.run("outbox", "resolve", message, "--not-arrived").out == "It goes out with: incasso follow acme\n"
    assert whole.run("follow").code == 0
    assert "to the agency: message, delivered" in whole.run("case", "show", case_ref).out
    assert whole.run("tasks").out == "Nothing waits for a person.\n"


def test_a_truncated_feed_puts_the_brake_on_until_a_person_takes_it_off(plain: Installation) -> None:
    plain.invoices(INVOICES)
    plain.run("pull")
    for number in range(1, INVOICES):
        plain.book("deletions", invoice=number)
    braked = plain.run("pull")
    assert braked.code == 1
    assert "Brake: 24 of 25 open items" in braked.out
    assert "incasso release acme" in braked.out
    assert "brake" in plain.run("status").out
    assert [one["kind"] for one in plain.run("tasks", "--json").json] == ["brake"]
    by_task = plain.run("task", "done", "1")
    assert by_task.code == 2
    assert "incasso release acme" in by_task.err
    assert plain.run("release").out.startswith("The brake is off. It was on because: 24 of 25")
    assert plain.run("release").out == "There was no brake on.\n"
    assert plain.run("pull").code == 0


def test_a_ledger_is_read_again_from_its_beginning_on_request(plain: Installation) -> None:
    plain.invoices(INVOICES)
    plain.run("pull")
    assert f"{INVOICES} unchanged items" not in plain.run("pull").out
    again = plain.run("pull", "--from-beginning", "acme")
    assert again.code == 0
    assert f"{INVOICES} unchanged items" in again.out


def test_a_debtor_goes_by_the_code_of_the_accounting_package(whole: Installation, agency: StandIn) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "asks"})
    whole.run("pull")
    key = whole.run("debtor", "find", "10", "--json").json[0]["id"]
    for text in ("10", key, "Korst"):
        assert whole.run("debtor", "kind", text, "business").code == 0
        assert "debtor 10 Bakkerij De Korst B.V., ledger acme" in whole.run("plan", "--explain", text).out
    assert "debtor 10" in lines_of(whole.run("debtor", "show", key).out)
    planned = whole.run("plan")
    assert any(line.startswith("10 Bakkerij De Korst B.V. reminder") for line in lines_of(planned.out))
    assert key not in planned.out

    case_ref = whole.hand_over()
    plan = whole.run("plans", "--json").json[0]["id"]
    shown = whole.run("plan", "--show", str(plan), "--json").json["decisions"][0]
    assert (shown["decision"]["debtor_id"], shown["debtor_code"]) == (key, "10")
    whole.pass_days(3)
    whole.run("follow")
    for command in (("case", "list"), ("case", "show", case_ref), ("tasks",)):
        out = whole.run(*command).out
        assert "10 Bakkerij De Korst B.V." in out
        assert key not in out
    for row in (*whole.run("case", "list", "--json").json, *whole.run("tasks", "--json").json):
        assert (row["debtor_id"], row["debtor_code"]) == (key, "10")


def test_a_code_wins_over_a_name_that_contains_it(plain: Installation) -> None:
    plain.invoices(1)
    plain.book("accounts", code="11", name="Drukkerij 10")
    plain.run("pull")
    assert "Bakkerij" in plain.run("debtor", "show", "10").out
    assert [one["code"] for one in plain.run("debtor", "find", "10", "--json").json] == ["10", "11"]
    several = plain.run("debtor", "show", "kkerij")
    assert several.code == 2
    assert "Name one by its code or key: 10 Bakkerij De Korst B.V., 11 Drukkerij 10" in several.err


def test_records_that_are_set_aside_are_listed_with_the_reason(plain: Installation) -> None:
    assert plain.run("faults").out == "No record of acme is set aside.\n"
    bad = RecordFault(id="t-29", field="DueDate", why="is not a date", entity="payment terms")
    with plain.opened() as (workspace, ledger), workspace.store.write() as tx:
        journal.store_faults(tx, ledger.name, [bad], run_id="r", at=workspace.clock.now())
    assert "1 malformed record set aside. See: incasso faults acme" in plain.run("status").out
    assert "payment terms t-29 DueDate is not a date" in lines_of(plain.run("faults").out)
    assert plain.run("faults", "acme", "--json").json == [bad.model_dump()]


def test_a_whole_run_is_one_table_and_the_status_is_one_glance(whole: Installation) -> None:
    whole.invoices(INVOICES)
    done = whole.run("run", "--once")
    assert done.code == 0
    verbs = [line.split()[1:3] for line in lines_of(done.out) if line.startswith("acme ")]
    assert verbs == [["pull", "ok"], ["plan", "ok"], ["follow", "ok"], ["report", "ok"], ["nightly", "ok"]]
    status = lines_of(whole.run("status").out)
    acme = next(line for line in status if line.startswith("acme "))
    assert f"acme ok just now {TOTAL} {INVOICES} 1 1 open: 1 reminder" in acme
    assert any(line.startswith("books exact ok") for line in status)
    runs = lines_of(whole.run("runs").out)
    assert sum(" ok " in line for line in runs) == 5


def test_output_for_machines_is_json_also_when_it_goes_wrong(plain: Installation) -> None:
    assert json.loads(plain.run_process("status", "--json").out)["ledgers"][0]["name"] == "acme"
    for command in (("status",), ("plans",), ("tasks",), ("runs",), ("plugins",), ("doctor",), ("case", "list")):
        assert json.loads(plain.run(*command, "--json").out) is not None, command
    wrong = plain.run("pull", "nobody", "--json")
    assert wrong.code == 2
    assert wrong.json["error"]["type"] == "ConfigError"
    assert "Known: acme" in wrong.json["error"]["mend"]


def test_long_work_shows_its_progress_to_a_person_and_not_to_a_file(plain: Installation) -> None:
    plain.invoices(INVOICES)
    reader, writer = os.openpty()
    with subprocess.Popen(
        plain.command(["pull"]), env=plain.whole_environ, stdout=subprocess.PIPE, stderr=writer, text=True
    ) as process:
        os.close(writer)
        out, _ = process.communicate(timeout=60)
    shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert process.returncode == 0
    assert "terms" in shown
    assert "terms" not in out
    assert plain.run_process("pull").err == ""


def test_what_the_policy_escalates_goes_out_by_itself_where_the_ledger_says_automatic(
    whole: Installation, agency: StandIn
) -> None:
    whole.invoices(INVOICES)
    whole.amend("ledgers/acme.toml", lambda text: text.replace('handover = "person"', 'handover = "automatic"'))
    whole.run("pull")
    whole.run("debtor", "kind", "Korst", "business")
    for step in ("remind", "notice"):
        done = {turn["verb"]: turn for turn in whole.run("run", "--once", "--json").json}
        assert "handover" not in done
        plan = whole.run("plans", "--json").json[0]["id"]
        whole.run("steps", str(plan), "--taken", step)
        whole.pass_days(20)
    ended = whole.run("run", "--once", "--json")
    assert ended.code == 0
    done = {turn["verb"]: turn for turn in ended.json}
    assert list(done) == ["pull", "plan", "handover", "follow", "report", "nightly"]
    assert done["handover"]["report"]["counts"]["cases"] == 1
    (remark,) = done["handover"]["report"]["remarks"]
    assert remark["debtor_code"] == "10"
    assert remark["text"].startswith("handed over as acme-")
    assert len(agency.order("cases")["cases"]) == 1
    again = {turn["verb"]: turn for turn in whole.run("run", "--once", "--json").json}
    assert "handover" not in again
    assert len(agency.order("cases")["cases"]) == 1
