"""Promises to pay, payment plans, and holds that stop the hand-over alone."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from connector.store.columns import Instant, Json

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create("promise", _promise())
    _create("payment_plan", _plan())
    with op.batch_alter_table("hold") as batch:
        batch.add_column(sa.Column("before", sa.String(32), nullable=False, server_default="every step"))
    with op.batch_alter_table("hold") as batch:
        batch.alter_column("before", server_default=None)


def downgrade() -> None:
    # A veto becomes a hold: an older release knows nothing that stops the hand-over alone.
    with op.batch_alter_table("hold") as batch:
        batch.drop_column("before")
    op.drop_table("payment_plan")
    op.drop_table("promise")


def _create(name: str, own: list[sa.Column[Any]]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ledger", sa.String(128), nullable=False),
        sa.Column("debtor_id", sa.String(128), nullable=False),
        *own,
        sa.Column("currency", sa.String(32), nullable=False),
        sa.Column("claims", Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_ledger_debtor_id", name, ["ledger", "debtor_id"])


def _promise() -> list[sa.Column[Any]]:
    return [
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    ]


def _plan() -> list[sa.Column[Any]]:
    return [sa.Column("agreed_on", sa.Date(), nullable=False), sa.Column("instalments", Json(), nullable=False)]
