"""A back-test tells what was really decided: facts come in on many days, every day is planned and carried out for real,
and the replay of the same policy makes the same decision for every debtor on every day.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from desk import START, TRADE, Desk, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions, circumstances, holds, letters, promises
from connector.flow.backtest import _days_in, _pasts, back_test
from connector.flow.handover import hand_over
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.insight.replay import Period, decided
from connector.model import Circumstance, Decision, LetterFact, OpenItem, RegisterFact
from connector.policy import load_policy
from connector.store import plans
from connector.testing import make_debtor

ANNA = "anna"
DAYS = 32
DEBTORS = tuple(f"d{place}" for place in range(1, 10))
POLICY = """
name = "ladder"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 3

[[step]]
name = "notice"
action = "notice"
title = "Notice"
days_overdue = 9
needs = ["remind"]

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 15

[gates.debtor_kind]
before = "escalate"
allowed = ["business", "consumer"]

[gates.vulnerable]
before = "escalate"
"""
# What these saw names the hand-over or the step by where it came from: the replay's, or the real one's.
_NAMES_ITS_ORIGIN = ("not_taken", "needs", "after", "at_agency")


@dataclass
class Life:
    """A ledger that lives day after day; `real` is what was decided, by day and debtor."""

    desk: Desk
    ledger: Ledger
    chance: Random
    rows: dict[str, OpenItem] = field(default_factory=dict)
    real: dict[tuple[date, str], Decision] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.desk.clock.today(self.ledger.timezone)

    def near(self, *, back: int = 5, ahead: int = 8) -> date:
        return self.today + timedelta(days=self.chance.randint(-back, ahead))

    def pull(self) -> None:
        for key in self.rows:
            row = self.rows[key]
            if row.state == "open" and self.chance.random() < 0.04:
                part = self.chance.choice([0, row.open_minor // 2])
                paid = {"state": "closed", "closed_reason": "paid", "settled_on": self.today} if part == 0 else {}
                self.rows[key] = row.model_copy(update={"open_minor": part, **paid})
        kinds = {"d4": "unknown", "d5": "consumer"}
        known = tuple(make_debtor(id=key, kind=kinds.get(key, "business")) for key in DEBTORS)
        self.desk.books.holds(*self.rows.values(), debtors=known)
        pull(self.desk, self.ledger)

    def plan(self) -> None:
        """Plan the day, and carry the plan out at once, as a replay does."""
        _, plan = make_plan(self.desk, self.ledger)
        with self.desk.store.read() as tx:
            stored = {one.decision.debtor_id: one.decision for one in plans.decisions(tx, plan.id)}
        for debtor in DEBTORS:
            _, decision = explain(self.desk, self.ledger, debtor)
            assert told(stored.get(debtor, decision)) == told(decision)
            self.real[self.today, debtor] = decision
        for action in ("remind", "notice"):
            actions.record_steps(
                self.desk, self.ledger, plan.id, action=action, taken_on=self.today, channel="post", actor=ANNA
            )
        hand_over(self.desk, self.ledger, plan.id)

    def befall(self) -> None:
        """Something is said, or ended, of one debtor; what cannot be is refused, and nothing is kept of it."""
        debtor = self.chance.choice(DEBTORS)
        with suppress(ConfigError):
            self.chance.choice(HAPPENINGS)(self, debtor)

    def _claim(self, debtor: str) -> tuple[str, ...]:
        own = [one.claim for one in self.rows.values() if one.debtor_id == debtor and one.state == "open"]
        return tuple(self.chance.sample(own, 1)) if own and self.chance.random() < 0.5 else ()


def _hold(life: Life, debtor: str) -> None:
    since, until = life.near(), life.chance.choice([None, life.near(back=0, ahead=15)])
    claims = life._claim(debtor)
    actions.hold_debtor(
        life.desk, life.ledger, debtor, reason="sales", since=since, until=until, claims=claims, actor=ANNA
    )


def _promise(life: Life, debtor: str) -> None:
    by, made = life.near(back=0, ahead=10), life.chance.choice([None, life.near(ahead=0)])
    common: dict[str, Any] = {"claims": life._claim(debtor), "reason": "", "actor": ANNA}
    promises.record_promise(life.desk, life.ledger, debtor, amount="60.00", pay_by=by, made_on=made, **common)


def _agree(life: Life, debtor: str) -> None:
    first = life.near(back=0, ahead=4)
    parts = [(first + timedelta(days=7 * place), "40.00") for place in range(3)]
    common: dict[str, Any] = {"claims": life._claim(debtor), "reason": "", "actor": ANNA}
    promises.record_plan(life.desk, life.ledger, debtor, instalments=parts, agreed_on=None, **common)


def _stop(life: Life, debtor: str) -> None:
    kind = life.chance.choice(["insolvency", "deceased", "vulnerable"])
    regime = {"insolvency": "bankruptcy", "deceased": "death"}.get(kind, "")
    until = life.chance.choice([None, None, life.near()])
    since = life.near(ahead=0)
    fact = Circumstance.model_validate(
        {"kind": kind, "regime": regime, "country": "NL", "since": since, "until": until, "origin": ANNA}
    )
    circumstances.record(life.desk, life.ledger, debtor, fact, actor=ANNA)


def _lift(life: Life, debtor: str) -> None:
    kind: Any = life.chance.choice(["insolvency", "deceased", "vulnerable"])
    circumstances.lift(life.desk, life.ledger, debtor, kind, on=life.chance.choice([None, life.near()]), actor=ANNA)


def _look_up(life: Life, debtor: str) -> None:
    """Of one debtor and perhaps of others; sometimes the same day again, with another answer."""
    day = life.near(ahead=0, back=3)
    fact = RegisterFact(register_name="cir", looked_up=day, found=life.chance.random() < 0.2, origin=ANNA)
    others = {one: [fact.model_copy(update={"found": False})] for one in life.chance.sample(DEBTORS, 3)}
    circumstances.record_lookups(life.desk, life.ledger, others | {debtor: [fact]}, actor=ANNA)


def _letter(life: Life, debtor: str) -> None:
    """Sent some days ago, or the same again with what is known of it by now."""
    sent = START.date() + timedelta(days=life.chance.randint(0, 2))
    delivered = life.chance.choice([None, max(sent, life.near(ahead=0))])
    fact = LetterFact(
        kind="fourteen_days", channel="post", sent_on=sent, delivered_on=delivered, days=15,
        valid=life.chance.choice(["yes", "unknown"]), origin=ANNA,
    )  # fmt: skip
    letters.record_letter(life.desk, life.ledger, debtor, fact, actor=ANNA)


HAPPENINGS: list[Callable[[Life, str], object]] = [
    _hold,
    _promise,
    _agree,
    _stop,
    _lift,
    _lift,
    _look_up,
    _look_up,
    _look_up,
    _letter,
    _letter,
    lambda life, debtor: actions.resume_debtor(life.desk, life.ledger, debtor, actor=ANNA),
    lambda life, debtor: actions.open_dispute(
        life.desk, life.ledger, debtor, reason="broken", claim="".join(life._claim(debtor)), actor=ANNA
    ),
    lambda life, debtor: actions.settle_dispute(life.desk, life.ledger, debtor, actor=ANNA),
    lambda life, debtor: promises.end_promises(life.desk, life.ledger, debtor, claims=(), actor=ANNA),
    lambda life, debtor: promises.end_plans(life.desk, life.ledger, debtor, claims=(), actor=ANNA),
    lambda life, debtor: holds.veto(
        life.desk, life.ledger, debtor, reason="sales", until=life.near(back=0), actor=ANNA
    ),
    lambda life, debtor: holds.lift_veto(life.desk, life.ledger, debtor, actor=ANNA),
    lambda life, debtor: actions.confirm_kind(
        life.desk, life.ledger, debtor, life.chance.choice(["business", "consumer"]), actor=ANNA
    ),
    lambda life, _: holds.hold_ledger(
        life.desk, life.ledger, reason="move", since=None, until=life.near(back=0, ahead=1), actor=ANNA
    ),
]


def lived(desk: Desk, ledger: Ledger, folder: Path, seed: int) -> Life:
    (folder / "plain.toml").write_text(POLICY, encoding="utf-8")
    careful = ledger.model_copy(update={"law": TRADE.model_copy(update={"registers_read": "unknown"})})
    life = Life(desk, careful, Random(seed))
    for place in range(24):
        due = START.date() + timedelta(days=life.chance.randint(-12, 12))
        life.rows[str(place)] = invoice(str(place), due_date=due, debtor_id=life.chance.choice(DEBTORS))
    for day in range(DAYS):
        if day:
            desk.later(days=1)
        life.pull()
        for _ in range(life.chance.randint(0, 3)):
            life.befall()
        life.plan()
    return life


def told(decision: Decision) -> dict[str, Any]:
    """All that a decision says, apart from the day's fingerprint and from where a replayed step came."""
    reasons = sorted(
        (
            one.condition,
            one.asked,
            one.verdict,
            [] if one.condition.endswith(_NAMES_ITS_ORIGIN) else _parts(one.seen),
        )
        for one in decision.because
    )
    said = decision.model_dump(exclude={"because", "facts", "seen", "claims"})
    seen = sorted((one.claim, one.open_minor, one.asked_minor) for one in decision.seen)
    return said | {"because": reasons, "seen": seen, "claims": sorted(decision.claims)}


def _parts(seen: str) -> list[str]:
    """Two holds of one day come in either order."""
    return sorted(seen.split("; "))


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_what_is_replayed_is_what_was_decided(desk: Desk, ledger: Ledger, tmp_path: Path, seed: int) -> None:
    life = lived(desk, ledger, desk.settings.home, seed)
    policy = load_policy(desk.settings.home / "plain.toml")
    period = Period(START.date(), life.today)
    with desk.store.read() as tx:
        pasts = {one.debtor_id: one for one in _pasts(tx, life.ledger, period, _days_in(ledger.timezone))}
    for debtor, past in pasts.items():
        replayed = {one.day: one for _, one in decided(past, policy, period, law=desk.law, lawfully=True)}
        for day in (period.first + timedelta(days=place) for place in range(period.days)):
            real = life.real[day, debtor]
            if day in replayed:
                assert told(replayed[day]) == told(real), (seed, day, debtor)
            else:
                assert real.action == "none", "nothing is open"
    moved = [one.action for one in life.real.values() if one.action != "none"]
    assert {"remind", "notice", "escalate", "undecided"} <= set(moved), "the story has everything in it"

    [tried] = back_test(desk, life.ledger, {"ladder": policy}, lawfully=True).tried
    handed = sorted((one.day, one.debtor_id) for one in life.real.values() if one.action == "escalate")
    assert sorted((one.file.day, one.file.debtor_id) for one in tried.outcomes) == handed
