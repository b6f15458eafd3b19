"""Cases as JSON, handed over straight to the stand-in, for tests of the stand-in itself."""

from typing import Any

from plugins.agency_api.tests.sandbox_server import SandboxServer

Json = dict[str, Any]


def eur(minor: int) -> Json:
    """Euro cents as the API writes them."""
    return {"minor": minor, "currency": "EUR"}


def case_body(case_ref: str, *amounts: int, debtor_id: str = "d-1", tags: tuple[str, ...] = (), **changes: Any) -> Json:
    """A case with one principal line per amount (default one of 1,000.00); line ids are CASE_REF/1, CASE_REF/2."""
    lines = [
        {
            "line_id": f"{case_ref}/{number}",
            "kind": "principal",
            "number": f"F-{case_ref}-{number}",
            "invoice_date": "2026-02-02",
            "due_date": f"2026-03-{number:02}",
            "original": eur(amount),
            "open": eur(amount),
        }
        for number, amount in enumerate(amounts or (100_000,), start=1)
    ]
    address = {"lines": ["Kade 1"], "postcode": "1019 BR", "city": "Amsterdam", "country": "NL"}
    creditor = {
        "name": "Groothandel B.V.",
        "company_number": "68750110",
        "vat_recoverable": True,
        "iban": "NL02ABNA0123456789",
        "address": address,
    }
    return {
        "case_ref": case_ref,
        "creditor": creditor,
        "debtor": {"debtor_id": debtor_id, "name": "Bakker B.V.", "kind": "business", "addresses": [address]},
        "product": "amicable",
        "currency": "EUR",
        "language": "nl",
        "disputed": False,
        "total": eur(sum(amounts) or 100_000),
        "lines": lines,
        "tags": list(tags),
    } | changes


def hand_over(server: SandboxServer, case_ref: str, *amounts: int, scenario: str = "silent", **changes: Any) -> Json:
    """Hand a case over that follows `scenario`; the agency's receipt."""
    body = case_body(case_ref, *amounts, tags=(f"scenario:{scenario}",), **changes)
    answer = server.api("POST", "/v1/cases", headers={"Idempotency-Key": f"case-{case_ref}"}, json=body)
    assert answer.status_code == 201, answer.text
    receipt: Json = answer.json()
    return receipt


def mutate(server: SandboxServer, case_ref: str, kind: str, key: str, **facts: Any) -> Any:
    """Post a mutation whose id is its key; the whole answer."""
    body = {"kind": kind, "mutation_id": key, "effective_date": "2026-06-01"} | facts
    return server.api("POST", f"/v1/cases/{case_ref}/mutations", headers={"Idempotency-Key": key}, json=body)


def on_lines(case_ref: str, *minors: int) -> list[Json]:
    """Amounts for the first lines of a case."""
    return [{"line_id": f"{case_ref}/{n}", "amount": eur(minor)} for n, minor in enumerate(minors, start=1) if minor]


def events(server: SandboxServer, case_ref: str = "") -> list[Json]:
    """All events, of one case or of all."""
    answer = server.api("GET", "/v1/changes", params={"limit": "500"}).json()
    assert not answer["has_more"]
    return [event for event in answer["events"] if case_ref in ("", event["case_ref"])]


def kinds(server: SandboxServer, case_ref: str) -> list[str]:
    """The kinds of the events of a case, in order."""
    return [event["kind"] for event in events(server, case_ref)]
