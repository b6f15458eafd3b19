"""Customer groups and product groups: what a relation is classified as, and which journal an invoice stands in."""

from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from connector.errors import AuthError
from plugins.exact.tests.exact_ledger import ExactLedger, endpoint_of
from plugins.exact.tests.sandbox_server import SandboxServer

TERMS, OPEN, ACCOUNTS = "sync/Cashflow/PaymentTerms", "bulk/Cashflow/Receivables", "sync/CRM/Accounts"
NAMES = "crm/AccountClassifications"
UNLISTED = "99999999-0000-4000-8000-00000000000A"


def selected(ledger: ExactLedger, endpoint: str) -> set[str]:
    """The fields that the last call of an endpoint asked for."""
    calls = [call.url for call in ledger.context.http.calls if endpoint_of(call.url, ledger.division) == endpoint]
    return set(parse_qs(urlsplit(calls[-1]).query)["$select"][0].split(","))


def classify(ledger: ExactLedger, account: str | None = None, **order: object) -> None:
    ledger.book("classifications", **({"account": account} if account else {}), **order)


def group(ledger: ExactLedger, debtor: str) -> str:
    return ledger.store.debtors[debtor].customer_group


def test_by_default_nothing_is_asked_for_groups_and_nobody_is_in_one(ledger: ExactLedger) -> None:
    debtor = ledger.account()
    classify(ledger, "10", code="KEY")
    ledger.invoices(3)
    calls = ledger.calls_of()
    assert NAMES not in calls
    assert "Journal" not in selected(ledger, TERMS)
    assert not {name for name in selected(ledger, ACCOUNTS) if name.startswith("Classification")}
    assert group(ledger, debtor) == ""
    assert {item.product_group for item in ledger.store.items.values()} == {""}


def test_the_settings_that_are_off_leave_what_was_read_before_as_it_is(ledger: ExactLedger) -> None:
    # The mark in the cursors of releases without these settings: another one would read every ledger again.
    assert ledger.config.reading == "1bbd3d88bdf3"
    ledger.account()
    ledger.pull()
    assert '"groups"' not in (ledger.store.cursor or "")


def test_a_sales_journal_is_the_product_group(ledger: ExactLedger) -> None:
    ledger.configure(product_group="journal")
    ledger.account()
    ledger.book("journals", code="71", description="Verhuur")
    bread, rent = ledger.invoice(1), ledger.invoice(2, journal="71")
    ledger.invoice(3, opening=True)
    ledger.book("payments", invoice=2, amount="50.00")
    note = ledger.book(
        "credit-notes", number=4, account="10", amount="10.00", date=ledger.today().isoformat(), journal="71"
    )
    ledger.pull()
    of = {claim: {piece.product_group for piece in ledger.store.pieces(claim)} for claim in (bread, rent)}
    assert of == {bread: {"70"}, rent: {"71"}}
    assert len(ledger.store.pieces(rent)) == 2
    assert {piece.product_group for piece in ledger.store.pieces(note["entry_id"])} == {"71"}
    [line] = [item for item in ledger.store.items.values() if item.kind == "opening"]
    assert (line.product_group, line.number) == ("", "3"), "an opening balance does not tell what was sold"
    assert {item.product_group for item in ledger.store.items.values() if item.kind == "receipt"} == {""}


def test_the_listing_reads_the_same_product_group(ledger: ExactLedger) -> None:
    ledger.configure(product_group="journal")
    ledger.account()
    ledger.invoices()
    ledger.pull()
    before = dict(ledger.store.items)
    ledger.clock.advance(days=1)
    assert OPEN in ledger.calls_of()
    assert "Journal" in selected(ledger, OPEN) & selected(ledger, TERMS)
    assert dict(ledger.store.items) == before


def test_turning_product_groups_on_reads_the_terms_again(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(3)
    ledger.pull()
    ledger.configure(product_group="journal")
    assert ledger.pull()[0].full_resync
    assert {item.product_group for item in ledger.store.items.values()} == {"70"}


def test_the_chosen_classification_is_the_customer_group_by_its_code(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification3")
    key, plain, other = ledger.account("10"), ledger.account("11"), ledger.account("12")
    classify(ledger, "10", slot=3, code="KEY", description="Key accounts")
    classify(ledger, "11", slot=2, code="FLEET")
    ledger.account("12", fields={"Classification3": UNLISTED})
    calls = ledger.calls_of()
    assert Counter(calls)[NAMES] == 1
    assert calls.index(NAMES) < calls.index(ACCOUNTS)
    assert {name for name in selected(ledger, ACCOUNTS) if name.startswith("Classification")} == {"Classification3"}
    assert selected(ledger, NAMES) == {"ID", "Code", "Description"}
    assert [group(ledger, debtor) for debtor in (key, plain, other)] == ["KEY", "none", UNLISTED]


def test_more_classifications_than_fit_a_page_are_all_read(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification1")
    debtor = ledger.account()
    for number in range(130):
        classify(ledger, code=f"G{number}")
    classify(ledger, "10", code="G129")
    assert Counter(ledger.calls_of())[NAMES] == 3
    assert group(ledger, debtor) == "G129"


def test_an_unchanged_ledger_costs_one_call_more_and_reads_no_relation_again(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification1")
    ledger.account()
    classify(ledger, "10", code="KEY")
    ledger.pull()
    ledger.context.http.calls.clear()
    (page,) = ledger.pull()
    assert page.debtors == ()
    assert Counter(ledger.endpoints()) == Counter(
        ["sync/Deleted", TERMS, NAMES, ACCOUNTS, "sync/CRM/Contacts", "sync/CRM/Addresses"]
    )


def test_a_relation_that_is_classified_anew_comes_with_its_new_group(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification1")
    debtor = ledger.account()
    ledger.account("11")
    ledger.pull()
    classify(ledger, "10", code="KEY")
    ledger.pull()
    assert group(ledger, debtor) == "KEY"
    classify(ledger, "10")
    pages = ledger.pull()
    assert group(ledger, debtor) == "none"
    assert [one.code for page in pages for one in page.debtors] == ["10"]


def test_a_group_that_is_renamed_or_chosen_anew_is_known_by_its_new_name(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification1")
    debtor = ledger.account()
    classify(ledger, "10", code="KEY")
    classify(ledger, "10", slot=2, code="FLEET")
    ledger.invoices(3)
    ledger.pull()
    classify(ledger, was="KEY", code="VIP")
    pages = ledger.pull()
    assert group(ledger, debtor) == "VIP", "nothing of the relation itself changed"
    assert [page.items for page in pages if page.items] == [], "terms are not read again for it"
    ledger.configure(customer_group="Classification2")
    ledger.pull()
    assert group(ledger, debtor) == "FLEET"
    ledger.configure()
    ledger.pull()
    assert group(ledger, debtor) == ""


def test_groups_that_may_not_be_read_any_more_do_not_lose_their_names(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification1")
    debtor = ledger.account()
    classify(ledger, "10", code="KEY")
    ledger.pull()
    ledger.server.control("rights", {"user": "anna", "endpoints": [NAMES]})
    with pytest.raises(AuthError, match=NAMES):
        ledger.pull()
    assert group(ledger, debtor) == "KEY"
    ledger.server.control("rights", {"user": "anna", "endpoints": []})
    ledger.pull()
    assert group(ledger, debtor) == "KEY"


def test_a_pull_that_was_cut_goes_on_with_the_same_groups(ledger: ExactLedger) -> None:
    ledger.configure(customer_group="Classification1")
    ledger.book("load", accounts=[{"code": str(n), "name": f"N {n}"} for n in range(1, 1202)])
    classify(ledger, "1201", code="KEY")
    classify(ledger, "1", code="KEY")
    for page in ledger.pages():
        ledger.store.take(page)
        if page.debtors:
            break
    ledger.pull()
    found = {debtor.code: debtor.customer_group for debtor in ledger.store.debtors.values()}
    assert len(found) == 1201
    assert {code for code, one in found.items() if one == "KEY"} == {"1", "1201"}


def test_the_stand_in_serves_headings_values_and_journals(sandbox: SandboxServer) -> None:
    sandbox.books("accounts", {"code": "1", "name": "Bakkerij Jansen"})
    key = sandbox.books("classifications", {"account": "1", "slot": 2, "code": "KEY", "description": "Groot"})["id"]
    sandbox.books("journals", {"code": "71", "description": "Verhuur"})
    order = {"account": "1", "amount": "10.00", "date": "2026-02-01", "number": 5, "journal": "71"}
    sandbox.books("invoices", order)
    caller = sandbox.client()
    [heading] = caller.rows("crm/AccountClassificationNames", filter="SequenceNumber eq 2")
    [value] = caller.rows(NAMES, filter=f"ID eq guid'{key}'")
    assert (value["AccountClassificationName"], value["Code"], value["Description"]) == (heading["ID"], "KEY", "Groot")
    [account] = caller.rows(ACCOUNTS, select="Classification1,Classification2", filter="Timestamp gt 1")
    assert (account["Classification1"], account["Classification2"]) == (None, key)
    shown = {"select": "Journal,JournalDescription", "filter": "Timestamp gt 1"}
    assert [(row["Journal"], row["JournalDescription"]) for row in caller.rows(TERMS, **shown)] == [("71", "Verhuur")]
    [entry] = caller.rows("salesentry/SalesEntries", filter="InvoiceNumber eq 5")
    assert entry["Journal"] == "71"
    [listed] = caller.get("read/financial/ReceivablesList")["results"]
    assert listed["JournalCode"] == "71"
    assert {"70", "71"} <= {row["Code"] for row in caller.rows("financial/Journals")}


@pytest.mark.parametrize(
    ("path", "order", "status"),
    [
        ("journals", {"code": "70"}, 409),
        ("invoices", {"account": "1", "amount": "1", "date": "2026-02-01", "journal": "20"}, 404),
        ("classifications", {"slot": 9, "code": "KEY"}, 400),
        ("classifications", {"slot": 1}, 400),
        ("classifications", {"code": "NEW", "was": "OLD"}, 404),
        ("classifications", {"code": "KEY", "account": "2"}, 404),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    sandbox: SandboxServer, path: str, order: dict[str, object], status: int
) -> None:
    sandbox.books("accounts", {"code": "1", "name": "Bakkerij Jansen"})
    assert sandbox.books(path, order, expect=status)["error"]
