"""Who may collect out of court: registration of agencies in the Netherlands and Belgium."""

from datetime import date
from typing import Literal

from connector.law.answers import Undecided
from connector.law.debtor import Debtor
from connector.law.hand_over import Condition
from connector.law.law import Law

Registration = Literal["registered", "not registered", "exempt", "unknown"]
"""`exempt`: a bailiff or lawyer; in Belgium also an agent whom a court appointed."""

DUTCH = "arts. 2-4 Wet kwaliteit incassodienstverlening"
BELGIAN = "art. XIX.6 Code of Economic Law"
_DUTCH_SINCE = date(2024, 4, 1)
_CIVIL_EFFECT_SINCE = date(2026, 10, 1)


def dutch_registration(debtor: Debtor, registration: Registration, day: date) -> Condition:
    """Whether the receiver may collect from this debtor: arts. 2-4 Wki, since 1 April 2024.

    Natural persons who live in the Netherlands, also those in business, may only be collected from by a registered
    agency, a bailiff or a lawyer. Nobody else is protected so, and nobody was before.
    """
    bound = debtor.perhaps_natural_person and day >= _DUTCH_SINCE
    return _registration(registration if bound else "exempt", DUTCH)


def belgian_registration(debtor: Debtor, registration: Registration) -> Condition:
    """Whether the receiver may collect from this debtor: art. XIX.6 Code of Economic Law, for consumers."""
    return _registration(registration if debtor.consumer else "exempt", BELGIAN)


def costs_without_registration(law: Law, registration: Registration, day: date) -> bool | Undecided:
    """Whether collection costs can be asked although the agency was not registered: art. 18 Wki, since 1 October 2026.

    True before that day, and for who is registered or exempt. Else undecided: the article was not read, the setting
    `nl_wki_article_18` decides.
    """
    if registration in ("registered", "exempt") or day < _CIVIL_EFFECT_SINCE:
        return True
    chosen = law.settings.nl_wki_article_18
    if chosen is not None:
        return chosen == "costs stay"
    return Undecided(
        question="Can costs be asked for what an agency did without registration?",
        reason="Art. 18 Wki gives it effects in civil law since 1 October 2026, and could not be read.",
        decided_by="the setting nl_wki_article_18",
        readings={"costs stay": "asked", "costs lapse": "not asked"},
    )


def _registration(registration: Registration, article: str) -> Condition:
    met = registration in ("registered", "exempt")
    return Condition(
        name="agency_registered",
        asked="May the receiver collect from this debtor?",
        verdict="yes" if met else "unknown" if registration == "unknown" else "no",
        seen=registration,
        article=article,
        mend="" if met else "Look the agency up in the public register, and keep its mark and the day.",
    )
