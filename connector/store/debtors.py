"""Debtors with their addresses and contact persons, and what a person confirmed of them."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import case, delete, select, update

from connector.model import Address, ContactPerson, Debtor, DebtorAddress, DebtorContact, DebtorKind
from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.known import keep
from connector.store.places import addresses_apart, place_of
from connector.store.tables import debtor, debtor_kind, debtor_part

_LANGUAGE = re.compile(r"([a-z]{2})([-_].*)?", re.ASCII | re.IGNORECASE)


class DebtorFacts(NamedTuple):
    """What the rule layer needs of a debtor. What is not known is empty.

    - `code`: the number people know it by.
    - `country`, `postcode`: of his own address, else of the visiting or postal address that came apart.
    - `language`: ISO 639-1, two small letters; `group`: the customer group, as the source names it.
    """

    id: str
    name: str
    kind: DebtorKind
    country: str
    blocked: bool
    code: str = ""
    language: str = ""
    postcode: str = ""
    group: str = ""


def store_debtors(tx: Tx, ledger: str, debtors: Sequence[Debtor], at: datetime) -> int:
    """Store the debtors that changed; returns how many."""
    if not debtors:
        return 0
    latest = {one.id: one for one in debtors}
    known = {
        row.id: row.hash
        for row in tx.execute(
            select(debtor.c.id, debtor.c.hash).where(
                debtor.c.ledger == ledger, among(tx, debtor.c.id, list(latest)), debtor.c.gone.is_(False)
            )
        )
    }
    rows = []
    for one in latest.values():
        # Left out where it is empty: the text is then what it was before there were groups, and nothing has changed.
        body = one.model_dump_json(exclude=None if one.customer_group else {"customer_group"})
        digest = blake2b(body.encode(), digest_size=16).digest()
        if known.get(one.id) != digest:
            place = place_of(one.addresses)
            facts = (one.kind, place.country, _language(one.language), place.postcode, one.customer_group)
            blocked = one.blocked or one.inactive
            rows.append((ledger, one.id, one.code, one.name, *facts, blocked, body, False, digest, at))
    bulk_upsert(tx, debtor, rows)
    return len(rows)


def store_parts(tx: Tx, ledger: str, addresses: Sequence[DebtorAddress], contacts: Sequence[DebtorContact]) -> None:
    """Store addresses and contact persons that came apart from their debtor."""
    rows = {(ledger, "address", one.id): (one.debtor_id, one.address.model_dump_json()) for one in addresses}
    rows |= {(ledger, "contact", one.id): (one.debtor_id, one.contact.model_dump_json()) for one in contacts}
    bulk_upsert(tx, debtor_part, [(*key, *rest) for key, rest in rows.items()])


def mark_debtors_gone(tx: Tx, ledger: str, ids: Sequence[str], at: datetime) -> None:
    """Mark debtors that the source deleted."""
    if ids:
        where = (debtor.c.ledger == ledger, among(tx, debtor.c.id, ids))
        tx.execute(update(debtor).where(*where).values(gone=True, since=at))


def remove_parts(tx: Tx, ledger: str, ids: Sequence[str]) -> None:
    """Remove addresses and contact persons that the source deleted."""
    if ids:
        tx.execute(delete(debtor_part).where(debtor_part.c.ledger == ledger, among(tx, debtor_part.c.id, ids)))


def confirm_kind(tx: Tx, ledger: str, debtor_id: str, kind: DebtorKind, *, origin: str, at: datetime) -> None:
    """A person states what kind of debtor this is; it overrides the source."""
    mine = (debtor_kind.c.ledger == ledger, debtor_kind.c.debtor_id == debtor_id)
    before = tx.execute(select(debtor_kind.c.kind, debtor_kind.c.at).where(*mine)).one_or_none()
    if before is not None:
        keep(tx, ledger, "debtor_kind", debtor_id, "", before.kind, recorded=before.at, at=at)
    bulk_upsert(tx, debtor_kind, [(ledger, debtor_id, kind, origin, at)])


def facts(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, DebtorFacts]:
    """What the rule layer needs, by debtor id. A debtor that the source never sent is missing."""
    query = (
        select(
            debtor.c.id,
            debtor.c.name,
            debtor.c.kind,
            debtor_kind.c.kind,
            debtor.c.country,
            debtor.c.blocked,
            debtor.c.code,
            debtor.c.language,
            debtor.c.postcode,
            debtor.c.customer_group,
        )
        .outerjoin(debtor_kind, (debtor_kind.c.ledger == debtor.c.ledger) & (debtor_kind.c.debtor_id == debtor.c.id))
        .where(debtor.c.ledger == ledger, among(tx, debtor.c.id, ids))
    )
    found = {
        id_: DebtorFacts(id_, name, confirmed or kind, *rest) for id_, name, kind, confirmed, *rest in tx.execute(query)
    }
    homeless = [one.id for one in found.values() if not (one.country and one.postcode)]
    for id_, addresses in addresses_apart(tx, ledger, homeless).items():
        own = found[id_]
        place = place_of(addresses, own.country)
        found[id_] = own._replace(country=place.country, postcode=own.postcode or place.postcode)
    return found


def debtor_of(tx: Tx, ledger: str, debtor_id: str) -> Debtor | None:
    """The whole debtor, with the addresses and contact persons that came apart."""
    row = tx.execute(select(debtor.c.body).where(debtor.c.ledger == ledger, debtor.c.id == debtor_id)).one_or_none()
    if row is None:
        return None
    found = Debtor.model_validate_json(row.body)
    parts = tx.execute(
        select(debtor_part.c.part, debtor_part.c.body)
        .where(debtor_part.c.ledger == ledger, debtor_part.c.debtor_id == debtor_id)
        .order_by(debtor_part.c.part, debtor_part.c.id)
    ).all()
    addresses = [Address.model_validate_json(body) for part, body in parts if part == "address"]
    contacts = [ContactPerson.model_validate_json(body) for part, body in parts if part == "contact"]
    return found.model_copy(
        update={
            "addresses": (*found.addresses, *addresses),
            "contacts": (*found.contacts, *contacts),
            "kind": facts(tx, ledger, [debtor_id])[debtor_id].kind,
        }
    )


def find(tx: Tx, ledger: str, text: str) -> list[DebtorFacts]:
    """Debtors whose id or code is `text`, and after them those whose name contains it, at most 20."""
    same = (debtor.c.id == text) | (debtor.c.code == text)
    ids = tx.scalars(
        select(debtor.c.id)
        .where(debtor.c.ledger == ledger)
        .where(same | debtor.c.name.icontains(text, autoescape=True))
        .order_by(case((same, 0), else_=1), debtor.c.name)
        .limit(20)
    ).all()
    known = facts(tx, ledger, ids)
    return [known[key] for key in ids]


def keys_of(tx: Tx, ledger: str, texts: Sequence[str]) -> dict[str, list[str]]:
    """By what people typed: the keys of the debtors who have it as key, else as code. What fits nobody is missing."""
    columns = (debtor.c.id, debtor.c.code)
    by_key = select(*columns).where(debtor.c.ledger == ledger, among(tx, debtor.c.id, texts))
    by_code = select(*columns).where(debtor.c.ledger == ledger, among(tx, debtor.c.code, texts))
    found = {id_: [id_] for id_, _ in tx.execute(by_key)}
    coded: dict[str, list[str]] = {}
    for id_, code in tx.execute(by_code.order_by(debtor.c.id)):
        coded.setdefault(code, []).append(id_)
    return coded | found


def _language(text: str) -> str:
    """Two small letters, also of "nl-BE"; empty for what is no such code."""
    code = _LANGUAGE.fullmatch(text.strip())
    return code[1].lower() if code else ""
