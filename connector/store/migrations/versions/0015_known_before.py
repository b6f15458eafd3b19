"""Earlier versions of what people said, days on which agencies are told, and reasons that are kept encrypted."""

import sqlalchemy as sa
from alembic import op

from connector.store.columns import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "said_before",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("about", sa.String(128), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_said_before")),
    )
    op.create_index("ix_said_before_ledger_kind_about", "said_before", ["ledger", "kind", "about"])
    op.create_table(
        "told_on",
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("debtor_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "day", "debtor_id", "kind", name=op.f("pk_told_on")),
    )
    # Reasons that stand in plain text are encrypted by `incasso db upgrade`, which has the keys.
    op.create_table(
        "private_reason",
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("debtor_id", sa.String(128), nullable=False),
        sa.Column("about", sa.String(128), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "debtor_id", "about", name=op.f("pk_private_reason")),
    )


def downgrade() -> None:
    op.drop_table("private_reason")
    op.drop_table("told_on")
    op.drop_index("ix_said_before_ledger_kind_about", "said_before")
    op.drop_table("said_before")
