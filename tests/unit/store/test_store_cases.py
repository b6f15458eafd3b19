"""Cases: at which agencies a ledger has any."""

from datetime import UTC, datetime

import pytest

from connector.store import Store, cases, outbox
from connector.store.cases import CaseRow

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def put(store: Store, connection: str, *, ledger: str = "acme", **axes: str) -> None:
    row = CaseRow(
        case_ref=f"{ledger}-{connection}", ledger=ledger, connection=connection, debtor_id="d1", currency="EUR",
        plan_id=1, opened_at=AT, handover_at=AT, **{"handover": "accepted", **axes},
    )  # fmt: skip
    line = cases.LineRow(f"{row.case_ref}", f"{row.case_ref}-1", ledger, f"C-{connection}", "1", 100, 0, 0)
    with store.write() as tx:
        cases.open_case(tx, row, [line])


@pytest.mark.parametrize(
    ("axes", "counts"),
    [
        ({}, True),
        ({"handover": "queued"}, True),
        ({"handover": "unknown"}, True),
        ({"handover": "rejected"}, False),
        ({"handover": "draft"}, False),
        ({"closure": "withdrawn"}, False),
    ],
)
def test_an_agency_counts_while_a_case_is_there_or_on_its_way(
    store: Store, axes: dict[str, str], *, counts: bool
) -> None:
    put(store, "north", **axes)
    put(store, "elsewhere", ledger="bakery")
    with store.read() as tx:
        assert cases.agencies(tx, "acme") == (["north"] if counts else [])


def test_an_agency_counts_while_a_message_has_not_ended(store: Store) -> None:
    put(store, "north", closure="paid")
    with store.write() as tx:
        outbox.put(
            tx, ledger="acme", connection="north", kind="case.hold", case_ref="acme-north", seq=1, priority=0,
            payload=b"", payload_sha256="", key="k", at=AT,
        )  # fmt: skip
        (message,) = outbox.of_case(tx, "acme-north")
        assert cases.agencies(tx, "acme") == ["north"]
        outbox.move(tx, message, "DELIVERED")
        assert cases.agencies(tx, "acme") == []
