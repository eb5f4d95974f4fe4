"""The page tells people what the feed is, how to subscribe and what is new, and does nothing else."""

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import html
from msgspec.structs import replace

from feedbridge.render.page import render_page
from feedbridge.standards.urls import slug
from tests.render_samples import DOCUMENTS, ENTRIES, HARBOUR, OF_ONE_SOURCE, VIDEO, document


def find(body: bytes, path: str) -> Any:
    """Find all that an XPath names in a page."""
    return html.document_fromstring(body.decode()).xpath(path)


def texts(body: bytes, path: str) -> list[str]:
    """Give the text of each element that an XPath names in a page."""
    return [element.text_content() for element in find(body, path)]


def tags(body: bytes) -> Counter[str]:
    """Count how often each element stands in a page."""
    return Counter(element.tag for element in find(body, "//*"))


@pytest.mark.parametrize("name", ["main", "empty", "one-source"])
def test_page_as_a_whole(golden, name):
    """A whole page, byte by byte."""
    golden(f"{name}.html", render_page(DOCUMENTS[name]))


def test_page_says_whose_it_is():
    """Title and description are the feed's; a description that only repeats the title is left out."""
    body = render_page(document(HARBOUR))
    assert texts(body, "//title | //h1") == ["港口档案 & more", "港口档案 & more"]
    assert texts(body, "//header/p") == ["Everything that the archive gathers"]
    assert not find(render_page(document(HARBOUR, title="Same", description="Same")), "//header/p")


@pytest.mark.parametrize("formats", [("atom", "rss"), ("atom",), ("rss",)], ids="+".join)
def test_rule_24_subscribe_and_autodiscovery(formats):
    """Each format of the feed is a link to copy, and found by browsers and readers; no other is."""
    body = render_page(document(HARBOUR, formats=formats))
    links = find(body, "//head/link[@rel='alternate']")
    assert [(link.get("type"), link.get("href")) for link in links] == [
        (f"application/{name}+xml", f"https://feeds.example.org/{name}.xml") for name in formats
    ]
    assert [link.get("title").removeprefix("港口档案 & more ") for link in links] == [
        {"atom": "(Atom)", "rss": "(RSS)"}[name] for name in formats
    ]
    assert texts(body, "//section[@class='subscribe']//a") == [link.get("href") for link in links]


def test_rule_24_newest_titles():
    """Each article is a link that tells its site nothing of the reader, with day and source."""
    [item, _] = find(render_page(document(HARBOUR, VIDEO)), "//section[@class='newest']//li")
    [link] = item.xpath("a")
    assert (link.text, link.get("href"), link.get("rel")) == (
        HARBOUR.title,
        HARBOUR.link,
        "noopener noreferrer",
    )
    [time] = item.xpath("small/time")
    assert (time.text, time.get("datetime")) == ("2024-01-31", "2024-01-31T15:35:24Z")
    assert item.xpath("small/bdi/text()") == ["示例新闻"]


def test_newest_twenty():
    """A page shows the first twenty entries of its document, in their order."""
    entries = [replace(HARBOUR, title=f"Number {number}") for number in range(21)]
    assert texts(render_page(document(*entries)), "//section[@class='newest']//a") == [
        f"Number {number}" for number in range(20)
    ]


def test_empty_feed_says_so():
    """A page without articles says that there are none yet, and lists no sources."""
    body = render_page(document())
    assert texts(body, "//section[@class='newest']//li") == ["Nothing yet."]
    assert not find(body, "//section[@class='sources']")


def test_languages_and_directions():
    """The page has the feed's language and direction, and each title of another language its own."""
    chinese = replace(HARBOUR, language="zh")
    body = render_page(document(chinese, VIDEO))
    assert [dict(root.attrib) for root in find(body, "/html")] == [{"lang": "zh", "dir": "ltr"}]
    links = find(body, "//section[@class='newest']//a")
    assert [(link.get("lang"), link.get("dir")) for link in links] == [(None, None), ("ar", "rtl")]
    assert find(render_page(document(VIDEO, language="ar")), "/html/@dir") == ["rtl"]


def test_sources_are_listed_by_name():
    """The main page leads to the page of each source that its document holds, once."""
    body = render_page(document(HARBOUR, VIDEO, replace(HARBOUR, source_name="Elsewhere")))
    links = find(body, "//section[@class='sources']//a")
    assert [(link.text_content(), link.get("href")) for link in links] == [
        ("ar.example.com", f"https://feeds.example.org/source/{slug('ar.example.com')}/"),
        ("示例新闻", "https://feeds.example.org/source/example/"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"source_feeds_url": ""}, id="sources have no feeds"),
        pytest.param(OF_ONE_SOURCE, id="of one"),
    ],
)
def test_sources_are_not_listed(changes):
    """No list where sources have no feeds of their own, nor on a source's own page."""
    assert not find(render_page(document(HARBOUR, **changes)), "//section[@class='sources']")


def test_page_loads_and_tells_nothing():
    """Its policy allows its own style and nothing else; no script, no picture, no referrer."""
    body = render_page(document(HARBOUR, VIDEO))
    [style] = find(body, "//style/text()")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert find(body, "//meta[@http-equiv='Content-Security-Policy']/@content") == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ], "the style of render/page.html has changed: its digest there must follow"
    assert find(body, "//meta[@name='referrer']/@content") == ["no-referrer"]
    assert not find(body, "//script | //img | //@style | //link[@rel!='alternate']")


@settings(max_examples=60, deadline=None)
@given(ENTRIES)
def test_no_text_becomes_markup(entry):
    """Whatever a title, a source's name or a feed's words say stays text."""
    words = entry.title
    body = render_page(document(entry, title=words, description="_" + words, author=words))
    assert tags(body) == tags(render_page(document(HARBOUR)))
    expected = words.replace("\r\n", "\n").replace("\r", "\n")
    assert texts(body, "//section[@class='newest']//a") == [expected]
    assert texts(body, "//header/p") == ["_" + expected]
