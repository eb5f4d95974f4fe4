"""Elements: the text in them that people see, in which others they stand, and how they go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from feedbridge.standards import elements, markup
from tests.soups import soups


@pytest.mark.parametrize(
    ("texts", "is_blank"),
    [
        pytest.param((), True, id="no text"),
        pytest.param((None, "", " \n\xa0\u3000"), True, id="white space"),
        pytest.param((None, " a "), False, id="a word"),
        pytest.param(("\u200b",), False, id="a character without width"),
    ],
)
def test_white_space_is_blank(texts, is_blank):
    """All that people see as a space, and what is not there at all."""
    assert elements.is_blank(*texts) is is_blank


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("<p>a</p><p>b</p>c<div>d</div>", "a b c d", id="blocks"),
        pytest.param("a<br>b<hr>c", "a b c", id="line breaks"),
        pytest.param("<b>a</b>b<span>c</span>", "abc", id="inline elements"),
        pytest.param("<ul><li>a<li>b</ul><table><tr><td>c<td>d</table>", "a b c d", id="lists and tables"),
        pytest.param("<figure><img alt=x><figcaption>a</figcaption></figure>b", "a b", id="figures"),
        pytest.param("<script>a</script>b<noscript>c</noscript><style>d</style>", "b", id="code"),
        pytest.param(" a\n&nbsp;\u3000 b ", "a b", id="white space"),
        pytest.param("p<1)&lt;b&gt;", "p<1)<b>", id="what only looks like tags"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_text_is_what_people_see(source, words):
    """Blocks and line breaks are separated by one space, and what nobody sees is none."""
    assert elements.text_of(markup.parse(source)) == words


def test_text_of_an_element_has_no_tail():
    """What follows an element is not its text; what nobody sees is none in trees from elsewhere, too."""
    root = html.fragment_fromstring("<div>a<p>b<script>c</script>d</p>e<noscript>f</noscript>g</div>")
    assert elements.text_of(root[0]) == "bd"
    assert elements.text_of(root) == "a bd eg"
    assert elements.text_of(root[1]) == ""


def test_text_of_an_element_without_some_in_it():
    """What is left out parts words as it did."""
    root = markup.parse("a<p>b</p>c<i>d</i>e")
    assert elements.text_of(root, without={root[0], root[1]}) == "a ce"


@given(soups, st.integers(0, 20))
def test_short_texts_are_those_of_each_element(source, limit):
    """All at once the same as one by one, but for the long ones."""
    root = markup.parse(source)
    texts = {element: elements.text_of(element) for element in root.iter()}
    short = {element: words for element, words in texts.items() if len(words) <= limit}
    assert elements.short_texts(root, limit=limit) == short


@given(soups, st.integers(0, 20))
def test_the_beginning_of_a_text_is_that_of_the_whole(source, limit):
    """All of a short text, more than the limit of a long one."""
    root = markup.parse(source)
    whole, beginning = elements.text_of(root), elements.beginning_of(root, limit=limit)
    assert whole.startswith(beginning)
    assert beginning == whole or len(beginning) > limit


@given(soups)
def test_all_characters_are_those_of_all_texts(source):
    """Also of those that nobody sees, but not the element's tail."""
    root = markup.parse(source)
    assert elements.characters(root) == "".join(root.itertext())
    for element in root.iterdescendants():
        assert elements.characters(element) == "".join(element.itertext())


def test_around_are_the_elements_in_which_others_stand():
    """They themselves, and all their ancestors."""
    root = markup.parse("<p><b><i></i></b></p><p><i></i></p><p></p>")
    assert elements.around(root.iter("i")) == {root, root[0], root[0][0], root[0][0][0], root[1], root[1][0]}


def test_removing_many_elements_keeps_what_follows_each():
    """Those within others, too."""
    root = markup.parse("a<b>b<b>c</b></b>d<i>e<b>f</b>g</i><b></b>h")
    elements.remove_all(root, list(root.iter("b")))
    assert html.tostring(root, encoding="unicode") == "<div>ad<i>eg</i>h</div>"


def test_unwrapping_many_elements_keeps_what_is_in_each():
    """Those within others, too, and all in its order."""
    root = markup.parse("a<b>b<b>c<u>d</u></b>e</b>f<i>g<b>h<u><b>i</b></u></b>j</i><b></b>k<b><u></u></b>")
    elements.unwrap_all(root, list(root.iter("b")))
    left = "<div>abc<u>d</u>ef<i>gh<u>i</u>j</i>k<u></u></div>"
    assert html.tostring(root, encoding="unicode") == left


@pytest.mark.parametrize("name", ["removed", "removed.", "unwrapped", "unwrapped."])
def test_no_name_in_a_source_marks_an_element(name):
    """What is to go is known by names of ours."""
    root = markup.parse(f"a<{name}>b<b>c</b></{name}>d")
    elements.remove_all(root, list(root.iter("b")))
    assert elements.text_of(root) == "abd"


@pytest.mark.parametrize("leave", [elements.remove_all, elements.unwrap_all])
def test_what_is_left_side_by_side_is_one_text(leave):
    """lxml takes quadratic time to read one that is in pieces."""
    root = markup.parse("a<b>c</b>" * 9 + "<i>d</i>" + "e<b>c</b>" * 9)
    leave(root, list(root.iter("b")))
    assert len(root.xpath("text()")) == 2


@pytest.mark.parametrize(
    ("source", "left"),
    [
        pytest.param("a<b>b</b>c<i>d</i>", "<div>ac<i>d</i></div>", id="after text"),
        pytest.param("<i>a</i>b<b>c</b>d", "<div><i>a</i>bd</div>", id="after an element"),
        pytest.param("<b>a</b>", "<div></div>", id="alone"),
    ],
)
def test_removing_an_element_keeps_what_follows(source, left):
    """lxml's own `remove` takes the tail along."""
    root = markup.parse(source)
    elements.remove(next(root.iter("b")))
    assert html.tostring(root, encoding="unicode") == left


def test_lengths_count_the_characters_within():
    """Of each element its own text and that of all in it, not what stands behind it."""
    root = markup.parse("<p>ab<b>c</b>d</p>ef")
    found = {str(element.tag): length for element, length in elements.lengths(root).items()}
    assert found == {"div": 6, "p": 4, "b": 1}
