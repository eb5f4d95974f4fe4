"""summary, notices: the brief text of an entry, without what says nothing of the article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from feedbridge.normalise import notices, summary
from feedbridge.standards import elements, markup
from tests.soups import soups


@pytest.mark.parametrize(
    ("source", "brief"),
    [
        pytest.param("<p>a</p><p>b</p>c<br>d", "a b c d", id="blocks"),
        pytest.param("<figure><img><figcaption>a</figcaption></figure>b", "b", id="figures"),
        pytest.param("<figcaption>a</figcaption>b", "b", id="captions"),
        pytest.param("a<span>b</span>c", "ac", id="what is named"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_rule_7_the_summary_is_the_text_without_figures(source, brief):
    """The tree stays as it is."""
    root = markup.parse(source)
    assert summary.of(root, without=root.findall("span")) == brief
    assert html.tostring(root) == html.tostring(markup.parse(source))


@given(soups)
def test_rule_7_a_summary_is_short(source):
    """At most 300 characters, whatever a body holds."""
    assert len(summary.of(markup.parse(source))) <= summary.LIMIT


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("<p>a</p><p><em>© 2024 X</em></p>", ["© 2024 X"], id="a year"),
        pytest.param(
            "<p>Copyright X, all rights reserved</p>", ["Copyright X, all rights reserved"], id="rights"
        ),
        pytest.param("<div><p>(C) X 2024</p></div>", ["(C) X 2024"], id="in letters"),
        pytest.param("<small>© A. for <a>B</a>. |</small>", ["© A. for B. |"], id="the sign alone"),
        pytest.param("<p>Copyright law changes.</p>", [], id="an article about it"),
        pytest.param("<p>© AFP<br>Five are dead.</p>", [], id="a line with more"),
        pytest.param("<div>© AFP<h2>Five are dead</h2></div>", [], id="a heading with more"),
        pytest.param(f"<p>© is a sign. {'x' * 120}</p>", [], id="a long block with the sign alone"),
        pytest.param("<p>A © 2024</p>", [], id="not at the beginning"),
        pytest.param("<div>© 2024 X<p>a</p></div>", [], id="a block with more"),
        pytest.param(f"<p>© 2024 {'x' * 1000}</p>", [], id="a long block"),
        pytest.param("© 2024 X", [], id="not in a block"),
    ],
)
def test_a_notice_is_a_block_of_its_own(source, found):
    """It begins with the sign, or with the word and a year or the rights that it reserves."""
    assert [elements.text_of(notice) for notice in notices.find(markup.parse(source))] == found


notice_parts = st.sampled_from(
    ["<p>", "</p>", "<div>", "</div>", "<li>", "<b>", "</b>", "©", "(C)", "Copy", "rıght", "right", " 2024 "]
) | st.sampled_from(["x", "All rights", "<br>", "中", "<small>", "</small>", "<figure>▶ © 2024</figure>"])


@given(st.lists(notice_parts, max_size=12).map("".join))
def test_no_notice_is_overlooked(source):
    """Where one is found, the text may hold one, also without what stands for players."""
    root = markup.parse(source)
    if notices.find(root):
        assert notices.may_stand_in(elements.text_of(root, without=set(root.iter("figure"))))


def test_most_texts_hold_no_notice():
    """So nobody looks for one there."""
    assert not notices.may_stand_in("A harbour was opened. 港口开放了。\ud800")
