"""From stored rows to what the rule layer sees: one account per debtor, netted, on a day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from itertools import islice
from marshal import dumps
from typing import NamedTuple

from connector.config import Ledger
from connector.model import Account, Claim, DebtorKind, HoldFact, LegalFacts, Receiver
from connector.model.record import build
from connector.policy.glance import Glance
from connector.store import Tx, circumstances, claim_rows, debtors, journal, people
from connector.store.beside import NOTHING, Beside, beside, kinds_kept
from connector.store.claim_rows import ItemRow
from connector.store.debtors import DebtorFacts
from connector.store.journal import LedgerState
from connector.store.netting import claim_of, credit_of, is_credit

_DEBTORS_AT_ONCE = 500


@dataclass(frozen=True)
class Frame:
    """What is the same for all accounts of a ledger on a day.

    `holds`: on the whole ledger; `holds_on`: by the key of the debtor or claim. `receivers`: see `Account`.
    """

    ledger: Ledger
    day: date
    calibrated: bool
    holds: tuple[HoldFact, ...]
    holds_on: Mapping[str, list[HoldFact]]
    legal: LegalFacts
    receivers: dict[str, Receiver]

    def digest(self) -> str:
        """All of it that a decision may rest on, but for the day."""
        said = (self.ledger.name, self.ledger.debtors_are, self.ledger.language, self.calibrated, self.receivers)
        return repr((*said, self.legal.model_dump(), [one.model_dump() for one in self.holds]))


class Stored(NamedTuple):
    """All that is stored of one debtor: what an account is made of, when somebody wants to look at it."""

    frame: Frame
    debtor_id: str
    rows: list[ItemRow]
    facts: DebtorFacts | None
    kept: Beside

    def digest(self) -> str:
        """16 hexadecimal digits over everything that was read of this debtor, texts for people too.

        Not in it is what the frame holds. Equal ones mean equal accounts on one day. Different ones mean little:
        another Python may write another one of the same rows.
        """
        holds, kept = self._holds([row[1] for row in self.rows]), self.kept
        told = steps = None
        if kept is not NOTHING:
            # What most of them have, in the cheaper way.
            steps = [(one.step, one.taken_on.toordinal(), one.channel, one.origin) for one in kept.steps]
        if holds or any(kept[1:]):
            told = repr([one.__dict__ for facts in (holds, *kept[1:]) for one in facts])
        # In its second form equal values give equal bytes, whether they are one object or not. This takes a fifth of
        # the time that a text would.
        read = dumps((self.rows, self.facts and tuple(self.facts), steps, told), 2)
        return blake2b(read, digest_size=8).hexdigest()

    def account(self) -> Account | None:
        """The account; None where nothing is open."""
        rows = claim_rows.open_claims(self.rows, self.frame.day)
        if not rows:
            return None
        claims = tuple([claim_of(row) for row in rows if not is_credit(row)])
        return self._account(claims, credit_of(rows), [row.claim for row in rows])

    def glance(self, currency: str, due_after: date) -> tuple[Account, Glance] | None:
        """The account without its claims, and what is seen of these at a glance.

        Other than `account` it makes no record of each claim, which is most of what that does. None where one is not
        plain, or fell due on `due_after` or before.
        """
        plain = claim_rows.plain_claims(self.rows, self.frame.day, currency, due_after)
        if plain is None:
            return None
        facts, open_minor, overdue_minor, oldest = plain
        [claim] = claim_rows.open_claims([oldest], self.frame.day)
        seen = Glance(facts, claim_of(claim), open_minor, overdue_minor)
        return self._account((), {}, [row[1] for row in self.rows]), seen

    def _account(self, claims: tuple[Claim, ...], credit_minor: dict[str, int], keys: list[str]) -> Account:
        frame, facts, kept = self.frame, self.facts, self.kept
        return build(
            Account,
            {
                "ledger": frame.ledger.name,
                "debtor_id": self.debtor_id,
                "debtor_kind": kind_of(frame.ledger, facts.kind if facts else "unknown"),
                "debtor_country": facts.country if facts else "",
                "debtor_blocked": bool(facts and facts.blocked),
                "debtor_language": language_of(frame.ledger, facts),
                "debtor_postcode": facts.postcode if facts else "",
                "debtor_group": facts.group if facts else "",
                "day": frame.day,
                "claims": claims,
                "credit_minor": credit_minor,
                "steps": kept.steps,
                "holds": (*frame.holds, *self._holds(keys)),
                "disputes": kept.disputes,
                "calibrated": frame.calibrated,
                "letters": kept.letters,
                "legal": frame.legal,
                "receivers": frame.receivers,
                "promises": kept.promises,
                "payment_plans": kept.payment_plans,
                "circumstances": kept.circumstances,
                "lookups": kept.lookups,
            },
        )

    def _holds(self, claims: list[str]) -> list[HoldFact]:
        """The holds on the debtor, and on these claims."""
        holds_on, keys = self.frame.holds_on, [self.debtor_id, *claims]
        return [] if holds_on.keys().isdisjoint(keys) else [one for key in keys for one in holds_on.get(key, ())]


def frame_of(tx: Tx, ledger: Ledger, day: date) -> Frame:
    """What all accounts of a ledger share on a day."""
    state = journal.read_ledger_state(tx, ledger.name)
    holds = [*people.holds(tx, ledger.name), *_brake(ledger, state, day)]
    on: dict[str, list[HoldFact]] = {}
    for one in holds:
        if one.scope != "ledger":
            on.setdefault(one.key, []).append(one)
    return Frame(
        ledger=ledger,
        day=day,
        calibrated=state.calibrated,
        holds=tuple(one for one in holds if one.scope == "ledger"),
        holds_on=on,
        legal=ledger.legal_at(ledger.sink_at("")),
        receivers=receivers_of(ledger),
    )


def stored(tx: Tx, frame: Frame, *, debtor_id: str = "", due_by: date | None = None) -> Iterator[Stored]:
    """What is stored of the debtors with anything open, in the order of their keys, or of the one of `debtor_id`.

    `due_by`: only those with a claim that is due on that day or of which nobody knows when. Streams: memory is bounded
    by the largest debtors, not by the ledger.
    """
    name = frame.ledger.name
    kinds = kinds_kept(tx, name)
    by_debtor = claim_rows.rows_by_debtor(tx, name, debtor_id=debtor_id, due_by=due_by)
    while chunk := list(islice(by_debtor, _DEBTORS_AT_ONCE)):
        ids = [key for key, _ in chunk]
        facts = debtors.facts(tx, name, ids)
        kept = beside(tx, name, ids, kinds)
        for key, rows in chunk:
            yield Stored(frame, key, rows, facts.get(key), kept.get(key, NOTHING))


def accounts(
    tx: Tx, ledger: Ledger, day: date, *, debtor_id: str = "", due_by: date | None = None
) -> Iterator[Account]:
    """The accounts of `stored`: of all debtors with anything open, or of some."""
    for one in stored(tx, frame_of(tx, ledger, day), debtor_id=debtor_id, due_by=due_by):
        if present := one.account():
            yield present


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
