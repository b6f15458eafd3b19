"""The agency's bookkeeping of one case, in integer minor units. Every cent of a line is in exactly one place.

Per line: handed_over + raised = open + collected + direct + credited + corrected. What the creditor reports beyond
what is open is kept as surplus; it is never collected, and counts as soon as the line opens again.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Column = Literal["collected", "direct", "credited", "corrected"]
Component = Literal["principal", "interest", "costs", "vat"]

_COMPONENTS: dict[str, Component] = {
    "principal": "principal",
    "interest": "interest",
    "collection_cost": "costs",
    "reminder_fee": "costs",
    "vat": "vat",
    "other": "principal",
}
# Costs first, then interest, then principal, oldest first: Dutch Civil Code 6:44.
_ORDER: tuple[Component, ...] = ("costs", "vat", "interest", "principal")


class BookingError(ValueError):
    """A booking that would make the books untrue."""


@dataclass
class LineBook:
    """One claim line."""

    line_id: str
    kind: str
    due_date: date
    handed_over: int
    raised: int = 0
    applied: Counter[Column] = field(default_factory=Counter)
    surplus: Counter[Column] = field(default_factory=Counter)

    @property
    def component(self) -> Component:
        """What a payment on this line is booked as."""
        return _COMPONENTS[self.kind]

    @property
    def open(self) -> int:
        """What is still to be collected."""
        return self.handed_over + self.raised - sum(self.applied.values())

    def told(self, column: Column) -> int:
        """All that was reported in `column` and not taken back, whether it counted or is surplus."""
        return self.applied[column] + self.surplus[column]

    def lower(self, column: Column, minor: int) -> int:
        """Take `minor` off what is open. Returns what could be applied; the rest is surplus."""
        applied = min(minor, self.open)
        self.applied[column] += applied
        self.surplus[column] += minor - applied
        return applied

    def undo(self, column: Column, minor: int) -> int:
        """Undo `minor` of what was reported in `column`, surplus first. Returns what opened again."""
        if minor > self.applied[column] + self.surplus[column]:
            raise BookingError(f"line {self.line_id}: more is undone than was reported")
        from_surplus = min(minor, self.surplus[column])
        self.surplus[column] -= from_surplus
        self.applied[column] -= minor - from_surplus
        return minor - from_surplus - self._absorb()

    def raise_by(self, minor: int) -> int:
        """The claim grew by `minor`. Returns what opened, after surplus was used up."""
        self.raised += minor
        return minor - self._absorb()

    def _absorb(self) -> int:
        absorbed = 0
        for column in ("direct", "credited", "corrected"):
            part = min(self.surplus[column], self.open)
            self.surplus[column] -= part
            self.applied[column] += part
            absorbed += part
        return absorbed


@dataclass
class ChargeBook:
    """Interest or costs the agency adds for the debtor."""

    component: Component
    charged: int = 0
    collected: int = 0
    waived: int = 0

    @property
    def open(self) -> int:
        """What the debtor still owes of it."""
        return self.charged - self.collected - self.waived


@dataclass(frozen=True)
class Part:
    """Where a part of a payment went. `line_id` is empty for a charge of the agency."""

    component: Component
    minor: int
    line_id: str = ""


@dataclass(eq=False)
class Payment:
    """Money received from the debtor. The parts add up to `gross`."""

    payment_id: str
    received_on: date
    gross: int
    parts: tuple[Part, ...]
    reversed: bool = False


@dataclass
class CaseBook:
    """All lines, charges and payments of one case."""

    lines: dict[str, LineBook]
    costs: ChargeBook = field(default_factory=lambda: ChargeBook("costs"))
    interest: ChargeBook = field(default_factory=lambda: ChargeBook("interest"))
    payments: dict[str, Payment] = field(default_factory=dict)
    creditor_costs: int = 0

    @property
    def claimed(self) -> int:
        """What is open over all lines, without the agency's charges."""
        return sum(line.open for line in self.lines.values())

    @property
    def charges(self) -> int:
        """What the debtor owes on top of the lines."""
        return self.costs.open + self.interest.open

    @property
    def open(self) -> int:
        """All the debtor owes: never may more than this be collected."""
        return self.claimed + self.charges

    def line(self, line_id: str) -> LineBook:
        """A line by its id. Raises BookingError for one that was not handed over."""
        if line_id not in self.lines:
            raise BookingError(f"line {line_id} is not in this case")
        return self.lines[line_id]

    def allocate(self, gross: int) -> tuple[Part, ...]:
        """Where a payment of `gross` would go: costs, VAT, interest, principal; the oldest line first."""
        if not 0 < gross <= self.open:
            raise BookingError(f"a payment must be between 1 and {self.open} minor units")
        parts, left = [], gross
        for component, line_id, claim in self._claims():
            taken = min(left, claim)
            if taken:
                parts.append(Part(component, taken, line_id))
                left -= taken
        return tuple(parts)

    def receive(self, payment_id: str, received_on: date, gross: int) -> Payment:
        """Book a payment of the debtor."""
        payment = Payment(payment_id, received_on, gross, self.allocate(gross))
        for part in payment.parts:
            self._collect(part, part.minor)
        self.payments[payment_id] = payment
        return payment

    def reverse(self, payment_id: str) -> Payment:
        """Undo a payment: everything it settled is open again."""
        payment = self.payments[payment_id]
        if payment.reversed:
            raise BookingError(f"payment {payment_id} is already undone")
        payment.reversed = True
        for part in payment.parts:
            self._collect(part, -part.minor)
        return payment

    def waive(self) -> None:
        """Give up the agency's own charges."""
        for charge in (self.costs, self.interest):
            charge.waived += charge.open

    def _claims(self) -> list[tuple[Component, str, int]]:
        claims: list[tuple[Component, str, int]] = [
            ("costs", "", self.costs.open),
            ("interest", "", self.interest.open),
        ]
        ordered = sorted(self.lines.values(), key=lambda line: (line.due_date, line.line_id))
        claims += [(line.component, line.line_id, line.open) for line in ordered]
        return sorted(claims, key=lambda claim: _ORDER.index(claim[0]))

    def _collect(self, part: Part, minor: int) -> None:
        if part.line_id and minor > 0:
            self.lines[part.line_id].lower("collected", minor)
        elif part.line_id:
            self.lines[part.line_id].undo("collected", -minor)
        else:
            charge = self.costs if part.component == "costs" else self.interest
            charge.collected += minor


def collection_costs(principal: int) -> int:
    """Dutch collection costs on `principal` minor units: the bands of the decree, at least 40, at most 6,775 euro."""
    bands = ((250_000, 15_00), (250_000, 10_00), (500_000, 5_00), (19_000_000, 1_00), (10**15, 50))
    total, left = 0, principal
    for width, basis_points in bands:
        part = min(left, width)
        total += part * basis_points
        left -= part
    return min(max((total + 5_000) // 10_000, 4_000), 677_500)
