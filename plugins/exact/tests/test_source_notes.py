"""Notes and invoice PDFs, against the stand-in."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connector.api import Limits
from connector.errors import ConfigError, RejectedError, UnknownOutcome
from connector.model import BookedPayment, SourceUpdate
from connector.testing import BudgetRecorder, euros
from connector_exact.source import ExactSource
from connector_exact.tokens import TokenKeeper
from plugins.exact.tests.exact_ledger import ExactLedger, log_in

DOCUMENTS, ATTACHMENTS = "documents/Documents", "documents/DocumentAttachments"
NOBODY = "99999999-0000-4000-8000-000000000000"


@pytest.fixture
def filled(ledger: ExactLedger) -> ExactLedger:
    ledger.account()
    ledger.invoices(3)
    return ledger


def update(ledger: ExactLedger, **changes: Any) -> SourceUpdate:
    values: dict[str, Any] = {
        "marker": "INC-2026-000017",
        "case_ref": "2026-000017",
        "debtor_id": ledger.account(),
        "claims": ("x",),
        "subject": "In handen van het incassobureau",
        "body": "Overgedragen op 2 maart 2026.\nBedrag: € 363,00 <incl. btw> & kosten",
        "state": "running",
    }
    return SourceUpdate.model_validate(values | changes)


def notes(ledger: ExactLedger) -> list[dict[str, Any]]:
    """The documents of the ledger, read back from the service itself."""
    ledger.context.http.calls.clear()
    url = f"{ledger.server.base}/api/v1/{ledger.division}/{DOCUMENTS}?$select=ID,Subject,Body,Type,Account"
    token = TokenKeeper(ledger.config, ledger.context).access()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = ledger.context.http.request("GET", url, headers=headers)
    return list(answer.json()["d"]["results"])


def test_a_case_gets_one_note_on_its_debtors_card(filled: ExactLedger) -> None:
    wanted = update(filled)
    receipt = filled.source.report(wanted, key="k1")
    (note,) = notes(filled)
    assert note["ID"] == receipt.reference
    assert note["Subject"] == "[INC-2026-000017] In handen van het incassobureau"
    assert note["Body"].splitlines() == wanted.body.splitlines()
    assert (note["Type"], note["Account"]) == (55, wanted.debtor_id)
    assert (receipt.state, receipt.replayed) == ("done", False)


def test_the_same_update_twice_leaves_one_note_and_costs_no_call(filled: ExactLedger) -> None:
    first = filled.source.report(update(filled), key="k1")
    filled.context.http.calls.clear()
    again = filled.source.report(update(filled), key="k1")
    assert (again.reference, again.replayed) == (first.reference, True)
    assert filled.context.http.calls == []


def test_a_change_changes_the_note(filled: ExactLedger) -> None:
    first = filled.source.report(update(filled), key="k1")
    changed = update(filled, subject="Betaald en gesloten", body="Klaar.", state="closed")
    filled.context.http.calls.clear()
    assert filled.source.report(changed, key="k2").reference == first.reference
    assert [call.method for call in filled.context.http.calls] == ["PUT"]
    (note,) = notes(filled)
    assert (note["Subject"], note["Body"]) == ("[INC-2026-000017] Betaald en gesloten", "Klaar.")


def test_a_restored_host_finds_its_note_by_the_marker(filled: ExactLedger) -> None:
    first = filled.source.report(update(filled), key="k1")
    filled.context.state.values.clear()
    filled.restart()
    again = filled.source.report(update(filled, subject="Iets anders"), key="k2")
    assert again.reference == first.reference
    assert len(notes(filled)) == 1


def test_a_lost_answer_is_settled_by_the_marker(filled: ExactLedger) -> None:
    filled.server.control("faults", {"endpoint": DOCUMENTS, "kind": "cut", "after": 1})
    with pytest.raises(UnknownOutcome) as caught:
        filled.source.report(update(filled), key="k1")
    assert caught.value.key == "k1"
    receipt = filled.source.report(update(filled), key="k1")
    (note,) = notes(filled)
    assert note["ID"] == receipt.reference


def test_a_500_says_neither_and_is_not_repeated_blindly(filled: ExactLedger) -> None:
    filled.server.control("faults", {"endpoint": DOCUMENTS, "kind": "status_500", "after": 1})
    with pytest.raises(UnknownOutcome):
        filled.source.report(update(filled), key="k1")
    assert [call.method for call in filled.context.http.calls] == ["GET", "POST"]
    filled.source.report(update(filled), key="k1")
    assert len(notes(filled)) == 1


def test_a_note_that_somebody_deleted_is_made_anew(filled: ExactLedger) -> None:
    first = filled.source.report(update(filled), key="k1")
    caller = filled.server.client()
    caller.call(f"/{filled.division}/{DOCUMENTS}(guid'{first.reference}')", method="DELETE")
    log_in(filled.config, filled.context)
    second = filled.source.report(update(filled, body="Nieuw."), key="k2")
    assert second.reference != first.reference
    assert [note["Body"] for note in notes(filled)] == ["Nieuw."]


def test_cases_do_not_share_notes_even_when_one_marker_begins_another(filled: ExactLedger) -> None:
    filled.source.report(update(filled, marker="INC-1"), key="k1")
    filled.source.report(update(filled, marker="INC-12"), key="k2")
    filled.context.state.values.clear()
    filled.source.report(update(filled, marker="INC-1", body="Anders."), key="k3")
    assert sorted(note["Subject"].partition("]")[0] for note in notes(filled)) == ["[INC-1", "[INC-12"]


def test_a_marker_with_a_quote_is_found_again(filled: ExactLedger) -> None:
    filled.source.report(update(filled, marker="d'Hondt & co"), key="k1")
    filled.context.state.values.clear()
    filled.source.report(update(filled, marker="d'Hondt & co", body="Anders."), key="k2")
    assert len(notes(filled)) == 1


def test_money_the_agency_collected_is_told_and_never_booked(filled: ExactLedger) -> None:
    paid = BookedPayment(payment_id="P-1", claim="x", received_on=date(2026, 3, 1), amount=euros("50.00"))
    filled.source.report(update(filled, payments=(paid,)), key="k1")
    (note,) = notes(filled)
    assert note["Body"].splitlines()[-1] == "2026-03-01  EUR 50.00  P-1"
    assert Counter(call.method for call in filled.context.http.calls)["POST"] == 0


def test_a_note_can_be_html(filled: ExactLedger) -> None:
    filled.configure(note_format="html")
    filled.source.report(update(filled), key="k1")
    (note,) = notes(filled)
    assert note["Body"] == "Overgedragen op 2 maart 2026.<br/>Bedrag: € 363,00 &lt;incl. btw&gt; &amp; kosten"


def test_a_note_can_have_a_type_of_ones_own(filled: ExactLedger) -> None:
    filled.configure(note_type=183)
    filled.source.report(update(filled), key="k1")
    assert [note["Type"] for note in notes(filled)] == [183]


def test_what_the_service_refuses_goes_to_a_person(filled: ExactLedger) -> None:
    with pytest.raises(RejectedError):
        filled.source.report(update(filled, debtor_id="not a key"), key="k1")
    assert filled.context.http.calls == []


def test_write_back_can_be_switched_off(filled: ExactLedger) -> None:
    filled.configure(write_back=False)
    with pytest.raises(ConfigError, match="write_back: write-back is switched off"):
        filled.source.report(update(filled), key="k1")


def test_writing_finds_calls_left_when_reading_has_stopped(filled: ExactLedger) -> None:
    limits: list[Limits] = []

    def budget(company: str, limit: Limits) -> BudgetRecorder:
        limits.append(limit)
        return BudgetRecorder(filled.clock, limit)

    filled.context = replace(filled.context, budget=budget)
    filled.source = ExactSource(filled.config, filled.context)
    filled.source.report(update(filled), key="k1")
    filled.pull()
    assert [limit.day_reserve for limit in limits] == [250, 1000]


@pytest.mark.parametrize("module", ["invoice", "entry"])
def test_the_pdf_of_an_invoice_is_found_by_its_entry_or_its_number(ledger: ExactLedger, module: str) -> None:
    ledger.account()
    claim = ledger.invoice(900, module=module, pdf=True)
    document = ledger.source.document(claim)
    assert document is not None
    assert document.content.startswith(b"%PDF-")
    assert (document.kind, document.mime, document.claim) == ("invoice", "application/pdf", claim)
    assert document.file_name.lower().endswith(".pdf")


def test_an_invoice_without_a_document_has_none(filled: ExactLedger) -> None:
    claim = filled.invoice(900)
    assert filled.source.document(claim) is None
    assert filled.source.document(NOBODY) is None
    assert filled.source.document("a-claim-that-does-not-exist") is None


def test_looking_by_number_can_be_switched_off(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900, pdf=True)
    ledger.configure(document_by_number=False)
    ledger.source.document(claim)
    assert "salesentry/SalesEntries" not in ledger.endpoints()


def test_documents_can_be_switched_off(filled: ExactLedger) -> None:
    claim = filled.invoice(900, pdf=True)
    filled.configure(invoice_documents=False)
    assert filled.source.document(claim) is None
    assert filled.context.http.calls == []


def test_a_page_of_html_in_place_of_a_file_is_no_pdf(ledger: ExactLedger) -> None:
    ledger.account()
    claim = ledger.invoice(900, pdf=True)
    ledger.server.control("faults", {"endpoint": "docs/SysAttachment.aspx", "kind": "html"})
    assert ledger.source.document(claim) is None
    assert "is no PDF" in ledger.context.log.text()


def test_no_document_is_fetched_by_a_pull(filled: ExactLedger) -> None:
    filled.invoice(900, pdf=True)
    assert not [call for call in filled.calls_of() if call.startswith(("documents/", "docs/"))]


def test_two_reports_at_once_on_different_cases_do_not_disturb_each_other(filled: ExactLedger) -> None:
    updates = [update(filled, marker=f"INC-{number}") for number in range(4)]
    threads = [
        threading.Thread(target=filled.source.report, args=(each,), kwargs={"key": each.marker}) for each in updates
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(notes(filled)) == 4
