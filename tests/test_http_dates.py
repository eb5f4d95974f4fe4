"""Dates of HTTP: three forms are read, one is written."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge.standards import http_dates
from feedbridge.standards.dates import rfc822

NOW = datetime(2026, 11, 25, 21, tzinfo=UTC)
WRITTEN = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", WRITTEN),
        ("Sunday, 06-Nov-94 08:49:37 GMT", WRITTEN),
        ("Sun Nov  6 08:49:37 1994", WRITTEN),
        ("Sun Nov 06 08:49:37 1994", WRITTEN),
        ("Mon, 06 Nov 1994 08:49:37 GMT", WRITTEN),  # it was a Sunday
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Thu, 29 Feb 2024 00:00:00 GMT", datetime(2024, 2, 29, tzinfo=UTC)),
        ("Mon, 01 Jan 0001 00:00:00 GMT", datetime(1, 1, 1, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Wednesday, 25-Nov-76 00:00:00 GMT", datetime(2076, 11, 25, tzinfo=UTC)),
        ("Thursday, 25-Nov-77 00:00:00 GMT", datetime(1977, 11, 25, tzinfo=UTC)),
    ],
)
def test_http_date(text, expected):
    """The three forms of §5.6.7 are read; of two digits of a year the past is meant, if need be."""
    assert http_dates.parse(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=12",
        "Sun Nov    08:49:37 1994",
        "1994-11-06T08:49:37Z",
        "784111777",
    ],
)
def test_no_http_date(text):
    """Everything else is no date, and is ignored (§13.1.3)."""
    assert http_dates.parse(text, now=NOW) is None


@given(st.datetimes(datetime(1, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds the zone
def test_dates_that_we_write_are_read(moment):
    """The date of an answer is the date that a client sends back."""
    assert http_dates.parse(rfc822(moment), now=NOW) == moment.replace(microsecond=0)
