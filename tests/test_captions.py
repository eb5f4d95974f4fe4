"""Captions: where they stand, and the figure that joins one with its picture (emission rule 18)."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.model import Mark, SiteRule
from feedbridge.normalise import captions
from feedbridge.standards import elements, markup

PICTURE = '<img src="https://e.org/1.jpg">'
SITE = SiteRule(
    slug="e",
    name="E",
    hosts=("e.org",),
    captions=("figcaption", "small-print", "bold-lead"),
    caption=(Mark(attribute="class", value="^cap$"), Mark(elements=("p",), attribute="role", value="^text$")),
)
BLANK = msgspec.structs.replace(SITE, captions=(), caption=())


def settle(body: str, *, site: SiteRule = SITE, alt: str = "") -> tuple[str, str]:
    """Settle every picture of a body; return the last caption and the body."""
    root = markup.parse(body)
    found = captions.Captions(root, site=site)
    caption = ""
    for picture in tuple(root.iter("img")):
        caption = found.settle(picture, alt=alt)
    found.finish()
    return caption, inner(markup.sanitise(root, language="en", direction="ltr"))


def inner(content: str) -> str:
    """Return what stands in the wrapper."""
    return content.removeprefix('<div lang="en" dir="ltr">').removesuffix("</div>")


def figure(caption: str) -> str:
    """Return the figure of the one picture."""
    return f"<figure>{PICTURE}<figcaption>{caption}</figcaption></figure>"


@pytest.mark.parametrize(
    ("body", "caption", "expected"),
    [
        pytest.param(
            f"{PICTURE}<div><small>A <b>b</b></small></div>x",
            "A b",
            figure("A <b>b</b>") + "x",
            id="small print",
        ),
        pytest.param(f"{PICTURE}<br><b>A</b>：x", "A", figure("A") + "x", id="bold lead"),
        pytest.param(f'{PICTURE}<br><span class="cap">A</span>x', "A", figure("A") + "x", id="marked"),
        pytest.param(
            f'<div><div>{PICTURE}</div><div class="cap"><span>A</span></div></div>',
            "A",
            f"<div>{figure('<span>A</span>')}</div>",
            id="marked, beside what holds the picture",
        ),
        pytest.param(
            f'<div><div>{PICTURE}<p role="text">By B</p></div><p class="cap">A</p></div>',
            "By B A",
            f"<div><div>{figure('By B<br>A')}</div></div>",
            id="two, the second beside what holds both",
        ),
        pytest.param(
            f'{PICTURE}<div class="cap"><figure>A<figcaption>B</figcaption></figure></div>',
            "A B",
            figure("<div>A<div>B</div></div>"),
            id="a figure in a caption",
        ),
        pytest.param(f"{PICTURE}<figcaption>A</figcaption>", "A", figure("A"), id="figcaption alone"),
        pytest.param(figure("A"), "A", figure("A"), id="a figure"),
        pytest.param(
            f'<figure>{PICTURE}<p class="cap">A</p></figure>', "A", figure("A"), id="marked in a figure"
        ),
    ],
)
def test_rule_18_a_caption_and_its_picture_are_a_figure(body, caption, expected):
    """Each form is found, taken from where it stands, and put into the figure."""
    found, content = settle(body)
    assert found == caption
    assert content == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f'{PICTURE}words<p class="cap">A</p>', id="words between"),
        pytest.param(f'{PICTURE}<p class="cap">{"A" * 1001}</p>', id="too long"),
        pytest.param(f'{PICTURE}<p class="cap">A <img src="https://e.org/2.jpg"></p>', id="with a picture"),
        pytest.param(f'{PICTURE}<p class="other">A</p>', id="without a mark"),
        pytest.param(f'<div>{PICTURE}words</div><p class="cap">A</p>', id="after more than the picture"),
        pytest.param(f'<article>{PICTURE}</article><p class="cap">A</p>', id="after a whole article"),
        pytest.param(f"{PICTURE}<b>A</b> x", id="bold without a colon"),
        pytest.param(f"{PICTURE}<b></b>: x", id="bold without words"),
        pytest.param(f"{PICTURE}<div><small>A</small> x</div>", id="small print and more"),
        pytest.param(f"{PICTURE}<div><small>{'A' * 1001}</small></div>", id="too long small print"),
        pytest.param(PICTURE, id="nothing after it"),
    ],
)
def test_no_paragraph_of_the_article_is_swallowed(body):
    """What is not surely a caption stays where it stands."""
    root = markup.parse(body)
    before = markup.sanitise(root, language="en", direction="ltr")
    found = captions.Captions(root, site=SITE)
    assert found.settle(next(root.iter("img")), alt="") == ""
    found.finish()
    assert markup.sanitise(root, language="en", direction="ltr") == before


def test_what_repeats_the_alternative_text_is_the_caption():
    """bbc: the paragraph after picture and credit says what the alternative text says; it stands first."""
    body = f'<div><div>{PICTURE}<p role="text">By B</p></div><p>A thing</p></div>'
    assert settle(body, alt="A thing") == (
        "A thing By B",
        f"<div><div>{figure('A thing<br>By B')}</div></div>",
    )
    assert settle(body, alt="Another")[0] == "By B"


def test_without_forms_and_marks_there_is_no_caption():
    """A site's rule says which forms it has."""
    body = figure("A") + "<p>x</p>"
    assert settle(body, site=BLANK) == ("", body)


def test_empty_small_print_goes():
    """Archives write the line below each picture, with or without a caption."""
    assert settle(f"{PICTURE}<div><small></small></div><p>x</p>") == ("", f"{PICTURE}<p>x</p>")


pieces = (
    st.sampled_from([PICTURE, "x", "<p>", "</p>", "<div>", "</div>", '<p class="cap">', "<br>", "<a>"])
    | st.sampled_from(["<figure>", "</figure>", "<figcaption>", "</figcaption>", "<b>", "</b>", ": "])
    | st.sampled_from(["<div><small>", "</small></div>"])
)


@given(st.lists(pieces, max_size=25).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_words_are_lost(body):
    """Whatever stands around pictures: each word is still there, but for the colon after a bold lead."""
    root = markup.parse(body)
    words, pictures = elements.text_of(root).count("x"), len(tuple(root.iter("img")))
    found = captions.Captions(root, site=SITE)
    for picture in tuple(root.iter("img")):
        found.settle(picture, alt="")
    found.finish()
    assert elements.text_of(root).count("x") == words
    assert len(tuple(root.iter("img"))) == pictures


@given(st.lists(pieces | st.just("y" * 1001), max_size=25).map("".join), st.sampled_from(["", "x"]))
@settings(max_examples=300, deadline=None)
def test_texts_are_those_before_anything_moved(body, alt):
    """Each is read when it is asked for, and is what one walk over the whole body would have read."""
    root = markup.parse(body)
    before = elements.short_texts(root, limit=captions.MAX_CAPTION)
    found = captions.Captions(root, site=SITE)
    for picture in tuple(root.iter("img")):
        found.settle(picture, alt=alt)
    assert all((words or "") == before.get(one, "") for one, words in found._words.items())  # noqa: SLF001


def test_a_caption_has_three_parts_at_most():
    """What is seen, by whom, whose; more is a text that bears the mark by mistake."""
    caption, content = settle(PICTURE + '<p class="cap">A</p>' * 4)
    assert caption == "A A A"
    assert content.endswith("</figure><p>A</p>")
