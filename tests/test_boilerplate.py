"""boilerplate, heading: what stands in a body and is no part of the article (emission rule 9)."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from feedbridge.model import Boilerplate, Decision, SiteRule
from feedbridge.normalise import boilerplate, heading
from feedbridge.sites import apply
from feedbridge.sites.apply import MAX_MARK_TEXT
from feedbridge.standards import elements, markup
from feedbridge.standards.expressions import ExpressionError, compiled
from tests.soups import soups


def marked(*marks: Boilerplate) -> SiteRule:
    """Return a rule that knows of some boilerplate."""
    return SiteRule(slug="e", name="E", hosts=("e.org",), boilerplate=marks)


def inside(root: html.HtmlElement) -> str:
    """Return what stands in a root, as HTML."""
    return html.tostring(root, encoding="unicode").removeprefix("<div>").removesuffix("</div>")


def dropped(source: str, *marks: Boilerplate) -> str:
    """Return what is left of a body."""
    root = markup.parse(source)
    boilerplate.drop(root, rule=marked(*marks))
    return inside(root)


BAR = Boilerplate(what="share bar", elements=("div",), attribute="class", value="^bar$")
NOTICE = Boilerplate(what="notice", elements=("div", "p"), text="Get more from us(?:: .{0,99})?")
GALLERY = Boilerplate(what="gallery", elements=("h3",), text="Pictures: .+", takes="pictures")
LABEL = Boilerplate(what="label", elements=("figure",), text="Image|Video", takes="beginning")
FOOTER = Boilerplate(what="footer", elements=("hr",), takes="rest")


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        pytest.param("Get more from us(?:: .{0,99})?", "Get more from us", id="before a group"),
        pytest.param("^streamItem$", "streamItem", id="between anchors"),
        pytest.param(r"\bbar\b", "bar", id="between bounds of words"),
        pytest.param(".{1,60} was at .{1,99} on Medium", " on Medium", id="the longest"),
        pytest.param("CDT ?file", "file", id="less what may be missing"),
        pytest.param("abc*d{0,2}e+", "ab", id="less what may be repeated"),
        pytest.param(r"a-\.\*b", "a-", id="escapes of signs"),
        pytest.param(r"\x41bc", "", id="escapes of letters"),
        pytest.param("(?i)bar", "", id="flags"),
        pytest.param("[bar] b", "", id="a class"),
        pytest.param("bar|foo", "", id="one of several"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_an_expression_needs_is_seen_without_it(expression, needed):
    """So most elements need no match; where it is not plain to see, nothing is needed."""
    assert boilerplate.needed(expression) == needed


@given(
    st.lists(
        st.sampled_from(["a", "b", " ", ".", "a?", "b*", "ab+", "b{0,2}", "a{2}", "^", "$", "[ab]", "(?:b)?"])
        | st.sampled_from([r"\b", r"\.", r"\d", r"\-", "{", "}", "{,2}", "a|b", "(?i:a)", "é?", "é"]),
        max_size=6,
    ).map("".join),
    st.text("aAbé .-,{}2", max_size=8),
)
def test_nothing_matches_without_what_it_needs(expression, words):
    """Whatever the expression is."""
    try:
        found = compiled(expression).search(words)
    except ExpressionError:
        return
    assert found is None or boilerplate.needed(expression) in words


def test_an_expression_for_a_value_means_nothing_without_an_attribute():
    """The first look must not be stricter than the mark."""
    mark = Boilerplate(what="x", elements=("p",), value="bar", text="a")
    assert dropped("<p>a</p>b", mark) == "b"


# --- what rules mark ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "source", "left"),
    [
        pytest.param(BAR, '<p>a</p><div class="bar">x<p>y</p></div>b', "<p>a</p>b", id="attribute"),
        pytest.param(BAR, '<div class="bars">a</div>', '<div class="bars">a</div>', id="another value"),
        pytest.param(
            Boilerplate(what="x", attribute="class", value="bar$"),
            f'<p class="{"a" * 999} bar">x</p>b',
            "b",
            id="attribute, long",
        ),
        pytest.param(BAR, '<p class="bar">a</p>', '<p class="bar">a</p>', id="another element"),
        pytest.param(NOTICE, "<p>Get <b>more</b>\n from us</p>b", "b", id="text, folded"),
        pytest.param(NOTICE, "<p>Get more from us now</p>", "<p>Get more from us now</p>", id="more text"),
        pytest.param(
            GALLERY,
            "<h3>Pictures: x</h3> <p><img></p>\n<div><img><b>c</b>: d</div><p>e</p><p><img></p>",
            " \n<p>e</p><p><img></p>",
            id="pictures, to a sibling without",
        ),
        pytest.param(GALLERY, "<h3>Pictures: x</h3><img>a<img>", "a<img>", id="pictures, to a text"),
        pytest.param(GALLERY, "<h3>Pictures: x</h3>a<img>", "a<img>", id="pictures, after a text"),
        pytest.param(GALLERY, "<h3>Pictures: x</h3>", "", id="pictures, none"),
        pytest.param(
            FOOTER, "<div>a<hr>b<p>c</p>d<p>e</p>f</div>g", "<div>a</div>g", id="rest, within its parent"
        ),
        pytest.param(FOOTER, "a<hr>b", "a", id="rest, only text"),
        pytest.param(
            LABEL, "<figure> Image\n<img>Image</figure>", "<figure><img>Image</figure>", id="beginning"
        ),
        pytest.param(
            LABEL,
            f"<figure>Video<p>{'a' * 9_999}</p></figure>",
            f"<figure><p>{'a' * 9_999}</p></figure>",
            id="beginning, of most of the article",
        ),
        pytest.param(
            Boilerplate(what="label", elements=("p",), takes="beginning"),
            f"<p>{'a' * 1001}<br>b</p><p>c<br>d</p><p> <br>e</p>",
            f"<p>{'a' * 1001}<br>b</p><p><br>d</p><p> <br>e</p>",
            id="beginning, too long, and none",
        ),
        pytest.param(
            LABEL, "<figure>Images<img></figure>", "<figure>Images<img></figure>", id="beginning, other words"
        ),
    ],
)
def test_rule_9_what_a_mark_takes_goes(mark, source, left):
    """A mark takes its element, words in it, those with pictures after it, or the rest of its parent."""
    assert dropped(source, mark) == left


def test_each_kind_is_counted_once_an_element():
    """What goes with another one is not counted again."""
    root = markup.parse('<div class="bar"><div class="bar">x</div></div><div class="bar"></div><hr><hr>y')
    decisions = boilerplate.drop(root, rule=marked(BAR, FOOTER))
    assert decisions == (
        Decision(rule="boilerplate dropped", outcome="2", reason="share bar"),
        Decision(rule="boilerplate dropped", outcome="1", reason="footer"),
    )
    assert inside(root) == ""


def test_nothing_dropped_is_no_decision():
    """A body without boilerplate stays as it is."""
    root = markup.parse("<p>a</p>")
    assert boilerplate.drop(root, rule=marked(BAR, NOTICE)) == ()
    assert boilerplate.drop(root, rule=marked()) == ()
    assert inside(root) == "<p>a</p>"


@given(soups, st.sampled_from([BAR, NOTICE, FOOTER, Boilerplate(what="x", text="a x|.? ?é&")]))
def test_the_first_looks_miss_nothing(source, mark):
    """Where an element bears a mark, something is dropped; else nothing is."""
    root = markup.parse(source)
    boilerplate.drop(root, rule=marked())
    texts = elements.short_texts(root, limit=MAX_MARK_TEXT)
    bearing = [
        one
        for one in root.iterdescendants()
        if apply.is_marked(
            mark, name=str(one.tag), attributes=dict(one.items()), text_of=partial(texts.get, one)
        )
    ]
    assert bool(boilerplate.drop(root, rule=marked(mark))) == bool(bearing)


def test_the_root_stays():
    """A mark that fits everything leaves an empty body."""
    assert dropped("a<p>b</p>c", Boilerplate(what="all", text=".*", takes="rest")) == "a"


@pytest.mark.parametrize("words", [MAX_MARK_TEXT, MAX_MARK_TEXT + 1])
def test_a_long_text_fits_no_mark(words):
    """Whatever the expression says: an element with more text is no boilerplate."""
    left = dropped(f"<p>{'x' * words}</p>", Boilerplate(what="x", elements=("p",), text="x+"))
    assert bool(left) == (words > MAX_MARK_TEXT)


def test_a_text_is_not_read_anew_for_each_element_around_it():
    """A megabyte in 190 elements: a mark by text looks at each character a bounded number of times."""
    anything = Boilerplate(what="x", text="no such text")
    assert dropped("<div>" * 190 + "word " * 200_000, anything).count("<div>") == 190


# --- what is hidden -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "left"),
    [
        pytest.param("a<p hidden>x<img></p>b", "ab", id="hidden"),
        pytest.param('a<p style="color:red; Display : none">x</p>', "a", id="not displayed"),
        pytest.param(
            '<p style="x-display:none">a</p>', '<p style="x-display:none">a</p>', id="another property"
        ),
        pytest.param("<p hidden><b hidden>a</b></p>", '<p hidden=""><b hidden="">a</b></p>', id="all text"),
        pytest.param('<p hidden="until-found">a</p>b', '<p hidden="until-found">a</p>b', id="to be found"),
        pytest.param(
            'a<span aria-hidden="true">b</span>', 'a<span aria-hidden="true">b</span>', id="from some only"
        ),
        pytest.param('a<img style="display:none">', 'a<img style="display:none">', id="a lazy picture"),
    ],
)
def test_what_nobody_sees_goes(source, left):
    """Hidden elements go, if there is text that is not hidden; pictures are hidden until they are loaded."""
    assert dropped(source) == left


# --- the title repeated ---------------------------------------------------------------


def headed(source: str, title: str) -> str:
    """Return what is left of a body under a title."""
    root = markup.parse(source)
    heading.drop(root, title=title)
    return inside(root)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        pytest.param("<h1>A title</h1>", "A title", id="the same"),
        pytest.param("<h2>A\n<b>TITLE</b></h2>", "a title", id="white space and case"),
        pytest.param("<h1>《A title》!</h1>", "A title…", id="outer punctuation"),
        pytest.param("<h1>A title</h1>", "“A title” - RFI", id="the site's name"),
        pytest.param("<h1>A title - RFI</h1>", "A title - RFI", id="the site's name in both"),
        pytest.param("<p><b>A title</b></p>", "A title", id="a bold paragraph"),
        pytest.param("<header><h1><a>A</a> title</h1></header>", "A title", id="a header"),
        pytest.param("<b>A title</b>", "A title", id="a bold line, before a block"),
        pytest.param("<strong>A title</strong> <br>", "A title", id="a bold line, with its break"),
    ],
)
def test_rule_9_a_title_repeated_at_the_head_goes(source, title):
    """The first element with text, where all its text is the title."""
    assert headed(f"<img>{source}<p>b</p>", title).removeprefix("<img>").lstrip() in (
        "<p>b</p>",
        "<br><p>b</p>",
    )


@pytest.mark.parametrize(
    ("source", "title"),
    [
        pytest.param("<h1>A title</h1>", "A title", id="the only text"),
        pytest.param("<p>A title <b>b</b></p><p>c</p>", "A title", id="more in it"),
        pytest.param("<p><b>A title</b> goes on</p>", "A title", id="a part of a line"),
        pytest.param("<p><i><b>A title</b></i> goes on</p>", "A title", id="a part of a part of a line"),
        pytest.param("<b>A title</b><i>b</i>", "A title", id="a line that goes on"),
        pytest.param("b<h1>A title</h1>", "A title", id="after a text"),
        pytest.param("<img>b<h1>A title</h1>", "A title", id="after a tail"),
        pytest.param("<p>b</p><h1>A title</h1>", "A title", id="after a paragraph"),
        pytest.param("<h1><img>A title</h1>b", "A title", id="with a picture"),
        pytest.param("<ul><li>A title</li></ul>b", "A title", id="in a list"),
        pytest.param("<h1>!</h1>b", "?", id="only punctuation"),
        pytest.param("<h1>A title</h1>b", "A title. More of it", id="another title"),
        pytest.param("<h1>A</h1>b", "A - " + "x" * 40, id="too long for a site's name"),
        pytest.param("<img>", "A title", id="no text"),
    ],
)
def test_rule_9_what_is_no_repeated_title_stays(source, title):
    """Never more than that element, and never the only text."""
    root = markup.parse(source)
    assert heading.drop(root, title=title) == ()
    assert inside(root) == inside(markup.parse(source))


def test_explain_says_where_the_title_stood():
    """The decision names the element."""
    decisions = heading.drop(markup.parse("<h1>A title</h1>b"), title="A title")
    assert decisions == (Decision(rule="title repeated", outcome="dropped", reason="in <h1>"),)


def test_a_title_of_more_than_1000_characters_is_looked_for_nowhere():
    """It is none that an article says again; to look for it would take long."""
    title = "word " * 201
    assert heading.drop(markup.parse(f"<h1>{title}</h1>b"), title=title) == ()


def test_a_picture_beside_the_title_stays():
    """The innermost element goes where an outer one holds a picture, too."""
    assert headed("<div><h1>A title</h1><img></div>b", "A title") == "<div><img></div>b"


@given(soups, st.sampled_from(["a", "A - x", "", "x\u200b"]))
def test_nothing_crashes(source, title):
    """Whatever a body holds; the root stays, and a second time finds nothing more."""
    root = markup.parse(source)
    boilerplate.drop(root, rule=marked(BAR, NOTICE, GALLERY, FOOTER))
    heading.drop(root, title=title)
    assert root.tag == "div"
    assert boilerplate.drop(root, rule=marked(BAR, NOTICE, GALLERY)) == ()


@pytest.mark.parametrize(
    ("mark", "is_dropped"),
    [
        pytest.param(BAR, False, id="a bar that was never closed"),
        pytest.param(FOOTER, True, id="all behind a footer, as the rule says"),
    ],
)
def test_an_element_that_holds_most_of_a_long_article_is_no_boilerplate(mark, is_dropped):
    """A tag that was never closed takes no article; what is short, or little of it, goes all the same."""
    long = "<p>One of many words.</p>" * 100
    source = f'<p>a</p><hr><div class="bar">x{long}</div>'
    assert ("many words" not in dropped(source, mark)) == is_dropped
    assert "many words" in dropped(f'<p>a</p><div class="bar">x</div>{long}', BAR)
    assert dropped(f'<p>{"b" * 4000}</p><div class="bar">{long}</div>', BAR) == f"<p>{'b' * 4000}</p>"
