"""Must-have 12, over HTTP: money moves and every list shows it in the same way (reference 4.2 to 4.5)."""

from typing import Any

import pytest

from plugins.exact.tests.sandbox_server import Client, SandboxServer

TERMS = "sync/Cashflow/PaymentTerms"


class Ledger:
    """The stand-in's books with one debtor, and a caller that reads them."""

    def __init__(self, sandbox: SandboxServer) -> None:
        sandbox.control("toggles", {"minute_limit": 0})
        sandbox.books("accounts", {"code": "1", "name": "Bakkerij Jansen"})
        self.sandbox = sandbox
        self.caller: Client = sandbox.client()

    def invoice(self, number: int, amount: str, **more: Any) -> Any:
        order = {"account": "1", "number": number, "date": "2026-01-05", "due": "2026-02-04", "amount": amount}
        return self.sandbox.books("invoices", order | more)

    def book(self, path: str, **order: Any) -> Any:
        return self.sandbox.books(path, order)

    def terms(self, number: int | None = None) -> list[dict[str, Any]]:
        rows = self.caller.rows(TERMS, filter="Timestamp gt 1")
        return [row for row in rows if number is None or row["InvoiceNumber"] == number]

    def states(self, number: int) -> list[tuple[int, float]]:
        """(status, claim) of an invoice's own pieces, closed ones last."""
        rows = [row for row in self.terms(number) if row["TransactionType"] in (10, 20, 21)]
        return sorted((row["Status"], -row["AmountDC"]) for row in rows)

    def total(self) -> int:
        return int(self.sandbox.balances()["total"])

    def check(self) -> None:
        """Every list tells the same open amount as the books."""
        total = self.total()
        open_terms = [row for row in self.terms() if row["Status"] != 50 and row["LineType"] == 20]
        assert round(sum(-row["AmountDC"] for row in open_terms) * 100) == total
        for path in ("cashflow/Receivables", "bulk/Cashflow/Receivables"):
            rows = self.caller.rows(
                path, select="AmountDC,Status", filter="Status lt 50" if "bulk" not in path else "Status ne 50"
            )
            assert round(sum(-row["AmountDC"] for row in rows) * 100) == total, path
        listed = self.caller.rows("read/financial/ReceivablesList")
        assert round(sum(row["Amount"] for row in listed) * 100) == total
        ageing = self.caller.rows("read/financial/AgingReceivablesList")
        assert round(sum(row["TotalAmount"] for row in ageing) * 100) == total
        groups = self.caller.rows("read/financial/AgingOverview")
        assert round(sum(row["AmountReceivable"] for row in groups) * 100) == total
        (overview,) = self.caller.rows("read/financial/OutstandingInvoicesOverview")
        assert round(overview["OutstandingReceivableInvoiceAmount"] * 100) == total
        lines = self.caller.rows("sync/Financial/TransactionLines", filter="Timestamp gt 1")
        debtors = [line for line in lines if line["GLAccountCode"] == "1300"]
        assert round(sum(line["AmountDC"] for line in debtors) * 100) == total
        assert round(sum(line["AmountDC"] for line in lines) * 100) == 0


@pytest.fixture
def ledger(sandbox: SandboxServer) -> Ledger:
    return Ledger(sandbox)


def test_an_unpaid_invoice_is_one_open_term(ledger: Ledger) -> None:
    booked = ledger.invoice(1, "121.00", your_ref="PO-9", payment_reference="+++090/9337/55493+++", description="Brood")
    (term,) = ledger.terms()
    assert (term["Status"], term["AmountDC"], term["TransactionAmountDC"]) == (20, -121.0, 121.0)
    assert term["TransactionEntryID"] == booked["entry_id"]
    assert term["EntryID"] != term["TransactionEntryID"]
    assert (term["IsFullyPaid"], term["LastPaymentDate"], term["EndDate"]) == (False, None, None)
    assert (term["YourRef"], term["PaymentReference"], term["Description"]) == ("PO-9", "+++090/9337/55493+++", "Brood")
    assert (term["LineType"], term["PaymentMethod"], term["Source"]) == (20, "B", 1)
    lines = ledger.caller.rows("sync/Financial/TransactionLines", filter="Timestamp gt 1")
    assert {line["ID"] for line in lines if line["LineNumber"] == 0} == {term["TransactionID"]}
    ledger.check()


def test_the_sign_is_a_toggle(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    ledger.sandbox.control("toggles", {"amount_sign": "positive"})
    (term,) = ledger.terms()
    assert (term["AmountDC"], term["AmountFC"], term["TransactionAmountDC"]) == (121.0, 121.0, 121.0)


@pytest.mark.parametrize(("keeps", "kept"), [("matched", 50), ("remainder", 20)])
def test_a_partial_payment_splits_the_term(ledger: Ledger, keeps: str, kept: int) -> None:
    ledger.sandbox.control("toggles", {"split_keeps_id": keeps})
    booked = ledger.invoice(1, "121.00")
    (before,) = ledger.terms()
    ledger.book("payments", invoice=1, amount="50.00", date="2026-02-20")
    assert ledger.states(1) == [(20, 71.0), (50, 50.0)]
    pieces = [row for row in ledger.terms(1) if row["TransactionType"] == 20]
    assert {row["TransactionID"] for row in pieces} == {before["TransactionID"]}
    assert {row["TransactionEntryID"] for row in pieces} == {booked["entry_id"]}
    assert len({row["EntryID"] for row in pieces}) == len({row["ID"] for row in pieces}) == 2
    (same,) = [row for row in pieces if row["ID"] == before["ID"]]
    assert same["Status"] == kept
    assert same["EntryID"] == before["EntryID"]
    assert {row["TransactionAmountDC"] for row in pieces} == {121.0}
    ledger.check()


def test_a_full_payment_closes_with_evidence(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00", your_ref="PO-9")
    ledger.book("payments", invoice=1, date="2026-02-20")
    rows = {row["TransactionType"]: row for row in ledger.terms()}
    assert rows[20]["Status"] == rows[40]["Status"] == 50
    assert rows[20]["IsFullyPaid"] is True
    assert rows[20]["LastPaymentDate"] == "/Date(1771545600000)/"
    # EndDate is the highest invoice date of the set, which is the receipt's own date here.
    assert rows[20]["EndDate"] == "/Date(1771545600000)/"
    assert rows[20]["Source"] == 2
    # A receipt matched with one invoice shows that invoice's number and reference.
    assert (rows[40]["InvoiceNumber"], rows[40]["YourRef"]) == (1, "PO-9")
    assert ledger.caller.rows("read/financial/ReceivablesList") == []
    ledger.check()


def test_a_receipt_that_is_not_matched_stands_beside_the_invoice(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    receipt = ledger.book("receipts", account="1", amount="50.00", date="2026-02-20")
    rows = {row["TransactionType"]: row for row in ledger.terms()}
    assert (rows[20]["AmountDC"], rows[40]["AmountDC"], rows[40]["Status"]) == (-121.0, 50.0, 20)
    assert rows[40]["YourRef"] is None
    listed = {row["JournalCode"]: row["Amount"] for row in ledger.caller.rows("read/financial/ReceivablesList")}
    assert listed == {"70": 121.0, "20": -50.0}
    assert ledger.total() == 7100
    ledger.check()
    ledger.book("allocations", invoice=1, credit=receipt["entry_id"])
    assert ledger.states(1) == [(20, 71.0), (50, 50.0)]
    assert ledger.total() == 7100
    ledger.check()


def test_paying_too_much_leaves_a_loose_receipt(ledger: Ledger) -> None:
    ledger.invoice(1, "100.00")
    ledger.book("payments", invoice=1, amount="130.00")
    assert ledger.states(1) == [(50, 100.0)]
    assert [row["AmountDC"] for row in ledger.terms() if row["Status"] == 20] == [30.0]
    assert ledger.total() == -3000
    ledger.check()


def test_a_credit_note_stands_alone_or_closes_an_invoice_without_payment(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    ledger.book("credit-notes", account="1", number=2, date="2026-01-20", amount="21.00")
    (note,) = ledger.terms(2)
    assert (note["TransactionType"], note["AmountDC"], note["TransactionAmountDC"]) == (21, 21.0, -21.0)
    ledger.book("allocations", invoice=1, credit=2)
    assert ledger.states(1) == [(20, 100.0), (50, 21.0)]
    assert [row["LastPaymentDate"] for row in ledger.terms(1)] == [None, None]
    ledger.book("credit-notes", account="1", number=3, date="2026-01-21", amount="100.00", against=1)
    assert ledger.states(1) == [(50, 21.0), (50, 100.0)]
    ledger.check()


def test_instalments_are_terms_of_one_entry_and_the_earliest_is_paid_first(ledger: Ledger) -> None:
    parts = [{"due": f"2026-0{month}-01", "amount": "40.00"} for month in (2, 3, 4)]
    ledger.invoice(1, "120.00", instalments=parts)
    rows = ledger.terms()
    assert len(rows) == 3
    assert len({row["TransactionEntryID"] for row in rows}) == 1
    ledger.book("payments", invoice=1, amount="60.00")
    open_rows = sorted((row["DueDate"], -row["AmountDC"]) for row in ledger.terms(1) if row["Status"] == 20)
    assert [amount for _, amount in open_rows] == [20.0, 40.0]
    assert open_rows[0][0] == "/Date(1772323200000)/"
    ledger.check()


@pytest.mark.parametrize(("merges", "pieces", "deleted"), [(False, [50.0, 71.0], 0), (True, [121.0], 1)])
def test_undoing_a_match_opens_the_invoice_again(
    ledger: Ledger, merges: bool, pieces: list[float], deleted: int
) -> None:
    ledger.sandbox.control("toggles", {"unallocate_merges": merges})
    ledger.invoice(1, "121.00")
    ledger.book("payments", invoice=1, amount="50.00")
    cursor = max(int(row["Timestamp"]) for row in ledger.terms())
    ledger.book("unallocations", invoice=1)
    assert ledger.states(1) == [(20, amount) for amount in pieces]
    assert {row["LastPaymentDate"] for row in ledger.terms()} == {None}
    assert len(ledger.caller.rows(TERMS, filter=f"Timestamp gt {cursor}")) == 2
    assert len(ledger.caller.rows("sync/Deleted", filter="Timestamp gt 1 and EntityType eq 10")) == deleted
    assert ledger.total() == 7100
    ledger.check()


def test_a_write_off_closes_without_evidence_of_payment_and_can_be_undone(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    ledger.book("payments", invoice=1, amount="100.00")
    ledger.book("write-offs", invoice=1)
    assert ledger.states(1) == [(50, 21.0), (50, 100.0)]
    closed = {-row["AmountDC"]: row["LastPaymentDate"] for row in ledger.terms(1) if row["TransactionType"] == 20}
    assert closed[21.0] is None
    assert closed[100.0] is not None
    assert 83 in {row["TransactionType"] for row in ledger.terms()}
    assert ledger.total() == 0
    ledger.check()
    ledger.book("unallocations", invoice=1)
    assert ledger.states(1) == [(20, 21.0), (50, 100.0)]
    assert 83 not in {row["TransactionType"] for row in ledger.terms()}
    ledger.check()


def test_a_direct_debit_goes_from_20_by_30_and_40_to_50_and_may_bounce(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00", payment_method="I")
    seen = []
    for step in ("", "/process", "/collect", "/bounce"):
        ledger.book(f"direct-debits{step}", invoice=1, date="2026-03-01")
        (status, amount), *rest = ledger.states(1)
        seen.append(status)
        assert (amount, rest) == (121.0, [])
        ledger.check()
    assert seen == [30, 40, 50, 20]
    assert ledger.total() == 12100
    # The receipt was closed against the charge back.
    assert {row["Status"] for row in ledger.terms() if row["TransactionType"] == 40} == {50}


def test_a_direct_debit_on_its_way_shows_as_in_transit(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    ledger.book("direct-debits", invoice=1)
    (listed,) = ledger.caller.rows("read/financial/ReceivablesList")
    assert (listed["Amount"], listed["AmountInTransit"]) == (121.0, 121.0)
    (term,) = ledger.terms()
    assert (term["PaymentMethod"], term["ReceivableBatchNumber"], term["EndToEndID"]) == ("I", 1, None)
    ledger.book("direct-debits/process", invoice=1)
    assert ledger.terms()[0]["EndToEndID"].startswith("SDD")
    ledger.book("direct-debits/bounce", invoice=1)
    (term,) = ledger.terms()
    assert (term["Status"], term["ReceivableBatchNumber"]) == (20, None)


def test_a_reversal_closes_the_invoice_and_says_so(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    ledger.book("reversals", invoice=1)
    assert sorted((row["TransactionIsReversal"], row["Status"]) for row in ledger.terms()) == [(False, 50), (True, 50)]
    assert {row["LastPaymentDate"] for row in ledger.terms()} == {None}
    ledger.check()


def test_an_opening_balance_has_no_sales_entry_and_no_document(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00", opening=True)
    (term,) = ledger.terms()
    assert (term["TransactionType"], term["Journal"]) == (10, "90")
    assert ledger.caller.rows("salesentry/SalesEntries") == []
    ledger.check()


def test_foreign_currency_is_matched_in_its_own_and_the_rate_difference_is_booked(ledger: Ledger) -> None:
    ledger.invoice(1, "100.00", currency="USD", rate="0.900")
    (term,) = ledger.terms()
    assert (term["AmountFC"], term["AmountDC"], term["RateFC"], term["Currency"]) == (-100.0, -90.0, 0.9, "USD")
    ledger.book("payments", invoice=1, amount="40.00", rate="0.950")
    open_terms = [row for row in ledger.terms() if row["Status"] == 20]
    assert [(row["AmountFC"], row["AmountDC"]) for row in open_terms] == [(-60.0, -54.0)]
    (difference,) = [row for row in ledger.terms() if row["TransactionType"] == 82]
    assert (difference["Status"], difference["AmountFC"], difference["AmountDC"]) == (50, 0.0, -2.0)
    assert ledger.total() == 5400
    listed = ledger.caller.rows("read/financial/ReceivablesList", select="Amount,CurrencyCode")
    assert [(row["Amount"], row["CurrencyCode"]) for row in listed] == [(60.0, "USD")]
    overview = ledger.caller.rows("read/financial/OutstandingInvoicesOverview")
    assert {row["CurrencyCode"]: row["OutstandingReceivableInvoiceAmount"] for row in overview} == {
        "EUR": 0.0,
        "USD": 60.0,
    }


@pytest.mark.parametrize(("nets", "amount", "count"), [(True, 71.0, 2), (False, 121.0, 1)])
def test_whether_credits_lower_the_control_total_is_a_toggle(
    ledger: Ledger, nets: bool, amount: float, count: int
) -> None:
    ledger.sandbox.control("toggles", {"overview_nets_credits": nets})
    ledger.invoice(1, "121.00")
    ledger.book("receipts", account="1", amount="50.00", date="2026-02-20")
    ledger.book("payables", account="1", amount="10.00", date="2026-02-20", due="2026-02-25")
    (row,) = ledger.caller.rows("read/financial/OutstandingInvoicesOverview")
    assert (row["OutstandingReceivableInvoiceAmount"], row["OutstandingReceivableInvoiceCount"]) == (amount, count)
    assert (row["OutstandingPayableInvoiceAmount"], row["OverduePayableInvoiceCount"]) == (10.0, 1)


def test_ageing_follows_the_due_date_and_the_clock(ledger: Ledger) -> None:
    for number, due in enumerate(("2026-03-10", "2026-01-20", "2025-12-20", "2025-11-01"), start=1):
        ledger.invoice(number, f"{number}.00", date="2025-10-01", due=due)
    (row,) = ledger.caller.rows("read/financial/AgingReceivablesList")
    assert [row[f"AgeGroup{group}Amount"] for group in (1, 2, 3, 4)] == [1.0, 2.0, 3.0, 4.0]
    account = row["AccountId"]
    by_group = ledger.caller.get("read/financial/ReceivablesListByAgeGroup", {"ageGroup": "3"})
    assert [item["InvoiceNumber"] for item in by_group] == [3]
    both = {"accountId": f"guid'{account}'", "ageGroup": "4"}
    rows = ledger.caller.get("read/financial/ReceivablesListByAccountAndAgeGroup", both)
    assert [item["InvoiceNumber"] for item in rows] == [4]
    assert len(ledger.caller.get("read/financial/AgingReceivablesListByAgeGroup", {"ageGroup": "2"})) == 1
    overview = ledger.caller.get("read/financial/AgingOverviewByAccount", {"accountId": f"guid'{account}'"})
    assert [item["AmountReceivable"] for item in overview] == [1.0, 2.0, 3.0, 4.0]
    assert ledger.caller.call("read/financial/AgingReceivablesListByAgeGroup", {"ageGroup": "5"}).status_code == 400
    ledger.sandbox.advance(days=200)
    (row,) = ledger.sandbox.client().rows("read/financial/AgingReceivablesList")
    assert row["AgeGroup4Amount"] == row["TotalAmount"] == 10.0


@pytest.mark.parametrize(
    ("path", "order", "status"),
    [
        ("payments", {"invoice": 99}, 404),
        ("payments", {"invoice": 1, "amount": "-5"}, 400),
        ("payments", {"invoice": 1, "amount": "1.234"}, 400),
        ("payments", {"invoice": 1, "typo": 1}, 400),
        ("write-offs", {"invoice": 1, "amount": "500.00"}, 409),
        ("unallocations", {"invoice": 1}, 404),
        ("unallocations", {}, 400),
        ("direct-debits/process", {"invoice": 1}, 409),
        ("direct-debits/bounce", {"invoice": 1}, 409),
        ("invoices", {"account": "1", "number": 1, "date": "2026-01-05", "amount": "1"}, 409),
        ("invoices", {"account": "nobody", "date": "2026-01-05", "amount": "1"}, 404),
        ("accounts", {"code": "9"}, 400),
        ("credit-notes", {"account": "2", "date": "2026-01-05", "amount": "1", "against": 1}, 400),
        ("credit-notes", {"account": "1", "date": "2026-01-05", "amount": "1", "against": 99}, 404),
        ("credit-notes", {"account": "1", "date": "2026-01-05", "amount": "1", "currency": "USD", "against": 1}, 400),
    ],
)
def test_orders_that_make_no_sense_are_refused_and_change_nothing(
    ledger: Ledger, path: str, order: dict[str, Any], status: int
) -> None:
    ledger.book("accounts", code="2", name="Ander")
    ledger.invoice(1, "121.00")
    answer = ledger.sandbox.books(path, order, expect=status)
    assert answer["error"]
    assert ledger.states(1) == [(20, 121.0)]
    assert ledger.total() == 12100


def test_a_match_needs_one_account_and_one_currency(ledger: Ledger) -> None:
    ledger.book("accounts", code="2", name="Ander")
    ledger.invoice(1, "121.00")
    for order in ({"account": "2"}, {"account": "1", "currency": "USD"}):
        receipt = ledger.book("receipts", amount="5.00", date="2026-02-01", **order)
        ledger.sandbox.books("allocations", {"invoice": 1, "credit": receipt["entry_id"]}, expect=400)
    assert ledger.states(1) == [(20, 121.0)]


def test_a_matched_invoice_can_be_neither_reversed_nor_deleted(ledger: Ledger) -> None:
    ledger.invoice(1, "121.00")
    ledger.book("payments", invoice=1, amount="1.00")
    ledger.sandbox.books("reversals", {"invoice": 1}, expect=409)
    ledger.sandbox.books("deletions", {"invoice": 1}, expect=409)


def test_a_load_of_many_is_one_request(ledger: Ledger) -> None:
    numbers = range(1, 401)
    done = ledger.book(
        "load",
        accounts=[{"code": str(code), "name": f"Debiteur {code}"} for code in range(100, 200)],
        invoices=[
            {"account": str(100 + number % 100), "number": number, "date": "2026-01-05", "amount": "10.00"}
            for number in numbers
        ],
        payments=[{"invoice": number, "amount": "4.00"} for number in numbers if number % 2],
        receipts=[{"account": "100", "amount": "1.00", "date": "2026-02-01"}],
        credit_notes=[{"account": "100", "number": 9000, "amount": "2.00", "date": "2026-02-01"}],
    )
    assert done == {
        "accounts": 100,
        "invoices": 400,
        "credit_notes": 1,
        "receipts": 1,
        "payments": 200,
        "payables": 0,
    }
    assert ledger.total() == 400 * 1000 - 200 * 400 - 300
    ledger.check()
