"""lines: what a page's source breaks into lines is one sentence where the script has no spaces."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge.normalise import lines
from feedbridge.standards import markup


def joined(source: str) -> str:
    """Return a body after its lines are joined."""
    root = markup.parse(source)
    lines.join(root)
    content = markup.sanitise(root, language="zh", direction="ltr")
    return content.removeprefix('<div lang="zh" dir="ltr">').removesuffix("</div>")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("<p>\n 上个月\n 报道\n</p>", "<p>\n 上个月报道\n</p>", id="within a text"),
        pytest.param(
            "<p>上个月\n <a>报道</a>\n ，说</p>", "<p>上个月<a>报道</a>，说</p>", id="around an element"
        ),
        pytest.param(
            "<p>上<b>\n <i>\n 报</i></b></p>", "<p>上<b><i>报</i></b></p>", id="through empty texts"
        ),
        pytest.param("<p>上\n<b></b><i>月</i></p>", "<p>上<b></b><i>月</i></p>", id="past an empty element"),
        pytest.param("<p>上<b>个\n</b>\n月</p>", "<p>上<b>个</b>月</p>", id="on both sides of a bound"),
        pytest.param("<p>かな\nカナ</p>", "<p>かなカナ</p>", id="kana"),
        pytest.param("<p>上，\n“报”</p>", "<p>上，\n“报”</p>", id="a mark that other scripts have too"),
        pytest.param("<p>上 月</p>", "<p>上 月</p>", id="a space without a line break is meant"),
        pytest.param("<p>上\nnew\n月</p>", "<p>上\nnew\n月</p>", id="Latin words keep theirs"),
        pytest.param("<p>한글\n한글</p>", "<p>한글\n한글</p>", id="Korean writes spaces"),
        pytest.param("<p>上\n</p>\n<p>月</p>", "<p>上\n</p>\n<p>月</p>", id="blocks stay apart"),
        pytest.param("<p>上\n<img src='https://e.org/a'>\n月</p>", None, id="a picture between"),
        pytest.param("<p>上<br>\n月</p>", "<p>上<br>\n月</p>", id="a line break that is meant"),
        pytest.param("<pre>上\n月</pre>", "<pre>上\n月</pre>", id="what is set in lines"),
        pytest.param("<p>a</p>", "<p>a</p>", id="nothing to do"),
    ],
)
def test_line_breaks_between_wide_characters_go(source, expected):
    """Only white space that holds a line break, only between two such characters in one line."""
    assert joined(source) == (expected or '<p>上\n<img src="https://e.org/a">\n月</p>')


@given(st.lists(st.sampled_from(["上", "月", "a", " ", "\n", "\n ", "<b>", "</b>", "<i></i>"])).map("".join))
def test_inline_elements_make_no_difference(source):
    """What goes is what would go if all were one text."""
    root = markup.parse(source)
    text = "".join(root.itertext())
    lines.join(root)
    assert "".join(root.itertext()) == re.sub(r"(?<=[上月])[ ]*\n[ \n]*(?=[上月])", "", text)


@given(st.text(alphabet="上月a \n<>/bp", max_size=60))
def test_no_letter_is_lost(source):
    """What goes is white space, and a second time there is none to go."""
    root = markup.parse(source)
    before = "".join("".join(root.itertext()).split())
    lines.join(root)
    once = "".join(root.itertext())
    assert "".join(once.split()) == before
    lines.join(root)
    assert "".join(root.itertext()) == once
