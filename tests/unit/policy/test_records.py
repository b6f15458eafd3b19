"""The rule layer's own constructor and its texts."""

import pickle

import pytest
from policy_builders import STANDARD, debtor, invoice
from pydantic import ValidationError

from connector.model import Because, Decision
from connector.policy import decide
from connector.policy.records import because, count_text, money_text, weakest


def test_what_is_built_equals_what_is_validated() -> None:
    built = because("a.b", "asked", seen="seen", origin="origin", verdict="no")
    validated = Because(condition="a.b", asked="asked", seen="seen", origin="origin", verdict="no")
    assert built == validated
    assert hash(built) == hash(validated)
    assert built.model_fields_set == validated.model_fields_set
    assert built.model_dump_json() == validated.model_dump_json()


def test_what_is_built_is_frozen_copied_and_pickled_like_any_record() -> None:
    decision = decide(debtor(invoice("A", late=20)), STANDARD)
    with pytest.raises(ValidationError, match="frozen"):
        decision.step = "escalate"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(decision)) == decision
    assert decision.model_copy(update={"step": "x"}).step == "x"
    assert decision.model_fields_set == set(Decision.model_fields)
    assert Decision.model_validate_json(decision.model_dump_json()) == decision


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123456, "EUR", "EUR 1,234.56"),
        (5, "EUR", "EUR 0.05"),
        (-5, "EUR", "EUR -0.05"),
        (1234, "JPY", "JPY 1,234"),
        (-1, "JPY", "JPY -1"),
        (1234567, "KWD", "KWD 1,234.567"),
    ],
)
def test_amounts_in_words(minor: int, currency: str, text: str) -> None:
    assert money_text(minor, currency) == text


def test_claims_are_counted_in_words() -> None:
    assert [count_text(count) for count in (0, 1, 2)] == ["0 claims", "1 claim", "2 claims"]


@pytest.mark.parametrize(
    ("verdicts", "together"), [("", "yes"), ("yy", "yes"), ("yu", "unknown"), ("yun", "no"), ("nu", "no")]
)
def test_one_no_outweighs_every_unknown(verdicts: str, together: str) -> None:
    names = {"y": "yes", "u": "unknown", "n": "no"}
    reasons = tuple(
        Because.model_validate({"condition": "a", "asked": "b", "seen": "c", "origin": "d", "verdict": names[one]})
        for one in verdicts
    )
    assert weakest(reasons) == together
