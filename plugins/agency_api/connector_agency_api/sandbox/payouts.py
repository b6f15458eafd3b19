"""Pay-outs: what was collected for the creditor, minus what the agency charges, with VAT."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connector_agency_api.sandbox.books import Payment
from connector_agency_api.sandbox.dossier import Dossier
from connector_agency_api.sandbox.options import AgencyOptions, percent_of

_HOUR = time(6, tzinfo=UTC)


@dataclass(frozen=True)
class _Entry:
    """A payment to be paid out, or (`sign` -1) one that was undone after it had been."""

    dossier: Dossier
    payment: Payment
    sign: int


@dataclass(frozen=True)
class _Split:
    """A payment's part for one line, in minor units."""

    line_id: str
    principal: int = 0
    interest: int = 0
    costs: int = 0

    @property
    def gross(self) -> int:
        return self.principal + self.interest + self.costs


@dataclass
class Payouts:
    """What waits for the next pay-out, and the pay-outs so far. One currency at a time."""

    options: AgencyOptions
    remittances: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[_Entry] = field(default_factory=list)
    _charges: dict[str, int] = field(default_factory=dict)
    _since: date | None = None

    def collected(self, dossier: Dossier, payment: Payment) -> None:
        """A payment of the debtor came in."""
        self._waiting.append(_Entry(dossier, payment, 1))

    def undone(self, dossier: Dossier, payment: Payment) -> None:
        """A payment was undone: it leaves the next pay-out, or is taken off it when it was paid out before."""
        waiting = _Entry(dossier, payment, 1)
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        else:
            self._waiting.append(_Entry(dossier, payment, -1))

    def charge(self, currency: str, net_minor: int) -> None:
        """The creditor bears a cost; it comes off the next pay-out."""
        self._charges[currency] = self._charges.get(currency, 0) + net_minor

    def next_run(self, after: datetime) -> datetime | None:
        """When the agency pays out next, or None when it never does by itself."""
        day = after.date()
        if self.options.remit_every == "never":
            return None
        if self.options.remit_every == "day":
            return datetime.combine(day + timedelta(days=1), _HOUR)
        if self.options.remit_every == "week":
            return datetime.combine(day + timedelta(days=7 - day.weekday()), _HOUR)
        first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return datetime.combine(first, _HOUR)

    def remit(self, at: datetime) -> list[str]:
        """Pay out per currency what waits. What comes to nothing or less is carried to the next time."""
        currencies = sorted({entry.dossier.submission.currency for entry in self._waiting})
        made = [remittance_id for currency in currencies if (remittance_id := self._pay(currency, at))]
        self._since = at.date()
        return made

    def _pay(self, currency: str, at: datetime) -> str:
        entries = [entry for entry in self._waiting if entry.dossier.submission.currency == currency]
        gross = sum(entry.sign * entry.payment.gross for entry in entries)
        costs = sum(entry.sign * self._fee(entry.payment) for entry in entries) + self._charges.get(currency, 0)
        vat = percent_of(costs, self.options.vat_percent)
        if gross - costs - vat <= 0:
            return ""
        self._waiting = [entry for entry in self._waiting if entry not in entries]
        self._charges.pop(currency, None)
        totals = {"gross": gross, "costs": costs, "vat": vat, "net": gross - costs - vat}
        return self._write(
            at, entries, {name: {"minor": minor, "currency": currency} for name, minor in totals.items()}
        )

    def _fee(self, payment: Payment) -> int:
        # The agency keeps the collection costs it added itself, and takes its commission on everything else.
        kept = sum(part.minor for part in payment.parts if part.component == "costs" and not part.line_id)
        return kept + percent_of(payment.gross - kept, self.options.commission_percent)

    def _write(self, at: datetime, entries: list[_Entry], totals: dict[str, dict[str, Any]]) -> str:
        remittance_id = f"rem_{len(self.remittances) + 1:05}"
        earliest = min(entry.payment.received_on for entry in entries)
        self.remittances.append(
            {
                "remittance_id": remittance_id,
                "period_from": (self._since or earliest).isoformat(),
                "period_to": at.date().isoformat(),
                "paid_on": at.date().isoformat(),
                **totals,
                "payer_iban": self.options.payer_iban,
                "bank_reference": f"Afdracht {remittance_id}",
                "items": [item for entry in entries for item in _items(entry)],
            }
        )
        return remittance_id


def _items(entry: _Entry) -> list[dict[str, Any]]:
    money = entry.dossier.money
    return [
        {
            "case_ref": entry.dossier.case_ref,
            "payment_id": entry.payment.payment_id,
            "line_id": split.line_id,
            "gross": money(entry.sign * split.gross),
            "principal": money(entry.sign * split.principal),
            "interest": money(entry.sign * split.interest),
            "costs": money(entry.sign * split.costs),
        }
        for split in _splits(entry)
    ]


def _splits(entry: _Entry) -> list[_Split]:
    amounts: dict[str, dict[str, int]] = {}
    # What belongs to no line is shown with the payment's first line, so that the items add up to the gross.
    fallback = next(
        (part.line_id for part in entry.payment.parts if part.line_id), next(iter(entry.dossier.book.lines))
    )
    for part in entry.payment.parts:
        component = "costs" if part.component == "vat" else part.component
        line = amounts.setdefault(part.line_id or fallback, {})
        line[component] = line.get(component, 0) + part.minor
    return [_Split(line_id, **line) for line_id, line in amounts.items()]
