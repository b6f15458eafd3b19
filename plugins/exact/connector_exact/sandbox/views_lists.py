"""The read/financial lists and the overviews: computed from the open terms when asked (reference 4.2, 4.3)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger_records import RECEIVABLE, Kind, Status, Term
from connector_exact.sandbox.refusal import bad_request
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.views import Computed, Getter, View, account_getters
from connector_exact.sandbox.views_terms import double

AGE_GROUPS = ("0 - 30", "31 - 60", "61 - 90", "> 90")


def receivables_list(
    division: Division, toggles: Toggles, *, account: str | None = None, age_group: int | None = None
) -> View:
    """The open receivable terms, one row each; `account` and `age_group` (1 to 4) narrow them down."""
    terms: Iterable[Term] = _open(division, RECEIVABLE)
    if account is not None:
        terms = (term for term in terms if term.entry.account == account)
    if age_group is not None:
        wanted = _checked_group(age_group)
        terms = (term for term in terms if age_group_of(term.due, division.clock.today) == wanted)
    getters = _list_getters(division, toggles)
    return View(source=Computed(list(terms), key=getters["HID"]), getters=getters, key=getters["HID"])


def _list_getters(division: Division, toggles: Toggles) -> dict[str, Getter]:
    def amount(term: Term) -> float:
        return double(term.fc, term.entry.currency, noise=toggles.double_noise)

    return {
        "HID": lambda term: term.hid,
        "AccountId": lambda term: term.entry.account,
        "Amount": amount,
        "AmountInTransit": lambda term: amount(term) if term.status is not Status.OPEN else 0.0,
        "CurrencyCode": lambda term: term.entry.currency,
        "Description": lambda term: term.description,
        "DueDate": lambda term: term.due,
        "EntryNumber": lambda term: term.entry.number,
        "InvoiceDate": lambda term: term.entry.day,
        "InvoiceNumber": lambda term: term.invoice_number or term.entry.number,
        "JournalCode": lambda term: term.entry.journal[0],
        "JournalDescription": lambda term: term.entry.journal[1],
        "YourRef": lambda term: None if term.entry.kind is Kind.CASH else term.your_ref,
        **account_getters(division, {"AccountCode": "Code", "AccountName": "Name"}, lambda term: term.entry.account),
    }


def _open(division: Division, line_type: int) -> Iterator[Term]:
    return (term for term in division.terms if term.is_open and term.entry.line_type == line_type)


def age_group_of(due: date, today: date) -> int:
    """1 to 4 by days past due: not due to 30, 31 to 60, 61 to 90, more."""
    days = (today - due).days
    return 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4


def _checked_group(number: int) -> int:
    if number not in range(1, len(AGE_GROUPS) + 1):
        raise bad_request("Error in query syntax")
    return number


@dataclass(slots=True)
class _Ageing:
    """Amounts of one account and currency by age group, minor units."""

    key: str
    account: str
    currency: str
    groups: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 5), 0))


def ageing_list(division: Division, toggles: Toggles, *, age_group: int | None = None) -> View:
    """A row per account and currency; `age_group` keeps the accounts with something in that group."""
    rows: dict[str, _Ageing] = {}
    for term in _open(division, RECEIVABLE):
        key = f"{term.entry.account}/{term.entry.currency}"
        row = rows.setdefault(key, _Ageing(key, term.entry.account, term.entry.currency))
        row.groups[age_group_of(term.due, division.clock.today)] += term.fc
    shown = list(rows.values())
    if age_group is not None:
        wanted = _checked_group(age_group)
        shown = [row for row in shown if row.groups[wanted]]
    getters = _ageing_getters(division, toggles)
    return View(source=Computed(shown, key=lambda row: row.key), getters=getters, key=lambda row: row.key)


def _ageing_getters(division: Division, toggles: Toggles) -> dict[str, Getter]:
    def shown(minor: int, row: _Ageing) -> float:
        return double(minor, row.currency, noise=toggles.double_noise)

    def group(number: int) -> dict[str, Getter]:
        return {
            f"AgeGroup{number}": lambda row: number,
            f"AgeGroup{number}Amount": lambda row: shown(row.groups[number], row),
            f"AgeGroup{number}Description": lambda row: AGE_GROUPS[number - 1],
        }

    return {
        "AccountId": lambda row: row.account,
        "CurrencyCode": lambda row: row.currency,
        "TotalAmount": lambda row: shown(sum(row.groups.values()), row),
        **group(1),
        **group(2),
        **group(3),
        **group(4),
        **account_getters(division, {"AccountCode": "Code", "AccountName": "Name"}, lambda row: row.account),
    }


@dataclass(slots=True)
class _Group:
    number: int
    receivable: int = 0
    payable: int = 0


def ageing_overview(division: Division, toggles: Toggles, *, account: str | None = None) -> View:
    """A row per age group, in the division's currency."""
    groups = {number: _Group(number) for number in range(1, 5)}
    for term in division.terms:
        if not term.is_open or (account is not None and term.entry.account != account):
            continue
        group = groups[age_group_of(term.due, division.clock.today)]
        if term.entry.line_type == RECEIVABLE:
            group.receivable += term.dc
        else:
            group.payable -= term.dc

    def shown(minor: int) -> float:
        return double(minor, division.currency, noise=toggles.double_noise)

    getters: dict[str, Getter] = {
        "AgeGroup": lambda row: row.number,
        "AgeGroupDescription": lambda row: AGE_GROUPS[row.number - 1],
        "AmountReceivable": lambda row: shown(row.receivable),
        "AmountPayable": lambda row: shown(row.payable),
        "CurrencyCode": lambda row: division.currency,
    }
    return View(
        source=Computed(list(groups.values()), key=getters["AgeGroup"]), getters=getters, key=getters["AgeGroup"]
    )


@dataclass(slots=True)
class _Outstanding:
    """Totals of one currency: (amount in minor units, count) of outstanding and overdue."""

    currency: str
    receivable: list[int] = field(default_factory=lambda: [0, 0])
    receivable_overdue: list[int] = field(default_factory=lambda: [0, 0])
    payable: list[int] = field(default_factory=lambda: [0, 0])
    payable_overdue: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, term: Term, *, today: date) -> None:
        is_claim = term.entry.line_type == RECEIVABLE
        total, overdue = (
            (self.receivable, self.receivable_overdue) if is_claim else (self.payable, self.payable_overdue)
        )
        amount = term.fc if is_claim else -term.fc
        for figures in (total, overdue) if term.due < today else (total,):
            figures[0] += amount
            figures[1] += 1


def outstanding_overview(division: Division, toggles: Toggles) -> View:
    """The control total: a row per currency. Whether credits are netted is a toggle (reference 4.3)."""
    rows: dict[str, _Outstanding] = {division.currency: _Outstanding(division.currency)}
    for term in division.terms:
        if not term.is_open:
            continue
        is_credit = term.fc < 0 and term.entry.line_type == RECEIVABLE
        if toggles.overview_nets_credits or not is_credit:
            row = rows.setdefault(term.entry.currency, _Outstanding(term.entry.currency))
            row.add(term, today=division.clock.today)

    def amount(name: str) -> Getter:
        return lambda row: double(getattr(row, name)[0], row.currency, noise=toggles.double_noise)

    def number(name: str) -> Getter:
        return lambda row: getattr(row, name)[1]

    getters: dict[str, Getter] = {"CurrencyCode": lambda row: row.currency}
    for shown, name in (
        ("OutstandingReceivable", "receivable"),
        ("OverdueReceivable", "receivable_overdue"),
        ("OutstandingPayable", "payable"),
        ("OverduePayable", "payable_overdue"),
    ):
        getters[f"{shown}InvoiceAmount"] = amount(name)
        getters[f"{shown}InvoiceCount"] = number(name)
    return View(
        source=Computed(list(rows.values()), key=getters["CurrencyCode"]), getters=getters, key=getters["CurrencyCode"]
    )
