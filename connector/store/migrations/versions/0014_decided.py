"""What the newest decision on each debtor was made of, so that the next plan need not make and keep it again."""

import sqlalchemy as sa
from alembic import op

from connector.store.tables.schema import Serial

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BODIES = """
UPDATE decision SET body = (
    SELECT first.body FROM decision AS first
    WHERE first.plan_id = decision.same_as AND first.debtor_id = decision.debtor_id
) WHERE same_as IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("decision", sa.Column("same_as", Serial, nullable=True))
    # Empty: the next plan decides on everybody once more, and fills it.
    op.create_table(
        "decided",
        sa.Column("ledger", sa.String(length=128), nullable=False),
        sa.Column("debtor_id", sa.String(length=128), nullable=False),
        sa.Column("plan_id", Serial, nullable=False),
        sa.Column("read", sa.String(length=32), nullable=False),
        sa.Column("rules", sa.String(length=32), nullable=False),
        sa.Column("said", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_decided_plan_id")),
        sa.PrimaryKeyConstraint("ledger", "debtor_id", name=op.f("pk_decided")),
    )


def downgrade() -> None:
    op.drop_table("decided")
    op.execute(_BODIES)
    op.drop_column("decision", "same_as")
