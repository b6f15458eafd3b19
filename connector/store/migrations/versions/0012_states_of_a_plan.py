"""The rows of a plan say whether a step is held, withdrawn or undecided; the old words said less."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DECISION = sa.table("decision", sa.column("change", sa.String), sa.column("action", sa.String))
_PLAN = sa.table("plan", sa.column("id", sa.Integer), sa.column("counts", sa.Text))


def upgrade() -> None:
    change, action = _DECISION.c.change, _DECISION.c.action
    # Whether a gate kept it back was not kept then: what is not undecided is told as nothing done.
    word = sa.case((action == "undecided", "undecided"), else_="none")
    op.execute(sa.update(_DECISION).where(change == "left_out").values(change=word))
    _rename_counts({"gone": "withdrawn", "left_out": None})


def downgrade() -> None:
    change = _DECISION.c.change
    op.execute(
        sa.update(_DECISION).where(change.in_(["held", "withdrawn", "undecided", "none"])).values(change="left_out")
    )
    _rename_counts({"withdrawn": "gone", "held": None})


def _rename_counts(words: dict[str, str | None]) -> None:
    """Counts by word: a word that is now another, or (None) is not counted any more."""
    connection = op.get_bind()
    for id_, counts in connection.execute(sa.select(_PLAN.c.id, _PLAN.c.counts)).all():
        before = json.loads(counts)
        after = {words.get(word, word): count for word, count in before.items() if words.get(word, word)}
        if after != before:
            connection.execute(sa.update(_PLAN).where(_PLAN.c.id == id_).values(counts=json.dumps(after)))
