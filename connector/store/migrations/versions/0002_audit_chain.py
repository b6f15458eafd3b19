"""The audit trail becomes a chain that is only ever added to; back-ups and the quarantine after a restore."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from connector.store import columns
from connector.store.chain import BEGINNING, Entry, link

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_REFUSAL = "the audit trail is only ever added to"
_audit = sa.table(
    "audit",
    sa.column("id", sa.BigInteger),
    sa.column("at", columns.Instant),
    sa.column("ledger", sa.String),
    sa.column("actor", sa.Text),
    sa.column("action", sa.String),
    sa.column("subject", sa.String),
    sa.column("detail", columns.Json),
    sa.column("number", sa.BigInteger),
    sa.column("hash", sa.LargeBinary),
)


def upgrade() -> None:
    heads = op.create_table(
        "audit_head",
        sa.Column("ledger", sa.String(length=128), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "backup",
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("done_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_backup")),
    )
    op.create_table(
        "quarantine",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("backup_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.LargeBinary(), nullable=True))
    tx = op.get_bind()
    ends = _chain(tx)
    if ends:
        op.bulk_insert(heads, [{"ledger": name, "number": n, "hash": last} for name, (n, last) in ends.items()])
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.alter_column("number", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_audit_ledger_number"), ["ledger", "number"])
    _only_add(tx.dialect.name)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("update", "delete", "insert"):
            op.execute(f"DROP TRIGGER audit_refuses_{event}")
    else:
        op.execute("DROP TRIGGER audit_refuses_change ON audit")
        op.execute("DROP TRIGGER audit_refuses_truncate ON audit")
        op.execute("DROP FUNCTION audit_refuses()")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_audit_ledger_number"), type_="unique")
        batch_op.drop_column("hash")
        batch_op.drop_column("number")
    op.drop_table("quarantine")
    op.drop_table("backup")
    op.drop_table("audit_head")


def _chain(tx: sa.Connection) -> dict[str, tuple[int, bytes]]:
    """Give the rows that are there their place; returns the end of every chain. A page at a time."""
    ends: dict[str, tuple[int, bytes]] = {}
    last = 0
    change = (
        sa.update(_audit)
        .where(_audit.c.id == sa.bindparam("row"))
        .values(detail=sa.bindparam("said"), number=sa.bindparam("place"), hash=sa.bindparam("linked"))
    )
    while page := tx.execute(sa.select(_audit).where(_audit.c.id > last).order_by(_audit.c.id).limit(_AT_ONCE)).all():
        changes = []
        for row in page:
            number, previous = ends.get(row.ledger, (0, BEGINNING))
            detail = _without_text(row.detail)
            entry = Entry(row.at, row.ledger, row.actor, row.action, row.subject, detail)
            ends[row.ledger] = (number + 1, link(previous, number + 1, entry))
            changes.append({"row": row.id, "said": detail, "place": number + 1, "linked": ends[row.ledger][1]})
        tx.execute(change, changes)
        last = page[-1].id
    return ends


def _without_text(detail: dict[str, Any]) -> dict[str, Any]:
    """A row can never be changed from here on: what an agency or a person wrote stays where it can be erased."""
    kept = {}
    for name, value in detail.items():
        is_text = isinstance(value, str) and (len(value) > 128 or any(c.isspace() or c == "@" for c in value))
        kept[name] = "(text)" if is_text else value
    return kept


def _only_add(dialect: str) -> None:
    if dialect == "sqlite":
        for event in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER audit_refuses_{event} BEFORE {event.upper()} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        # INSERT OR REPLACE removes rows without asking the trigger above.
        op.execute(
            "CREATE TRIGGER audit_refuses_insert BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit "
            "WHERE id = NEW.id OR (ledger = NEW.ledger AND number = NEW.number)) "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuses()"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
    )
