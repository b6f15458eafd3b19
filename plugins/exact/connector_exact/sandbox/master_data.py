"""What every administration has before anything is booked: ledger accounts, journals, conditions, lists."""

from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger import BANK, COSTS, CREDITORS, DEBTORS, DIFFERENCES, OPENINGS, REVENUE
from connector_exact.sandbox.views_rows import DOCUMENT_TYPES

_ACCOUNTS = (
    (OPENINGS, "Openingsbalans", 90),
    (BANK, "Bank", 12),
    (DEBTORS, "Debiteuren", 20),
    (CREDITORS, "Crediteuren", 22),
    (DIFFERENCES, "Betalingsverschillen", 121),
    (COSTS, "Kosten", 111),
    (REVENUE, "Omzet", 110),
)
_JOURNALS = (("20", "Bank", 12), ("60", "Inkoopboek", 22), ("70", "Verkoopboek", 20), ("90", "Memoriaal", 90))
_CONDITIONS = (("08", "8 dagen", 8), ("14", "14 dagen", 14), ("30", "30 dagen", 30))
_CATEGORIES = ("Algemeen", "Factuur", "Correspondentie")


def fill_master_data(division: Division) -> None:
    """Fill a new division's master data."""
    for code, description, kind in _ACCOUNTS:
        division.add_row("gl_accounts", {"Code": code, "Description": description, "Type": kind, "IsBlocked": False})
    for code, description, kind in _JOURNALS:
        division.add_row("journals", {"Code": code, "Description": description, "Type": kind, "IsBlocked": False})
    for code, description, days in _CONDITIONS:
        values = {"Code": code, "Description": description, "PaymentDays": days, "PaymentMethod": "B"}
        division.add_row("payment_conditions", values)
    for number, description in DOCUMENT_TYPES.items():
        values = {
            "Description": description,
            "DocumentIsCreatable": number == 55,
            "DocumentIsDeletable": number == 55,
            "DocumentIsUpdatable": number == 55,
            "DocumentIsViewable": True,
        }
        division.add_row("document_types", values, key=str(number))
    for description in _CATEGORIES:
        division.add_row("document_categories", {"Description": description})
    name = division.add_row("classification_names", {"Description": "Incasso", "SequenceNumber": 1})
    shown = {"AccountClassificationName": name.id, "AccountClassificationNameDescription": "Incasso"}
    division.add_row("classifications", {**shown, "Code": "1", "Description": "Bij incasso"})
