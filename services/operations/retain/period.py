"""Periods of a calendar, as ISO 8601 writes them: `P5Y`, `P1Y6M`, `P2W`, `P90D`.

A retention term is one of the calendar: five years have 1826 or 1827 days. Python's timedelta knows no years, and
pydantic reads `P1Y` as 365 days. So a period is added here, as java.time and Temporal do it: years and months first, on
the last day of a month that is too short, then weeks and days.
"""

import calendar
import re
from datetime import MAXYEAR, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from schemas.values import value_class

FORM: Final = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,6})D)?")

MONTHS: Final = 12


@value_class(frozen=True, slots=True)
class Period:
    """A length of time on the calendar. `text` is how it was written."""

    text: str
    months: int
    days: int

    def after(self, moment: datetime) -> datetime:
        """Return the moment at which a period ends that begins at a moment; in UTC, or whatever its time zone is."""
        counted = moment.year * MONTHS + moment.month - 1 + self.months
        year, month = counted // MONTHS, counted % MONTHS + 1
        if year > MAXYEAR:
            return moment.replace(year=MAXYEAR, month=MONTHS, day=31)
        day = min(moment.day, calendar.monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) + timedelta(days=self.days)


def read_period(text: object) -> Period:
    """Return the period that a text writes. Raises PydanticCustomError for anything else, and for no time at all."""
    if isinstance(text, Period):
        return text
    read = FORM.fullmatch(text) if isinstance(text, str) else None
    if read is None or not any(int(part or 0) for part in read.groups()):
        raise PydanticCustomError("period", "write a period as ISO 8601 does, such as P5Y, P18M, P2W or P90D")
    years, months, weeks, days = (int(part or 0) for part in read.groups())
    return Period(str(text), years * MONTHS + months, weeks * 7 + days)


Term = Annotated[Period, BeforeValidator(read_period)]
