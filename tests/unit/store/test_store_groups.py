"""What a debtor is grouped by, from the record to the facts, and what an upgrade does with those that are there."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import pytest

from connector.model import Address, Debtor, DebtorAddress
from connector.store import Store, claim_rows, debtors, item_changes, past, places, schema
from connector.store.debtors import DebtorFacts
from connector.testing import make_debtor, make_item

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = AT + timedelta(days=1)
BEFORE = "0009"
# As releases without groups wrote a debtor down.
OLD_BODY = (
    '{"id":"d1","code":"","name":"Café Zoë","kind":"business","suggested_kind":"unknown","company_number":"",'
    '"vat_number":"","language":"FR","email":"","phone":"","iban":"","addresses":[{"kind":"visit","lines":["Kaai 1"],'
    '"postcode":" 9000 ","city":"Gent","country":"BE"}],"contacts":[],"parent_id":"","blocked":false,"inactive":false}'
)
GENT = Address(kind="visit", lines=("Kaai 1",), postcode="9000", city="Gent", country="BE")


def put(store: Store, *people: Debtor, at: datetime = AT) -> int:
    with store.write() as tx:
        return debtors.store_debtors(tx, "acme", people, at)


def apart(store: Store, *addresses: DebtorAddress) -> None:
    with store.write() as tx:
        debtors.store_parts(tx, "acme", addresses, [])


def facts(store: Store, key: str = "d1") -> DebtorFacts:
    with store.read() as tx:
        return debtors.facts(tx, "acme", [key])[key]


def part(key: str, kind: str = "visit", *, debtor_id: str = "d1", **changes: str) -> DebtorAddress:
    values = {"postcode": "1012 AB", "country": "NL", **changes}
    return DebtorAddress(id=key, debtor_id=debtor_id, address=Address(kind=kind, **values))  # type: ignore[arg-type]


def test_the_facts_come_from_the_record(store: Store) -> None:
    put(store, make_debtor(id="d1", language="FR", addresses=(GENT,), customer_group="KEY"))
    found = facts(store)
    assert (found.language, found.country, found.postcode, found.group) == ("fr", "BE", "9000", "KEY")
    with store.read() as tx:
        read = debtors.debtor_of(tx, "acme", "d1")
    assert read is not None
    assert read.customer_group == "KEY"


@pytest.mark.parametrize(
    ("text", "language"),
    [("NL", "nl"), (" fr ", "fr"), ("nl-BE", "nl"), ("de_DE", "de"), ("", ""), ("Dutch", ""), ("n", ""), ("12", "")],
)
def test_a_language_is_two_small_letters_or_not_known(store: Store, text: str, language: str) -> None:
    put(store, make_debtor(id="d1", language=text))
    assert facts(store).language == language


def test_a_postcode_of_another_country_tells_no_region() -> None:
    abroad = Address(kind="delivery", postcode="1000", country="BE")
    home = Address(kind="postal", postcode="3511 AV", country="")
    dutch = Address(kind="visit", country="NL")
    assert places.place_of([dutch, abroad, home]) == ("NL", "3511 AV")
    assert places.place_of([dutch, abroad]) == ("NL", "")
    assert places.place_of([]) == ("", "")


def test_addresses_that_came_apart_tell_where_a_debtor_is_who_has_none_himself(store: Store) -> None:
    put(store, make_debtor(id="d1", addresses=()), make_debtor(id="d2", addresses=()))
    apart(store, part("a1", "delivery", postcode="9999 ZZ"), part("a2", "postal", postcode="2500 AA"), part("a3"))
    assert (facts(store).country, facts(store).postcode) == ("NL", "1012 AB"), "the visiting address comes first"
    assert (facts(store, "d2").country, facts(store, "d2").postcode) == ("", "")
    with store.write() as tx:
        debtors.remove_parts(tx, "acme", ["a3"])
    assert facts(store).postcode == "2500 AA"
    with store.write() as tx:
        debtors.remove_parts(tx, "acme", ["a2"])
    assert (facts(store).country, facts(store).postcode) == ("", ""), "goods go to others as well"


def test_his_own_address_counts_before_one_that_came_apart(store: Store) -> None:
    without = Address(kind="visit", city="Gent", country="BE")
    put(store, make_debtor(id="d1", addresses=(GENT,)), make_debtor(id="d2", addresses=(without,)))
    apart(store, part("a1"), part("a2", debtor_id="d2"), part("a3", "postal", debtor_id="d2", country="BE"))
    assert (facts(store).country, facts(store).postcode) == ("BE", "9000")
    assert (facts(store, "d2").country, facts(store, "d2").postcode) == ("BE", "1012 AB")


def test_a_group_that_comes_or_goes_is_a_change_and_none_is_as_before(store: Store) -> None:
    assert put(store, make_debtor(id="d1")) == 1
    assert put(store, make_debtor(id="d1", customer_group=""), at=LATER) == 0
    assert put(store, make_debtor(id="d1", customer_group="KEY"), at=LATER) == 1
    assert put(store, make_debtor(id="d1"), at=LATER) == 1
    assert facts(store).group == ""


def test_debtors_of_an_older_release_get_their_facts_and_are_not_changed(store: Store) -> None:
    schema.downgrade(store, BEFORE)
    digest = blake2b(OLD_BODY.encode(), digest_size=16).digest()
    names = "ledger, id, code, name, kind, country, blocked, body, gone, hash, since"
    mark = "?" if store.engine.dialect.name == "sqlite" else "%s"
    since = AT.isoformat(timespec="microseconds")
    with store.write() as tx:
        # More than go in one batch, of two ledgers, so that the places between batches are looked at.
        for ledger, count in (("acme", 2100), ("other", 3)):
            rows = [
                (ledger, f"d{n}", "", "Café Zoë", "business", "BE", False, body, False, digest, since)
                for n in range(1, count + 1)
                for body in [OLD_BODY if n == 1 else OLD_BODY.replace('"d1"', f'"d{n}"')]
            ]
            marks = ", ".join([mark] * 11)
            tx.exec_driver_sql(f"INSERT INTO debtor ({names}) VALUES ({marks})", rows)
    schema.upgrade(store)
    with store.read() as tx:
        for ledger, count in (("acme", 2100), ("other", 3)):
            known = debtors.facts(tx, ledger, [f"d{n}" for n in range(1, count + 1)])
            assert len(known) == count
            assert {(one.language, one.postcode, one.group) for one in known.values()} == {("fr", "9000", "")}
    assert put(store, Debtor.model_validate_json(OLD_BODY), at=LATER) == 0, "nothing about him has changed"


def test_rows_of_an_older_release_are_of_no_product_group_and_not_changed(store: Store) -> None:
    first, second = make_item(id="t1", debtor_id="d1"), make_item(id="t1", debtor_id="d1", description="other")
    for item, at in ((first, AT), (second, LATER)):
        with store.write() as tx:
            item_changes.store_items(tx, "acme", item_changes.facts_of([item]), at)
    schema.downgrade(store, BEFORE)
    schema.upgrade(store)
    with store.write() as tx:
        assert item_changes.store_items(tx, "acme", item_changes.facts_of([second]), LATER).unchanged == 1
        assert (
            item_changes.store_items(
                tx, "acme", item_changes.facts_of([make_item(**{**vars(second), "product_group": "70"})]), LATER
            ).changed
            == 1
        )
    with store.read() as tx:
        [(_, versions)] = past.versions(tx, "acme")
    assert sorted((one.since, one.product_group) for one in versions) == [(AT, ""), (LATER, ""), (LATER, "70")]


def test_going_back_leaves_records_that_the_older_release_can_read(store: Store) -> None:
    put(store, make_debtor(id="d1", customer_group="KEY"), make_debtor(id="d2", name="Café Zoë"))
    schema.downgrade(store, BEFORE)
    with store.read() as tx:
        bodies = {row.id: row.body for row in tx.exec_driver_sql("SELECT id, body FROM debtor")}
    assert "customer_group" not in bodies["d1"] + bodies["d2"]
    schema.upgrade(store)
    assert put(store, make_debtor(id="d1"), make_debtor(id="d2", name="Café Zoë"), at=LATER) == 0
    assert put(store, make_debtor(id="d1", customer_group="KEY"), at=LATER) == 1


@pytest.mark.parametrize(
    ("groups", "whole"), [(["70", "70"], "70"), (["70", "71"], ""), (["70", ""], ""), (["", ""], "")]
)
def test_a_claim_is_of_a_product_group_when_all_its_rows_are(store: Store, groups: list[str], whole: str) -> None:
    rows = [make_item(id=f"t{n}", claim="A", debtor_id="d1", product_group=one) for n, one in enumerate(groups)]
    gone = make_item(id="t9", claim="A", debtor_id="d1", product_group="99")
    with store.write() as tx:
        item_changes.store_items(tx, "acme", item_changes.facts_of([*rows, gone]), AT)
        item_changes.mark_gone(tx, "acme", ["t9"], AT)
    with store.read() as tx:
        [(_, rows)] = claim_rows.rows_by_debtor(tx, "acme")
        [claim] = claim_rows.open_claims(rows, AT.date())
        assert claim.product_group == whole
        assert claim_rows.claims_named(tx, "acme", "d1", ["A"], AT.date())["A"].product_group == whole


def test_a_claim_whose_rows_are_all_gone_is_of_none(store: Store) -> None:
    with store.write() as tx:
        item_changes.store_items(
            tx, "acme", item_changes.facts_of([make_item(id="t1", claim="A", debtor_id="d1", product_group="70")]), AT
        )
        item_changes.mark_gone(tx, "acme", ["t1"], AT)
    with store.read() as tx:
        assert claim_rows.claims_named(tx, "acme", "d1", ["A"], AT.date())["A"].product_group == ""
