"""Moments: read from what archives write, and written as Atom and RSS want them.

Every moment is an aware `datetime` in UTC with whole seconds, of the years 1990 to 2100: what lies
outside is a mistake of the archive. Nothing depends on the clock, the host's zone or its locale.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal
from zoneinfo import ZoneInfo

Order = Literal[
    "", "day-month-year", "month-day-year"
]  # of numbers that may be read in two ways; "": neither

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1990, 2100
MILLISECONDS_FROM = 10**11  # a smaller number counts seconds: as milliseconds it would lie before 1974
MAX_CHARACTERS = 64  # of a written moment; the longest measured form has 31

_EPOCH = re.compile(r"([0-9]{1,13})(?:\.[0-9]{0,20})?")  # 13 digits of milliseconds reach the year 2286
# Not an offset's: 2024-01-31+08:00 is a day.
_TIME = re.compile(r"(?<![0-9+-])[0-9]{1,2}:[0-9]|[0-9]T[0-9]", re.IGNORECASE)
# As programs write it, in which there is nothing to fold.
_EVERYDAY = re.compile(
    r"([0-9]{4}-(?:0[1-9]|1[0-2])-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.[0-9]{1,6})?Z"
)
# A full date of any of the three kinds: by month, day of the year, week.
_ISO_8601 = re.compile(
    r"[0-9]{4}(?:-?[0-9]{2}-?[0-9]{2}|-?[0-9]{3}|-?W[0-9]{2}-?[1-7])[T ][0-9]", re.IGNORECASE
)
_CHINESE_DAY = re.compile("([0-9]{4}) ?年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2}) ?日 ?")
_DAY = re.compile(
    r"""
    (?: [A-Z]{3,9},?\  )?                                           # a weekday
    (?: [0-9]{4} ([-./]) [0-9]{1,2} \1 [0-9]{1,2}
      | [0-9]{8}
      | [0-9]{1,2} ([-./]) [0-9]{1,2} \2 [0-9]{4}
      | [0-9]{1,2} \  [A-Z]{3,9}\.?,? \  [0-9]{4}                   # 11 February 2024
      | [A-Z]{3,9}\.? \  [0-9]{1,2},? \  [0-9]{4}                   # February 11, 2024
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DAY_IN_NAME = re.compile(r"(?<![0-9])([0-9]{4})([-_.]?)([0-9]{2})\2([0-9]{2})(?![0-9])")
_LEAP_SECOND = re.compile(r"(?<=[0-9]:[0-5][0-9]):60(?![0-9])")
_RFC_2822 = re.compile(
    r"(?:[A-Z]{3},? )?[0-9]{1,2} [A-Z]{3} [0-9]{4} [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
    r"(?: (?:[+-][0-9]{4}|UTC?|GMT|Z|[ECMP][SD]T)(?: \([^()]*\))?)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![0-9:+])(?:19|20|21)[0-9]{2}(?![0-9])")
_YEAR_FIRST = re.compile(r"[^0-9]*[0-9]{4}[^0-9]")  # perhaps after a weekday

# Some systems' own additions: the zone of the host, and all zones twice again, one of them with leap seconds.
_HOST_ZONES = ("localtime", "posix", "posixrules", "right")

# dateutil takes what a text lacks from a default. What comes out equal from these two, which have only
# minutes and seconds in common, holds a full date and an hour.
_DEFAULTS = (datetime(2000, 1, 1, 0), datetime(2003, 7, 15, 13))  # noqa: DTZ001  # no zone: the text may hold one

_DAY_FIRST = {"": (False, True), "day-month-year": (True, True), "month-day-year": (False, False)}


def parse_epoch(text: str) -> datetime | None:
    """Read a count of milliseconds, or of seconds, since 1970; None for NaN and what is out of range."""
    digits = _EPOCH.fullmatch(text.strip())
    if digits is None:
        return None
    count = int(digits[1])
    moment = datetime.fromtimestamp(count if count < MILLISECONDS_FROM else count // 1000, UTC)
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def parse_moment(text: str, *, zone: str, order: Order = "") -> datetime | None:
    """Read a date with a time: ISO 8601, RFC 2822, or any form that can be read in one way only.

    A time without a zone is one of `zone`, an IANA name that `is_zone` knows. A day alone is no moment,
    nor is what would have to be guessed: zones called CET or IST, and `03/04/2024 10:00` (March or April?)
    unless `order` tells. `25/09/2023 10:00` is September in every order.

    Raises: zoneinfo.ZoneInfoNotFoundError for a zone that `is_zone` does not know.
    """
    everyday = _EVERYDAY.fullmatch(text)
    written = f"{everyday[1]}Z" if everyday else _folded(text)
    moment = _read(written, order=order) if _TIME.search(written) else None
    if moment is None:
        return None
    return _checked(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))


def parse_day(text: str, *, order: Order = "") -> datetime | None:
    """Read a day without a time as its midnight in UTC; what would have to be guessed is None, as above."""
    written = _folded(text)
    midnight = _read(f"{written} 00:00", order=order) if _DAY.fullmatch(written) else None
    return None if midnight is None else _checked(midnight.replace(tzinfo=UTC))


def day_in_name(name: str) -> datetime | None:
    """Return midnight in UTC of the first day in a file's name, as `2021-05-23-title.md` or `20210523`.

    Digits that are part of a longer number, as those of an epoch or an article's own number, are none.
    """
    days = (parse_day("".join(match.group(1, 3, 4))) for match in _DAY_IN_NAME.finditer(name))
    return next(filter(None, days), None)


def is_zone(name: str) -> bool:
    """Tell whether a name is that of a time zone (IANA), the same on every host."""
    if name.partition("/")[0] in _HOST_ZONES:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no plain name; a folder of zones, as "Europe"
        return False
    return True


def rfc3339(when: datetime) -> str:
    """Format a moment for Atom: RFC 3339, whole seconds, in UTC as "Z"."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def rfc822(when: datetime) -> str:
    """Format a moment for RSS 2.0: RFC 822 with a four-digit year, in GMT."""
    return format_datetime(when.astimezone(UTC), usegmt=True)


def _checked(moment: datetime) -> datetime | None:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # near the year 1 or 9999
        return None
    utc = utc.replace(microsecond=0) if utc.microsecond else utc
    return utc if FIRST_YEAR <= utc.year <= LAST_YEAR else None


def _folded(text: str) -> str:
    written = _CHINESE_DAY.sub(_with_hyphens, " ".join(text.split())).strip()
    return _LEAP_SECOND.sub(":59", written)


def _with_hyphens(day: re.Match[str]) -> str:
    return f"{day[1]}-{day[2]:0>2}-{day[3]:0>2} "


def _read(written: str, *, order: Order) -> datetime | None:
    if len(written) > MAX_CHARACTERS:
        return None
    return _by_iso_8601(written) or _by_rfc_2822(written) or _by_dateutil(written, order=order)


def _by_iso_8601(text: str) -> datetime | None:
    if not _ISO_8601.match(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        from dateutil.parser import isoparse  # noqa: PLC0415  # costs 33 ms, and most archives never need it
    try:
        return isoparse(text.upper())  # knows 24:00 and days of a year, which not every Python does
    except ValueError:
        return None


def _by_rfc_2822(text: str) -> datetime | None:
    if not _RFC_2822.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # "-0000" means UTC of unknown origin (§3.3); the library calls that naive.
    return moment.replace(tzinfo=UTC) if "-0000" in text else moment


def _by_dateutil(text: str, *, order: Order) -> datetime | None:
    if not _YEAR.search(text):  # of two digits: dateutil would ask the clock for the century
        return None
    from dateutil.parser import parse  # noqa: PLC0415  # as above

    orders = (False, False) if _YEAR_FIRST.match(text) else _DAY_FIRST[order]
    try:
        readings = {
            parse(text, default=default, dayfirst=day_first, tzinfos=_zone_named)
            for default, day_first in zip(_DEFAULTS, orders, strict=True)
        }
    except (ValueError, OverflowError):
        return None
    return readings.pop() if len(readings) == 1 else None


def _zone_named(name: str | None, offset_s: int | None) -> tzinfo | None:
    """Give dateutil a zone by its offset only: by name it would ask the host."""
    if offset_s is not None:
        return timezone(timedelta(seconds=offset_s))
    if name is not None:
        raise ValueError(name)
    return None
