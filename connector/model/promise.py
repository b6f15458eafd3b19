"""What a debtor promised to pay, and what was agreed with him: promises to pay and payment plans."""

from datetime import date
from typing import Annotated

from pydantic import Field

from connector.model.money import Currency
from connector.model.record import Record

Owed = Annotated[int, Field(ge=1)]


class PromiseFact(Record):
    """A debtor promised to pay `amount_minor` by the day `pay_by`.

    - `claims`: the claims it is about, by key, each with what was open of it when it was made, in minor units of
      `currency`; empty: nobody knows, and it is taken to be about everything. What was paid since is what was open then
      less what is open now.
    - `ended_on`: a person withdrew it; it counts no more from that day on. `ended_by` says who.
    """

    made_on: date
    pay_by: date
    amount_minor: Owed
    currency: Currency
    claims: dict[str, int] = Field(default_factory=dict)
    reason: str = ""
    origin: str = ""
    ended_on: date | None = None
    ended_by: str = ""


class Instalment(Record):
    """A part of a payment plan: so much, by that day. In minor units of the plan's currency."""

    due_on: date
    amount_minor: Owed


class PaymentPlanFact(Record):
    """A payment plan that was agreed with a debtor. `claims`, `ended_on` and `ended_by` as those of a promise."""

    agreed_on: date
    instalments: Annotated[tuple[Instalment, ...], Field(min_length=1)]
    currency: Currency
    claims: dict[str, int] = Field(default_factory=dict)
    reason: str = ""
    origin: str = ""
    ended_on: date | None = None
    ended_by: str = ""
