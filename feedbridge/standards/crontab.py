"""Times as crontab(5) writes them: five fields, or a name such as @daily."""

import re

from feedbridge.model import Value

_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(
    r"(?: \* | (?P<first>[a-z0-9]{1,3}) (?: - (?P<last>[a-z0-9]{1,3}) )? ) (?: / (?P<step>[0-9]{1,3}) )?",
    re.VERBOSE,
)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # days that a month can have


class Crontab(Value, frozen=True):
    """When something is to happen: in which minutes of which hours of which days.

    A day counts if its day of the month and its month are named, and its weekday is; but where both days are
    restricted, one of the two is enough, as in every cron.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]  # of the month, from 1
    months: tuple[int, ...]  # from 1
    weekdays: tuple[int, ...]  # 0 is Sunday
    is_either: bool  # one of day and weekday is enough


def parse(expression: str) -> Crontab:
    """Read an expression. Raises: ValueError that says which field is wrong, and what it may hold."""
    fields = _NAMED.get(expression.strip().lower(), expression).split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            f"a time has five fields (minute hour day month weekday) or is one of {', '.join(_NAMED)}"
        )
    values = [_field(words, *facts) for words, facts in zip(fields, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    _, _, day, _, weekday = fields
    found = Crontab(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=tuple(sorted({number % 7 for number in weekdays})),
        is_either=not (day.startswith("*") or weekday.startswith("*")),
    )
    if not found.is_either and min(days) > max(_LONGEST[month - 1] for month in months):
        raise ValueError(f"no month of {fields[3]} has a day {fields[2]}")
    return found


# What a field is called, its least and greatest number, and the names of numbers, that of the least first.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _WEEKDAYS),  # Sunday is 7, too
)


def _field(words: str, what: str, least: int, greatest: int, names: tuple[str, ...]) -> tuple[int, ...]:
    numbers: set[int] = set()
    for part in words.lower().split(","):
        found = _part(part, least, greatest, names)
        if not found:
            named = f", or one of {' '.join(names)}" if names else ""
            raise ValueError(
                f"{part!r} is no {what}: a number from {least} to {greatest}{named}; ranges: 1-5, steps: */2"
            )
        numbers.update(found)
    return tuple(sorted(numbers))


def _part(part: str, least: int, greatest: int, names: tuple[str, ...]) -> range:
    """Return the numbers of one part; none where it is no part."""
    found = _PART.fullmatch(part)
    if found is None:
        return range(0)
    first, last, step = found.group("first", "last", "step")
    begin = _number(first, names, least) if first else least
    end = _number(last, names, least) if last else greatest if step or not first else begin
    if not least <= begin <= end <= greatest or (step and not int(step)):
        return range(0)
    return range(begin, end + 1, int(step or 1))


def _number(word: str, names: tuple[str, ...], least: int) -> int:
    """Return the number that a word is or names; -1 where it does neither."""
    if word in names:
        return names.index(word) + least
    return int(word) if word.isdecimal() else -1
