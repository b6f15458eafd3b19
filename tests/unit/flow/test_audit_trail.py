"""No personal data in the audit trail: it can never be taken out again, so that nobody could be forgotten."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from connector.store import Store, journal

ROOM = Path(__file__).parents[3] / "connector"
AT = datetime(2026, 3, 1, tzinfo=UTC)
# What a row may tell beside actor, action and subject: numbers, keys and words of our own.
REFERENCES = {
    "answer", "attempt", "closed", "count", "fee_minor", "kind", "left", "lines", "message", "missing", "of",
    "open_minor", "payment", "plan", "reference", "request", "step", "backup_at", "revision",
    "sent_on", "channel", "valid",
    "since", "until", "made_on", "pay_by", "agreed_on", "amount_minor", "currency",
    "regime", "country", "on", "register", "looked_up", "found",
}  # fmt: skip
# Handed a text, which the trail leaves out.
TEXTS = {"owner", "reasons", "why"}
PLACES = {"actor", "at", "ledger"}
# Where keywords are handed on, or built beside the call.
HANDED_ON = {"connector/flow/actions.py", "connector/flow/delivery.py", "connector/flow/pull.py",
             "connector/flow/rotate.py"}  # fmt: skip


def notes() -> Iterator[tuple[str, str | None]]:
    """Every keyword of every call that writes into the audit trail, with its file; None for `**something`."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("journal.note", "_note"):
                for keyword in node.keywords:
                    yield str(path.relative_to(ROOM.parent)), keyword.arg


def test_every_caller_names_things_by_their_keys() -> None:
    found = list(notes())
    assert len({path for path, _ in found}) >= 4
    strange = {one for one in found if one[1] is not None and one[1] not in REFERENCES | TEXTS | PLACES}
    assert not strange, "is it a key or a number? Then add it to REFERENCES; a text belongs elsewhere"
    assert {path for path, name in found if name is None} <= HANDED_ON


@pytest.mark.parametrize(
    "told",
    [
        "Mr Jansen has moved to Oudegracht 112",
        "post@korst.example",
        "NL91ABNA0417164300",
        "BE68539007547034",
        "x" * 129,
        "two\nlines",
        ["C-1", "Mr Jansen has moved"],
        {"note": "Mr Jansen has moved"},
    ],
)
def test_a_text_is_left_out_at_the_door(store: Store, told: object) -> None:
    with store.write() as tx:
        journal.note(tx, "case.open.rejected", "C-1", at=AT, ledger="acme", reasons=told, attempt=2)
    with store.read() as tx:
        kept = tx.execute(text("SELECT detail FROM audit")).scalar_one()
        ((*_, detail),) = journal.audit_trail(tx, "acme", "C-1")
    assert detail["attempt"] == 2
    assert journal.TEXT in kept
    for part in ("Jansen", "korst", "ABNA", "5390", "xxx", "lines"):
        assert part not in kept


@pytest.mark.parametrize(
    "told", ["AG-2026-17", "9f1c-77", "", "NL00ABNA0417164300", 17, None, True, ["a", "b"], {"a": 1}]
)
def test_a_key_a_number_and_a_word_are_kept(store: Store, told: object) -> None:
    with store.write() as tx:
        journal.note(tx, "case.open.delivered", "C-1", at=AT, ledger="acme", reference=told)
    with store.read() as tx:
        ((*_, detail),) = journal.audit_trail(tx, "acme", "C-1")
    assert detail == {"reference": told}
