"""What a creditor can write: keys, references, mutations, documents, and what is refused."""

import base64
import hashlib
from typing import Any

import pytest

from plugins.agency_api.tests.api_cases import case_body, eur, events, hand_over, kinds, mutate, on_lines
from plugins.agency_api.tests.sandbox_server import SandboxServer, running_sandbox


def _submit(server: SandboxServer, key: str, body: dict[str, Any]) -> Any:
    return server.api("POST", "/v1/cases", headers={"Idempotency-Key": key}, json=body)


class TestKeys:
    def test_the_same_request_gives_the_stored_answer(self, server: SandboxServer) -> None:
        first = _submit(server, "key-1", case_body("C-1"))
        server.clock.advance(days=3)
        again = _submit(server, "key-1", dict(reversed(case_body("C-1").items())))
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert len(server.control("GET", "cases")["cases"]) == 1

    def test_another_request_under_the_key_is_refused(self, server: SandboxServer) -> None:
        _submit(server, "key-1", case_body("C-1"))
        other = _submit(server, "key-1", case_body("C-2"))
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
        elsewhere = mutate(server, "C-1", "resume", "key-1")
        assert elsewhere.json()["code"] == "idempotency_key_reused"

    def test_a_refused_request_leaves_its_key_free(self, server: SandboxServer) -> None:
        assert _submit(server, "key-1", case_body("C-1", disputed=True)).status_code == 422
        assert _submit(server, "key-1", case_body("C-1")).status_code == 201

    def test_a_key_is_forgotten_after_thirty_days_and_the_reference_still_protects(self, server: SandboxServer) -> None:
        hand_over(server, "C-1")
        assert mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 10)).status_code == 201
        server.clock.advance(days=30)
        assert server.api("GET", "/v1/deliveries/case-C-1").status_code == 404
        again = _submit(server, "case-C-1", case_body("C-1"))
        assert (again.status_code, again.json()["code"]) == (409, "reference_exists")
        booked = mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 10))
        assert booked.headers["Idempotency-Replayed"] == "true"
        assert server.case("C-1")["lines"][0]["direct"] == eur(10)

    def test_a_known_reference_names_the_existing_file(self, server: SandboxServer) -> None:
        receipt = hand_over(server, "C-1")
        known = _submit(server, "another-key", case_body("C-1", 5_000))
        assert known.status_code == 409
        assert known.json()["existing"] == {
            "case_ref": "C-1", "agency_ref": receipt["agency_ref"], "debtor_id": "d-1", "total": eur(100_000),
            "handover": "received",
        }  # fmt: skip

    def test_a_known_mutation_id_with_other_content_is_refused(self, server: SandboxServer) -> None:
        hand_over(server, "C-1")
        first = mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 10))
        body = {"kind": "direct_payment", "mutation_id": "M-1", "effective_date": "2026-06-01"}
        path, headers = "/v1/cases/C-1/mutations", {"Idempotency-Key": "key-2"}
        same = server.api("POST", path, headers=headers, json=body | {"lines": on_lines("C-1", 10)})
        assert same.json() == first.json()
        headers = {"Idempotency-Key": "key-3"}
        other = server.api("POST", path, headers=headers, json=body | {"lines": on_lines("C-1", 11)})
        assert (other.status_code, other.json()["code"]) == (409, "reference_exists")
        assert server.case("C-1")["lines"][0]["direct"] == eur(10)

    def test_every_kind_of_write_can_be_looked_up(self, server: SandboxServer) -> None:
        receipt = hand_over(server, "C-1")
        message = {"message_id": "T-1", "effective_date": "2026-06-01", "text": "hello"}
        server.api("POST", "/v1/cases/C-1/messages", headers={"Idempotency-Key": "T-1"}, json=message)
        mutate(server, "C-1", "hold", "M-1", reason="talking")
        found = {key: server.api("GET", f"/v1/deliveries/{key}").json() for key in ("case-C-1", "T-1", "M-1")}
        assert [entry["operation"] for entry in found.values()] == ["case", "message", "mutation"]
        assert found["case-C-1"]["reference"] == receipt["agency_ref"]
        assert (found["case-C-1"]["state"], found["case-C-1"]["handover"]) == ("done", "received")
        assert server.api("GET", "/v1/deliveries/never-sent").json()["code"] == "key_unknown"

    @pytest.mark.parametrize("key", ["", "with space", "x" * 129, "-starts-wrong", "é"])
    def test_a_key_that_is_none_is_refused(self, server: SandboxServer, key: str) -> None:
        refused = _submit(server, key.encode().decode("latin-1"), case_body("C-1"))
        assert (refused.status_code, refused.json()["field"]) == (400, "Idempotency-Key")

    def test_without_the_right_api_key_nothing_is_told(self, server: SandboxServer) -> None:
        for shown in ("Bearer wrong", "sandbox-key", ""):
            answer = server.api("GET", "/v1/ping", headers={"Authorization": shown})
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert answer.json()["class"] == "auth"
        assert answer.headers["X-Sandbox"] == "1"


class TestIntake:
    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"total": eur(1)}, "total_mismatch", "total"),
            ({"currency": "USD"}, "currency_not_served", "currency"),
            ({"disputed": True}, "disputed", "disputed"),
            ({"product": "ios"}, "ios_incomplete", "product"),
            ({"debtor": {"addresses": []}}, "address_missing", "debtor.addresses"),
            ({"debtor": {"addresses": [{"country": "FR"}]}}, "country_not_served", "debtor.addresses"),
            ({"lines": "twice"}, "line_repeated", "lines"),
            ({"lines": "small"}, "below_minimum", "total.minor"),
        ],
    )  # fmt: skip
    def test_a_case_is_refused_with_its_field_and_preflight_said_so(
        self, server: SandboxServer, changes: dict[str, Any], code: str, field: str
    ) -> None:
        body = _changed(changes)
        refused = _submit(server, "key-1", body)
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, code, field)
        findings = server.api("POST", "/v1/preflight", json=body).json()["findings"]
        assert code in [finding["code"] for finding in findings if finding["blocking"]]
        assert server.control("GET", "cases")["cases"] == []

    def test_preflight_tells_the_price_and_warns(self, server: SandboxServer) -> None:
        told = server.api("POST", "/v1/preflight", json=case_body("C-1")).json()
        assert told["price"] == eur(10_000)
        assert {finding["code"] for finding in told["findings"]} == {"company_number_missing", "no_prior_steps"}
        assert not any(finding["blocking"] for finding in told["findings"])

    def test_an_unknown_field_is_named(self, server: SandboxServer) -> None:
        body = case_body("C-1")
        body["debtor"]["shoe_size"] = 44
        refused = _submit(server, "key-1", body)
        assert (refused.status_code, refused.json()["field"]) == (400, "debtor.shoe_size")

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "media_type"),
            ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, "body_unreadable"),
            ({"data": b"[NaN]", "headers": {"Content-Type": "application/json"}}, 400, "body_unreadable"),
            ({"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 400, "body_unreadable"),
            ({"data": b" " * 16_000_001, "headers": {"Content-Type": "application/json"}}, 413, "too_large"),
        ],
    )
    def test_a_body_that_cannot_be_read_is_refused(
        self, server: SandboxServer, sent: dict[str, Any], status: int, code: str
    ) -> None:
        headers = sent["headers"] | {"Idempotency-Key": "key-1"}
        refused = server.api("POST", "/v1/cases", data=sent["data"], headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (status, code)

    def test_a_whole_number_may_be_written_with_a_point_as_json_schema_allows(self, server: SandboxServer) -> None:
        text = b'{"url": "http://127.0.0.1:9/x", "payload": "thin"}'
        assert server.api("POST", "/v1/webhooks", data=text, headers={"Content-Type": "application/json"}).ok
        hand_over(server, "C-1")
        head = '{"kind": "direct_payment", "effective_date": "2026-06-01", "mutation_id": "M-'
        for minor, status in (("10.0", 201), ("1e2", 201), ("10.5", 400), ("1e999999999", 400)):
            amount = f'{{"minor": {minor}, "currency": "EUR"}}'
            body = f'{head}{minor}", "lines": [{{"line_id": "C-1/1", "amount": {amount}}}]}}'.encode()
            headers = {"Content-Type": "application/json", "Idempotency-Key": f"key-{minor}"}
            assert server.api("POST", "/v1/cases/C-1/mutations", data=body, headers=headers).status_code == status
        assert server.case("C-1")["lines"][0]["direct"] == eur(110)


def _changed(changes: dict[str, Any]) -> dict[str, Any]:
    body = case_body("C-1", 60_000, 40_000)
    if changes.get("lines") == "twice":
        body["lines"][1]["line_id"] = body["lines"][0]["line_id"]
    elif changes.get("lines") == "small":
        body = case_body("C-1", 2_499)
    elif "debtor" in changes:
        addresses = [body["debtor"]["addresses"][0] | extra for extra in changes["debtor"]["addresses"]]
        body["debtor"] |= {"addresses": addresses}
    else:
        body |= changes
    return body


class TestMutations:
    def test_a_direct_payment_lowers_what_is_collected(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", 60_000, 40_000, scenario="accepts")
        server.clock.advance(days=2)
        booked = mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 60_000, 10_000)).json()
        assert [line["open"] for line in booked["applied"]] == [eur(0), eur(30_000)]
        assert _refused_pay(server, 30_000 + 15_000 + 1)
        server.act("C-1", "pay", percent=100)
        first, second = server.case("C-1")["lines"]
        assert (first["collected"], second["collected"]) == (eur(0), eur(30_000))

    def test_what_is_more_than_open_is_surplus_and_never_collected(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", 10_000)
        booked = mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 12_000)).json()["applied"][0]
        assert (booked["applied"], booked["surplus"], booked["open"]) == (eur(10_000), eur(2_000), eur(0))
        assert kinds(server, "C-1")[-1] == "closed"

    def test_a_payment_undone_opens_the_case_again(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", 10_000)
        mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 10_000))
        too_much = mutate(server, "C-1", "reverse_payment", "M-2", lines=on_lines("C-1", 10_001))
        assert (too_much.status_code, too_much.json()["code"]) == (422, "reverse_exceeds")
        mutate(server, "C-1", "reverse_payment", "M-3", lines=on_lines("C-1", 4_000), original_mutation_id="M-1")
        assert [event["kind"] for event in events(server, "C-1")][-2:] == ["closed", "reopened"]
        assert server.case("C-1")["lines"][0]["open"] == eur(4_000)

    def test_a_case_that_was_only_credited_is_not_called_paid(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", 10_000)
        mutate(server, "C-1", "credit_note", "M-1", lines=on_lines("C-1", 9_000), number="CN-1")
        mutate(server, "C-1", "correct_claim", "M-2", lines=on_lines("C-1", 1_000), direction="down", reason="typo")
        assert events(server, "C-1")[-1]["closure"] == "credited"
        mutate(server, "C-1", "correct_claim", "M-3", lines=on_lines("C-1", 500), direction="up", reason="typo")
        line = server.case("C-1")["lines"][0]
        assert (line["raised"], line["open"], line["credited"]) == (eur(500), eur(500), eur(9_000))

    def test_a_refused_case_takes_no_mutations(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", scenario="rejects")
        server.clock.advance(days=3)
        refused = mutate(server, "C-1", "direct_payment", "M-1", lines=on_lines("C-1", 1))
        assert (refused.status_code, refused.json()["code"]) == (409, "case_not_here")

    def test_a_withdrawn_case_is_worked_no_more_and_still_takes_payments(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", scenario="collects")
        server.clock.advance(days=2)
        assert mutate(server, "C-1", "withdraw", "M-1", reason="settled").status_code == 201
        server.clock.advance(days=100)
        assert kinds(server, "C-1")[-1] == "closed"
        assert mutate(server, "C-1", "direct_payment", "M-2", lines=on_lines("C-1", 100)).status_code == 201
        assert mutate(server, "C-1", "hold", "M-3", reason="late").json()["code"] == "case_closed"
        assert server.case("C-1")["closure"] == "withdrawn"

    def test_withdrawing_an_accepted_case_may_cost_money_to_be_accepted_first(self, tmp_path: Any) -> None:
        with running_sandbox(tmp_path, withdraw_fee_minor="7500") as server:
            hand_over(server, "C-1", scenario="accepts")
            hand_over(server, "C-2", scenario="silent")
            server.clock.advance(days=2)
            assert mutate(server, "C-2", "withdraw", "M-0", reason="free before acceptance").status_code == 201
            refused = mutate(server, "C-1", "withdraw", "M-1", reason="settled")
            assert (refused.json()["code"], refused.json()["price"]) == ("fee_ack_required", eur(7_500))
            assert mutate(server, "C-1", "withdraw", "M-1", reason="settled", fee_ack=eur(7_500)).status_code == 201
            assert server.case("C-1")["costs"] == eur(7_500)

    def test_a_mutation_of_an_unknown_case_is_not_found(self, server: SandboxServer) -> None:
        refused = mutate(server, "C-9", "hold", "M-1", reason="talking")
        assert (refused.status_code, refused.json()["code"]) == (404, "case_unknown")


class TestDocuments:
    def test_a_document_is_kept_with_its_digest(self, server: SandboxServer) -> None:
        hand_over(server, "C-1")
        answer = self._attach(server, "D-1", b"%PDF-1.4")
        assert answer.status_code == 201
        digest = hashlib.sha256(b"%PDF-1.4").hexdigest()
        kept = server.api("GET", "/v1/cases/C-1").json()["documents"]
        assert kept == [{"document_id": "D-1", "kind": "invoice", "sha256": digest}]

    def test_a_document_that_was_damaged_on_the_way_is_refused(self, server: SandboxServer) -> None:
        hand_over(server, "C-1")
        assert self._attach(server, "D-1", b"%PDF-1.4", sha256="0" * 64).json()["code"] == "digest_mismatch"
        assert self._attach(server, "D-2", b"", content="!!!!").json()["code"] == "content_unreadable"

    def test_a_document_that_is_too_large_is_refused(self, tmp_path: Any) -> None:
        with running_sandbox(tmp_path, max_document_bytes="10") as server:
            hand_over(server, "C-1")
            refused = self._attach(server, "D-1", b"12345678901")
            assert (refused.status_code, refused.json()["code"]) == (413, "document_too_large")

    def _attach(self, server: SandboxServer, document_id: str, raw: bytes, **changes: str) -> Any:
        body = {
            "document_id": document_id,
            "kind": "invoice",
            "file_name": "F-1.pdf",
            "mime": "application/pdf",
            "sha256": hashlib.sha256(raw).hexdigest(),
            "content": base64.b64encode(raw).decode(),
        } | changes
        headers = {"Idempotency-Key": document_id}
        return server.api("POST", "/v1/cases/C-1/documents", headers=headers, json=body)


class TestReads:
    def test_the_feed_is_read_in_pages_without_a_gap(self, server: SandboxServer) -> None:
        hand_over(server, "C-1", scenario="collects")
        server.clock.advance(days=100)
        whole = [event["id"] for event in events(server)]
        read: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = server.api("GET", "/v1/changes", params={"limit": "3"} | cursor).json()
            read += [event["id"] for event in page["events"]]
            cursor = {"cursor": page["next_cursor"]}
            if not page["has_more"]:
                break
        assert read == whole
        assert server.api("GET", "/v1/changes", params=cursor).json()["events"] == []

    @pytest.mark.parametrize("cursor", ["abc", "WyJjYXNlcyIsIDBd", "WyJldmVudHMiLCA5OTld", "____"])
    def test_a_cursor_of_elsewhere_is_gone(self, server: SandboxServer, cursor: str) -> None:
        answer = server.api("GET", "/v1/changes", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (410, "cursor_unknown")

    @pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "limit=1&limit=2", "cursor=%20"])
    def test_a_wrong_query_is_refused(self, server: SandboxServer, query: str) -> None:
        assert server.api("GET", f"/v1/changes?{query}").status_code == 400

    @pytest.mark.parametrize("since", ["0", "2026-02-30", "2026-1-1", "2026-01-01T00:00:00Z"])
    def test_since_is_a_day(self, server: SandboxServer, since: str) -> None:
        refused = server.api("GET", "/v1/remittances", params={"since": since})
        assert (refused.status_code, refused.json()["field"]) == (400, "since")

    def test_wrong_paths_and_methods_are_told_in_the_error_shape(self, server: SandboxServer) -> None:
        assert server.api("GET", "/v1/nothing").json()["code"] == "path_unknown"
        wrong = server.api("PATCH", "/v1/cases")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
        assert {"GET", "POST"} <= set(wrong.headers["Allow"].split(", "))


def _refused_pay(server: SandboxServer, minor: int) -> bool:
    url = f"{server.url}/sandbox/cases/C-1/act"
    return bool(
        server.api("POST", url.removeprefix(server.url), json={"act": "pay", "minor": minor}).status_code == 409
    )
