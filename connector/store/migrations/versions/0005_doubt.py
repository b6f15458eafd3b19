"""Since when a message is in doubt."""

import sqlalchemy as sa
from alembic import op

from connector.store import columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("doubtful_since", columns.Instant(), nullable=True))
    # Older releases did not keep it: the last attempt's instant is what is known.
    op.execute("UPDATE outbox SET doubtful_since = sent_at WHERE state IN ('SENDING', 'UNKNOWN', 'PARKED')")


def downgrade() -> None:
    op.drop_column("outbox", "doubtful_since")
