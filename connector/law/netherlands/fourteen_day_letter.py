"""The Dutch fourteen-day letter: when it counts as delivered, and from when on it makes costs due."""

from datetime import date, timedelta
from typing import Literal

from connector.law.answers import Answer, Undecided
from connector.law.calendars import MONDAY, SUNDAY, is_holiday, next_working_day
from connector.law.law import Law
from connector.law.table import DAY, HolidayTable
from connector.model.record import Record

ARTICLE = "art. 6:96 lid 6 BW; HR 25 November 2016, ECLI:NL:HR:2016:2704; art. 1 Algemene termijnenwet"


class LetterSent(Record):
    """How a fourteen-day letter left, and what is known of its arrival.

    - `received_on`: proven, by a signature, an answer or a confirmation of reading; None: not proven.
    - `disputed`: whether the debtor disputes that it arrived, or when; unknown is read as not disputed so far.
    """

    sent_on: date
    channel: Literal["post", "email"] = "post"
    received_on: date | None = None
    disputed: Answer = "unknown"


class LetterPeriod(Record):
    """The fourteen days of a letter.

    - `delivered_on`: proven, or the day on which it counts as delivered.
    - `day_one`, `last_day`: of the fourteen days.
    - `extended_to`: the last day, moved on from a Saturday, Sunday or holiday.
    - `costs_from`: the first day on which costs are due, if something is still unpaid then.
    """

    delivered_on: date
    day_one: date
    last_day: date
    extended_to: date
    costs_from: date


def fourteen_days(law: Law, letter: LetterSent) -> LetterPeriod | Undecided:
    """When the fourteen days of a letter run: art. 6:96 lid 6 BW as the Supreme Court reads it.

    They begin on the day after the letter was received. A letter by post whose arrival is not disputed counts as
    delivered on the second day after sending; Sundays, Mondays and holidays do not count, neither in between nor as the
    day of delivery. A last day on a Saturday, Sunday or holiday moves on (art. 1 Algemene termijnenwet, taken as the
    safe reading).

    Undecided when arrival is disputed and not proven, and for e-mail without proof: the setting `nl_letter_by_email`
    may decide the latter. Raises CoverageError where the days or the holidays are not covered.
    """
    if letter.received_on is not None:
        return _period(law, letter.received_on)
    if letter.disputed == "yes":
        return Undecided(
            question="When did the fourteen days begin?",
            reason="The debtor disputes that the letter arrived, and its arrival has to be proven by the creditor.",
            decided_by="proof of receipt (received_on), or a new letter",
        )
    presumed = _period(law, deemed_delivery(law, letter.sent_on))
    if letter.channel == "email" and law.settings.nl_letter_by_email is None:
        return Undecided(
            question="When did an e-mail with the fourteen-day letter arrive?",
            reason="For e-mail no presumption of delivery was found.",
            decided_by="proof of receipt (received_on), or the setting nl_letter_by_email",
            readings={"postal calendar": f"costs from {presumed.costs_from}"},
        )
    return presumed


def deemed_delivery(law: Law, sent_on: date) -> date:
    """The day on which an undisputed letter by post counts as delivered: HR 25 November 2016."""
    calendar = law.tables.holidays("nl.holidays")
    left = law.tables.count("nl.delivery_days").at(sent_on).value
    day = sent_on
    while left:
        day += DAY
        left -= _is_delivery_day(calendar, day)
    return day


def _is_delivery_day(calendar: HolidayTable, day: date) -> bool:
    return day.weekday() not in (SUNDAY, MONDAY) and not is_holiday(calendar, day)


def _period(law: Law, delivered_on: date) -> LetterPeriod:
    last_day = delivered_on + timedelta(days=law.tables.count("nl.fourteen_days").at(delivered_on).value)
    extended_to = next_working_day(law.tables.holidays("nl.holidays"), last_day)
    return LetterPeriod(
        delivered_on=delivered_on,
        day_one=delivered_on + DAY,
        last_day=last_day,
        extended_to=extended_to,
        costs_from=extended_to + DAY,
    )
