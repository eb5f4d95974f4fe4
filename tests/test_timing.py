"""timing: the schedule as APScheduler keeps it."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge.config import Schedule
from feedbridge.daemon.timing import Timer, trigger
from feedbridge.standards import crontab

BUDGET = timedelta(minutes=30)
FIELDS = ("*", "0", "*/7", "3,17", "1-5")


def schedule(*, every: timedelta = timedelta(minutes=5), cron: str = "", zone: str = "UTC") -> Schedule:
    """Return a schedule."""
    times = crontab.parse(cron) if cron else None
    return Schedule(every=every, cron=times, timezone=zone, watch=False, budget=BUDGET)


def fires(cron: str, begin: datetime, *, count: int, zone: str = "UTC") -> list[datetime]:
    """Return the next moments at which a schedule fires, in UTC."""
    found: list[datetime] = []
    last, now = None, begin
    tested = trigger(schedule(cron=cron, zone=zone), ZoneInfo(zone))
    for _ in range(count):
        last = tested.get_next_fire_time(last, now)
        found.append(last.astimezone(UTC))
        now = last
    return found


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day, …


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        pytest.param("*/20 * * * *", [utc(2024, 3, 1, 12, 20), utc(2024, 3, 1, 12, 40)], id="minutes"),
        pytest.param("0 0 * * 0", [utc(2024, 3, 3), utc(2024, 3, 10)], id="Sunday is 0"),
        pytest.param("0 0 * * 1", [utc(2024, 3, 4), utc(2024, 3, 11)], id="Monday is 1"),
        pytest.param("0 0 * * 7", [utc(2024, 3, 3), utc(2024, 3, 10)], id="Sunday is 7"),
        pytest.param("0 0 15 * 5", [utc(2024, 3, 8), utc(2024, 3, 15)], id="Fridays, and the 15th"),
        pytest.param("0 0 29 2 *", [utc(2028, 2, 29), utc(2032, 2, 29)], id="leap years"),
        pytest.param("@monthly", [utc(2024, 4, 1), utc(2024, 5, 1)], id="monthly"),
    ],
)
def test_a_crontab_means_what_cron_means_by_it(cron, expected):
    """Whatever the numbers of APScheduler's own expressions mean."""
    assert fires(cron, utc(2024, 3, 1, 12, 1), count=2) == expected


def test_the_zone_is_the_configured_one():
    """No day is without its look; in an hour that comes twice, one look too many harms nobody."""
    assert fires("0 9 * * *", utc(2024, 7, 1), count=1, zone="Europe/Berlin") == [utc(2024, 7, 1, 7)]
    for begin in (utc(2024, 10, 26, 12), utc(2024, 3, 30, 12)):
        days = {moment.date() for moment in fires("30 2 * * *", begin, count=4, zone="Europe/Berlin")}
        assert {begin.date() + timedelta(days=number) for number in (1, 2, 3)} <= days


@given(
    st.tuples(*[st.sampled_from(FIELDS)] * 5).map(" ".join).filter(lambda text: "0 0" not in text),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # as hypothesis wants it
)
def test_each_moment_is_one_that_the_crontab_names(cron, begin):
    """And none between two of them is."""
    try:
        times = crontab.parse(cron)
    except ValueError:
        return

    def is_named(moment: datetime) -> bool:
        day, weekday = moment.day in times.days, moment.isoweekday() % 7 in times.weekdays
        is_day = day or weekday if times.is_either else day and weekday
        is_time = moment.hour in times.hours and moment.minute in times.minutes
        return is_time and is_day and moment.month in times.months

    (found,) = fires(cron, begin, count=1)
    assert is_named(found)
    between = begin.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for number in range(min(2_000, int((found - between) / timedelta(minutes=1)))):
        assert not is_named(between + timedelta(minutes=number))


def test_a_timer_calls_again_and_again():
    """From its start until it is stopped; a slow one is not called twice at the same time."""
    called, enough = [], threading.Event()

    def act() -> None:
        called.append(datetime.now(UTC))
        if len(called) == 2:
            enough.set()

    timer = Timer(schedule(every=timedelta(seconds=1)), act)
    timer.start()
    assert timer.next() is not None
    timer.restart()
    assert enough.wait(30)
    timer.stop()
    assert called[1] - called[0] > timedelta(seconds=0.5)
