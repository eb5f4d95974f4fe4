"""parse: from bytes to an article, or to a named reason why not."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.model import Article, Ignored, Rejected
from feedbridge.parse import dating, frontmatter, headers
from feedbridge.parse.frontmatter import FrontMatter
from feedbridge.sites.apply import DateLine
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
        pytest.param(
            EPOCH,
            DATE_LINE.replace("31T15:35:24", "29T15:47:03"),
            EPOCH - timedelta(hours=48),
            id="exactly 48 h before",
        ),
        pytest.param(
            EPOCH,
            DATE_LINE.replace("15:35:24", "15:52:03"),
            EPOCH + timedelta(minutes=5),
            id="exactly 5 min after",
        ),
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
    found = parse.explain(b"a.txt", raw(epoch=epoch, body=DATE_LINE), sites=SITES)
    assert isinstance(found, Article)
    assert found.version.epoch is None
    assert any(decision.rule == "epoch" and "1990" in decision.reason for decision in found.decisions)


# --- the other shapes -----------------------------------------------------------------

FRONT = """---
layout: post
title: "A title"
date: 2024-01-31T15:47:03.000Z
author: Jane Roe
from: https://e.org/x
tags: [ Some Channel ]
categories: [ Some Channel ]
---
"""


def shape_b(epoch: str = "1706716023000", body: str = "<p>Words.</p>") -> str:
    """Return the text of an article of shape B."""
    return f"{FRONT}<!--{epoch}-->\n[A title](https://e.org/x)\n------\n\n<div>\n{body}\n</div>\n"


def from_text(source: str, path: bytes = b"a.md") -> Article:
    """Parse a text that has to be an article."""
    found = parse.parse(path, source.encode(), sites=SITES)
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("source", "shape", "body"),
    [
        pytest.param(text(), "A", "<p>Words.</p>", id="A"),
        pytest.param(shape_b(), "B", "<p>Words.</p>", id="B"),
        pytest.param(shape_b(body=""), "B", "", id="B without a body"),
        pytest.param(
            shape_b().replace("<div>\n", "<p>1</p>"), "B", "<p>1</p><p>Words.</p>\n</div>", id="B, no wrapper"
        ),
        pytest.param(shape_b("NaN"), "B-NaN", "<p>Words.</p>", id="B-NaN"),
        pytest.param(FRONT + "\n<section>\n <p>\n</section>\n", "C", "<section>\n <p>\n</section>", id="C"),
        pytest.param(FRONT + "<!-- a page -->\n<p>x", "C", "<!-- a page -->\n<p>x", id="C with a comment"),
        pytest.param(FRONT + "<!--1706716023000-->\n<p>x", "C", "<p>x", id="C with an epoch"),
        pytest.param(
            "[A title](https://e.org/x)\n------\n日期：Wed, 31 Jan 2024 15:47:03 +0000\n\n<p>x",
            "D",
            "<p>x",
            id="D",
        ),
        pytest.param(FRONT, "E", "", id="E"),
        pytest.param("\ufeff\n" + shape_b().replace("\n", "\r\n"), "B", "<p>Words.</p>", id="B, BOM, CRLF"),
        pytest.param(
            "<!--1706716023000-->[A title](https://e.org/x)\n---\n\nx",
            "A",
            "x",
            id="A, epoch on the title's line",
        ),
    ],
)
def test_shapes(source, shape, body):
    """Every shape gives the same title, link and date, and its body without what belongs to the header."""
    found = from_text(source)
    assert (found.shape, found.body) == (shape, body)
    assert found.title == "A title"
    assert found.version.published == EPOCH


def test_front_matter_gives_author_and_categories():
    """Author and categories stand nowhere else in shape B."""
    found = from_text(shape_b())
    assert found.author == "Jane Roe"
    assert found.categories == ("Some Channel",)
    assert (found.version.source, found.version.source_name) == ("e.org", "Some Channel")


@pytest.mark.parametrize(
    ("channel", "source"),
    [("Some Channel", None), ("some-channel", "some-channel"), ("", "youtube"), ("YouTube", "youtube")],
)
def test_a_site_with_many_sources_gives_the_category_as_source(channel, source):
    """One site carries many channels, each of which is a source; without a category the site is."""
    written = shape_b().replace("https://e.org/x", "https://www.youtube.com/watch?v=abcdefghijk")
    version = from_text(written.replace("Some Channel", channel)).version
    assert version.source == source if source else version.source.startswith("some-channel-")
    assert version.source_name == (channel or "YouTube")


@pytest.mark.parametrize(
    ("title_line", "front_title", "expected"),
    [
        pytest.param(
            "[From here](https://e.org/x)", "From front", "From here", id="the title line is preferred"
        ),
        pytest.param("[](https://e.org/x)", "From front", "From front", id="an empty one is not"),
    ],
)
def test_title_line_before_front_matter(title_line, front_title, expected):
    """Where both give a title, the title line's is nearer to the article's."""
    source = (
        shape_b().replace("[A title](https://e.org/x)", title_line).replace('"A title"', f'"{front_title}"')
    )
    assert from_text(source).title == expected


def test_an_unusable_address_in_the_title_line_gives_way_to_front_matter():
    """An empty address is made good by front matter's `from`."""
    assert from_text(shape_b().replace("](https://e.org/x)", "]()")).link == "https://e.org/x"


def test_a_link_at_the_head_of_a_body_is_no_title_line():
    """Below front matter only dashes make a title line."""
    found = from_text(FRONT + "\n[x](https://other.example/y)\nwords")
    assert (found.shape, found.title, found.link) == ("C", "A title", "https://e.org/x")
    assert found.body.startswith("[x](")


def test_categories_are_plain_texts_each_once():
    """Entities are decoded before they are compared; tags come after."""
    written = FRONT.replace("categories: [ Some Channel ]", 'categories: [ "&nbsp;", "A&amp;B", "A&B" ]')
    assert from_text(written).categories == ("A&B", "Some Channel")


def test_tags_make_no_source():
    """Only a category tells one channel of a site from another."""
    written = shape_b().replace("https://e.org/x", "https://www.youtube.com/watch?v=abcdefghijk")
    written = written.replace("categories: [ Some Channel ]\n", "")
    assert from_text(written).version.source == "youtube"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("\ufeff" + text().replace("------\n", ""), id="BOM"),
        pytest.param("\x08" + text().replace("------\n", ""), id="U+0008"),
        pytest.param(FRONT.replace("\n", "\r") + "\rx", id="CR alone"),
        pytest.param(FRONT.replace("from:", "From:") + "\nx", id="capitals"),
    ],
)
def test_signs_are_looked_for_as_headers_are_read(source):
    """What can be read is not ignored."""
    assert from_text(source).version.published == EPOCH


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("[A\ntitle](https://e.org/x)\n------\n", id="two lines"),
        pytest.param("[A\n\ntitle](https://e.org/x)\n------\n", id="a blank one between"),
    ],
)
def test_a_title_may_have_several_lines(lines):
    """A title that was broken is one, as long as the dashes end it."""
    found = from_text(f"<!--1706716023000-->\n{lines}\n<p>x</p>")
    assert (found.title, found.link, found.body) == ("A title", "https://e.org/x", "<p>x</p>")


def test_dashes_in_a_body_belong_to_the_body():
    """Only dashes below the title line are the header's."""
    found = from_text("<!--1706716023000-->\n[A](https://e.org/x)\n\nfirst\n------\nsecond")
    assert found.body == "first\n------\nsecond"


def test_articles_without_a_body_have_their_title_in_the_key():
    """Tables that share one address are different articles (shape E)."""
    first, second = from_text(FRONT), from_text(FRONT.replace("A title", "Another"))
    with_body, again = from_text(FRONT + "\nx"), from_text(FRONT.replace("A title", "Another") + "\nx")
    assert first.version.key != second.version.key
    assert with_body.version.key == again.version.key
    assert len({first.version.key, second.version.key, with_body.version.key}) == 3


@pytest.mark.parametrize(
    ("source", "path", "published"),
    [
        pytest.param(shape_b("NaN"), b"2021-05-23-x.md", EPOCH, id="front matter before the file's name"),
        pytest.param(
            shape_b("NaN", body=DATE_LINE),
            b"a.md",
            datetime(2024, 1, 31, 15, 35, 24, tzinfo=UTC),
            id="the date line before front matter",
        ),
        pytest.param(
            shape_b("NaN").replace("T15:47:03.000Z", ""),
            b"a.md",
            datetime(2024, 1, 31, tzinfo=UTC),
            id="a day in front matter is its midnight in UTC",
        ),
        pytest.param(
            text(epoch=None, url="https://www.bbc.com/x", body='<time datetime="2020-10-07">now</time>'),
            b"2021-05-23.md",
            datetime(2020, 10, 7, tzinfo=UTC),
            id="a day-only date line before the file's name",
        ),
        pytest.param(
            FRONT.replace("e.org", "www.bbc.com") + '\n<time datetime="2020-10-07">now</time>',
            b"a.md",
            EPOCH,
            id="front matter before a day-only date line",
        ),
        pytest.param(
            text(epoch=None),
            b"dir/2021-05-23-x.md",
            datetime(2021, 5, 23, tzinfo=UTC),
            id="the file's name",
        ),
        pytest.param(
            text(url="https://www.bbc.com/x", body='<time datetime="2020-10-07">now</time>'),
            b"a.md",
            EPOCH,
            id="a day-only date line never before the epoch",
        ),
        pytest.param(
            text(
                epoch=datetime(2023, 9, 25, 22, 15, 2, tzinfo=UTC),
                url="https://www.rfi.fr/cn/x",
                body="<div>25/09/2023 - 22:28</div>",
            ),
            b"a.md",
            datetime(2023, 9, 25, 20, 28, tzinfo=UTC),
            id="a zone that only the site's rule tells",
        ),
    ],
)
def test_rule_2_published_from_what_there_is(source, path, published):
    """Date line, epoch, front matter, the feed's date, a day-only date line, the file's name."""
    assert from_text(source, path).version.published == published


def test_a_day_is_read_in_the_order_of_the_rule():
    """A site's rule tells the order of days as it does of moments."""
    header = headers.read(text(epoch=None))
    assert header
    line = DateLine(date="03/04/2024", author="", start=0, end=0)
    rule = msgspec.structs.replace(SITES.general, date_order="day-month-year")
    dated = dating.settle(header, line, rule=rule, name="a.md")
    assert dated.published == datetime(2024, 4, 3, tzinfo=UTC)


def test_a_date_in_a_directory_is_none():
    """Files move; only the file's own name counts."""
    found = parse.parse(b"2021-05-23/x.md", raw(epoch=None), sites=SITES)
    assert isinstance(found, Rejected)
    assert found.code == "no-date"


def test_every_date_is_said_with_its_reason():
    """`explain` shows each date that was found, and why one won."""
    found = parse.explain(b"2021-05-23.md", shape_b(body=DATE_LINE).encode(), sites=SITES)
    assert isinstance(found, Article)
    said = {decision.rule: decision.outcome for decision in found.decisions}
    assert said["epoch"] == "2024-01-31T15:47:03Z"
    assert said["date line"] == "2024-01-31T15:35:24Z"
    assert said["front matter"] == "2024-01-31T15:47:03Z"
    assert said["file name"] == "2021-05-23T00:00:00Z"
    assert said["published (this file)"] == said["date line"]


# --- front matter ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param('title: "x"', FrontMatter(title="x"), id="double quotes"),
        pytest.param("title: 'it''s'", FrontMatter(title="it's"), id="single quotes"),
        pytest.param("title: a: b # c", FrontMatter(title="a: b # c"), id="plain, whatever YAML makes of it"),
        pytest.param(
            'title: "a “b” \\"c\\" \\u00e9 \\\\"', FrontMatter(title='a “b” "c" é \\'), id="escapes"
        ),
        pytest.param(
            'title: "\\ud83d\\ude00 \\ud800 \\u0008"',
            FrontMatter(title="😀 \ufffd"),
            id="escapes of surrogates",
        ),
        pytest.param('title: "…\\智…"', FrontMatter(title="…\\智…"), id="a broken escape stays"),
        pytest.param('title: "a "b" c"', FrontMatter(title='a "b" c'), id="marks within marks"),
        pytest.param('title: "a', FrontMatter(title="a"), id="no closing mark"),
        pytest.param('title: "a\n  b"', FrontMatter(title="a b"), id="two lines"),
        pytest.param("title: >-\n  a\n  b", FrontMatter(title="a b"), id="a block"),
        pytest.param("title:\n  a", FrontMatter(title="a"), id="on the next line"),
        pytest.param("Title: a\ntitle: b", FrontMatter(title="a"), id="twice: the first"),
        pytest.param("from: https://e.org/a:b", FrontMatter(link="https://e.org/a:b"), id="an address"),
        pytest.param("tags: [ a b ]", FrontMatter(tags=("a b",)), id="one item with a space"),
        pytest.param('tags: [a, "b, c", a, ]', FrontMatter(tags=("a", "b, c", "a")), id="items"),
        pytest.param("tags:\n- a\n  - 'b'", FrontMatter(tags=("a", "b")), id="an item a line"),
        pytest.param("tags: a b", FrontMatter(tags=("a b",)), id="no list"),
        pytest.param("tags: [ a", FrontMatter(tags=("a",)), id="no closing bracket"),
        pytest.param("tags: [b]\ncategories: [a]", FrontMatter(categories=("a",), tags=("b",)), id="both"),
        pytest.param("???\n- x\n: y\n\ntitle: a", FrontMatter(title="a"), id="nonsense"),
    ],
)
def test_front_matter_is_read_whatever_it_is(lines, expected):
    """Front matter is YAML by intention; what is wrong in it loses nothing else."""
    found, rest = frontmatter.split(f"---\n{lines}\n---\nbody")
    assert found == expected
    assert rest == "body"


@pytest.mark.parametrize(
    ("lines", "link", "rest"),
    [
        pytest.param(["---", "from: a", "<p>"], "a", ["<p>"], id="ends before what cannot belong to it"),
        pytest.param(["---", "from: a"], "a", [], id="ends with the file"),
        pytest.param(["---", "<p>"], None, ["---", "<p>"], id="nothing that belongs to it: none"),
        pytest.param(["<p>"], None, ["<p>"], id="no dashes: none"),
        pytest.param([], None, [], id="nothing"),
        pytest.param(["---", "from: a", "...", "b"], "a", ["b"], id="dots end it too"),
    ],
)
def test_front_matter_without_its_end(lines, link, rest):
    """A missing end loses neither the keys nor the body."""
    found, after = frontmatter.split("\n".join(lines))
    assert (found.link if found else None) == link
    assert after == "\n".join(rest)


# --- what is no article ---------------------------------------------------------------


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
        pytest.param("日期：2020-06-22\n".encode(), "no-link", id="a date alone"),
        pytest.param(b"---\nfrom: mailto:a@e.org\n---\n", "no-link", id="front matter, other scheme"),
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
        pytest.param(b"---\ntitle: About\n---\n\nWe are.\n", id="a page without an address"),
        pytest.param(b"(a)\n---\n", id="dashes under no link"),
    ],
)
def test_ignored_without_any_sign(source):
    """What shows no sign of an article in its first 4 KiB is none."""
    assert isinstance(parsed(source), Ignored)


PARTS_OF_A_HEAD = (
    *(
        "<!--1706716023000-->",
        "<!--NaN-->",
        "<!-- -1 -->",
        "<!--x-->",
        "---",
        "---\n",
        "\n",
        "\r",
        "\r\n",
        " ",
    ),
    *(
        "from: x",
        "From :",
        "title: x",
        "日期：",
        "[a](b)\n---",
        "](",
        ")",
        "\0",
        "\ufeff",
        "\ufffd",
        "\xa0",
        "x\n" * 39,
    ),
)
heads = st.lists(st.sampled_from(PARTS_OF_A_HEAD), max_size=9).map("".join)


@given(heads, st.binary(max_size=3))
@settings(max_examples=400, deadline=None)
def test_everyday_sign_is_seen_as_any_other(head, strange):
    """A mark of byte order goes, but takes a file off the way of those that begin as programs write them."""
    source = head.encode() + strange
    assert parse.has_sign(source) == parse.has_sign("\ufeff".encode() + source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(raw(body=DATE_LINE), id="an article"),
        pytest.param(shape_b("NaN").encode(), id="with front matter"),
        pytest.param(raw(epoch=None), id="no date"),
        pytest.param(raw(url="mailto:a@e.org"), id="no link"),
        pytest.param(b"x", id="ignored"),
        pytest.param(b"", id="empty"),
    ],
)
def test_explaining_changes_nothing(source):
    """What is found is the same, whether anyone asks why or not; of what has a header there are reasons."""
    found, explained = parsed(source), parse.explain(b"a.txt", source, sites=SITES)
    if isinstance(explained, Article) or (isinstance(explained, Rejected) and explained.code == "no-date"):
        assert explained.decisions
        explained = msgspec.structs.replace(explained, decisions=())
    assert found == explained


@given(st.lists(st.sampled_from(["\n", " \n", "\u3000\t\n", "\x85\n"]), max_size=4).map("".join))
@settings(max_examples=100, deadline=None)
def test_blank_lines_between_the_parts_of_a_header_mean_nothing(blank):
    """However many there are, and of whatever white space."""
    parts = ("", FRONT, "<!--1706716023000-->\n", "[a](b)\n", "------\n", "<p>Words.</p>\n", "")
    assert headers.read(blank.join(parts)) == headers.read("".join(parts))
    feed_date = ("", "[a](b)\n", "------\n", "日期：Wed, 31 Jan 2024\n", "<p>Words.</p>")
    assert headers.read(blank.join(feed_date)) == headers.read("".join(feed_date))


def test_bad_bytes_become_replacement_characters_and_are_counted():
    """Decoding never fails; what it replaced is counted for explain, the file's own U+FFFD is not."""
    found = parse.explain(b"a.txt", raw(body="<p>a\ufffd") + b"\xff\xfe", sites=SITES)
    assert isinstance(found, Article)
    assert found.body.count("\ufffd") == 3
    assert [decision.outcome for decision in found.decisions if decision.rule == "encoding"] == ["2 × U+FFFD"]


def test_stray_bytes_before_the_header_do_no_harm():
    """The mark of another encoding is no reason to lose an article."""
    found = parsed(b"\xff\xfe" + raw())
    assert isinstance(found, Article)
    assert found.version.epoch == EPOCH


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
