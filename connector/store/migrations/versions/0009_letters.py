"""Letters to debtors are kept as evidence."""

import sqlalchemy as sa
from alembic import op

from connector.store.columns import Instant, Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("debtor_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("valid", sa.String(32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("claims", Json(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "debtor_id", "kind", "sent_on", name=op.f("pk_letter")),
    )


def downgrade() -> None:
    op.drop_table("letter")
