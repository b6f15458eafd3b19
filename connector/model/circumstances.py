"""What befell a debtor that stops collecting, or may: insolvency, death, vulnerability; and look-ups in registers."""

from datetime import date
from typing import Literal

from connector.model.record import Record

CircumstanceKind = Literal["insolvency", "deceased", "vulnerable"]
Register = Literal["cir", "wsnp", "ccbr", "regsol", "cbb", "all"]


class Circumstance(Record):
    """Something that befell a debtor, as a person recorded it. It is ended, never removed.

    - `since`, `until`: first and last day; no last day: it goes on.
    - `regime`, `country`: of an insolvency: which of `connector.law.insolvency`, under which law ("NL" or "BE").
    - `reference`, `administrator`: the number of the case, and whom to address: trustee, mediator, heirs.
    - `reason`: why a debtor is vulnerable. Of a person's health or family: it is kept apart and encrypted, shown
      with the debtor alone, and empty in what is decided on; it stands in no decision, log or audit line.
    """

    kind: CircumstanceKind
    regime: str = ""
    country: str = ""
    since: date
    until: date | None = None
    reference: str = ""
    administrator: str = ""
    reason: str = ""
    origin: str = ""


class RegisterFact(Record):
    """A debtor was looked up in a public register on a day, and found there or not.

    `cir`: Dutch insolvencies (bankruptcy, suspension of payments, WSNP); `wsnp`: the rescheduling of persons alone;
    `ccbr`: Dutch administrations and guardianships; `regsol`: Belgian insolvencies of businesses; `cbb`: Belgian
    notices of attachment, delegation and collective settlement; `all`: every one that his country's law asks for.
    """

    register_name: Register
    looked_up: date
    found: bool
    origin: str = ""
