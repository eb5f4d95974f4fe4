"""Where an element stands: what holds only it, what follows it, where a block may stand beside it."""

import pytest
from lxml.html import HtmlElement

from feedbridge.normalise import places
from feedbridge.standards import markup


def picture(source: str) -> HtmlElement:
    """Return the first picture of a body."""
    return next(markup.parse(source).iter("img"))


@pytest.mark.parametrize(
    ("source", "tag"),
    [
        pytest.param("<img>", "img", id="below the root"),
        pytest.param("<p><a><img></a></p>", "p", id="in wrappers"),
        pytest.param("<p> <a>\n<img></a>&nbsp;</p>", "p", id="white space"),
        pytest.param("<div><p><img></p>x</div>", "p", id="words after a wrapper"),
        pytest.param("<p>x<img></p>", "img", id="words before it"),
        pytest.param("<p><img><br></p>", "img", id="an element after it"),
        pytest.param("<ul><li><img></li></ul>", "img", id="in no wrapper"),
        pytest.param("<picture><source><img><source></picture>", "picture", id="sources"),
        pytest.param("<picture><source>x<img></picture>", "img", id="words after a source"),
        pytest.param("<picture><img>x</picture>", "img", id="words in a picture"),
    ],
)
def test_the_outermost_element_holds_nothing_else(source, tag):
    """White space and what nobody sees do not count, and the root never does."""
    assert places.outermost(picture(source)).tag == tag


def test_a_root_is_alone():
    """Nothing stands around it."""
    assert places.is_alone(markup.parse("x"))


@pytest.mark.parametrize(
    ("source", "tag"),
    [
        pytest.param("<img>", "img", id="below the root"),
        pytest.param("<div><p><b><img></b></p></div>", "p", id="in a paragraph"),
        pytest.param("<td><img>", "img", id="in a cell"),
        pytest.param("<p><img></p>", "p", id="in a paragraph below the root"),
    ],
)
def test_a_figure_stands_among_blocks(source, tag):
    """The place is that of the nearest ancestor beside which blocks may stand."""
    assert places.block_place(picture(source)).tag == tag


@pytest.mark.parametrize(
    ("source", "tag"),
    [
        pytest.param("<img> <p>", "p", id="right after it"),
        pytest.param("<img><br><b>", "b", id="after a line break"),
        pytest.param("<img><br><br><b>", "br", id="only one line break"),
        pytest.param("<img>x<p>", None, id="words between"),
        pytest.param("<img><br>x<p>", None, id="words after the line break"),
        pytest.param("<img>", None, id="nothing"),
    ],
)
def test_what_follows_has_no_words_before_it(source, tag):
    """One line break does not count."""
    found = places.following(picture(source))
    assert (None if found is None else found.tag) == tag
