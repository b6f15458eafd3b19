"""Working days as Book XIX of the Belgian Code of Economic Law counts them."""

from datetime import date

from connector.law.calendars import is_working_day
from connector.law.law import Law
from connector.law.table import DAY, HolidayTable


def by_saturday(law: Law) -> dict[str, bool]:
    """Whether Saturday works, by the readings that are still open: the one of the setting `be_saturday`, else both."""
    readings = {"working": True, "not working": False}
    chosen = law.settings.be_saturday
    return {chosen: readings[chosen]} if chosen else readings


def working_days_after(calendar: HolidayTable, day: date, count: int, *, saturday: bool) -> date:
    """The `count`-th working day after a day."""
    while count:
        day += DAY
        count -= is_working_day(calendar, day, saturday=saturday)
    return day
