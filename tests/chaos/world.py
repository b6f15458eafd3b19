"""A ledger that lives between two real stand-in servers: things happen, it is visited, both sides are compared."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.cli.demo.stage import Stage, log_in, set_stage
from connector.flow.compare import compare
from connector.store import outbox

DIVISION = 123456
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
_FIRST = BEGIN.date()
SERVERS = {
    "exact": {"minute_limit": "0", "day_limit": "1000000"},
    "agency": {"scenario": "accepts", "remit_every": "week", "minimum_minor": "5000"},
}
_POLICY = Path(__file__).parents[2] / "config" / "example" / "policies" / "b2b-fast.toml"


@dataclass
class Sides:
    """What became of both sides."""

    files: int = 0
    parked: int = 0
    doubles: list[int] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)

    @property
    def agree(self) -> bool:
        """Nothing doubled, nothing lost."""
        return not (self.doubles or self.disagreements)

    def look(self, world: "World") -> None:
        """At a world that has come to rest. What differed once stays on record."""
        self.files = len(world.cases())
        self.parked = world.waiting()["PARKED"]
        self.doubles = world.doubles()
        if not self.doubles:
            self.disagreements += [str(one) for one in world.disagreements()]

    def add(self, other: "Sides") -> None:
        """What became of another world."""
        self.files += other.files
        self.parked += other.parked
        self.doubles += other.doubles
        self.disagreements += other.disagreements


@dataclass
class World:
    """What happens is the same for the same number of days; `visit` says how one visit went."""

    stage: Stage
    visitor: "subprocess.Popen[str]"
    day: date = _FIRST
    number: int = 0
    # Invoices nobody collects, and those of them that were paid in part.
    unpaid: list[tuple[int, int]] = field(default_factory=list)
    half_paid: list[int] = field(default_factory=list)
    booked: set[tuple[str, int]] = field(default_factory=set)

    def live(self, days: int = 3, *, payments: bool = True) -> None:
        """Days pass, and of each kind of thing one happens."""
        self.day += timedelta(days=days)
        self.stage.clock.set(self.stage.clock.now() + timedelta(days=days))
        self._new_debtor(collects=self.number % 3 == 0)
        if not payments:
            return
        self._pay()
        self._pay_the_rest()
        self._book_pay_outs()

    def pause(self, minutes: int) -> None:
        """Time in which nothing happens but what waits for it."""
        self.stage.clock.set(self.stage.clock.now() + timedelta(minutes=minutes))

    def visit(self, **order: Any) -> dict[str, Any]:
        """One visit in a process of its own. See `visitor.py` for the order and the answer."""
        assert self.visitor.stdin is not None
        assert self.visitor.stdout is not None
        self.visitor.stdin.write(json.dumps(order) + "\n")
        self.visitor.stdin.flush()
        line = self.visitor.stdout.readline()
        assert line, "the visitor is gone"
        return dict(json.loads(line))

    def settle(self, **order: Any) -> None:
        """Visits until nothing is on its way any more. A log-in that was lost is given anew, as a person would."""
        for _ in range(12):
            self.pause(30)
            done = self.visit(**order)
            if "log-in" in str(done["failed"]):
                self.log_in()
            elif done["code"] != 0:
                raise AssertionError(done)
            elif not self.waiting():
                return
        raise AssertionError(f"it does not come to rest: {self.waiting()}")

    def log_in(self) -> None:
        """A person gives consent again at the accounting package."""
        log_in(self.stage.workspace, "exact-nl")

    def waiting(self) -> Counter[str]:
        """Messages that have not ended, by state."""
        with self.stage.workspace.store.read() as tx:
            found = outbox.counts(tx)
        return Counter({state: n for (_, state), n in found.items() if state not in outbox.ENDED})

    def cases(self) -> list[dict[str, Any]]:
        """Every file the agency has."""
        return list(self.stage.order("agency", "cases")["cases"])

    def doubles(self) -> list[int]:
        """Invoices that stand in more than one open file at the agency."""
        found: Counter[int] = Counter(
            int(line["number"]) for case in self.cases() if not case["closure"] for line in case["submission"]["lines"]
        )
        return sorted(number for number, count in found.items() if count > 1)

    def disagreements(self) -> list[Any]:
        """Claim lines on which the two sides do not agree to the cent."""
        (ledger,) = self.stage.workspace.settings.ledgers.values()
        return [one for one in compare(self.stage.workspace, ledger) if not one.agrees]

    def _order(self, path: str, body: Any) -> Any:
        return self.stage.order("exact", f"{DIVISION}/{path}", body)

    def _new_debtor(self, *, collects: bool) -> None:
        """A customer with an invoice that is long overdue: it is handed over at the next visit."""
        self.number += 1
        code = f"{self.number:05}"
        account = {
            "code": code, "name": f"Customer {code} B.V.", "address": f"Straat {self.number}", "postcode": "1000 AA",
            "city": "Amsterdam", "country": "NL", "chamber_of_commerce": f"{10_000_000 + self.number}",
        }  # fmt: skip
        cents = 12_100 + 37 * self.number
        invoice = {
            "account": code, "number": 10_000 + self.number, "amount": f"{cents // 100}.{cents % 100:02}",
            "date": str(self.day - timedelta(days=90)), "due": str(self.day - timedelta(days=60)), "pdf": True,
        }  # fmt: skip
        self._order("load", {"accounts": [account], "invoices": [invoice]})
        if collects:
            balance = self._order("accounts", {"code": code})
            self.stage.order("agency", "scenario", {"scenario": "collects", "debtor_id": balance["id"]})
        else:
            self.unpaid.append((10_000 + self.number, cents))

    def _pay(self) -> None:
        """Somebody pays the creditor a part of what is at the agency by now."""
        if len(self.unpaid) > 2:
            number, cents = self.unpaid.pop(0)
            paid = f"{cents // 200}.{cents // 2 % 100:02}"
            self._order("payments", {"invoice": number, "amount": paid, "date": str(self.day)})
            self.half_paid.append(number)

    def _pay_the_rest(self) -> None:
        """Somebody else pays what is left."""
        if len(self.half_paid) > 2:
            self._order("payments", {"invoice": self.half_paid.pop(0), "date": str(self.day)})

    def _book_pay_outs(self) -> None:
        for paid in self.stage.order("agency", "remittances")["remittances"]:
            for place, item in enumerate(paid["items"]):
                mark, minor = (paid["remittance_id"], place), item["principal"]["minor"]
                if mark in self.booked or minor <= 0 or date.fromisoformat(paid["paid_on"]) + timedelta(2) > self.day:
                    continue
                self.booked.add(mark)
                case = self.stage.order("agency", f"cases/{item['case_ref']}")
                number = next(one["number"] for one in case["submission"]["lines"] if one["line_id"] == item["line_id"])
                amount = f"{minor // 100}.{minor % 100:02}"
                self._order("payments", {"invoice": int(number), "amount": amount, "date": str(self.day)})


@contextmanager
def a_world(home: Path, *, store: str = "") -> Iterator[World]:
    """An installation in `home` on the empty database `store` (or a file), with its servers and its visitor."""
    with set_stage(home, BEGIN, SERVERS, store=store) as stage:
        (home / "policies" / _POLICY.name).write_text(_POLICY.read_text(encoding="utf-8"), encoding="utf-8")
        path = home / "ledgers" / "molen.toml"
        text = path.read_text(encoding="utf-8")
        text = text.replace('handover = "person"', 'handover = "automatic"\ndebtors_are = "business"')
        # Too few invoices to find the sign of amounts by.
        text = text.replace("division = 123456", 'division = 123456\nsign = "negative_owes"')
        path.write_text(text.replace('"standard"', '"b2b-fast"'), encoding="utf-8")
        command = [sys.executable, str(Path(__file__).with_name("visitor.py")), str(home)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as visitor:
            try:
                yield World(stage, visitor)
            finally:
                visitor.kill()
