"""Values of attributes: the pictures of a `srcset`, and sizes."""

import pytest

from feedbridge.standards import attributes


@pytest.mark.parametrize(
    ("srcset", "candidates"),
    [
        pytest.param("a 1x, b 2x", [("a", 1, "1x"), ("b", 2, "2x")], id="densities"),
        pytest.param("a 1.5x,b 640w", [("a", 1.5, "1.5x"), ("b", 640, "640w")], id="comma without space"),
        pytest.param("a,b c", [], id="an invalid descriptor"),
        pytest.param("a, b", [("a", 1, ""), ("b", 1, "")], id="no descriptors"),
        pytest.param("a,, ,b 2x ,", [("a", 1, ""), ("b", 2, "2x")], id="too many commas"),
        pytest.param("a,b,c 2x", [("a,b,c", 2, "2x")], id="commas in an address"),
        pytest.param("\n a\n 2x\t, \n b", [("a", 2, "2x"), ("b", 1, "")], id="white space"),
        pytest.param("a -1x, b 1x 2w, c 99999999w", [], id="descriptors that are none"),
        pytest.param("", [], id="empty"),
    ],
)
def test_a_srcset_is_read_as_browsers_do(srcset, candidates):
    """WHATWG HTML, "Parse a srcset attribute": what each candidate is, and how large."""
    assert [tuple(candidate) for candidate in attributes.srcset_candidates(srcset)] == candidates


@pytest.mark.parametrize(
    ("srcset", "mended"),
    [
        pytest.param("a 1x,b 2x", "A 1x, B 2x", id="descriptors stay"),
        pytest.param("a, b", "A, B", id="there may be none"),
        pytest.param("bad 1x, b 2x", "B 2x", id="one without an address goes"),
        pytest.param("bad 1x, c d", "", id="nothing is left"),
    ],
)
def test_a_srcset_is_mended_address_by_address(srcset, mended):
    """What cannot be used goes with its descriptor."""
    assert attributes.mend_srcset(srcset, lambda url: "" if url == "bad" else url.upper()) == mended


@pytest.mark.parametrize(
    ("size", "digits"),
    [
        pytest.param("640", "640", id="whole number"),
        pytest.param(" 640PX ", "640", id="pixels"),
        pytest.param("640 px", "640", id="pixels after a space"),
        pytest.param("640 " + " " * 100_000 + "em", "", id="another unit, far away"),
        pytest.param("100%", "", id="percent"),
        pytest.param("1.5", "", id="fraction"),
        pytest.param("100000", "", id="more than any screen has"),
        pytest.param("", "", id="empty"),
    ],
)
def test_rule_18_only_whole_pixels_are_a_size(size, digits):
    """Emission rule 18: `width="100%"` is no size."""
    assert attributes.pixels(size) == digits
