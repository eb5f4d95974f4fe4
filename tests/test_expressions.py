"""Expressions: RE2's dialect, its answers in characters, and its linear time."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedbridge.standards.expressions import ExpressionError, any_of, compiled

LONG = 200_000  # characters: a backtracking engine would still be at it when the sun burns out


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        pytest.param("(", "missing )", id="parenthesis"),
        pytest.param("[", "missing ]", id="bracket"),
        pytest.param("*", "no argument for repetition operator", id="nothing-to-repeat"),
        pytest.param("\\", "trailing \\", id="backslash"),
        pytest.param("(?P<date>", "missing )", id="named-group"),
        pytest.param("(?=a)", "invalid perl operator: (?=", id="looking-ahead"),
        pytest.param("(?<!a)b", "invalid perl operator: (?<", id="looking-behind"),
        pytest.param(r"(a)\1", r"invalid escape sequence: \1", id="back-reference"),
        pytest.param("a{1001}", "invalid repetition size: {1001}", id="repeat-over-1000"),
        pytest.param("(?:a{100}){11}", "invalid repetition size: {11}", id="repeats-of-repeats-over-1000"),
        pytest.param(r"\p{Chinese}", r"invalid character class range: \p{Chinese}", id="no-such-script"),
        pytest.param("中文(", "missing )", id="not-ascii"),
    ],
)
def test_what_cannot_be_used_says_why(pattern, reason, capfd):
    """As an error, in words; RE2's own log stays silent."""
    with pytest.raises(ExpressionError) as caught:
        compiled(pattern)
    assert reason in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_repeat_of_1000_is_the_longest():
    """So the memory that an expression takes has a bound, too."""
    assert compiled("a{1000}").fullmatch("a" * 1000)
    assert not compiled("a{1000}").fullmatch("a" * 999)


def test_an_expression_is_compiled_once():
    """Rules are looked up for every article."""
    assert compiled("a+b") is compiled("a+b")


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    ("pattern", "unit"),
    [
        pytest.param("(a+)+$", "a", id="nested-repeats"),
        pytest.param("(a|a)+$", "a", id="the-same-twice"),
        pytest.param("(a|aa)+$", "a", id="overlapping"),
        pytest.param("(?:.*a){12}$", "a", id="polynomial"),
        pytest.param(r"(\s*<br>\s*)+$", "<br>  ", id="as-in-a-rule"),
    ],
)
def test_time_is_linear_in_the_text(pattern, unit, size):
    """What costs Python's own engine 2ⁿ steps, or n¹², ends: that it does is the test, at n and at 2n."""
    text = unit * (LONG * size // len(unit)) + "!"
    assert compiled(pattern).search(text) is None


@given(st.text(st.sampled_from("ab中é😀𠀀"), max_size=20), st.text("😀𠀀中", max_size=5))
@example("", "😀")
@settings(max_examples=200, deadline=None)
def test_places_count_characters(text, before):
    """Not bytes, and not the halves of characters beyond U+FFFF: places are those of Python's own engine."""
    pattern = "(a[^b]*)(?P<last>b)?"
    expected = re.compile(pattern).search(before + text, len(before))
    found = compiled(pattern).search(before + text, len(before))
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert [(found.start(group), found.end(group)) for group in range(3)] == [
        expected.span(group) for group in range(3)
    ]
    assert (found[0], found["last"], found.groupdict()) == (
        expected[0],
        expected["last"],
        expected.groupdict(),
    )


def test_groups_are_known_before_anything_is_matched():
    """By number and by name: rules are checked by them."""
    expression = compiled("(a)(?:b)(?P<date>c)")
    assert expression.groups == 2
    assert dict(expression.groupindex) == {"date": 2}


def test_a_template_is_filled_from_the_groups():
    """A group that takes no part is empty."""
    found = compiled("https?://(m[.])?example[.]org/([0-9]+)").fullmatch("http://example.org/7")
    assert found is not None
    assert found[1] is None
    assert found.expand(r"https://example.org/\1a-\2") == "https://example.org/a-7"


def test_the_whole_text_must_match():
    """`fullmatch` is no search."""
    assert compiled("a").fullmatch("a")
    assert not compiled("a").fullmatch("ba")
    assert not compiled("a").fullmatch("a\n")


def test_a_place_between_the_bytes_of_a_character_is_no_fault():
    r"""RE2 finds `\B` there."""
    found = compiled(r"\B").search("aé")
    assert found is not None
    assert found[0] == ""


@given(st.lists(st.sampled_from(["(?i)^A", "b$", "é", "a|c", "(?i)x", "[0-9]"]), min_size=1).map(tuple))
@settings(max_examples=100, deadline=None)
def test_any_of_some_is_found_where_one_of_them_is(patterns):
    """Options and alternatives of one do not reach the others."""
    for text in ("", "a", "A", "bc", "ab", "É", "éX", "xB", "c1", "C"):
        expected = any(compiled(pattern).search(text) for pattern in patterns)
        assert (any_of(patterns).search(text) is not None) is expected
