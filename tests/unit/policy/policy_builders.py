"""Accounts and policies in the words of a bookkeeper: `debtor(invoice("A", late=50), steps=[taken("remind", 20)])`."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from connector.model import Account, Claim, Decision, DisputeFact, HoldFact, LegalFacts, PriorStep
from connector.model.money import minor_units
from connector.policy import Policy, Step, load_policy

DAY = date(2026, 11, 22)
POLICIES = Path(__file__).parents[3] / "config" / "example" / "policies"
STANDARD = load_policy(POLICIES / "standard.toml")
FAST = load_policy(POLICIES / "b2b-fast.toml")
# What the ledger's file says of a ledger that sells to Dutch businesses.
TRADE = LegalFacts(
    contractual="yes", due_date_agreed="yes", in_business="yes", registers_read="yes", receiver="registered"
)


def days_ago(days: int) -> date:
    return DAY - timedelta(days=days)


def invoice(number: str, *, late: int | None, euros: str = "121.00", **changes: Any) -> Claim:
    """An invoice whose due date was `late` days ago (negative: still to come; None: unknown)."""
    minor = minor_units(euros, "EUR")
    values: dict[str, Any] = {
        "claim": f"key-{number}",
        "number": number,
        "currency": "EUR",
        "open_minor": minor,
        "overdue_minor": minor if late is not None and late > 0 else 0,
        "original_minor": minor,
        "due_date": None if late is None else days_ago(late),
    }
    return Claim(**(values | changes))


def debtor(*claims: Claim, **changes: Any) -> Account:
    """A Dutch business in a calibrated ledger that sells to businesses; `credit` in euros."""
    credit = changes.pop("credit", None)
    values: dict[str, Any] = {
        "ledger": "demo",
        "debtor_id": "d1",
        "debtor_kind": "business",
        "debtor_country": "NL",
        "legal": TRADE,
        "day": DAY,
        "claims": claims,
        "credit_minor": {"EUR": minor_units(credit, "EUR")} if credit else {},
    }
    return Account(**(values | changes))


def taken(step: str, ago: int) -> PriorStep:
    return PriorStep(step=step, taken_on=days_ago(ago), channel="email", origin=f"letter {step}")


def hold(
    scope: str = "debtor", *, key: str = "d1", since: int = 5, until: int | None = None, why: str = ""
) -> HoldFact:
    """A hold that began `since` days ago; `until` days from now is its last day (None: no end)."""
    end = None if until is None else DAY + timedelta(days=until)
    return HoldFact.model_validate(
        {"scope": scope, "key": key, "since": days_ago(since), "until": end, "reason": why, "origin": "anna"}
    )


def dispute(number: str = "", *, opened: int = 9, settled: int | None = None) -> DisputeFact:
    """A dispute of one invoice, or of everything; `settled` days ago, if it was."""
    return DisputeFact(
        claim=f"key-{number}" if number else "",
        opened_on=days_ago(opened),
        settled_on=None if settled is None else days_ago(settled),
        reason="never delivered",
        origin="mail of the debtor",
    )


def policy(*steps: Step, segments: Sequence[Any] = (), routes: Sequence[Any] = (), **gates: Any) -> Policy:
    """A policy of these steps, segments and routes with these gates, else with the safe defaults."""
    return Policy.model_validate(
        {
            "name": "test",
            "version": "1",
            "currency": "EUR",
            "steps": steps,
            "segments": segments,
            "routes": routes,
            "gates": gates,
        }
    )


def step(name: str, days: int | None, **changes: Any) -> Step:
    """A step of that name; its action is the name where that is an action, else a reminder."""
    action = name if name in {"remind", "notice", "call", "escalate"} else "remind"
    return Step.model_validate({"name": name, "action": action, "title": name.title(), "days_overdue": days} | changes)


def outcome(decision: Decision) -> str:
    """`remind A+B 121.00`: the action, the invoices, the amount. `undecided before escalate`. `none`."""
    if decision.action == "none":
        return "none"
    if decision.action == "undecided":
        return f"undecided before {decision.step}"
    numbers = "+".join(claim.removeprefix("key-") for claim in decision.claims)
    return f"{decision.step} {numbers} {decision.amount_minor // 100}.{decision.amount_minor % 100:02d}"


def verdicts(decision: Decision) -> dict[str, str]:
    """Condition -> verdict."""
    return {reason.condition: reason.verdict for reason in decision.because}
