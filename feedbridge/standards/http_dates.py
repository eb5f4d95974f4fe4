"""Dates in HTTP's fields: RFC 9110 §5.6.7. They are written as RSS writes them (`dates.rfc822`)."""

import re
from datetime import UTC, datetime
from typing import Final

# Whole seconds; the weekday is not believed, a leap second is the second before it.
_TIME: Final = r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH: Final = f"({'|'.join(_MONTHS)})"
_DAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY: Final = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_IMF_FIXDATE: Final = re.compile(rf"{_DAY}, ([0-9]{{2}}) {_MONTH} ([0-9]{{4}}) {_TIME} GMT")
_RFC_850: Final = re.compile(rf"{_LONG_DAY}, ([0-9]{{2}})-{_MONTH}-([0-9]{{2}}) {_TIME} GMT")
_ASCTIME: Final = re.compile(rf"{_DAY} {_MONTH} ([0-9 ][0-9]) {_TIME} ([0-9]{{4}})")


def parse(text: str, *, now: datetime) -> datetime | None:
    """Read a date in any of the three forms of RFC 9110 §5.6.7; None for what is none.

    `now` tells the century of the form with two digits: none is more than 50 years ahead.
    """
    if match := _IMF_FIXDATE.fullmatch(text):
        day, month, year, *time = match.groups()
    elif match := _RFC_850.fullmatch(text):
        day, month, year, *time = match.groups()
        year = str(_full_year(int(year), now))
    elif match := _ASCTIME.fullmatch(text):
        month, day, *time, year = match.groups()
    else:
        return None
    hour, minute, second = map(int, time)
    try:
        # 0 and less is a day that no month has, and a year that no calendar of Python's has.
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), hour, minute, min(second, 59), tzinfo=UTC
        )
    except ValueError:
        return None


def _full_year(year: int, now: datetime) -> int:
    latest = now.year + 50
    return latest - (latest - year) % 100
