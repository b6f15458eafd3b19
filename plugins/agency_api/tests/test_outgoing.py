"""What leaves: as the document says, the declared fields, nothing cut, nothing else."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError, PluginError, RejectedError
from connector.model import Address, Case, ContactPerson, Money, MutationKind, PriorStep
from connector.testing import (
    MemorySecrets,
    euros,
    make_case,
    make_context,
    make_creditor,
    make_debtor,
    make_document,
    make_line,
    make_mutation,
)
from connector_agency_api import outgoing
from connector_agency_api.config import AgencyConfig
from connector_agency_api.fitness import case_findings
from connector_agency_api.outgoing import SENDS, WITHHOLDABLE, case_json, document_json, mutation_json, sent_fields

_DOCUMENT = json.loads((Path(outgoing.__file__).parent / "openapi.json").read_text(encoding="utf-8"))

_STEP = PriorStep(step="reminder", taken_on=date(2026, 1, 1))


def _check(name: str, value: Any) -> None:
    """Hold a value against a schema of the document, with an implementation that is not ours."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": _DOCUMENT["components"]}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(value)


def _json(case: Case, **more: Any) -> dict[str, Any]:
    return case_json(case, **({"client_number": "", "product": "", "withhold": frozenset()} | more))


def _codes(case: Case, *, blocking: bool = True) -> list[tuple[str, str]]:
    return [(finding.code, finding.field) for finding in case_findings(case) if finding.blocking == blocking]


def test_a_case_is_written_as_the_document_says() -> None:
    body = _json(make_case())
    _check("CaseSubmission", body)
    assert body["total"] == {"minor": 123_485, "currency": "EUR"}
    assert body["creditor"]["client_number"] == "CL-4711"
    assert [line["open"]["minor"] for line in body["lines"]] == [123_456, 29]


def test_the_barest_case_is_written_without_empty_fields() -> None:
    address = Address(lines=("Kade 1",), city="Gent", country="BE")
    creditor = make_creditor(vat_number="", email="", phone="", agency_client_number="", address=address, language="")
    bare: dict[str, Any] = dict.fromkeys(("code", "company_number", "vat_number", "language", "email", "phone"), "")
    debtor = make_debtor(**bare, contacts=(), addresses=())
    line = make_line(description="", payment_reference="")
    body = _json(make_case(creditor=creditor, debtor=debtor, lines=(line,), description="", prior_steps=()))
    _check("CaseSubmission", body)
    assert set(body["debtor"]) == {"debtor_id", "name", "kind", "addresses"}
    assert "prior_steps" not in body


@pytest.mark.parametrize("kind", get_args(MutationKind))
def test_every_mutation_is_written_as_the_document_says(kind: MutationKind) -> None:
    path, body = mutation_json(make_mutation(kind))
    expected = {"message": ("messages", "MessageSubmission")}
    if kind in ("request_answer", "approval_decision"):
        number = 1 if kind == "request_answer" else 2
        expected[kind] = (f"requests/request-{number}/answer", "RequestAnswer")
    wanted_path, schema = expected.get(kind, ("mutations", "Mutation"))
    _check(schema, body)
    assert path == wanted_path


def test_what_a_mutation_says_more_is_written_as_well() -> None:
    _, withdrawn = mutation_json(make_mutation("withdraw", fee_ack=euros("75.00")))
    assert withdrawn["fee_ack"] == {"minor": 7500, "currency": "EUR"}
    _, held = mutation_json(make_mutation("hold", until=None))
    assert "until" not in held
    _, refused = mutation_json(make_mutation("approval_decision", approved=False))
    assert refused["approved"] is False


def test_a_request_id_of_nobody_never_becomes_a_path() -> None:
    with pytest.raises(RejectedError, match="not a request id"):
        mutation_json(make_mutation("request_answer", request_id="../../webhooks"))


def test_a_document_is_written_with_its_digest() -> None:
    body = document_json(make_document(file_name="2026/0017.pdf"))
    _check("DocumentUpload", body)
    assert body["file_name"] == "2026_0017.pdf"
    assert body["sha256"] == hashlib.sha256(make_document().content).hexdigest()


def test_the_fullest_case_sends_exactly_what_is_declared() -> None:
    assert _paths(_json(make_case())) == SENDS - {"total"}


def test_personal_data_that_is_nobodys_business_stays() -> None:
    text = json.dumps(_json(make_case(debtor=make_debtor(kind="consumer"))))
    debtor = make_debtor()
    assert debtor.iban not in text
    assert debtor.contacts[0].name not in text
    assert "dunning" not in text


@pytest.mark.parametrize("field", sorted(WITHHOLDABLE))
def test_what_is_withheld_does_not_leave_and_the_rest_is_still_valid(field: str) -> None:
    body = _json(make_case(), withhold=frozenset({field}))
    _check("CaseSubmission", body)
    gone = SENDS - sent_fields(frozenset({field}))
    assert gone
    assert _paths(body) == SENDS - gone


def test_a_field_that_is_not_declared_stops_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SENDS", SENDS - {"debtor.phone"})
    with pytest.raises(PluginError, match=r"debtor\.phone is not declared"):
        _json(make_case())


def test_settings_win_over_the_case() -> None:
    body = _json(make_case(), client_number="CL-1", product="amicable_legal")
    assert (body["creditor"]["client_number"], body["product"]) == ("CL-1", "amicable_legal")


class TestFitness:
    def test_a_good_case_has_no_findings(self) -> None:
        assert list(case_findings(make_case())) == []

    @pytest.mark.parametrize(
        ("case", "code", "field"),
        [
            (make_case(case_ref="a/b"), "case_ref_form", "case_ref"),
            (make_case(case_ref="x" * 51), "case_ref_form", "case_ref"),
            (make_case(lines=()), "lines_count", "lines"),
            (make_case(debtor=make_debtor(kind="unknown")), "debtor_kind_unknown", "debtor.kind"),
            (make_case(debtor=make_debtor(name=" ")), "name_missing", "debtor.name"),
            (make_case(debtor=make_debtor(name="x" * 201)), "too_long", "debtor.name"),
            (make_case(debtor=make_debtor(code="1" * 51)), "too_long", "debtor.code"),
            (make_case(creditor=make_creditor(name="")), "name_missing", "creditor.name"),
            (make_case(creditor=make_creditor(iban="NL1")), "iban_form", "creditor.iban"),
            (make_case(creditor=make_creditor(company_number="")), "company_number_missing", "creditor.company_number"),
            (make_case(creditor=make_creditor(address=Address())), "address_incomplete", "creditor.address"),
            (make_case(lines=(make_line(line_id="é"),)), "line_id_form", "lines.0.line_id"),
            (make_case(lines=(make_line(open=euros("0")),)), "line_amount", "lines.0.open"),
            (make_case(lines=(make_line(number=""),)), "line_number_missing", "lines.0.number"),
            (make_case(lines=(make_line(description="x" * 501),)), "too_long", "lines.0.description"),
            (make_case(prior_steps=(_STEP,) * 101), "prior_steps_count", "prior_steps"),
            (make_case(debtor=make_debtor(contacts=(ContactPerson(name="x"),) * 11)), "parts_count", "debtor"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_what_cannot_be_written_down_blocks(self, case: Case, code: str, field: str) -> None:
        assert _codes(case) == [(code, field)]

    def test_a_sixth_address_line_has_no_room(self) -> None:
        address = Address(lines=("1", "2", "3", "4", "5", "6"), city="Gent", country="BE")
        assert _codes(make_case(debtor=make_debtor(addresses=(address,)))) == [
            ("too_long", "debtor.addresses.0.lines.5")
        ]

    @pytest.mark.parametrize(
        ("debtor", "code", "field", "lost"),
        [
            (make_debtor(email="a@b.example; c@d.example"), "email_unreadable", "debtor.email", "email"),
            (make_debtor(phone="-"), "phone_unreadable", "debtor.phone", "phone"),
        ],
    )
    def test_what_is_left_out_is_a_warning(self, debtor: Any, code: str, field: str, lost: str) -> None:
        case = make_case(debtor=debtor)
        assert _codes(case) == []
        assert _codes(case, blocking=False) == [(code, field)]
        assert lost not in _json(case)["debtor"]

    def test_an_address_that_no_letter_reaches_is_left_out_with_a_warning(self) -> None:
        case = make_case(debtor=make_debtor(addresses=(Address(lines=("Kade 1",), city="Gent", country="België"),)))
        assert _codes(case, blocking=False) == [("address_incomplete", "debtor.addresses.0")]
        assert _json(case)["debtor"]["addresses"] == []

    @given(
        name=st.text(max_size=220), number=st.text(max_size=110), email=st.text(max_size=30),
        language=st.text(max_size=5), reference=st.text(alphabet="Aa0/é-", max_size=60), street=st.text(max_size=30),
        minor=st.integers(min_value=-1, max_value=10**12),
    )  # fmt: skip
    def test_a_case_without_blocking_findings_fits_the_document(
        self, name: str, number: str, email: str, language: str, reference: str, street: str, minor: int
    ) -> None:
        amount = Money(minor=minor, currency="EUR")
        address = Address(lines=(street,), city=name[:10], country="NL")
        debtor = make_debtor(name=name, email=email, language=language, phone=number, addresses=(address,))
        line = make_line(number=number, original=amount, description=name)
        case = make_case(case_ref=reference, debtor=debtor, lines=(line,), language=language)
        if not _codes(case):
            _check("CaseSubmission", _json(case))


class TestConfig:
    def test_an_address_must_be_https_or_this_machine(self) -> None:
        for good in (
            "https://api.example",
            "http://127.0.0.1:8080/",
            "http://localhost",
            "https://api.example/agency/",
        ):
            config = AgencyConfig.model_validate({"base_url": good, "api_key": {"env": "K"}})
            assert not config.base_url.endswith("/")
        for bad in ("http://api.example", "ftp://127.0.0.1", "api.example", "https://", "https://me:pw@api.example"):
            with pytest.raises(ValueError, match="https"):
                AgencyConfig.model_validate({"base_url": bad, "api_key": {"env": "K"}})

    def test_only_optional_fields_can_be_withheld(self) -> None:
        with pytest.raises(ValueError, match=r"debtor\.name"):
            AgencyConfig.model_validate(
                {"base_url": "https://x.example", "api_key": {"env": "K"}, "withhold": ["debtor.name"]}
            )


def test_the_withheld_fields_are_not_announced() -> None:
    from connector_agency_api.sink import AgencySink

    settings = {"base_url": "https://x.example", "api_key": {"env": "K"}, "withhold": ["debtor.contacts"]}
    sink = AgencySink(AgencyConfig.model_validate(settings), make_context(secrets=MemorySecrets()))
    assert not [path for path in sink.capabilities().sends if path.startswith("debtor.contacts")]
    with pytest.raises(ConfigError, match="webhook"):
        sink.verify_webhook({}, b"")


def _paths(value: Any, path: str = "") -> set[str]:
    """The declared path of everything in a body."""
    renamed = {"debtor.debtor_id": "debtor.id", "creditor.client_number": "creditor.agency_client_number"}
    path = renamed.get(path, path)
    if path in SENDS:
        return {path}
    if isinstance(value, list):
        return {found for entry in value for found in _paths(entry, path)}
    if isinstance(value, dict) and path != "total":
        return {found for name, held in value.items() for found in _paths(held, f"{path}.{name}".lstrip("."))}
    return set() if path == "total" else {path}
