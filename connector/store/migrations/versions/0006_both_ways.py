"""The difference list, withdrawals that stand until they are confirmed, and places in a feed by day."""

import sqlalchemy as sa
from alembic import op

from connector.store import columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEY = sa.String(length=128)
_WORD = sa.String(length=32)


def upgrade() -> None:
    _create_difference()
    op.create_table(
        "case_check",
        sa.Column("case_ref", _KEY, nullable=False),
        sa.Column("ledger", _KEY, nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("case_ref", name=op.f("pk_case_check")),
    )
    op.create_index("ix_case_check_ledger", "case_check", ["ledger"], unique=False)
    _create_withdrawal()
    op.create_table(
        "cursor_mark",
        sa.Column("scope", _KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("scope", "day", name=op.f("pk_cursor_mark")),
    )


def downgrade() -> None:
    for table in ("cursor_mark", "withdrawal", "case_check", "difference"):
        op.drop_table(table)


def _create_difference() -> None:
    op.create_table(
        "difference",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("ledger", _KEY, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("case_ref", _KEY, nullable=False),
        sa.Column("about", _KEY, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("currency", _WORD, nullable=False),
        sa.Column("source_minor", sa.BigInteger(), nullable=True),
        sa.Column("store_minor", sa.BigInteger(), nullable=True),
        sa.Column("agency_minor", sa.BigInteger(), nullable=True),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("first_seen", columns.Instant(), nullable=False),
        sa.Column("last_seen", columns.Instant(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("closed_at", columns.Instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
    )
    op.create_index("ix_difference_ledger_closed_at", "difference", ["ledger", "closed_at"], unique=False)
    op.create_index("ix_difference_case_ref", "difference", ["case_ref"], unique=False)
    op.create_index(
        "uq_difference_open",
        "difference",
        ["ledger", "kind", "case_ref", "about"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _create_withdrawal() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("ledger", _KEY, nullable=False),
        sa.Column("case_ref", _KEY, nullable=False),
        sa.Column("asked_at", columns.Instant(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.Column("outcome", _WORD, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    op.create_index("ix_withdrawal_ledger_ended_at", "withdrawal", ["ledger", "ended_at"], unique=False)
    op.create_index(
        "uq_withdrawal_standing",
        "withdrawal",
        ["case_ref"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
