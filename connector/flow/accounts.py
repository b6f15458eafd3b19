"""From stored rows to what the rule layer sees: one account per debtor, netted, on a day."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby, islice

from connector.config import Ledger
from connector.model import Account, DebtorKind, HoldFact, Receiver
from connector.model.record import build
from connector.store import Tx, cases, circumstances, debtors, items, journal, letters, people, promises
from connector.store.debtors import DebtorFacts
from connector.store.items import ClaimRow
from connector.store.journal import LedgerState
from connector.store.netting import claim_of, credit_of, is_credit

_DEBTORS_AT_ONCE = 500


def accounts(
    tx: Tx, ledger: Ledger, day: date, *, debtor_id: str = "", due_by: date | None = None
) -> Iterator[Account]:
    """The accounts with anything open, in the order of debtor keys, or the one of `debtor_id`.

    `due_by`: only those with a claim that is due on that day or of which nobody knows when. Streams: memory is bounded
    by the largest debtors, not by the ledger.
    """
    state = journal.read_ledger_state(tx, ledger.name)
    holds = [*people.holds(tx, ledger.name), *_brake(ledger, state, day)]
    grouped = groupby(
        items.claims(tx, ledger.name, day, debtor_id=debtor_id, due_by=due_by), key=lambda row: row.debtor_id
    )
    by_debtor = ((key, list(rows)) for key, rows in grouped)
    while chunk := list(islice(by_debtor, _DEBTORS_AT_ONCE)):
        yield from _build(tx, ledger, day, chunk=chunk, holds=holds, calibrated=state.calibrated)


def account(tx: Tx, ledger: Ledger, debtor_id: str, day: date) -> Account:
    """The account of one debtor; when nothing is open, without claims and with what befell the debtor alone."""
    found = list(accounts(tx, ledger, day, debtor_id=debtor_id))
    if found:
        return found[0]
    befell = circumstances.circumstances(tx, ledger.name, [debtor_id]).get(debtor_id, ())
    looked_up = circumstances.lookups(tx, ledger.name, [debtor_id]).get(debtor_id, ())
    return Account(
        ledger=ledger.name,
        debtor_id=debtor_id,
        debtor_kind="unknown",
        day=day,
        circumstances=tuple(befell),
        lookups=tuple(looked_up),
    )


def kind_of(ledger: Ledger, stated: DebtorKind) -> DebtorKind:
    """What kind of debtor this is: what was stated, else what the ledger's file says of all its debtors."""
    return ledger.debtors_are if stated == "unknown" else stated


def language_of(ledger: Ledger, facts: DebtorFacts | None) -> str:
    """The debtor's language, two small letters: what the source states, else the ledger's."""
    return (facts.language if facts else "") or ledger.language


def _build(
    tx: Tx,
    ledger: Ledger,
    day: date,
    *,
    chunk: list[tuple[str, list[ClaimRow]]],
    holds: list[HoldFact],
    calibrated: bool,
) -> Iterator[Account]:
    ids = [debtor_id for debtor_id, _ in chunk]
    name = ledger.name
    known = debtors.facts(tx, name, ids)
    steps = people.steps(tx, name, ids)
    disputes = people.disputes(tx, name, ids)
    sent = letters.letters(tx, name, ids)
    promised = promises.promises(tx, name, ids)
    agreed = promises.plans(tx, name, ids)
    befell = circumstances.circumstances(tx, name, ids)
    looked_up = circumstances.lookups(tx, name, ids)
    claim_ids = [row.claim for _, rows in chunk for row in rows]
    live = {line.claim: line.case_ref for line in cases.live_lines(tx, name, claims=claim_ids)}
    general = tuple(one for one in holds if one.scope == "ledger")
    by_key: dict[str, list[HoldFact]] = {}
    for one in holds:
        if one.scope != "ledger":
            by_key.setdefault(one.key, []).append(one)
    legal, receivers = ledger.legal_at(ledger.sink_at("")), receivers_of(ledger)
    for debtor_id, rows in chunk:
        facts = known.get(debtor_id)
        own = [one for key in (debtor_id, *(row.claim for row in rows)) for one in by_key.get(key, ())]
        yield build(
            Account,
            {
                "ledger": name,
                "debtor_id": debtor_id,
                "debtor_kind": kind_of(ledger, facts.kind if facts else "unknown"),
                "debtor_country": facts.country if facts else "",
                "debtor_blocked": bool(facts and facts.blocked),
                "debtor_language": language_of(ledger, facts),
                "debtor_postcode": facts.postcode if facts else "",
                "debtor_group": facts.group if facts else "",
                "day": day,
                "claims": tuple(claim_of(row, live.get(row.claim, "")) for row in rows if not is_credit(row)),
                "credit_minor": credit_of(rows),
                "steps": tuple(steps.get(debtor_id, ())),
                "holds": (*general, *own),
                "disputes": tuple(disputes.get(debtor_id, ())),
                "calibrated": calibrated,
                "letters": tuple(sent.get(debtor_id, ())),
                "legal": legal,
                "receivers": receivers,
                "promises": tuple(promised[debtor_id].values()) if debtor_id in promised else (),
                "payment_plans": tuple(agreed[debtor_id].values()) if debtor_id in agreed else (),
                "circumstances": tuple(befell.get(debtor_id, ())),
                "lookups": tuple(looked_up.get(debtor_id, ())),
            },
        )


def receivers_of(ledger: Ledger) -> dict[str, Receiver]:
    """What each of several agencies is by law; the decision says to which the debtor would go."""
    if len(ledger.sinks) < 2:
        return {}
    return {link.connection: ledger.legal_at(link).receiver for link in ledger.sinks}


def _brake(ledger: Ledger, state: LedgerState, day: date) -> list[HoldFact]:
    """A brake holds the whole ledger, like a hold a person set."""
    if not state.brake_reason:
        return []
    since = state.brake_since.date() if state.brake_since else day
    return [HoldFact(scope="ledger", key=ledger.name, since=since, reason=state.brake_reason, origin="brake")]
