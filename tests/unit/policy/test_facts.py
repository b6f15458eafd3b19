"""The fingerprint: it moves with every fact a decision rests on, and with nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import DAY, STANDARD, days_ago, debtor, dispute, hold, invoice, taken

from connector.model import Account, Circumstance, Claim, LetterFact, RegisterFact
from connector.policy import decide, fingerprint

LETTER = LetterFact(kind="fourteen_days", channel="post", sent_on=days_ago(9), document="archive 12", origin="anna")
BEFELL = Circumstance(kind="insolvency", regime="bankruptcy", country="NL", since=days_ago(5), origin="anna")
LOOKED = RegisterFact(register_name="cir", looked_up=days_ago(5), found=False, origin="anna")
BASE: dict[str, Any] = {
    "claims": (invoice("A", late=20), invoice("B", late=5)),
    "credit_minor": {"EUR": 5, "USD": 7},
    "steps": (taken("remind", 3), taken("call", 2)),
    "holds": (hold(), hold("claim", key="key-A")),
    "disputes": (dispute("A"), dispute("B")),
    "letters": (LETTER, LETTER.model_copy(update={"kind": "notice", "days": 7})),
}
ACCOUNT = debtor(**BASE)


def letters(**changes: Any) -> dict[str, Any]:
    return {"letters": (LETTER.model_copy(update=changes), BASE["letters"][1])}


def befell(**changes: Any) -> dict[str, Any]:
    return {"circumstances": (BEFELL.model_copy(update=changes),)}


def claim_a(**changes: Any) -> dict[str, Any]:
    return {"claims": (invoice("A", late=20, **changes), BASE["claims"][1])}


@pytest.mark.parametrize(
    "changes",
    [
        claim_a(claim="other"),
        claim_a(currency="USD"),
        claim_a(open_minor=12101),
        claim_a(in_collection_minor=1),
        claim_a(due_date=days_ago(19)),
        claim_a(due_date=None),
        claim_a(case_ref="C-1"),
        claim_a(whole=False),
        {"claims": BASE["claims"][:1]},
        {"credit_minor": {"EUR": 6, "USD": 7}},
        {"credit_minor": {"EUR": 5}},
        {"steps": (taken("remind", 3),)},
        {"steps": (taken("remind", 3), taken("call", 1))},
        {"holds": (hold(), hold("claim", key="key-B"))},
        {"holds": (hold(until=4), hold("claim", key="key-A"))},
        {"disputes": (dispute("A"), dispute("B", settled=1))},
        {"debtor_kind": "consumer"},
        {"debtor_country": "BE"},
        {"legal": ACCOUNT.legal.model_copy(update={"consumer_sale": "no"})},
        {"letters": BASE["letters"][:1]},
        letters(kind="first_reminder"),
        letters(channel="email"),
        letters(sent_on=days_ago(8)),
        letters(delivered_on=days_ago(8)),
        letters(disputed=True),
        letters(days=14),
        letters(valid="yes"),
        letters(document=""),
        letters(claims=("key-A",)),
        befell(),
        befell(until=DAY),
        befell(administrator="mr. Bakker"),
        {"lookups": (LOOKED,)},
        {"debtor_blocked": True},
        {"calibrated": False},
    ],
)
def test_every_fact_moves_the_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(ACCOUNT.model_copy(update=changes)) != fingerprint(ACCOUNT)


@pytest.mark.parametrize(
    "changes",
    [
        {"day": DAY + timedelta(days=1)},
        claim_a(overdue_minor=0),
        claim_a(description="a new text", payment_reference="RF18"),
        {"claims": (invoice("renamed", late=20, claim="key-A"), BASE["claims"][1])},
        {name: tuple(reversed(BASE[name])) for name in ("claims", "steps", "holds", "disputes")},
        {"credit_minor": {"USD": 7, "EUR": 5}},
        {"letters": BASE["letters"][::-1]},
        letters(origin="bert", document="shelf 3"),
        {"legal": ACCOUNT.legal.model_copy(update={"stated_by": "bert", "stated_on": DAY})},
    ],
)
def test_the_day_texts_and_order_do_not_move_the_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(ACCOUNT.model_copy(update=changes)) == fingerprint(ACCOUNT)


@pytest.mark.parametrize("changes", [{"kind": "vulnerable"}, {"regime": "wsnp"}, {"country": "BE"}, {"since": DAY}])
def test_every_fact_of_what_befell_the_debtor_moves_it(changes: dict[str, Any]) -> None:
    assert fingerprint(ACCOUNT.model_copy(update=befell(**changes))) != fingerprint(ACCOUNT.model_copy(update=befell()))


@pytest.mark.parametrize("changes", [{"register_name": "all"}, {"looked_up": DAY}, {"found": True}])
def test_every_fact_of_a_look_up_moves_it(changes: dict[str, Any]) -> None:
    other = ACCOUNT.model_copy(update={"lookups": (LOOKED.model_copy(update=changes),)})
    assert fingerprint(other) != fingerprint(ACCOUNT.model_copy(update={"lookups": (LOOKED,)}))


def test_why_and_who_said_so_do_not_move_it() -> None:
    other = ACCOUNT.model_copy(update=befell(reason="ill", origin="bert"))
    assert fingerprint(other) == fingerprint(ACCOUNT.model_copy(update=befell()))


def test_the_fingerprint_is_the_same_in_every_process_and_release() -> None:
    assert fingerprint(Account(ledger="demo", debtor_id="d1", debtor_kind="business", day=DAY)) == "cad45b54f9a3f556"
    assert fingerprint(ACCOUNT) == "1ac16dd120c4c6a0"


def test_a_decision_carries_the_fingerprint_of_its_account() -> None:
    assert decide(ACCOUNT, STANDARD).facts == fingerprint(ACCOUNT)


@given(st.text(max_size=4), st.text(max_size=4), st.integers(0, 99), st.integers(0, 99))
def test_no_key_can_pass_for_other_facts(first: str, second: str, one: int, other: int) -> None:
    def of(*pairs: tuple[str, int]) -> str:
        claims = tuple(Claim(claim=key, number="", currency="EUR", open_minor=open_minor) for key, open_minor in pairs)
        return fingerprint(debtor(*claims))

    left, right = ((first, one), (second, other)), ((first + second, one), ("", other))
    assert (of(*left) == of(*right)) == (sorted(left) == sorted(right))
