"""What befell a debtor, and where he was looked up."""

import sqlalchemy as sa
from alembic import op

from connector.store.columns import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "circumstance",
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("debtor_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("regime", sa.String(32), nullable=False),
        sa.Column("country", sa.String(32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("administrator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "debtor_id", "kind", "regime", "since", name=op.f("pk_circumstance")),
    )
    op.create_table(
        "register_lookup",
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("debtor_id", sa.String(128), nullable=False),
        sa.Column("register", sa.String(32), nullable=False),
        sa.Column("looked_up", sa.Date(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "debtor_id", "register", "looked_up", name=op.f("pk_register_lookup")),
    )


def downgrade() -> None:
    op.drop_table("register_lookup")
    op.drop_table("circumstance")
