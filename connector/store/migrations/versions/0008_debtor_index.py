"""The index over the debtors of open items holds their number alone."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_open_item_debtor_number", table_name="open_item")
    op.create_index("ix_open_item_debtor_number", "open_item", ["debtor_number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_open_item_debtor_number", table_name="open_item")
    op.create_index("ix_open_item_debtor_number", "open_item", ["ledger", "debtor_number"], unique=False)
