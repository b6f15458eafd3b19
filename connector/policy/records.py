"""The rule layer's own way to make reasons, and to write amounts and counts."""

from connector.model import Because, Currency, Verdict
from connector.model.money import exponent
from connector.model.record import build


def because(condition: str, asked: str, *, seen: str, origin: str, verdict: Verdict) -> Because:
    """One reason."""
    return build(Because, {"condition": condition, "asked": asked, "seen": seen, "origin": origin, "verdict": verdict})


def money_text(minor: int, currency: Currency) -> str:
    """`EUR 1,234.50` for 123450 minor units."""
    places = exponent(currency)
    sign = "-" if minor < 0 else ""
    if not places:
        return f"{currency} {sign}{abs(minor):,}"
    whole, part = divmod(abs(minor), 10**places)
    return f"{currency} {sign}{whole:,}.{part:0{places}d}"


def count_text(claims: int) -> str:
    """`1 claim`, `2 claims`."""
    return "1 claim" if claims == 1 else f"{claims} claims"


def weakest(reasons: tuple[Because, ...]) -> Verdict:
    """All reasons taken together: one no is a no, else one unknown is an unknown, else yes."""
    verdicts = {reason.verdict for reason in reasons}
    if "no" in verdicts:
        return "no"
    return "unknown" if "unknown" in verdicts else "yes"
