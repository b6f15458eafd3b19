"""What the newest decision on each debtor was made of, so that the next plan need not make it again."""

import sqlalchemy as sa
from alembic import op

from connector.store.tables.schema import Serial

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Empty: the next plan decides on everybody once more, and fills it.
    op.create_table(
        "decided",
        sa.Column("ledger", sa.String(length=128), nullable=False),
        sa.Column("debtor_id", sa.String(length=128), nullable=False),
        sa.Column("plan_id", Serial, nullable=False),
        sa.Column("read", sa.String(length=32), nullable=False),
        sa.Column("rules", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_decided_plan_id")),
        sa.PrimaryKeyConstraint("ledger", "debtor_id", name=op.f("pk_decided")),
    )


def downgrade() -> None:
    op.drop_table("decided")
