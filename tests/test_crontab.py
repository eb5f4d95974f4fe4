"""crontab: times as crontab(5) writes them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge.standards.crontab import Crontab, parse

MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS = range(60), range(24), range(1, 32), range(1, 13), range(7)


def crontab(**changes: object) -> Crontab:
    """Return the times of each minute, but for the changes."""
    fields = {
        "minutes": MINUTES,
        "hours": HOURS,
        "days": DAYS,
        "months": MONTHS,
        "weekdays": WEEKDAYS,
        **changes,
    }
    is_either = bool(fields.pop("is_either", False))
    return Crontab(is_either=is_either, **{name: tuple(numbers) for name, numbers in fields.items()})  # type: ignore[arg-type]  # a test's own


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("* * * * *", crontab(), id="always"),
        pytest.param("  *\t* * *   * ", crontab(), id="white space"),
        pytest.param("*/5 * * * *", crontab(minutes=range(0, 60, 5)), id="a step"),
        pytest.param("1-9/4,30 0 * * *", crontab(minutes=(1, 5, 9, 30), hours=(0,)), id="a step in a range"),
        pytest.param("5/20 * * * *", crontab(minutes=(5, 25, 45)), id="a step from a number on"),
        pytest.param("7,7,3 * * * *", crontab(minutes=(3, 7)), id="doubles and disorder"),
        pytest.param(
            "0 0 * jan-MAR,12 *", crontab(minutes=(0,), hours=(0,), months=(1, 2, 3, 12)), id="months"
        ),
        pytest.param("0 0 * * 0", crontab(minutes=(0,), hours=(0,), weekdays=(0,)), id="Sunday is 0"),
        pytest.param("0 0 * * 7", crontab(minutes=(0,), hours=(0,), weekdays=(0,)), id="Sunday is 7, too"),
        pytest.param("0 0 * * sun", crontab(minutes=(0,), hours=(0,), weekdays=(0,)), id="Sunday has a name"),
        pytest.param(
            "0 0 * * 5-7", crontab(minutes=(0,), hours=(0,), weekdays=(0, 5, 6)), id="Friday to Sunday"
        ),
        pytest.param(
            "0 0 * * */2", crontab(minutes=(0,), hours=(0,), weekdays=(0, 2, 4, 6)), id="weekdays by two"
        ),
        pytest.param(
            "0 0 13 * fri",
            crontab(minutes=(0,), hours=(0,), days=(13,), weekdays=(5,), is_either=True),
            id="one of both days is enough",
        ),
        pytest.param(
            "0 0 */10 * fri",
            crontab(minutes=(0,), hours=(0,), days=(1, 11, 21, 31), weekdays=(5,)),
            id="but for steps of all",
        ),
        pytest.param("@hourly", crontab(minutes=(0,)), id="hourly"),
        pytest.param("@Daily", crontab(minutes=(0,), hours=(0,)), id="daily"),
        pytest.param("@weekly", crontab(minutes=(0,), hours=(0,), weekdays=(0,)), id="weekly"),
        pytest.param("@monthly", crontab(minutes=(0,), hours=(0,), days=(1,)), id="monthly"),
        pytest.param("@yearly", crontab(minutes=(0,), hours=(0,), days=(1,), months=(1,)), id="yearly"),
        pytest.param(
            "0 0 29 2 *", crontab(minutes=(0,), hours=(0,), days=(29,), months=(2,)), id="once in four years"
        ),
    ],
)
def test_an_expression_names_times(expression, expected):
    """Five fields, each with numbers, names, ranges and steps; or a name for all of them."""
    assert parse(expression) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "a time has five fields"),
        ("* * * *", "a time has five fields"),
        ("* * * * * *", "a time has five fields"),
        ("@reboot", "is one of @yearly"),
        ("60 * * * *", "'60' is no minute: a number from 0 to 59"),
        ("* 24 * * *", "'24' is no hour"),
        ("* * 0 * *", "'0' is no day of the month: a number from 1 to 31"),
        ("* * * 13 *", "'13' is no month: a number from 1 to 12, or one of jan feb"),
        ("* * * * 8", "'8' is no weekday: a number from 0 to 7, or one of sun mon"),
        ("-5 * * * *", "'-5' is no minute"),
        ("5- * * * *", "'5-' is no minute"),
        ("9-5 * * * *", "'9-5' is no minute"),
        ("* * * * fri-mon", "'fri-mon' is no weekday"),
        ("*/0 * * * *", r"'\*/0' is no minute"),
        ("*/00 * * * *", r"'\*/00' is no minute"),
        ("*/ * * * *", r"'\*/' is no minute"),
        ("1,,2 * * * *", "'' is no minute"),
        ("٣ * * * *", "'٣' is no minute"),
        ("* * ? * *", r"'\?' is no day of the month"),
        ("* * L * *", "'l' is no day of the month"),
        ("0 0 30 2 *", "no month of 2 has a day 30"),
        ("0 0 31 4,jun *", "no month of 4,jun has a day 31"),
    ],
)
def test_what_is_no_time_is_refused_with_the_field(expression, reason):
    """And with what the field may hold; also what would never come."""
    with pytest.raises(ValueError, match=reason):
        parse(expression)


@given(st.text("0123456789*/-,? @abcdefghijklmnopqrstuvwxyz", max_size=25) | st.text(max_size=12))
def test_nothing_else_comes_of_any_text(text):
    """A time with at least one moment, or a refusal."""
    try:
        found = parse(text)
    except ValueError:
        return
    assert all((found.minutes, found.hours, found.days, found.months, found.weekdays))
    years = (date(2024, 1, 1) + timedelta(days=number) for number in range(4 * 366))
    assert any(day.month in found.months and day.day in found.days for day in years) or found.is_either
