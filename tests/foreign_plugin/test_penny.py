from datetime import date

from connector_penny import PENNY

from connector.testing import SourceConformance, euros, prime_json

ROW = {"customer": "C-1", "name": "Café Zoë", "currency": "EUR", "due": "2026-02-04"}
AMOUNTS = {"P-1": ("1.15", "1.15"), "P-2": ("900.00", "450.00"), "P-3": ("-12.10", "-12.10")}
INVOICES = [ROW | {"number": key, "total": total, "left": left} for key, (total, left) in AMOUNTS.items()]


class TestPenny(SourceConformance):
    source_type = PENNY
    config = {"api_key": {"env": "PENNY_KEY"}}
    expected = {key: euros(left) for key, (_, left) in AMOUNTS.items()}
    due_dates = {"P-1": date(2026, 2, 4)}
    paid = "P-1"
    exempt = {
        "paging": "one answer lists all that is open",
        "foreign_currency": "Penny invoices in euros alone",
        "expired_token": "a key of Penny does not expire",
    }

    def upstream(self, mock, scenario):
        answers = {"changed": INVOICES[1:], "empty": [], "malformed": [{"number": "P-1"}, *INVOICES[1:]]}
        prime_json(mock, "https://api.penny.example/invoices", scenario, answers.get(scenario, INVOICES))
