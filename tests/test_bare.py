"""bare: bodies of bare text become paragraphs with links (emission rule 11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from feedbridge.model import Decision
from feedbridge.normalise import bare
from feedbridge.standards import elements, markup
from tests.soups import soups


def arranged(source: str) -> str:
    """Return what a body becomes."""
    root = markup.parse(source)
    bare.arrange(root)
    return html.tostring(root, encoding="unicode").removeprefix("<div>").removesuffix("</div>")


def links(text: str) -> list[str]:
    """Return the addresses that are links in a bare text."""
    root = markup.parse(text)
    bare.arrange(root)
    return [str(link.text) for link in root.iter("a")]


# --- paragraphs -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "paragraphs"),
    [
        pytest.param("a", "<p>a</p>", id="one line"),
        pytest.param(
            "https://web.archive.org/web/2020/https://e.org/a",
            '<p><a href="https://web.archive.org/web/2020/https://e.org/a">'
            "https://web.archive.org/web/2020/https://e.org/a</a></p>",
            id="an address that is a part of another",
        ),
        pytest.param(" a\nb \n", "<p>a<br>b</p>", id="a line break"),
        pytest.param("a\n \u3000\n\nb\nc", "<p>a</p><p>b<br>c</p>", id="blank lines"),
        pytest.param("a\r\n\r\nb", "<p>a</p><p>b</p>", id="CRLF"),
        pytest.param("a<br>b\nc<br/><br>d", "<p>a<br>b\nc</p><p>d</p>", id="line breaks in HTML"),
        pytest.param("p<1)&amp;&lt;b&gt; 3 < 4", "<p>p&lt;1)&amp;&lt;b&gt; 3 &lt; 4</p>", id="no tags"),
        pytest.param("<div>\na\n\nb\n</div>", "<div><p>a</p><p>b</p></div>", id="the wrapper of shape B"),
        pytest.param(
            "a https://e.org/ b\nhttps://e.org/",
            '<p>a <a href="https://e.org/">https://e.org/</a> b<br>'
            '<a href="https://e.org/">https://e.org/</a></p>',
            id="links",
        ),
    ],
)
def test_rule_11_bare_text_becomes_paragraphs(source, paragraphs):
    """Blank lines part paragraphs; a single line break stays one."""
    assert arranged(source) == paragraphs


@pytest.mark.parametrize(
    "source",
    [
        "",
        " \n",
        "<br><br>",
        "<p>a\n\nb</p>",
        "a <b>b</b>\n\nc",
        "<div>a</div>b",
        "<div>a</div><div>b</div>",
        "<div><img></div>",
    ],
)
def test_what_is_no_bare_text_stays(source):
    """A body with markup, or without text."""
    root = markup.parse(source)
    assert bare.arrange(root) == ()
    assert html.tostring(root) == html.tostring(markup.parse(source))


def test_explain_says_what_became_of_it():
    """The decision counts paragraphs and links."""
    decisions = bare.arrange(markup.parse("a\n\nb https://e.org/"))
    assert decisions == (
        Decision(rule="bare text", outcome="paragraphs: 2, links: 1", reason="the body has no markup"),
    )


# --- links ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        pytest.param("前https://bit.ly/2YsRD8D哈嘍", ["https://bit.ly/2YsRD8D"], id="glued text"),
        pytest.param(
            "https://t.me/ahttps://t.me/bHTTP://t.me/c",
            ["https://t.me/a", "https://t.me/b", "HTTP://t.me/c"],
            id="glued addresses",
        ),
        pytest.param("https://e.org/a.", ["https://e.org/a"], id="full stop"),
        pytest.param("(https://e.org/a?!),", ["https://e.org/a"], id="closing punctuation"),
        pytest.param("https://e.org/a_(b)", ["https://e.org/a_(b)"], id="balanced brackets"),
        pytest.param("[https://e.org/a(b)])", ["https://e.org/a(b)"], id="unbalanced brackets"),
        pytest.param("https://e.org/a(推荐)", ["https://e.org/a"], id="a bracket that opens"),
        pytest.param("https://e.org/a（b）", ["https://e.org/a"], id="full-width brackets"),
        pytest.param("https://e.org/?a=b&c=%20#d", ["https://e.org/?a=b&c=%20#d"], id="query and fragment"),
        pytest.param("https://e.org/a#", ["https://e.org/a"], id="a hashtag after it"),
        pytest.param("https://e.org/a======**前", ["https://e.org/a"], id="a ruler after it"),
        pytest.param("https://e.org/a=------", ["https://e.org/a="], id="a ruler after a sign"),
        pytest.param("https://e.org/a==", ["https://e.org/a=="], id="no ruler"),
        pytest.param("https://e.org/v=a-b_", ["https://e.org/v=a-b_"], id="signs at the end"),
        pytest.param("https://e.org", ["https://e.org"], id="no path"),
        pytest.param("https://!!! http:// https://a@e.org/", [], id="no host, or a name before it"),
        pytest.param("a@e.org www.e.org ftp://e.org mailto:a@e.org", [], id="mail and bare hosts"),
    ],
)
def test_rule_11_a_glued_address_ends_where_no_uri_goes_on(text, addresses):
    """Or where another one begins; closing punctuation is no part of it."""
    assert links(text) == addresses


def test_rule_10_links_are_absolute():
    """The text stays as written, the address is usable."""
    assert arranged("HTTPS://E.org?a") == '<p><a href="HTTPS://E.org/?a">HTTPS://E.org?a</a></p>'


@given(soups)
def test_no_text_is_lost(source):
    """Whatever a body holds: the words stay, and a second time changes nothing."""
    root = markup.parse(source)
    before = elements.text_of(root)
    bare.arrange(root)
    assert elements.text_of(root) == before
    once = html.tostring(root)
    assert bare.arrange(root) == ()
    assert html.tostring(root) == once


@given(st.text(st.sampled_from("https://e.org()[]=-.#你 \n")))
def test_no_character_is_lost(text):
    """Links and line breaks take nothing out of a bare text."""
    root = markup.parse(text)
    bare.arrange(root)
    assert "".join("".join(root.itertext()).split()) == "".join(text.split())


@pytest.mark.parametrize("text", [")" * 200_000, "(" * 200_000, "=-" * 100_000, "-" * 200_000, "a" * 200_000])
def test_a_long_address_is_read_once(text):
    """A long text that may be punctuation or not."""
    assert len(links(f"https://e.org/{text}")) == 1
