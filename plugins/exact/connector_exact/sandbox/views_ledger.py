"""Transaction lines, sales entries and sales invoices as the service shows them (reference 4.8)."""

from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger_records import Kind
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.views import ByKey, ByVersion, Getter, View, account_getters
from connector_exact.sandbox.views_terms import double, gl_account_id

_SALES = (Kind.SALE, Kind.CREDIT)


def line_view(division: Division, toggles: Toggles, *, sync: bool) -> View:
    """Every transaction line; a debit is positive."""
    noise = toggles.double_noise
    names = {"AccountCode": "Code", "AccountName": "Name"}
    getters: dict[str, Getter] = {
        "ID": lambda line: line.id,
        "Timestamp": lambda line: line.version,
        "Account": lambda line: line.entry.account,
        "AmountDC": lambda line: double(line.dc, division.currency, noise=noise),
        "AmountFC": lambda line: double(line.fc, line.entry.currency, noise=noise),
        "Created": lambda line: line.created,
        "Modified": lambda line: line.modified,
        "Currency": lambda line: line.entry.currency,
        "Date": lambda line: line.entry.day,
        "Description": lambda line: line.entry.description,
        "Division": lambda line: division.code,
        "DueDate": lambda line: line.entry.due,
        "EntryID": lambda line: line.entry.id,
        "EntryNumber": lambda line: line.entry.number,
        "ExchangeRate": lambda line: float(line.entry.rate),
        "FinancialPeriod": lambda line: line.entry.day.month,
        "FinancialYear": lambda line: line.entry.day.year,
        "GLAccount": lambda line: gl_account_id(division, line.ledger_account),
        "GLAccountCode": lambda line: line.ledger_account,
        "InvoiceNumber": lambda line: line.entry.invoice_number,
        "JournalCode": lambda line: line.entry.journal[0],
        "JournalDescription": lambda line: line.entry.journal[1],
        "LineNumber": lambda line: line.number,
        "PaymentReference": lambda line: line.entry.payment_reference,
        "Status": lambda line: 50,
        "Type": lambda line: int(line.entry.kind),
        "YourRef": lambda line: line.entry.your_ref,
        "Document": lambda line: line.entry.document or None,
        **account_getters(division, names, lambda line: line.entry.account),
    }
    if sync:
        return View(source=ByVersion(division.lines), getters=getters, key=getters["Timestamp"])
    return View(source=ByKey(division.lines), getters=getters, key=getters["ID"])


def entry_view(division: Division, toggles: Toggles) -> View:
    """Sales entries: what stands in a sales journal, made by the invoice module or not."""
    getters = {
        **_entry_getters(division, toggles),
        "EntryID": lambda entry: entry.id,
        "EntryNumber": lambda entry: entry.number,
        "EntryDate": lambda entry: entry.day,
        "Customer": lambda entry: entry.account,
        "Rate": lambda entry: float(entry.rate),
        "ReportingPeriod": lambda entry: entry.day.month,
        "ReportingYear": lambda entry: entry.day.year,
        "Reversal": lambda entry: entry.reversal,
        "Status": lambda entry: 50,
        "StatusDescription": lambda entry: "Verwerkt",
        "Type": lambda entry: int(entry.kind),
        **account_getters(division, {"CustomerName": "Name"}, lambda entry: entry.account),
    }
    source = ByKey(division.entries, where=lambda entry: entry.kind in _SALES)
    return View(source=source, getters=getters, key=getters["EntryID"])


def invoice_view(division: Division, toggles: Toggles) -> View:
    """Invoices of the invoice module; all of them are processed (status 50: booked, not paid)."""
    of_entry = _entry_getters(division, toggles)
    getters: dict[str, Getter] = {name: _through_entry(getter) for name, getter in of_entry.items()}
    getters |= {
        "InvoiceID": lambda invoice: invoice.id,
        "Created": lambda invoice: invoice.created,
        "Modified": lambda invoice: invoice.modified,
        "InvoiceDate": lambda invoice: invoice.entry.day,
        "InvoiceTo": lambda invoice: invoice.entry.account,
        "OrderedBy": lambda invoice: invoice.entry.account,
        "DeliverTo": lambda invoice: invoice.entry.account,
        "Status": lambda invoice: 50,
        "StatusDescription": lambda invoice: "Verwerkt",
        "Type": lambda invoice: 8021 if invoice.entry.kind is Kind.CREDIT else 8020,
        "Document": lambda invoice: None,
        **account_getters(
            division,
            {"InvoiceToName": "Name", "OrderedByName": "Name", "DeliverToName": "Name"},
            lambda invoice: invoice.entry.account,
        ),
    }
    return View(source=ByKey(division.invoices), getters=getters, key=getters["InvoiceID"])


def _entry_getters(division: Division, toggles: Toggles) -> dict[str, Getter]:
    noise = toggles.double_noise
    return {
        "AmountDC": lambda entry: double(entry.dc, division.currency, noise=noise),
        "AmountFC": lambda entry: double(entry.fc, entry.currency, noise=noise),
        "Created": lambda entry: entry.created,
        "Modified": lambda entry: entry.modified,
        "Currency": lambda entry: entry.currency,
        "Description": lambda entry: entry.description,
        "Division": lambda entry: division.code,
        "DueDate": lambda entry: entry.due,
        "InvoiceNumber": lambda entry: entry.invoice_number,
        "Journal": lambda entry: entry.journal[0],
        "JournalDescription": lambda entry: entry.journal[1],
        "PaymentCondition": lambda entry: "30",
        "PaymentReference": lambda entry: entry.payment_reference,
        "VATAmountDC": lambda entry: 0.0,
        "VATAmountFC": lambda entry: 0.0,
        "YourRef": lambda entry: entry.your_ref,
        "Document": lambda entry: entry.document or None,
    }


def _through_entry(getter: Getter) -> Getter:
    return lambda invoice: getter(invoice.entry)
