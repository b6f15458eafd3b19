"""Calls are counted in every minute, wherever it begins."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As in `connector.quota` when this was written: a call counts for a minute and the time it may be under way.
_COUNTS_MS = 62_000
_KEY = ("connection", "company")


def upgrade() -> None:
    op.add_column("budget", sa.Column("calls", sa.Text(), nullable=True))
    op.add_column("budget", sa.Column("minute_left", sa.Integer(), nullable=True))
    _fill("minute_until", "minute_used", into=("calls",), make=_as_calls)
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.alter_column("calls", existing_type=sa.Text(), nullable=False)
        batch_op.drop_column("minute_used")


def downgrade() -> None:
    op.add_column("budget", sa.Column("minute_used", sa.Integer(), nullable=True))
    _fill("calls", "minute_until", into=("minute_until", "minute_used"), make=_as_minute)
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.alter_column("minute_used", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("minute_left")
        batch_op.drop_column("calls")


def _as_calls(minute_until: int, minute_used: int) -> tuple[str]:
    """All of them made at the end of their minute: nobody knows better, and later is safe."""
    return (json.dumps([[minute_until + _COUNTS_MS, minute_used]] if minute_used else [], separators=(",", ":")),)


def _as_minute(calls: str, minute_until: int) -> tuple[int, int]:
    """A minute that lasts until the last of them counts no more."""
    made = json.loads(calls)
    return max([minute_until, *(until for until, _ in made)]), sum(n for _, n in made)


def _fill(*read: str, into: tuple[str, ...], make: Callable[..., tuple[Any, ...]]) -> None:
    budget = sa.table("budget", *(sa.column(name) for name in {*_KEY, *read, *into}))
    tx = op.get_bind()
    for row in tx.execute(sa.select(*(budget.c[name] for name in (*_KEY, *read)))).all():
        values = dict(zip(into, make(*row[2:]), strict=True))
        tx.execute(
            sa.update(budget)
            .where(*(budget.c[name] == value for name, value in zip(_KEY, row, strict=False)))
            .values(values)
        )
