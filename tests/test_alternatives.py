"""Alternative texts: which of them tell what a picture shows, and which are emoji (emission rule 18)."""

import pytest

from feedbridge.normalise import alternatives


@pytest.mark.parametrize(
    ("alt", "expected"),
    [
        ("A market  in the rain", "A market in the rain"),
        ("街头的市场", "街头的市场"),
        ("Market", "Market"),
        ("img", ""),
        ("Image", ""),
        ("图片 12", ""),
        ("微信图片_20200618103000", ""),
        ("Screen Shot 2020-06-18", ""),
        ("a market.JPG", ""),
        ("AP_100821158233", ""),
        ("https://e.org/a market", ""),
        ("{{ page.title }} picture", ""),
        ("The title", ""),
        ("x y" * 400, ""),
        ("", ""),
    ],
)
def test_an_alternative_text_may_tell_something(alt, expected):
    """Names of files, generic words, addresses and the article's title are no captions."""
    assert alternatives.telling(alt, title="The  title") == expected


@pytest.mark.parametrize(
    ("alt", "is_emoji"),
    [
        pytest.param("🙏", True, id="one"),
        pytest.param("👨‍👩‍👧 ❤️", True, id="a family, and a heart"),
        pytest.param("[good]", True, id="a network's own"),
        pytest.param("[good] [bad]", False, id="more than one of them"),
        pytest.param("a smile", False, id="words"),
        pytest.param("🙏" * 17, False, id="too many"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_an_alternative_text_may_be_an_emoji(alt, is_emoji):
    """Symbols alone, or one word in brackets."""
    assert alternatives.is_emoji(alt) is is_emoji
