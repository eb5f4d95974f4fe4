"""tidy: what is left of a tree when nothing empty stands in it."""

import pytest
from hypothesis import given
from lxml import html

from feedbridge.model import Decision
from feedbridge.normalise import tidy
from feedbridge.standards import elements, markup
from tests.soups import soups


def tidied(source: str) -> str:
    """Return what is left of a body."""
    root = markup.parse(source)
    tidy.tidy(root)
    return html.tostring(root, encoding="unicode").removeprefix("<div>").removesuffix("</div>")


# --- empty elements -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "left"),
    [
        pytest.param("<p>a</p><p></p><p>&nbsp;\u3000</p><p><br></p>", "<p>a</p> ", id="paragraphs"),
        pytest.param("<div><section><b><a></a></b></section></div>", "", id="nested"),
        pytest.param(
            "<p>a</p><ul><li></li></ul><ol><li>b</li></ol>", "<p>a</p><ol><li>b</li></ol>", id="lists"
        ),
        pytest.param("<figure><figcaption></figcaption></figure>", "", id="a figure without a picture"),
        pytest.param(
            "<figure><img><figcaption></figcaption></figure>", "<figure><img></figure>", id="a caption"
        ),
        pytest.param("a<b></b>b<script></script>c", "abc", id="between letters"),
        pytest.param("a<b> </b>b", "a b", id="a space between words"),
        pytest.param("<iframe></iframe><p>a</p>", "<p>a</p>", id="a frame: players are links by now"),
        pytest.param("<p>\u200b</p>", "<p>\u200b</p>", id="a character without width is text"),
        pytest.param("<table><tr><td></td><td><br></td></tr></table>a", "a", id="an empty table"),
        pytest.param(
            "<table><tr><td></td><td><p></p><br></td></tr><tr><td>a</td></tr></table>",
            "<table><tr><td></td><td><br></td></tr><tr><td>a</td></tr></table>",
            id="cells of a table with text",
        ),
        pytest.param(
            "<table><tr><td>a<table><tr><td></td></tr></table></td></tr></table>",
            "<table><tr><td>a</td></tr></table>",
            id="an empty table in a table",
        ),
        pytest.param(
            "<p><picture><source><img></picture></p>",
            "<p><picture><source></source><img></picture></p>",
            id="pictures",
        ),
        pytest.param("<video><source></video>", "<video><source></source></video>", id="video"),
        pytest.param("<p><audio></audio></p>", "<p><audio></audio></p>", id="audio"),
    ],
)
def test_rule_9_empty_elements_go(source, left):
    """Nothing goes that people see; the cells of a table keep their places."""
    assert tidied(source) == left


@pytest.mark.parametrize(
    ("source", "left"),
    [
        pytest.param("a<p></p>b", "a<br>b", id="a block"),
        pytest.param("a<b><br></b>b", "a<br>b", id="a line break in an element"),
        pytest.param("<i>a</i><p></p><p></p><p></p><b>b</b>", "<i>a</i><br><b>b</b>", id="several blocks"),
        pytest.param("<b>a<div></div></b>b", "<b>a<br></b>b", id="at the end of an element"),
        pytest.param("<p>a</p><p></p>b", "<p>a</p>b", id="after a block"),
        pytest.param("a<p></p><p>b</p>", "a<p>b</p>", id="before a block"),
        pytest.param("a<p></p><br>b", "a<br>b", id="before a line break"),
        pytest.param("a<p></p>", "a", id="at the end"),
        pytest.param("a<div><hr></div>b", "a<hr>b", id="a rule"),
    ],
)
def test_words_stay_apart(source, left):
    """An empty block between two words becomes a line break, one that holds a rule becomes it."""
    assert tidied(source) == left


# --- line breaks ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "left"),
    [
        pytest.param("a<br> <br>b", "a<br> <br>b", id="two"),
        pytest.param("a<br>\n<br><b></b><br><br>b", "a<br>\n<br>b", id="more than two"),
        pytest.param("<p>a<br></p><br><br><p>b</p>", "<p>a<br></p><br><p>b</p>", id="across blocks"),
        pytest.param("a<br>b<br><br>c", "a<br>b<br><br>c", id="words between"),
        pytest.param("<br><p><br>a</p>", "<p>a</p>", id="at the beginning"),
        pytest.param("<p>a<br></p><hr><br>", "<p>a</p>", id="at the end"),
        pytest.param("<hr>a<hr>b<hr><hr>", "a<hr>b", id="rules"),
        pytest.param("<div><hr></div>a<div><hr></div>", "a", id="rules in elements"),
        pytest.param("<br><img><br>", "<img>", id="around a picture"),
        pytest.param(
            "<table><tr><td><br></td><th>a</th><td><br></td></tr></table>",
            "<table><tr><td><br></td><th>a</th><td><br></td></tr></table>",
            id="in cells",
        ),
    ],
)
def test_line_breaks_stand_between_words(source, left):
    """At most two in a row, and neither they nor rules at the ends."""
    assert tidied(source) == left


def test_explain_counts_what_went():
    """Elements that go with another one are not counted."""
    decisions = tidy.tidy(markup.parse("<p><b></b></p>a<br>"))
    assert decisions == (
        Decision(rule="empty elements dropped", outcome="2", reason="nothing in them is seen"),
    )
    assert tidy.tidy(markup.parse("<p>a</p>")) == ()


@given(soups)
def test_where_all_is_full_nothing_changes(source):
    """The short way for a body without empty elements and line breaks is none for any other."""
    root = markup.parse(source)
    before = html.tostring(root)
    is_full = all(elements.text_of(one) or next(one.iter("img"), None) is not None for one in root.iter())
    dropped = tidy.tidy(root)
    assert not is_full or (dropped == () and html.tostring(root) == before)


@given(soups)
def test_no_text_is_lost_and_once_is_enough(source):
    """Whatever a body holds: the same words with the same spaces, the same pictures, and idempotence."""
    root = markup.parse(source)
    words, pictures = elements.text_of(root), len(root.findall(".//img"))
    tidy.tidy(root)
    assert elements.text_of(root) == words
    assert len(root.findall(".//img")) == pictures
    once = html.tostring(root)
    assert tidy.tidy(root) == ()
    assert html.tostring(root) == once


@pytest.mark.parametrize(
    "source",
    [
        "<p></p>" * 20_000,
        "a<b></b>" * 20_000,
        "a<p> </p>" * 20_000,
        "<br>" * 20_000,
        "<div>" * 190 + "<b></b>" * 20_000,
    ],
)
def test_many_empty_elements_go_in_one_walk(source):
    """Tails are not joined over and over."""
    root = markup.parse(source)
    tidy.tidy(root)
    assert len(root.findall(".//p") + root.findall(".//b")) == 0
