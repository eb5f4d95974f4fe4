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
