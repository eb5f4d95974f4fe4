"""cut: entries that are too long end at a block, with a link to the rest (emission rule 11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from lxml.html import HtmlElement

from feedbridge.model import Decision
from feedbridge.normalise import cut
from feedbridge.standards import elements, markup
from tests.soups import soups

LINK = "https://e.org/a"
LAST_LINE = f'<p>… <a href="{LINK}">{LINK}</a></p>'
LIMIT = 512 * 1024


def written(root: HtmlElement) -> str:
    """Return what stands in the wrapper of a content."""
    return markup.sanitise(root, language="en", direction="ltr")


def write(root: HtmlElement, limit_bytes: int) -> tuple[str, tuple[Decision, ...]]:
    """Write a tree with a limit, and return what `explain` says of that, too."""
    return cut.write(root, limit_bytes=limit_bytes, link=LINK, language="en", direction="ltr")


def shortened(source: str, limit_bytes: int = LIMIT) -> str:
    """Return the content of a body, cut; the tree is cut, too."""
    root = markup.parse(source)
    content, _ = write(root, limit_bytes)
    assert len(content.encode()) <= limit_bytes
    assert content == written(root)
    return content.removeprefix('<div lang="en" dir="ltr">').removesuffix("</div>")


@pytest.mark.parametrize(
    ("source", "least"),
    [
        pytest.param(f"<p>{'word ' * 60}</p>" * 10_000, 0.99, id="paragraphs"),
        pytest.param(f"<p>{'word ' * 600_000}</p>", 0.99, id="one paragraph"),
        pytest.param("你好" * 500_000, 0.99, id="bare text"),
        pytest.param("&amp;&lt;&gt;&nbsp;" * 200_000, 0.99, id="characters that are escaped"),
        pytest.param("<img src='https://e.org/picture' alt='&'>" * 15_000, 0.8, id="pictures"),
        pytest.param("<div>" * 190 + f"<p>{'word ' * 10}</p>" * 15_000, 0.99, id="levels"),
        pytest.param(
            f"<table>{'<tr><td>some words</td><td>b</td></tr>' * 15_000}</table>", 0.99, id="a table"
        ),
        pytest.param("<p>a</p><div>" + f"<p>{'word ' * 60}</p>" * 3_000, 0.99, id="a wrapper after a block"),
        pytest.param(f"<p>a</p><p>{'x' * 600_000}</p>", 0.99, id="a larger block after a small one"),
        pytest.param(
            "<p>intro</p><table><tr><td>" + f"<p>{'x' * 300}</p>" * 1_720 + "</td></tr></table>",
            0.99,
            id="a row that holds it all",
        ),
        pytest.param(
            "<div>" * 20 + f"<p>{'w' * 524_150}</p><p>end</p>", 0.99, id="a block with what is around it"
        ),
        pytest.param(f"<p title='{'&quot;' * 1000}'>word</p>" * 200, 0.9, id="quotation marks"),
        pytest.param(
            f"<custom-x class='y' data-z='1'>{'word ' * 20}</custom-x> " * 10_000,
            0.99,
            id="what is dropped anyway",
        ),
        pytest.param("<a href='https://e.org/ü'>é</a> " * 14_000, 0.7, id="addresses that grow"),
    ],
)
def test_rule_11_what_is_too_long_is_cut(source, least):
    """It fits then, is as long as may be, and its last line links on."""
    content = shortened(source)
    assert content.endswith(LAST_LINE)
    assert len(content.encode()) > least * (LIMIT - 200)


@pytest.mark.parametrize(
    ("source", "limit_bytes", "left"),
    [
        pytest.param("<p>aaaa</p>" * 9, 30, "<p>aaaa</p><p>aaaa</p>", id="at a block's end"),
        pytest.param("<p>aaaa</p>" * 9, 21, "<p>aaaa</p>", id="not in the next block"),
        pytest.param("aaaabbbb", 4, "aaaa", id="a text, at a character"),
        pytest.param("<p>aaaa<b>bbbb</b></p>", 19, "<p>aaaa<b>b</b></p>", id="in an element, closed"),
        pytest.param("<p>a<b>b</b>cccc</p>c", 18, "<p>a<b>b</b>cc</p>", id="in a tail"),
        pytest.param("<p>aaaa<b>bbbb</b></p>", 14, "<p>aaaa</p>", id="no empty element is left"),
        pytest.param(
            "<p>a</p><p>bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb</p>",
            30,
            "<p>a</p><p>" + "b" * 15 + "</p>",
            id="a larger block",
        ),
        pytest.param("<p>a</p><p>bbbbbbbbbbbbbbbbbb</p>", 30, "<p>a</p>", id="a block that fits alone"),
        pytest.param(
            "<p>a</p>bbbbbbbbbbbbbbbbbbbbbb<p>c</p>", 28, "<p>a</p>", id="a block without an element"
        ),
        pytest.param("aaaaaaaaaaaa<p>bbbbbbbbbbbb</p>", 28, "aaaaaaaaaaaa", id="where a block begins"),
        pytest.param(
            "<div>a<div>bbbbbbbb<div>ccccccc</div></div></div>",
            36,
            "<div>a<div>bbbbbbbb</div></div>",
            id="in blocks that hold blocks",
        ),
        pytest.param(
            "<p>aaaa</p><ul><li>b</li><li>c</li></ul>",
            30,
            "<p>aaaa</p><ul><li>b</li></ul>",
            id="within a list",
        ),
        pytest.param(
            "<table><tbody><tr><td>aaaaaaaaaa</td></tr><tr><td>a</td><td>bbbbb</td></tr></tbody></table>",
            80,
            "<table><tbody><tr><td>aaaaaaaaaa</td></tr></tbody></table>",
            id="not within a row",
        ),
        pytest.param("你你你", 7, "你你", id="a character of several bytes"),
        pytest.param("aae\u0301e\u0301", 6, "aae\u0301", id="a letter keeps its accent"),
        pytest.param("a&amp;&amp;", 10, "a&amp;", id="an entity stays whole"),
        pytest.param("<p>aa</p><hr><p>bb</p><p>cc</p>", 18, "<p>aa</p>", id="a rule at the end goes"),
        pytest.param("aaaaaa", 0, "", id="nothing fits"),
        pytest.param(
            "<p><b><i>aaaaaaaaaaaaaaa</i></b></p>", 10, "", id="no element is left where nothing fits"
        ),
    ],
)
def test_rule_11_where_it_is_cut(source, limit_bytes, left):
    """At a block's end; at a character of a block that alone is too large; all is closed."""
    frame = len(written(markup.parse(LAST_LINE)).encode())
    assert shortened(f"{source}<p>{'z' * 999}</p>", limit_bytes + frame) == left + LAST_LINE


@pytest.mark.parametrize("source", ["<p>a</p>" * 99, "<p>&nbsp;你</p>" * 99])
def test_the_limit_itself_is_no_byte_too_many(source):
    """A content of exactly so many bytes stays; of one byte more it is cut."""
    size = len(written(markup.parse(source)).encode())
    assert LAST_LINE not in shortened(source, size)
    assert LAST_LINE in shortened(source, size - 1)


def test_where_not_even_the_link_fits_nothing_is_left():
    """No limit that anyone would set is so small."""
    assert shortened("<p>a</p>" * 9, 50) == ""


def test_explain_says_how_long_it_was():
    """The decision names both sizes; what is short enough stays as it is, without one."""
    root = markup.parse("<p>a</p>" * 99)
    whole = written(root)
    assert write(root, LIMIT) == (whole, ())
    assert write(root, 2000) == (whole, ())
    assert html.tostring(root) == html.tostring(markup.parse("<p>a</p>" * 99))
    _, decisions = write(root, 500)
    reason = "it has 823 bytes; more than 500 are too much for readers"
    assert decisions == (Decision(rule="content", outcome="cut", reason=reason),)


def test_pictures_after_the_cut_leave_the_tree():
    """So whoever lists pictures afterwards lists those that are shown."""
    root = markup.parse("<p><img src='https://e.org/a'></p>" * 100)
    write(root, 1000)
    assert 10 < len(root.findall(".//img")) < 40


@given(soups, st.integers(120, 400))
def test_whatever_it_holds_it_fits(source, limit_bytes):
    """The text that is left is the beginning of the text that was."""
    before = "".join(elements.text_of(markup.parse(source)).split())
    content = shortened(source, limit_bytes)
    if content.endswith(LAST_LINE):
        left = elements.text_of(markup.parse(content.removesuffix(LAST_LINE)))
        assert before.startswith("".join(left.split()))
