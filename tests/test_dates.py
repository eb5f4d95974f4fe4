"""Moments: what archives write is read as what it says, or not at all."""

import locale
import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.standards import dates

first, last = datetime(1990, 1, 1), datetime(2100, 12, 31, 23)  # noqa: DTZ001  # hypothesis adds the zone
instants = st.datetimes(first, last, timezones=st.just(UTC))
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def utc(*fields: int) -> datetime:
    """Give a moment in UTC."""
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc, arg-type]  # mypy lets the star fill tzinfo too


def test_epoch_is_where_unix_time_begins():
    """An empty feed was updated then (emission rule 4)."""
    assert utc(1970, 1, 1) == dates.EPOCH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1706716023000", utc(2024, 1, 31, 15, 47, 3), id="milliseconds"),
        pytest.param("1706716023999", utc(2024, 1, 31, 15, 47, 3), id="fractions of a second are cut"),
        pytest.param("1706716023", utc(2024, 1, 31, 15, 47, 3), id="seconds"),
        pytest.param("1706716023.9", utc(2024, 1, 31, 15, 47, 3), id="seconds with a fraction"),
        pytest.param(" 1706716023000\n", utc(2024, 1, 31, 15, 47, 3), id="white space"),
        pytest.param("631152000000", utc(1990, 1, 1), id="the first"),
        pytest.param("631152000", utc(1990, 1, 1), id="the first in seconds"),
        pytest.param("4133980799999", utc(2100, 12, 31, 23, 59, 59), id="the last"),
        pytest.param("4133980799", utc(2100, 12, 31, 23, 59, 59), id="the last in seconds"),
    ],
)
def test_epoch_comment(text, expected):
    """Milliseconds, or seconds below 1e11."""
    assert dates.parse_epoch(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "NaN",
            "0",
            "-1706716023000",
            "+1706716023000",
            "1e12",
            "0x18d",
            "1706716023000 x",
            "１７０６７１６０２３",
        ),
        pytest.param("631151999999", id="before 1990"),
        pytest.param("631151999", id="before 1990 in seconds"),
        pytest.param("4133980800000", id="after 2100"),
        pytest.param("99999999999", id="the largest count of seconds"),
        pytest.param("100000000000", id="the smallest count of milliseconds"),
        pytest.param("1706716023000000", id="microseconds"),
        pytest.param("9" * 10_000, id="absurdly long"),
    ],
)
def test_epoch_comment_without_a_moment(text):
    """What is no number, or lies outside 1990 to 2100, is absent."""
    assert dates.parse_epoch(text) is None


@given(instants)
def test_epoch_comment_round_trips(when):
    """A count of seconds or of milliseconds is the moment that it was made from."""
    whole = when.replace(microsecond=0)
    seconds = int(whole.timestamp())
    assert dates.parse_epoch(f"{seconds}") == whole
    assert dates.parse_epoch(f"{seconds}{when.microsecond // 1000:03}") == whole


# Each form of the description of the seed format, and what else ISO 8601 and RFC 2822 allow.
SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2024-01-31T15:35:24.226Z", utc(2024, 1, 31, 15, 35, 24), id="dw"),
        pytest.param("2022-04-11T08:12:20Z", utc(2022, 4, 11, 8, 12, 20), id="reuters"),
        pytest.param("2020-07-20T10:20:18", utc(2020, 7, 20, 2, 20, 18), id="reuters, older"),
        pytest.param("Thu, 31 Oct 2024 01:10:52 GMT", utc(2024, 10, 31, 1, 10, 52), id="voa"),
        pytest.param("2020-10-13 09:46:43", utc(2020, 10, 13, 1, 46, 43), id="nyt"),
        pytest.param("Mon, 22 Jun 2020 10:41:18 +0000", utc(2020, 6, 22, 10, 41, 18), id="shape D"),
        pytest.param("25/09/2023 - 22:28", utc(2023, 9, 25, 14, 28), id="rfi, where the day is no month"),
        pytest.param("2024-01-31t15:35:24z", utc(2024, 1, 31, 15, 35, 24), id="lower case"),
        pytest.param(
            "2024-01-31T15:35:24,999Z", utc(2024, 1, 31, 15, 35, 24), id="comma before the fraction"
        ),
        pytest.param("2024-01-31T15:35:24.123456789Z", utc(2024, 1, 31, 15, 35, 24), id="nanoseconds"),
        pytest.param("2024-01-31T15:35", utc(2024, 1, 31, 7, 35), id="no seconds"),
        pytest.param("2024-01-31T15:35:24+0800", utc(2024, 1, 31, 7, 35, 24), id="offset without a colon"),
        pytest.param("2024-01-31T15:35:24-08:30", utc(2024, 2, 1, 0, 5, 24), id="offset"),
        pytest.param("2024-01-31 15:35:24 +0800", utc(2024, 1, 31, 7, 35, 24), id="offset after a space"),
        pytest.param("20240131T153524Z", utc(2024, 1, 31, 15, 35, 24), id="basic format"),
        pytest.param("2024-W05-3T10:00Z", utc(2024, 1, 31, 10), id="week date"),
        pytest.param("2024-031T10:00Z", utc(2024, 1, 31, 10), id="day of the year"),
        pytest.param("2024-01-31T24:00:00Z", utc(2024, 2, 1), id="midnight at the end of a day"),
        pytest.param("2016-12-31T23:59:60Z", utc(2016, 12, 31, 23, 59, 59), id="leap second"),
        pytest.param(
            "Sat, 31 Dec 2016 23:59:60 GMT", utc(2016, 12, 31, 23, 59, 59), id="leap second in RFC 2822"
        ),
        pytest.param("  2020-10-13\u00a0\u3000 09:46:43\n", utc(2020, 10, 13, 1, 46, 43), id="white space"),
        pytest.param("31 Oct 2024 01:10 EST", utc(2024, 10, 31, 6, 10), id="a zone of RFC 2822"),
        pytest.param("Thu, 31 Oct 2024 01:10:52 +0800 (CST)", utc(2024, 10, 30, 17, 10, 52), id="comment"),
        pytest.param(
            "Thu, 31 Oct 2024 01:10:52 -0000", utc(2024, 10, 31, 1, 10, 52), id="UTC of unknown origin"
        ),
        pytest.param(
            "Thu, 31 Oct 2024 01:10:52", utc(2024, 10, 30, 17, 10, 52), id="RFC 2822 without a zone"
        ),
        pytest.param("October 31, 2024 1:10 PM", utc(2024, 10, 31, 5, 10), id="in words"),
        pytest.param(
            "Thursday, October 31, 2024 1:10 PM UTC", utc(2024, 10, 31, 13, 10), id="in words, with a zone"
        ),
        pytest.param("2024/3/4 10:00", utc(2024, 3, 4, 2), id="the year first"),
        pytest.param("31.12.2024 15:35", utc(2024, 12, 31, 7, 35), id="with dots"),
        pytest.param("25/09/2023 22:28", utc(2023, 9, 25, 14, 28), id="rfi without the dash"),
        pytest.param("05/05/2024 10:00", utc(2024, 5, 5, 2), id="the same in both orders"),
        pytest.param("2020年7月20日 10:41", utc(2020, 7, 20, 2, 41), id="Chinese"),
        pytest.param("2020年7月20日10:41:18", utc(2020, 7, 20, 2, 41, 18), id="Chinese without a space"),
        pytest.param("2020年 7月 20日 10:41", utc(2020, 7, 20, 2, 41), id="Chinese with spaces"),
        pytest.param("2020年12月02日 10:41", utc(2020, 12, 2, 2, 41), id="Chinese in two digits"),
    ],
)
def test_moment(text, expected):
    """A date with a time; a time without a zone is one of the zone given."""
    assert dates.parse_moment(text, zone=SHANGHAI) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "now",
            "10",
            "2024",
            "Jan 2020",
            "January",
            "10:30",
            "Thu 10:00",
            "Thu Jan 2020 10:00",
            "31 Oct 10:00",
        ),
        *(
            "2024-01-31",
            "20240131",
            "2024-W05-3",
            "31 Oct 2024",
            "2020年 7月 20日",
            "30 分钟前",
            "T10:00",
            "2024T10:00",
        ),
        *(
            "2024-01-31+08:00",
            "2024-01-31-10:20",
            "2024-W05T10:00",
            "2024 10:20:30",
            "202401T10:00",
            "2024-01-31:10:20",
        ),
        *(
            "2024-01T10:00",
            "2024-13-01T10:00",
            "2024-01-31T25:00",
            "2024-01-31T15:35+25:00",
            "31 Oct 2024 25:10:00",
        ),
        pytest.param("03/04/2024 10:00", id="March or April"),
        pytest.param("10/11/12 10:00", id="no year of four digits"),
        pytest.param("2024/1/31 15:35 CET", id="a zone by a name that is no standard's"),
        pytest.param("31 Oct 2024 01:10:52 IST", id="the same in RFC 2822"),
        pytest.param("2024-01-31 10:00 and more", id="more text"),
        pytest.param("1989-12-31T23:59:59Z", id="before 1990"),
        pytest.param("2101-01-01T00:00:00Z", id="after 2100"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before the calendar"),
        pytest.param("9999-12-31T23:59:59-14:00", id="after the calendar"),
        pytest.param("2024-01-31T15:35:24." + "0" * 100 + "Z", id="too long"),
    ],
)
def test_no_moment(text):
    """Nothing is guessed: not the day, not the time, not the century, not the order, not the zone."""
    assert dates.parse_moment(text, zone=SHANGHAI) is None


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        pytest.param("03/04/2024 - 22:28", utc(2024, 4, 3, 22, 28), utc(2024, 3, 4, 22, 28), id="dash"),
        pytest.param("03/04/2024 22:28", utc(2024, 4, 3, 22, 28), utc(2024, 3, 4, 22, 28), id="no-dash"),
        pytest.param("3.4.2024 22:28", utc(2024, 4, 3, 22, 28), utc(2024, 3, 4, 22, 28), id="dots"),
        pytest.param("25/09/2023 22:28", *[utc(2023, 9, 25, 22, 28)] * 2, id="day-over-12"),
        pytest.param("09/25/2023 22:28", *[utc(2023, 9, 25, 22, 28)] * 2, id="month-before-it"),
        pytest.param("2024/03/04 22:28", *[utc(2024, 3, 4, 22, 28)] * 2, id="year-first"),
        pytest.param("Mon, 2024/03/04 22:28", *[utc(2024, 3, 4, 22, 28)] * 2, id="year-after-weekday"),
        pytest.param("2024-03-04 22:28", *[utc(2024, 3, 4, 22, 28)] * 2, id="iso"),
        pytest.param("4 Mar 2024 22:28", *[utc(2024, 3, 4, 22, 28)] * 2, id="in-words"),
        pytest.param("13/14/2024 22:28", None, None, id="neither"),
    ],
)
def test_the_order_decides_between_two_readings(text, day_first, month_first):
    """And nothing else: what can be read in one way only is read so in every order."""
    assert dates.parse_moment(text, zone="UTC", order="day-month-year") == day_first
    assert dates.parse_moment(text, zone="UTC", order="month-day-year") == month_first


# --- days ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2024-02-11", utc(2024, 2, 11), id="bbc"),
        pytest.param("2020年 7月 20日", utc(2020, 7, 20), id="bbc, older"),
        pytest.param("2023.6.10", utc(2023, 6, 10), id="cdt"),
        pytest.param("2020年7月20日", utc(2020, 7, 20), id="Chinese without spaces"),
        pytest.param("2024/02/11", utc(2024, 2, 11), id="slashes"),
        pytest.param("20240211", utc(2024, 2, 11), id="digits alone"),
        pytest.param("11 Feb 2024", utc(2024, 2, 11), id="RFC 2822"),
        pytest.param("Sun, 11 Feb 2024", utc(2024, 2, 11), id="weekday"),
        pytest.param("11 February, 2024", utc(2024, 2, 11), id="month in full"),
        pytest.param("February 11, 2024", utc(2024, 2, 11), id="month first"),
        pytest.param("Feb. 11 2024", utc(2024, 2, 11), id="month with a dot"),
        pytest.param("Sunday, February 11, 2024", utc(2024, 2, 11), id="weekday and month first"),
        pytest.param("Sunday 2024-02-11", utc(2024, 2, 11), id="weekday and year first"),
        pytest.param("25/09/2023", utc(2023, 9, 25), id="a day that is no month"),
        pytest.param("\u3000 2024-02-11\n", utc(2024, 2, 11), id="white space"),
        pytest.param("29 Feb 2024", utc(2024, 2, 29), id="leap day"),
        pytest.param("1990-01-01", utc(1990, 1, 1), id="the first"),
        pytest.param("2100-12-31", utc(2100, 12, 31), id="the last"),
    ],
)
def test_day(text, expected):
    """A day alone stands for its midnight in UTC (emission rule 2)."""
    assert dates.parse_day(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "2024", "Feb 2024", "February 11", "11 Feb 24", "11/02/24", "30 分钟前", "昨天", "11 2024"),
        *("2024-02-11 10:00", "2024-02-11T10", "2024-02-11 10am", "2024-02-11+08:00", "2024-02-11Z"),
        *("2024-02-30", "29 Feb 2023", "20241301", "2024-13-02", "99999999", "2023年2月29日"),
        *("2024-2/11", "2024-0211", "120240211", "2024-02-11 and more", "hour 11 2024", "11 hours 2024"),
        pytest.param("03/04/2024", id="March or April"),
        pytest.param("1989-12-31", id="before 1990"),
        pytest.param("2101-01-01", id="after 2100"),
        pytest.param("11 " * 1000 + "Feb 2024", id="too long"),
    ],
)
def test_no_day(text):
    """Nothing is guessed, and what has a time is a moment."""
    assert dates.parse_day(text) is None


def test_the_order_decides_between_two_days():
    """As with moments."""
    assert dates.parse_day("03/04/2024", order="day-month-year") == utc(2024, 4, 3)
    assert dates.parse_day("03/04/2024", order="month-day-year") == utc(2024, 3, 4)
    assert dates.parse_day("25/09/2023", order="month-day-year") == utc(2023, 9, 25)


NOTATIONS = ("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d", "%Y年 %m月 %d日", "%d %b %Y", "%A, %B %d, %Y")


@given(st.dates(first.date(), last.date()), st.sampled_from(NOTATIONS))
@settings(max_examples=200, deadline=None)
def test_written_days_read_back(day, notation):
    """Every day in every notation is that day's midnight, and never a moment."""
    assert dates.parse_day(day.strftime(notation)) == datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert dates.parse_moment(day.strftime(notation), zone="UTC") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("2021-05-23-a-title.md", utc(2021, 5, 23), id="hyphens"),
        pytest.param("a_2021_05_23.txt", utc(2021, 5, 23), id="low lines"),
        pytest.param("20210523.txt", utc(2021, 5, 23), id="digits alone"),
        pytest.param("新闻2021.05.23.md", utc(2021, 5, 23), id="dots, after Chinese"),
        pytest.param("2021-05-23-2022-06-24.md", utc(2021, 5, 23), id="the first of two"),
        pytest.param("20219999-20210523.md", utc(2021, 5, 23), id="the first valid one"),
        pytest.param("1706716023000.md", None, id="an epoch"),
        pytest.param("120210523.md", None, id="part of a longer number"),
        pytest.param("2021-05-2300.md", None, id="the same at its end"),
        pytest.param("2021-05_23.md", None, id="two separators"),
        pytest.param("2021-02-29.md", None, id="no such day"),
        pytest.param("1989-05-23.md", None, id="before 1990"),
        pytest.param("2021-5-23.md", None, id="one digit"),
        pytest.param("٢٠٢١-٠٥-٢٣.md", None, id="other digits"),
        pytest.param("", None, id="no name"),
    ],
)
def test_day_in_name(name, expected):
    """A file's name says a day where a whole number, or three in order, are one."""
    assert dates.day_in_name(name) == expected


def test_zone_without_offset_follows_its_summer_time():
    """Zones are those of the IANA database, not fixed offsets."""
    assert dates.parse_moment("2023-09-25 22:28", zone="Europe/Paris") == utc(2023, 9, 25, 20, 28)
    assert dates.parse_moment("2023-12-25 22:28", zone="Europe/Paris") == utc(2023, 12, 25, 21, 28)


def test_unknown_zone_is_an_error_of_the_caller():
    """Zones come from rules that were checked."""
    with pytest.raises(ZoneInfoNotFoundError):
        dates.parse_moment("2023-09-25 22:28", zone="Europe/Nowhere")


moments = st.one_of(
    st.text(max_size=70),
    st.lists(
        st.sampled_from(
            [
                *"0123456789TZ:-+./, ",
                "2024",
                "2024-01-31",
                "10:20",
                "Jan",
                "Thu,",
                "AM",
                "GMT",
                "CET",
                "年",
                "\x00",
            ]
        ),
        max_size=20,
    ).map("".join),
)


@given(moments)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_moment_in_utc_or_none(text):
    """No text is an error, and no moment has fractions or lies outside 1990 to 2100."""
    moment = dates.parse_moment(text, zone="UTC")
    assert moment is None or (moment.tzinfo is UTC and not moment.microsecond and 1990 <= moment.year <= 2100)


@given(moments)
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_midnight_in_utc_or_none(text):
    """Likewise of days, read alone or found in a name; what is a day alone is no moment."""
    for day in (dates.parse_day(text), dates.day_in_name(text)):
        assert day is None or (day.tzinfo is UTC and (day.hour, day.minute, day.second) == (0, 0, 0))
    assert dates.parse_day(text) is None or dates.parse_moment(text, zone="UTC") is None


@given(
    st.from_regex(
        r"(19|20|21)[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]", fullmatch=True
    ),
    st.from_regex(r"([.,][0-9]{1,9})?Z?", fullmatch=True),
)
@settings(max_examples=400, deadline=None)
def test_a_moment_as_programs_write_it_is_read_as_any_other(moment, fraction):
    """White space goes, but takes a text off the way of those in which there is nothing to fold."""
    read = dates.parse_moment(moment + fraction, zone=SHANGHAI)
    assert dates.parse_moment(f" {moment}{fraction}", zone=SHANGHAI) == read


@given(instants, offsets)
@settings(max_examples=200, deadline=None)
def test_written_moments_read_back(when, offset):
    """What is written for Atom, for RSS and by Python reads back as the same second."""
    whole = when.replace(microsecond=0)
    local = when.astimezone(offset)
    for written in (dates.rfc3339(local), dates.rfc822(local), local.isoformat(), local.isoformat(" ")):
        assert dates.parse_moment(written, zone=SHANGHAI) == whole


def test_formats_of_atom_and_rss():
    """Whole seconds in UTC: "Z" for Atom, "GMT" for RSS."""
    when = datetime(2024, 2, 1, 0, 35, 24, 226000, tzinfo=timezone(timedelta(hours=9)))
    assert dates.rfc3339(when) == "2024-01-31T15:35:24Z"
    assert dates.rfc822(when) == "Wed, 31 Jan 2024 15:35:24 GMT"


@pytest.mark.parametrize("name", ["de_DE.UTF-8", "zh_CN.UTF-8", "fr_FR.UTF-8", "C"])
def test_dates_for_rss_do_not_follow_the_locale(name):
    """Days and months are English in every locale."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        pytest.skip(f"this host has no locale {name}")
    try:
        assert dates.rfc822(utc(2024, 3, 6)) == "Wed, 06 Mar 2024 00:00:00 GMT"
        assert dates.parse_moment("Wed, 06 Mar 2024 00:00:00 GMT", zone="UTC") == utc(2024, 3, 6)
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_zones_do_not_come_from_the_host(monkeypatch):
    """A zone's name means nothing, even where the host lies in that zone."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert dates.parse_moment("2024/1/31 15:35 CET", zone="UTC") is None
        assert dates.parse_moment("2024/1/31 15:35", zone="UTC") == utc(2024, 1, 31, 15, 35)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("name", "is_zone"),
    [
        *(
            ("UTC", True),
            ("Europe/Paris", True),
            ("Asia/Shanghai", True),
            ("America/Argentina/Ushuaia", True),
        ),
        *(("", False), ("Europe", False), ("Europe/Nowhere", False), ("+08:00", False), ("../UTC", False)),
        *(("/etc/passwd", False), ("a\x00b", False), ("中文", False), ("\ud800", False), ("x" * 5000, False)),
        *(("localtime", False), ("right/UTC", False), ("posix/Europe/Paris", False), ("posixrules", False)),
    ],
)
def test_is_zone(name, is_zone):
    """A name of the IANA database; never a path, and none that means another zone on another host."""
    assert dates.is_zone(name) is is_zone
