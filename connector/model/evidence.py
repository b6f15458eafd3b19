"""What the law asks to know before a hand-over: letters that were sent, and what holds for a whole ledger."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from connector.model.record import Record

Verdict = Literal["yes", "no", "unknown"]
LetterKind = Literal["fourteen_days", "first_reminder", "notice", "interruption"]
Receiver = Literal["registered", "not registered", "exempt", "unknown"]
LetterChannel = Literal["post", "registered", "email", "portal", "other"]


class LetterFact(Record):
    """A letter that was sent to a debtor, as evidence.

    - `kind`: `fourteen_days` (art. 6:96 lid 6 BW), `first_reminder` (art. XIX.2 Code of Economic Law), `notice` of
      default (art. 6:82 BW), `interruption` of the limitation (art. 3:317 BW; in Belgium a registered letter of a
      lawyer or bailiff, art. 2244 §2 old Civil Code).
    - `delivered_on`: the proven day of arrival; None: not proven. `disputed`: the debtor denies that it arrived.
    - `days`: the period that the letter gives; None: not noted.
    - `valid`: whether it says all that the law asks of its kind, as read by a person or checked.
    - `document`: where the letter, or the proof that it was sent, is kept; empty: nowhere.
    - `claims`: the keys of the claims it is about; empty: every claim that was in default on the day of sending.
    """

    kind: LetterKind
    channel: LetterChannel
    sent_on: date
    delivered_on: date | None = None
    disputed: bool = False
    days: Annotated[int, Field(ge=1, le=365)] | None = None
    valid: Verdict = "unknown"
    document: str = ""
    claims: tuple[str, ...] = ()
    origin: str = ""


class LegalFacts(Record):
    """`[law]` of a ledger: what holds for all its claims and debtors. Left out: not known, and a person decides."""

    contractual: Verdict = Field(
        default="unknown", description="whether every claim comes from a contract (art. 1 Besluit BIK)"
    )
    due_date_agreed: Verdict = Field(
        default="unknown",
        description="whether the due date is a last day that was agreed with the debtor, so that the default follows "
        "from it alone (art. 6:83 BW); else a notice of default is needed",
    )
    in_business: Verdict = Field(
        default="unknown",
        description="whether every debt was made in the debtor's business; decides for sole traders and for debtors of "
        "an unknown kind, never for one who is stated to be a consumer",
    )
    consumer_sale: Verdict = Field(
        default="unknown",
        description="whether claims on consumers come from a sale, energy and heat included: barred after two years "
        "(art. 7:28 BW); unknown is read as yes",
    )
    principal_only: Verdict = Field(
        default="unknown",
        description="whether the open items hold the price alone, and no interest, indemnity or costs (art. XIX.4)",
    )
    registers_read: Verdict = Field(
        default="unknown",
        description="whether somebody looks every debtor up in the insolvency registers before a plan is approved, and "
        "puts those found there on hold",
    )
    receiver: Receiver = Field(
        default="unknown",
        description="whether the agency of this ledger is in the register of the Wki, or of art. XIX.6; `exempt` is a "
        "bailiff or a lawyer",
    )
    stated_on: date | None = Field(
        default=None, description="the day on which this was stated, shown with every reason that rests on it"
    )
    stated_by: str = Field(
        default="", max_length=80, description="who stated it, shown with every reason that rests on it"
    )
