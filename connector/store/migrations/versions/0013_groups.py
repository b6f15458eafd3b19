"""Language, postcode and customer group of debtors, product group of open items."""

import json
import re
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_LANGUAGE = re.compile(r"([a-z]{2})([-_].*)?", re.ASCII | re.IGNORECASE)
_NAMES = ("ledger", "id", "body", "hash", "language", "postcode", "customer_group")
_debtor = sa.table("debtor", *(sa.column(name) for name in _NAMES if name != "hash"), sa.column("hash", sa.LargeBinary))
_key = sa.tuple_(_debtor.c.ledger, _debtor.c.id)


def upgrade() -> None:
    op.add_column("debtor", sa.Column("language", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("debtor", sa.Column("postcode", sa.Text(), nullable=False, server_default=""))
    op.add_column("debtor", sa.Column("customer_group", sa.Text(), nullable=False, server_default=""))
    for table in ("open_item", "open_item_history"):
        op.add_column(table, sa.Column("product_group", sa.Text(), nullable=False, server_default=""))
    _rewrite(_facts)


def downgrade() -> None:
    _rewrite(_without_group)
    for table in ("open_item_history", "open_item"):
        op.drop_column(table, "product_group")
    for name in ("customer_group", "postcode", "language"):
        op.drop_column("debtor", name)


def _rewrite(make: Any) -> None:
    """Change the debtors that `make` gives values for. A page at a time."""
    tx = op.get_bind()
    last = ("", "")
    query = sa.select(_debtor.c.ledger, _debtor.c.id, _debtor.c.body).order_by(_debtor.c.ledger, _debtor.c.id)
    while page := tx.execute(query.where(_key > sa.tuple_(*map(sa.literal, last))).limit(_AT_ONCE)).all():
        changes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in page:
            if values := make(json.loads(row.body)):
                changes.setdefault(tuple(values), []).append({"of": row.ledger, "key": row.id, **values})
        for names, rows in changes.items():
            here = (_debtor.c.ledger == sa.bindparam("of"), _debtor.c.id == sa.bindparam("key"))
            tx.execute(sa.update(_debtor).where(*here).values({name: sa.bindparam(name) for name in names}), rows)
        last = (page[-1].ledger, page[-1].id)


def _facts(body: dict[str, Any]) -> dict[str, str]:
    """As `connector.store.debtors.store_debtors` did when this was written."""
    addresses = body.get("addresses", [])
    country = next((one["country"] for one in addresses if one.get("country")), "")
    here = (one.get("postcode", "").strip() for one in addresses if one.get("country", "") in ("", country))
    language = _LANGUAGE.fullmatch(body.get("language", "").strip())
    found = {"language": language[1].lower() if language else "", "postcode": next((one for one in here if one), "")}
    return found if any(found.values()) else {}


def _without_group(body: dict[str, Any]) -> dict[str, Any]:
    """The older release refuses a record with a field that it does not know."""
    if "customer_group" not in body:
        return {}
    del body["customer_group"]
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return {"body": text, "hash": blake2b(text.encode(), digest_size=16).digest()}
