"""A narrow index over the debtors of open items."""

from zlib import crc32

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("open_item", sa.Column("debtor_number", sa.Integer(), nullable=True))
    _number_debtors()
    with op.batch_alter_table("open_item", schema=None) as batch_op:
        batch_op.alter_column("debtor_number", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_index("ix_open_item_debtor")
        batch_op.create_index("ix_open_item_debtor_number", ["ledger", "debtor_number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("open_item", schema=None) as batch_op:
        batch_op.drop_index("ix_open_item_debtor_number")
        batch_op.drop_column("debtor_number")
        batch_op.create_index("ix_open_item_debtor", ["ledger", "debtor_id", "claim"], unique=False)


def _number_debtors() -> None:
    """As `connector.store.items.debtor_number` did when this was written. The old index still serves the search."""
    item = sa.table("open_item", *(sa.column(name) for name in ("ledger", "debtor_id", "debtor_number")))
    tx = op.get_bind()
    debtors = tx.execute(sa.select(item.c.ledger, item.c.debtor_id).distinct()).all()
    where = (item.c.ledger == sa.bindparam("of_ledger"), item.c.debtor_id == sa.bindparam("of_debtor"))
    rows = [
        {"of_ledger": row.ledger, "of_debtor": row.debtor_id, "number": crc32(row.debtor_id.encode()) >> 1}
        for row in debtors
    ]
    if rows:
        tx.execute(sa.update(item).where(*where).values(debtor_number=sa.bindparam("number")), rows)
