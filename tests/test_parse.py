"""parse: from bytes to an article, or to a named reason why not."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.model import Article, Ignored, Rejected
from tests.samples import EPOCH, NOW, raw, text, version

SITES = load_sites()
DATE_LINE = "<div><i><br>2024-01-31T15:35:24.226Z</i></div>"


def parsed(source: bytes) -> Article | Ignored | Rejected:
    """Parse a file by the shipped site rules."""
    return parse.parse(b"a.txt", source, sites=SITES)


def article(**parts: object) -> Article:
    """Parse an article that has to be one."""
    found = parsed(raw(**parts))
    assert isinstance(found, Article), found
    return found


def test_shape_a_gives_title_link_epoch_and_body():
    """The user's form is read line by line."""
    found = article(title="T", url="https://www.dw.com/zh/x/a-68136197", body="<p>B</p>")
    assert (found.shape, found.title, found.link) == ("A", "T", "https://www.dw.com/zh/x/a-68136197")
    assert found.version.epoch == EPOCH
    assert found.body.strip() == "<p>B</p>"
    assert (found.version.key, found.version.source) == ("dw/68136197", "dw")


@pytest.mark.parametrize(
    ("line", "title", "url"),
    [
        pytest.param(
            "[铁木(Temu)](https://e.org/(Temu)/a-1)",
            "铁木(Temu)",
            "https://e.org/(Temu)/a-1",
            id="parentheses",
        ),
        pytest.param("[a [b] c](https://e.org/x)", "a [b] c", "https://e.org/x", id="brackets"),
        pytest.param("[a](b) c](https://e.org/x)", "a](b) c", "https://e.org/x", id="greedy"),
        pytest.param(
            "[*a* _b_ <c> `d`](https://e.org/x)", "*a* _b_ <c> `d`", "https://e.org/x", id="no markdown"
        ),
        pytest.param(
            "[AT&amp;T &lt;b&gt; &copy 1](https://e.org/x)",
            "AT&T <b> &copy 1",
            "https://e.org/x",
            id="entities once",
        ),
        pytest.param(
            "[a\u00a0\u3000b\u0008](https://e.org/x)", "a b", "https://e.org/x", id="white space and controls"
        ),
        pytest.param("[](https://e.org/x)", "", "https://e.org/x", id="empty title"),
        pytest.param("[a](https://e.org/空談?/a-1)", "a", "https://e.org/空談?/a-1", id="raw address"),
    ],
)
def test_title_line_is_greedy_plain_text(line, title, url):
    """Everything up to the last `](` is title; the address stays as written."""
    found = parsed(f"<!--1706716023000-->\n{line}\n------\n\n<p>x</p>".encode())
    assert isinstance(found, Article)
    assert (found.title, found.link) == (title, url)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("\ufeff" + text(), id="BOM"),
        pytest.param(text().replace("\n", "\r\n"), id="CRLF"),
        pytest.param("\n\n" + text(), id="blank lines before"),
        pytest.param(text().replace("------\n", ""), id="no rule"),
        pytest.param(text().replace("-->\n", "-->\n\n"), id="blank line after the epoch"),
        pytest.param(text().replace("------\n\n", "------\n"), id="no blank line before the body"),
    ],
)
def test_header_is_read_with_its_peculiarities(source):
    """What people and programs do to text files does not lose an article."""
    found = parsed(source.encode())
    assert isinstance(found, Article)
    assert found.version.epoch == EPOCH
    assert found.body.strip() == "<p>Words.</p>"


@pytest.mark.parametrize(
    ("epoch", "body", "published"),
    [
        pytest.param(
            EPOCH, DATE_LINE, datetime(2024, 1, 31, 15, 35, 24, tzinfo=UTC), id="the date line, fraction cut"
        ),
        pytest.param(EPOCH, "<p>none</p>", EPOCH, id="no date line: the epoch"),
        pytest.param(
            EPOCH, DATE_LINE.replace("2024-01-31", "2024-01-20"), EPOCH, id="over 48 h before: the epoch"
        ),
        pytest.param(EPOCH, DATE_LINE.replace("T15:35", "T15:53"), EPOCH, id="over 5 min after: the epoch"),
        pytest.param(EPOCH, "<div><i><br>yesterday</i></div>", EPOCH, id="no time: the epoch"),
        pytest.param(
            "NaN", DATE_LINE, datetime(2024, 1, 31, 15, 35, 24, tzinfo=UTC), id="no epoch: no window"
        ),
        pytest.param(
            None, DATE_LINE, datetime(2024, 1, 31, 15, 35, 24, tzinfo=UTC), id="no comment: no window"
        ),
        pytest.param("1706716023", "", EPOCH, id="epoch in seconds"),
    ],
)
def test_rule_2_published(epoch, body, published):
    """The date line where it fits the epoch, else the epoch."""
    assert article(epoch=epoch, body=body).version.published == published


@given(st.timedeltas(min_value=timedelta(days=-4), max_value=timedelta(days=1)))
def test_rule_2_window(offset):
    """The date line counts exactly in [epoch − 48 h, epoch + 5 min]."""
    moment = EPOCH + timedelta(seconds=int(offset.total_seconds()))
    body = f"<div><i><br>{moment:%Y-%m-%dT%H:%M:%S}Z</i></div>"
    fits = -timedelta(hours=48) <= moment - EPOCH <= timedelta(minutes=5)
    assert article(body=body).version.published == (moment if fits else EPOCH)


@pytest.mark.parametrize("epoch", ["abc", "", "0", "99999999999999999999999", "-5", "599616000"])
def test_bad_epoch_is_absent_and_said(epoch):
    """An epoch that is no time from 1990 to 2100 counts as absent; explain shows why."""
    found = article(epoch=epoch, body=DATE_LINE)
    assert found.version.epoch is None
    assert any(decision.rule == "epoch" and "1990" in decision.reason for decision in found.decisions)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b" \n\n", "empty", id="blank"),
        pytest.param(b"<!--1706716023000-->\n<p>no title line</p>", "no-link", id="no title line"),
        pytest.param(b"<!--1706716023000-->", "no-link", id="only an epoch"),
        pytest.param(b"<!--1706716023000-->\nSee [a](https://e.org/)", "no-link", id="a link within a line"),
        pytest.param(raw(url="about:blank"), "no-link", id="other scheme"),
        pytest.param(raw(url=""), "no-link", id="no address"),
        pytest.param(raw(url="/zh/a-1"), "no-link", id="relative address"),
        pytest.param(raw(url="http://[::1"), "no-link", id="broken address"),
        pytest.param(raw(url="javascript:alert(1)"), "no-link", id="script"),
        pytest.param(raw(url="mailto:a@e.org"), "no-link", id="mail"),
        pytest.param(raw(epoch=None), "no-date", id="no epoch, no date line"),
        pytest.param(raw(epoch="NaN"), "no-date", id="NaN, no date line"),
    ],
)
def test_rejected_with_its_code(source, code):
    """What shows a sign of an article but cannot be one is named with a reason."""
    found = parsed(source)
    assert isinstance(found, Rejected)
    assert found.code == code
    assert found.detail


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"# README\n\nSee [this](https://e.org).\n", id="markdown"),
        pytest.param(b'{"a": 1}', id="JSON"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", id="picture"),
        pytest.param(b"<!-- a note -->\n<html></html>", id="page"),
        pytest.param(b"x" * 5000 + raw(), id="sign after 4 KiB"),
    ],
)
def test_ignored_without_any_sign(source):
    """What shows no sign of an article in its first 4 KiB is none."""
    assert isinstance(parsed(source), Ignored)


def test_bad_bytes_become_replacement_characters_and_are_counted():
    """Decoding never fails; what it replaced is counted for explain, the file's own U+FFFD is not."""
    found = parsed(raw(body="<p>a\ufffd") + b"\xff\xfe")
    assert isinstance(found, Article)
    assert found.body.count("\ufffd") == 3
    assert [decision.outcome for decision in found.decisions if decision.rule == "encoding"] == ["2 × U+FFFD"]


def test_date_line_is_no_part_of_the_body():
    """The date line and its author leave the body for their own fields."""
    found = article(body="<div><i>Jane &amp; Joe<br>2024-01-31T15:35:24Z</i></div><p>B</p>")
    assert found.author == "Jane & Joe"
    assert found.body.strip() == "<p>B</p>"


@pytest.mark.parametrize(
    ("published", "epoch", "is_withheld"),
    [
        pytest.param(NOW, NOW, False, id="now"),
        pytest.param(NOW + timedelta(days=1), None, False, id="a day ahead"),
        pytest.param(NOW + timedelta(days=1, seconds=1), None, True, id="over a day ahead"),
        pytest.param(NOW, NOW + timedelta(days=2), True, id="its epoch is over a day ahead"),
    ],
)
def test_future_date_is_withheld(published, epoch, is_withheld):
    """An article that is dated more than a day ahead of the clock waits for its time."""
    dated = msgspec.structs.replace(article(), version=version(published=published, epoch=epoch))
    found = parse.dated_ahead(dated, now=NOW)
    assert (found is not None and found.code == "future-date") == is_withheld


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: raw()[:60] + tail))
def test_never_crashes(source):
    """Whatever a file holds, the answer is a value."""
    assert isinstance(parsed(source), (Article, Ignored, Rejected))
