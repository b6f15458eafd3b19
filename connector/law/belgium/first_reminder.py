"""The first reminder to a Belgian consumer: when its fourteen days begin and end, and what reminders may cost."""

from datetime import date, timedelta
from typing import Literal

from connector.law.answers import Answer, Undecided, either
from connector.law.belgium.working_days import by_saturday, working_days_after
from connector.law.law import Law
from connector.law.table import DAY
from connector.model.record import Record

ARTICLE = "art. XIX.2 Code of Economic Law"
Channel = Literal["post", "electronic", "unknown"]


class WaitingPeriod(Record):
    """When a waiting period begins, its last day, and the first day on which what it holds back is possible."""

    starts: date
    last_day: date
    free_on: date

    def __str__(self) -> str:
        return f"from {self.starts}, over on {self.free_on}"


class ReminderFee(Record):
    """The most that a reminder may cost, in cents, and whether the postage comes on top."""

    most_minor: int
    plus_postage: bool


def first_reminder(law: Law, sent_on: date, channel: Channel) -> WaitingPeriod | Undecided:
    """The fourteen calendar days in which a penalty clause may not be applied yet: art. XIX.2 §1.

    By post they begin on the third working day after the day of sending, by electronic means on the calendar day after
    it; that is day one, so costs and interest are possible fourteen days after it. A channel that is not known is taken
    for post, which takes longer.

    Undecided where it matters whether Saturday is a working day: the setting `be_saturday` decides. Raises
    CoverageError before 1 September 2023.
    """
    return _agreed_on(first_reminder_readings(law, sent_on, channel))


def first_reminder_readings(law: Law, sent_on: date, channel: Channel) -> dict[str, WaitingPeriod]:
    """The period of `first_reminder` under each reading of Saturday that is still open."""
    days = law.tables.count("be.first_reminder_days").at(sent_on).value
    if channel == "electronic":
        return {channel: period_of(sent_on + DAY, days)}
    return _after_working_days(law, sent_on, days)


def interest_from(law: Law, sent_on: date, channel: Channel, small_creditor: Answer) -> date | Undecided:
    """From which day on a consumer who did not pay within the fourteen days owes interest: art. XIX.2 §4.

    A small or medium enterprise (art. 1:24 §1 Code of Companies) counts from the calendar day after the reminder was
    sent, anybody else from the end of the fourteen days; so does one of whom it is not known. Who pays within the
    fourteen days owes none.
    """
    if small_creditor == "yes":
        return sent_on + DAY
    period = first_reminder(law, sent_on, channel)
    return period if isinstance(period, Undecided) else period.free_on


def reminder_fee(law: Law, sent_on: date, *, regular_delivery: Answer, number_in_year: int) -> ReminderFee:
    """What a reminder to a consumer may cost at most: art. XIX.2 §2.

    Nothing for the first one. In a contract on regular delivery of goods or services the reminders of three missed due
    dates in a calendar year are free, and further ones cost 7.50 and postage at most. In any other contract, or where
    that is not known, nothing apart from the clause may be asked (art. XIX.4 al. 2).
    """
    free = law.tables.count("be.free_reminders").at(sent_on).value
    if regular_delivery != "yes" or number_in_year <= free:
        return ReminderFee(most_minor=0, plus_postage=False)
    return ReminderFee(most_minor=law.tables.count("be.reminder_fee").at(sent_on).value, plus_postage=True)


def after_working_days(law: Law, sent_on: date, days: int) -> WaitingPeriod | Undecided:
    """Calendar days that begin on the third working day after the day of sending."""
    return _agreed_on(_after_working_days(law, sent_on, days))


def _after_working_days(law: Law, sent_on: date, days: int) -> dict[str, WaitingPeriod]:
    working = law.tables.count("be.first_reminder_working_days").at(sent_on).value
    calendar = law.tables.holidays("be.holidays")
    return {
        setting: period_of(working_days_after(calendar, sent_on, working, saturday=saturday), days)
        for setting, saturday in by_saturday(law).items()
    }


def _agreed_on(readings: dict[str, WaitingPeriod]) -> WaitingPeriod | Undecided:
    return either(
        readings,
        question="On which day do the fourteen days of the letter begin?",
        reason="Book XIX does not say whether Saturday is a working day.",
        decided_by="the setting be_saturday",
    )


def period_of(starts: date, days: int) -> WaitingPeriod:
    """So many calendar days of which `starts` is the first."""
    free_on = starts + timedelta(days=days)
    return WaitingPeriod(starts=starts, last_day=free_on - DAY, free_on=free_on)
