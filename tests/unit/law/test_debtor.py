"""Three flags, and the most protective reading of what is not known."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.answers import Answer, all_of
from connector.law.debtor import Debtor, debtor_of
from connector.model import DebtorKind

answers = st.sampled_from(get_args(Answer))
debtors = st.builds(Debtor, natural_person=answers, in_business=answers, public_body=answers)


@pytest.mark.parametrize(
    ("kind", "consumer", "business", "perhaps_natural_person"),
    [
        ("consumer", True, False, True),
        ("business", False, True, True),
        ("sole_trader", True, False, True),
        ("public_body", False, False, False),
        ("unknown", True, False, True),
    ],
)
def test_what_a_kind_settles(kind: DebtorKind, consumer: bool, business: bool, perhaps_natural_person: bool) -> None:
    found = debtor_of(kind)

    assert (found.consumer, found.business, found.perhaps_natural_person) == (
        consumer,
        business,
        perhaps_natural_person,
    )


def test_every_kind_has_flags() -> None:
    assert all(isinstance(debtor_of(kind), Debtor) for kind in get_args(DebtorKind))


@given(debtors)
def test_nobody_is_a_consumer_and_a_business(debtor: Debtor) -> None:
    assert not (debtor.consumer and debtor.business)


@given(debtors, st.sampled_from(["natural_person", "in_business", "public_body"]))
def test_to_know_less_never_takes_protection_away(debtor: Debtor, flag: str) -> None:
    less = debtor.model_copy(update={flag: "unknown"})

    assert less.consumer >= debtor.consumer
    assert less.perhaps_natural_person >= debtor.perhaps_natural_person


@pytest.mark.parametrize(
    ("given_answers", "together"),
    [(("yes", "yes"), "yes"), (("yes", "unknown"), "unknown"), (("unknown", "no"), "no"), ((), "yes")],
)
def test_one_no_is_no(given_answers: tuple[Answer, ...], together: Answer) -> None:
    assert all_of(*given_answers) == together
