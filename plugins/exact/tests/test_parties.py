"""Relations, people and addresses as debtors and their parts."""

from datetime import date, timedelta
from typing import Any, cast

import pytest

from connector_exact.parties import address, contact, debtor, has_left, is_customer, suggest_kind
from connector_exact.rows import AccountRow, AddressRow, ContactRow

TODAY = date(2026, 11, 22)
KEY, OTHER = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"


def account(**values: Any) -> AccountRow:
    return cast("AccountRow", {"ID": KEY, "Timestamp": 1} | values)


def person(**values: Any) -> ContactRow:
    return cast("ContactRow", {"ID": KEY, "Timestamp": 1, "Account": OTHER} | values)


def place(**values: Any) -> AddressRow:
    return cast("AddressRow", {"ID": KEY, "Timestamp": 1, "Account": OTHER} | values)


def test_a_relation_becomes_a_debtor_with_its_own_address() -> None:
    found = debtor(
        account(
            Code="                25",
            Name=" Café Zoë ",
            AddressLine1="Kaai 1",
            AddressLine2="",
            Postcode="9000",
            City="Gent",
            Country="be",
            Phone="+3291234567",
            Email="zoe@example.com",
            Language="NL",
            VATNumber="BE0123456749",
            ChamberOfCommerce=None,
            Parent=OTHER,
            Blocked=True,
        ),
        today=TODAY,
    )
    assert (found.id, found.code, found.name, found.parent_id) == (KEY, "25", "Café Zoë", OTHER)
    assert (found.email, found.phone, found.language, found.vat_number) == (
        "zoe@example.com",
        "+3291234567",
        "NL",
        "BE0123456749",
    )
    (own,) = found.addresses
    assert (own.kind, own.lines, own.postcode, own.city, own.country) == ("visit", ("Kaai 1",), "9000", "Gent", "BE")
    assert (found.blocked, found.inactive, found.kind) == (True, False, "unknown")


def test_a_relation_without_anything_still_has_a_name() -> None:
    found = debtor(account(), today=TODAY)
    assert (found.name, found.addresses, found.suggested_kind) == (KEY, (), "unknown")
    assert debtor(account(Code=" 7"), today=TODAY).name == "7"


@pytest.mark.parametrize(("days", "inactive"), [(-1, True), (0, False), (1, False)])
def test_a_relation_is_inactive_after_its_last_day(days: int, inactive: bool) -> None:
    assert debtor(account(EndDate=TODAY + timedelta(days=days)), today=TODAY).inactive is inactive


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"Name": "J. de Vries"}, "consumer"),
        ({"Name": "J. de Vries", "ChamberOfCommerce": "68750110"}, "business"),
        ({"Name": "J. de Vries", "VATNumber": "NL123456782B90"}, "business"),
        ({"Name": "Bakkerij De Korst B.V."}, "business"),
        ({"Name": "Bakkerij De Korst bv"}, "business"),
        ({"Name": "Transport BVBA Janssens"}, "business"),
        ({"Name": "Stichting Wijkhulp"}, "business"),
        ({"Name": "Bvlgari Fan"}, "consumer"),
        ({"Name": "Loodgieter Piet, eenmanszaak", "ChamberOfCommerce": "68750110"}, "sole_trader"),
        ({"Name": "Gemeente Utrecht"}, "public_body"),
        ({"Name": "Dienst", "OINNumber": "00000001003214345000"}, "public_body"),
        ({"Name": None}, "unknown"),
    ],
)
def test_the_kind_is_suggested_from_numbers_and_name(values: dict[str, Any], kind: str) -> None:
    assert suggest_kind(account(**values)) == kind


@pytest.mark.parametrize(("status", "customer"), [("C", True), (" C", True), ("S", False), (None, False)])
def test_customers_are_told_from_others(status: str | None, customer: bool) -> None:
    assert is_customer(account(Status=status)) is customer


def test_a_person_at_a_relation_prefers_business_addresses() -> None:
    found = contact(
        person(
            FirstName="Renée",
            MiddleName="de",
            LastName="Wit",
            Email="private@example.com",
            BusinessEmail="renee@example.com",
            Phone="1",
            BusinessPhone="2",
            IsMainContact=True,
        )
    )
    assert found is not None
    assert (found.id, found.debtor_id) == (KEY, OTHER)
    assert (found.contact.name, found.contact.email, found.contact.phone, found.contact.main) == (
        "Renée de Wit",
        "renee@example.com",
        "2",
        True,
    )


def test_what_belongs_to_no_relation_is_left_out() -> None:
    assert contact(person(Account=None)) is None
    assert address(place(Account=None)) is None


def test_a_person_without_a_name_is_kept_for_the_address() -> None:
    found = contact(person(Email="info@example.com"))
    assert found is not None
    assert (found.contact.name, found.contact.email) == ("?", "info@example.com")


@pytest.mark.parametrize(("days", "left"), [(-1, True), (0, False), (None, False)])
def test_a_person_leaves_after_the_last_day(days: int | None, left: bool) -> None:
    ended = None if days is None else TODAY + timedelta(days=days)
    assert has_left(person(EndDate=ended), today=TODAY) is left


@pytest.mark.parametrize(
    ("code", "kind"), [(1, "visit"), (2, "postal"), (3, "invoice"), (4, "delivery"), (9, "other"), (None, "other")]
)
def test_addresses_have_kinds(code: int | None, kind: str) -> None:
    found = address(place(Type=code, AddressLine1="A 1", AddressLine3="C", City="Gent"))
    assert found is not None
    assert (found.address.kind, found.address.lines) == (kind, ("A 1", "C"))
