"""Orders of the control interface, carried out by the ledger engine."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connector.model import minor_units
from connector_exact.sandbox.control_models import (
    Allocate,
    Load,
    NewAccount,
    NewCreditNote,
    NewInvoice,
    NewPayable,
    NewReceipt,
    OnInvoice,
    Pay,
    Unallocate,
)
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.documents import attach_invoice
from connector_exact.sandbox.grouping import sales_journal
from connector_exact.sandbox.ledger import Booking, book, drop_entry
from connector_exact.sandbox.ledger_records import Entry, Kind, Match
from connector_exact.sandbox.matching import (
    allocate,
    bounce,
    close_reversal,
    collect,
    matches_of,
    open_amount,
    process_collection,
    select_for_collection,
    unallocate,
    write_off,
)
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.store import Row
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.writing import defaults

_GUID = re.compile(r"[0-9a-fA-F-]{36}")
_FIELDS = {
    "name": "Name", "address": "AddressLine1", "postcode": "Postcode", "city": "City", "country": "Country",
    "email": "Email", "phone": "Phone", "vat_number": "VATNumber", "chamber_of_commerce": "ChamberOfCommerce",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Books:
    """One division's books, as the control interface works on them. Everything raises Refusal (4xx)."""

    division: Division
    toggles: Toggles

    def account(self, order: NewAccount) -> Row:
        """A new debtor with its address, contact person and bank account; or the change of one."""
        given = {shown: getattr(order, name) for name, shown in _FIELDS.items() if getattr(order, name) is not None}
        values = {**given, **order.fields}
        known = self.division.codes.get((order.code or "").strip())
        row = self.division.rows["accounts"].get(known or "")
        if row is None:
            if not order.name:
                raise bad_request("a new account needs a name")
            start = defaults(self.division, "accounts", {"Code": order.code})
            row = self.division.add_row("accounts", {**start, **values})
            self._add_address(row)
        else:
            row.values.update(values)
            self.division.put_row("accounts", row)
        self._add_people(row, order)
        return row

    def _add_address(self, row: Row) -> None:
        shown = {name: row.values.get(name) for name in ("AddressLine1", "Postcode", "City", "Country")}
        self.division.add_row("addresses", {"Account": row.id, "Type": 1, "Main": True, **shown})

    def _add_people(self, row: Row, order: NewAccount) -> None:
        if order.contact:
            contact = order.contact
            values = {"Account": row.id, "FirstName": contact.first_name, "LastName": contact.last_name}
            values |= {"Email": contact.email or "", "Phone": contact.phone or ""}
            person = self.division.add_row("contacts", values)
            if contact.main:
                row.values["MainContact"] = person.id
                self.division.put_row("accounts", row)
        if order.iban:
            shown = {"Account": row.id, "BankAccount": order.iban, "Main": True, "Type": "A"}
            self.division.add_row("bank_accounts", shown)

    def invoice(self, order: NewInvoice) -> Entry:
        """Book an invoice, or an opening balance."""
        currency = order.currency or self.division.currency
        self._check_number(order.number)
        due = order.due or order.date + timedelta(days=30)
        parts = tuple((part.due, _minor(part.amount, currency)) for part in order.instalments)
        amount = _minor(order.amount, currency)
        if parts and sum(part for _, part in parts) != amount:
            raise bad_request("the instalments do not add up to the amount")
        entry = book(
            self.division,
            Booking(
                kind=Kind.OPENING if order.opening else Kind.SALE,
                account=self.account_id(order.account),
                day=order.date,
                due=due,
                fc=amount,
                currency=currency,
                rate=Decimal(order.rate),
                number=order.number,
                description=order.description,
                your_ref=order.your_ref,
                payment_reference=order.payment_reference,
                payment_method=order.payment_method,
                invoice=self.division.new_id() if order.module == "invoice" and not order.opening else "",
                instalments=parts,
                journal=sales_journal(self.division, order.journal),
            ),
        )
        if order.pdf:
            attach_invoice(self.division, entry)
        return entry

    def credit_note(self, order: NewCreditNote) -> Entry:
        """Book a credit note, and match it when an invoice is named."""
        currency = order.currency or self.division.currency
        self._check_number(order.number)
        against = self._claim(order, currency) if order.against is not None else None
        entry = book(
            self.division,
            Booking(
                kind=Kind.CREDIT,
                account=self.account_id(order.account),
                day=order.date,
                due=order.due or order.date,
                fc=-_minor(order.amount, currency),
                currency=currency,
                rate=Decimal(order.rate),
                number=order.number,
                description=order.description,
                your_ref=order.your_ref,
                invoice=self.division.new_id() if order.module == "invoice" else "",
                journal=sales_journal(self.division, order.journal),
            ),
        )
        if order.pdf:
            attach_invoice(self.division, entry)
        if against is not None:
            allocate(self.division, against, entry, amount=None, day=order.date, toggles=self.toggles)
        return entry

    def _claim(self, order: NewCreditNote, currency: str) -> Entry:
        """The invoice a new credit note is for, checked before anything is booked."""
        invoice = self.entry(order.against or "")
        if invoice.account != self.account_id(order.account) or invoice.currency != currency:
            raise bad_request("a credit note is matched with an invoice of its own account and currency")
        if open_amount(self.division, invoice) <= 0:
            raise Refusal(409, "nothing is open on this invoice")
        return invoice

    def receipt(self, order: NewReceipt) -> Entry:
        """Book a receipt that is not matched."""
        currency = order.currency or self.division.currency
        return self._book_cash(
            self.account_id(order.account),
            _minor(order.amount, currency),
            currency,
            rate=Decimal(order.rate),
            day=order.date,
            description=order.description,
        )

    def payable(self, order: NewPayable) -> Entry:
        """Book a purchase invoice: a term of line type 22."""
        booking = Booking(
            kind=Kind.PURCHASE,
            account=self.account_id(order.account),
            day=order.date,
            due=order.due or order.date + timedelta(days=30),
            fc=-_minor(order.amount, self.division.currency),
            currency=self.division.currency,
            number=order.number,
        )
        return book(self.division, booking)

    def pay(self, order: Pay) -> Match:
        """A receipt for an invoice, matched as far as it goes."""
        invoice = self.entry(order.invoice)
        left = open_amount(self.division, invoice)
        amount = left if order.amount is None else _minor(order.amount, invoice.currency)
        if amount <= 0 or left <= 0:
            raise Refusal(409, "nothing is open on this invoice")
        day = order.date or self.division.clock.today
        rate = Decimal(order.rate) if order.rate else invoice.rate
        receipt = self._book_cash(
            invoice.account, amount, invoice.currency, rate=rate, day=day, description=order.description
        )
        return allocate(self.division, invoice, receipt, amount=min(amount, left), day=day, toggles=self.toggles)

    def _book_cash(
        self, account: str, amount: int, currency: str, *, rate: Decimal, day: date, description: str
    ) -> Entry:
        booking = Booking(
            kind=Kind.CASH,
            account=account,
            day=day,
            due=day,
            fc=-amount,
            currency=currency,
            rate=rate,
            description=description or "Ontvangst",
        )
        return book(self.division, booking)

    def allocate(self, order: Allocate) -> Match:
        """Match a receipt or a credit note with an invoice."""
        invoice, credit = self.entry(order.invoice), self.entry(order.credit)
        day = order.date or (credit.day if credit.kind is Kind.CASH else self.division.clock.today)
        amount = None if order.amount is None else _minor(order.amount, invoice.currency)
        return allocate(self.division, invoice, credit, amount=amount, day=day, toggles=self.toggles)

    def unallocate(self, order: Unallocate) -> Match:
        """Undo a match."""
        if order.match is not None:
            match = self.division.matches.get(order.match)
        elif order.invoice is not None:
            match = next(reversed(matches_of(self.division, self.entry(order.invoice))), None)
        else:
            raise bad_request("name an invoice or a match")
        if match is None:
            raise Refusal(404, "there is no such match")
        unallocate(self.division, match, toggles=self.toggles)
        return match

    def write_off(self, order: OnInvoice) -> Match:
        """Write off what is open of an invoice, or a part of it."""
        entry = self.entry(order.invoice)
        amount = None if order.amount is None else _minor(order.amount, entry.currency)
        return write_off(self.division, entry, amount=amount, day=self._day(order), toggles=self.toggles)

    def direct_debit(self, order: OnInvoice, step: str) -> Entry:
        """One step of a direct debit: `select` (20 to 30), `process` (to 40), `collect` (to 50), `bounce`."""
        entry, day = self.entry(order.invoice), self._day(order)
        steps: dict[str, Callable[[], object]] = {
            "select": lambda: select_for_collection(self.division, entry),
            "process": lambda: process_collection(self.division, entry),
            "collect": lambda: collect(self.division, entry, day=day, toggles=self.toggles),
            "bounce": lambda: bounce(self.division, entry, day=day, toggles=self.toggles),
        }
        steps[step]()
        return entry

    def reverse(self, order: OnInvoice) -> Entry:
        """Book the reversal of an unpaid invoice and match the two."""
        entry = self.entry(order.invoice)
        if open_amount(self.division, entry) != entry.fc:
            raise Refusal(409, "only an invoice without any match can be reversed")
        day = self._day(order)
        booking = Booking(
            kind=entry.kind,
            account=entry.account,
            day=day,
            due=day,
            fc=-entry.fc,
            dc=-entry.dc,
            currency=entry.currency,
            rate=entry.rate,
            description=f"Storno {entry.invoice_number}",
            your_ref=entry.your_ref,
            reversal=True,
            journal=entry.journal,
        )
        reversal = book(self.division, booking)
        close_reversal(self.division, entry, reversal, day=day)
        return reversal

    def delete(self, order: OnInvoice) -> Entry:
        """Delete an entry that nothing is matched with; its keys go to the log of deletes."""
        entry = self.entry(order.invoice)
        if matches_of(self.division, entry):
            raise Refusal(409, "undo the matches first")
        drop_entry(self.division, entry)
        return entry

    def load(self, order: Load) -> dict[str, int]:
        """Carry out many orders; returns how many of each."""
        work: tuple[tuple[str, Callable[[Any], object]], ...] = (
            ("accounts", self.account),
            ("invoices", self.invoice),
            ("credit_notes", self.credit_note),
            ("receipts", self.receipt),
            ("payments", self.pay),
            ("payables", self.payable),
        )
        done = {}
        for name, carry_out in work:
            orders = getattr(order, name)
            for each in orders:
                carry_out(each)
            done[name] = len(orders)
        return done

    def balances(self) -> dict[str, Any]:
        """What is open by invoice and by account, in minor units, told from bookings and matches alone.

        Terms are not looked at, so that a test can hold the terms against it.
        """
        left = {entry.id: [entry.dc, entry.fc] for entry in self.division.entries if entry.line_type == 20}
        for match in self.division.matches.values():
            for key, (dc, fc) in match.shares.items():
                left[key][0] -= dc
                left[key][1] -= fc
        net: dict[str, int] = {}
        invoices = []
        for entry in self.division.entries:
            if entry.id not in left:
                continue
            dc, fc = left[entry.id]
            net[entry.account] = net.get(entry.account, 0) + dc
            invoices.append(_balance(entry, dc, fc))
        codes = {row.id: str(row.values["Code"]).strip() for row in self.division.rows["accounts"]}
        accounts = [{"id": key, "code": codes.get(key), "net": dc} for key, dc in net.items()]
        return {
            "currency": self.division.currency,
            "total": sum(net.values()),
            "entries": invoices,
            "accounts": accounts,
        }

    def entry(self, ref: int | str) -> Entry:
        """An entry by invoice number or id. Raises Refusal (404)."""
        found = self.division.entries.get(ref.lower()) if isinstance(ref, str) and _GUID.fullmatch(ref) else None
        if found is None and str(ref).isdecimal():
            found = self.division.numbers.get(int(ref))
        if found is None:
            raise Refusal(404, f"there is no entry {ref}")
        return found

    def account_id(self, ref: str) -> str:
        """The id of an account by its code or id. Raises Refusal (404)."""
        if ref in self.division.codes:
            return self.division.codes[ref]
        if self.division.rows["accounts"].get(ref.lower()) is None:
            raise Refusal(404, f"there is no account {ref}")
        return ref.lower()

    def _check_number(self, number: int | None) -> None:
        if number is not None and number in self.division.numbers:
            raise Refusal(409, f"invoice number {number} is taken")

    def _day(self, order: OnInvoice) -> date:
        return order.date or self.division.clock.today


def _balance(entry: Entry, dc: int, fc: int) -> dict[str, Any]:
    return {
        "entry_id": entry.id,
        "number": entry.invoice_number,
        "kind": int(entry.kind),
        "account": entry.account,
        "currency": entry.currency,
        "open": fc,
        "open_home": dc,
    }


def _minor(amount: str, currency: str) -> int:
    try:
        return minor_units(amount, currency)
    except ValueError as error:
        raise bad_request(str(error)) from error
