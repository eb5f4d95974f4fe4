"""What a document is written as, and where it belongs."""

import pytest

from feedbridge.render import render
from tests.render_samples import HARBOUR, OF_ONE_SOURCE, document


@pytest.mark.parametrize(
    ("formats", "paths"),
    [
        pytest.param(("atom", "rss"), ["atom.xml", "rss.xml", "index.html"], id="both"),
        pytest.param(("rss", "atom"), ["atom.xml", "rss.xml", "index.html"], id="order is ours"),
        pytest.param(("rss",), ["rss.xml", "index.html"], id="rss"),
        pytest.param(("atom",), ["atom.xml", "index.html"], id="atom"),
    ],
)
def test_renditions_in_order(formats, paths):
    """Atom, RSS, then the page; feeds in the formats of their feed only."""
    assert [rendition.path for rendition in render(document(HARBOUR, formats=formats))] == paths


def test_renditions_lie_in_the_directory_of_their_feed():
    """Each path stands below the feed's directory, each with its kind."""
    assert [(rendition.path, rendition.kind) for rendition in render(document(HARBOUR, **OF_ONE_SOURCE))] == [
        ("source/example/atom.xml", "feed"),
        ("source/example/rss.xml", "feed"),
        ("source/example/index.html", "page"),
    ]


def test_rule_21_same_document_same_bytes():
    """Neither the clock nor what was written before shows in the bytes."""
    assert render(document(HARBOUR)) == render(document(HARBOUR))
