"""The notice of a Belgian agency to a consumer, and what makes the collecting stand still."""

from datetime import date, timedelta
from typing import Literal

from connector.law.answers import Undecided
from connector.law.belgium.first_reminder import WaitingPeriod, after_working_days
from connector.law.law import Law
from connector.model.record import Record

ARTICLE = "art. XIX.9 Code of Economic Law"
Cause = Literal["instalment request", "reasoned dispute", "debt mediation", "petition for collective settlement"]
_STOPS_INTEREST: tuple[Cause, ...] = ("instalment request", "reasoned dispute")


class Suspension(Record):
    """How long collecting stands still: the first day on which it may go on, and the first without agreed interest."""

    goes_on: date
    interest_stops: date | None


def agency_notice(law: Law, sent_on: date) -> WaitingPeriod | Undecided:
    """The fourteen calendar days after an agency's notice in which it may do nothing else: art. XIX.9 §1.

    They begin on the third working day after the day of sending, however it was sent. Undecided where it matters
    whether Saturday is a working day: the setting `be_saturday` decides.
    """
    return after_working_days(law, sent_on, law.tables.count("be.agency_notice_days").at(sent_on).value)


def suspension(law: Law, cause: Cause, begun_on: date, decided_on: date | None = None) -> Suspension:
    """What stands still after a consumer's request, dispute or debt mediation: art. XIX.9 §§2-5.

    Until it is decided, 45 calendar days at most in all. A request for instalments or a reasoned dispute that is not
    decided within 30 calendar days stops the agreed interest.
    """
    most = begun_on + timedelta(days=law.tables.count("be.suspension_days").at(begun_on).value)
    goes_on = most if decided_on is None else min(decided_on, most)
    undecided = begun_on + timedelta(days=law.tables.count("be.undecided_days").at(begun_on).value)
    in_time = decided_on is not None and decided_on <= undecided
    stops = undecided if cause in _STOPS_INTEREST and not in_time else None
    return Suspension(goes_on=goes_on, interest_stops=stops)
