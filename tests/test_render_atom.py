"""Atom says what an entry is, and nothing that a reader could take amiss."""

import re
from uuid import NAMESPACE_URL, UUID, uuid5

import feedparser
import pytest
from feedgen.feed import FeedGenerator
from hypothesis import given, settings
from lxml import etree
from msgspec.structs import replace

from feedbridge.render.atom import render_atom
from feedbridge.standards.dates import rfc3339
from tests.render_samples import (
    CHART,
    DOCUMENTS,
    ENTRIES,
    HARBOUR,
    LEAD,
    NAMES,
    OF_ONE_SOURCE,
    UNTYPED,
    VIDEO,
    attributes,
    document,
    find,
)


@pytest.mark.parametrize("name", ["main", "empty"])
def test_atom_as_a_whole(golden, name):
    """A whole document, byte by byte."""
    golden(f"{name}.atom.xml", render_atom(DOCUMENTS[name]))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_atom_follows_the_grammar_of_rfc_4287(shared, name):
    """Every document is valid by the RELAX NG grammar of RFC 4287."""
    etree.RelaxNG(file=shared / "schemas" / "atom.rng").assertValid(
        etree.fromstring(render_atom(DOCUMENTS[name]))
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_atom_is_read_by_feedparser(name):
    """The parser finds nothing wrong, and every entry with its id, title, link and dates."""
    read = feedparser.parse(render_atom(DOCUMENTS[name]))
    assert not read.bozo
    assert read.version == "atom10"
    assert [(e.id, e.title, e.link, e.published, e.updated) for e in read.entries] == [
        (e.guid, e.title, e.link, rfc3339(e.published), rfc3339(e.updated)) for e in DOCUMENTS[name].entries
    ]


def test_entry_in_a_readers_eyes():
    """A reader finds content, summary, author, languages and enclosures where it looks for them."""
    read = feedparser.parse(render_atom(document(HARBOUR))).entries[0]
    assert (read.author, read.summary, read.summary_detail.type) == ("王小明", HARBOUR.summary, "text/plain")
    assert (read.content[0].type, read.content[0].language) == ("text/html", "zh-Hans")
    assert "<figcaption>The harbour at dawn &amp; its “lights”</figcaption>" in read.content[0].value
    assert [(e.href, e.type, e.length) for e in read.enclosures] == [
        (LEAD.url, "image/jpeg", "0"),
        (CHART.url, "image/png", "0"),
        (UNTYPED.url, "text/html", "0"),  # what feedparser makes of a link without type
    ]
    assert read.media_thumbnail == [{"url": LEAD.url}]


# --- identity and time ------------------------------------------------------------------


def test_rule_1_feed_id_is_a_uuid_of_its_address():
    """The feed's id is the UUIDv5 of its self URL; another feed has another."""
    [main], [one] = (
        find(render_atom(document(**changes)), "/atom:feed/atom:id/text()") for changes in ({}, OF_ONE_SOURCE)
    )
    assert main == f"urn:uuid:{uuid5(NAMESPACE_URL, 'https://feeds.example.org/atom.xml')}"
    assert UUID(main).version == 5
    assert main != one


def test_rule_4_empty_feed_has_the_epoch_for_its_date():
    """A feed without entries never takes the clock's time."""
    assert find(render_atom(document()), "//atom:updated/text()") == ["1970-01-01T00:00:00Z"]


def test_rule_4_updated_is_the_documents_and_the_entrys_own():
    """Dates end in Z; the feed's is the document's, whatever the entries' are."""
    body = render_atom(document(VIDEO, HARBOUR))
    assert find(body, "//atom:updated/text()") == [
        "2024-01-31T15:47:03Z",
        "2024-01-30T08:00:00Z",
        "2024-01-31T15:47:03Z",
    ]
    assert find(body, "//atom:published/text()") == ["2024-01-30T08:00:00Z", "2024-01-31T15:35:24Z"]


# --- text -------------------------------------------------------------------------------


def test_rule_6_title_is_plain_text():
    """Markup in a title is text: escaped once, never CDATA."""
    body = render_atom(document(replace(HARBOUR, title="<b>AT&T</b>")))
    assert b"<title>&lt;b&gt;AT&amp;T&lt;/b&gt;</title>" in body


def test_rule_7_content_is_escaped_html():
    """Content is the entry's HTML as text, of type html."""
    [content] = find(render_atom(document(HARBOUR)), "//atom:content")
    assert content.get("type") == "html"
    assert content.text == HARBOUR.content
    assert len(content) == 0


@pytest.mark.parametrize(
    ("content", "entry", "summaries"),
    [
        pytest.param("full", HARBOUR, [HARBOUR.summary], id="text"),
        pytest.param("full", VIDEO, [], id="no text: the content says it"),
        pytest.param("summary", HARBOUR, [HARBOUR.summary], id="summary mode"),
        pytest.param("summary", VIDEO, [VIDEO.title], id="summary mode without text: the title"),
    ],
)
def test_rule_7_summary(content, entry, summaries):
    """The summary is plain text, and never empty; only a feed of summaries has no content."""
    body = render_atom(document(entry, content=content))
    assert find(body, "//atom:summary/text()") == summaries
    assert all(type_ == "text" for type_ in find(body, "//atom:summary/@type"))
    assert len(find(body, "//atom:content")) == (content == "full")


def test_rule_12_language_stands_wherever_readers_look():
    """The feed, each entry, its content and its alternate link say their language."""
    body = render_atom(document(HARBOUR, VIDEO))
    assert find(body, "/atom:feed/@xml:lang") == ["zh"]
    for path in (
        "//atom:entry/@xml:lang",
        "//atom:content/@xml:lang",
        "//atom:entry/atom:link[@rel='alternate']/@hreflang",
    ):
        assert find(body, path) == ["zh-Hans", "ar"]


# --- pictures ---------------------------------------------------------------------------


def test_rule_15_each_picture_is_an_enclosure():
    """An enclosure has its address, type and caption as far as they are known, and length 0."""
    assert attributes(render_atom(document(HARBOUR)), "//atom:link[@rel='enclosure']") == [
        {
            "rel": "enclosure",
            "href": LEAD.url,
            "type": "image/jpeg",
            "length": "0",
            "title": "The harbour at dawn & its “lights”",
        },
        {"rel": "enclosure", "href": CHART.url, "type": "image/png", "length": "0"},
        {"rel": "enclosure", "href": UNTYPED.url, "length": "0", "title": "No type is known"},
    ]


@pytest.mark.parametrize(
    ("enclosures", "entry", "count"),
    [
        pytest.param("all", HARBOUR, 3, id="all"),
        pytest.param("lead", HARBOUR, 1, id="lead"),
        pytest.param("none", HARBOUR, 0, id="none"),
        pytest.param("all", VIDEO, 0, id="all of no pictures"),
        pytest.param("lead", VIDEO, 0, id="no lead"),
    ],
)
def test_rule_15_how_many_enclosures(enclosures, entry, count):
    """Enclosures and media:content follow `images.enclosures`, and name the same addresses."""
    body = render_atom(document(entry, enclosures=enclosures))
    assert len(find(body, "//atom:link[@rel='enclosure']")) == count
    assert find(body, "//atom:link[@rel='enclosure']/@href") == find(body, "//media:content/@url")


def test_rule_16_media_content():
    """Sizes and types stand only where known, the lead is the default, captions are plain titles."""
    body = render_atom(document(HARBOUR))
    lead, *others = attributes(body, "//atom:entry/media:content")
    assert lead == {
        "url": LEAD.url,
        "medium": "image",
        "type": "image/jpeg",
        "isDefault": "true",
        "width": "700",
        "height": "394",
    }
    assert others == [
        {"url": CHART.url, "medium": "image", "type": "image/png"},
        {"url": UNTYPED.url, "medium": "image"},
    ]
    assert find(body, "//media:content/media:title[@type='plain']/text()") == [LEAD.caption, UNTYPED.caption]


def test_rule_16_thumbnail_is_the_lead():
    """An entry with a lead has one thumbnail, others have none, and nothing stands in a group."""
    body = render_atom(document(HARBOUR, replace(HARBOUR, lead=None), VIDEO))
    assert attributes(body, "//atom:entry/media:thumbnail") == [{"url": LEAD.url}]
    assert not find(body, "//media:group")
    assert not find(render_atom(document(HARBOUR, enclosures="none")), "//media:*")


# --- the feed itself --------------------------------------------------------------------


def test_rule_19_feed_links():
    """A feed links to itself and to its page, with their types."""
    assert attributes(render_atom(document(**OF_ONE_SOURCE)), "/atom:feed/atom:link") == [
        {
            "rel": "self",
            "href": "https://feeds.example.org/source/example/atom.xml",
            "type": "application/atom+xml",
        },
        {"rel": "alternate", "href": "https://feeds.example.org/source/example/", "type": "text/html"},
    ]


def test_rule_19_feed_says_who_and_what():
    """Title, author, subtitle and icon are the feed's own; entries without author inherit the feed's."""
    body = render_atom(document(HARBOUR, VIDEO, icon="https://feeds.example.org/icon.svg"))
    assert find(body, "/atom:feed/atom:title/text()") == ["港口档案 & more"]
    assert find(body, "/atom:feed/atom:author/atom:name/text()") == ["The archive’s desk"]
    assert find(body, "/atom:feed/atom:subtitle/text()") == ["Everything that the archive gathers"]
    assert find(body, "/atom:feed/atom:icon/text()") == ["https://feeds.example.org/icon.svg"]
    assert find(body, "//atom:entry/atom:author/atom:name/text()") == ["王小明"]


def test_rule_19_what_never_stands_in_an_entry():
    """No <source> (its date would change every entry) and no link but the article and enclosures."""
    body = render_atom(document(HARBOUR, VIDEO))
    assert not find(body, "//atom:source")
    assert set(find(body, "//atom:entry/atom:link/@rel")) == {"alternate", "enclosure"}
    assert find(body, "//atom:entry/atom:link[@rel='alternate']/@href") == [HARBOUR.link, VIDEO.link]


def test_rule_21_bytes():
    """UTF-8 with a declaration and no mark; namespaces on the root; no lines; a generator without version."""
    body = render_atom(document(HARBOUR, VIDEO))
    assert body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<feed ")
    assert body.count(b"\n") == 1
    assert "港口重开".encode() in body
    assert all(b"<feed " in element for element in re.findall(rb"<[^>]*xmlns[^>]*>", body))
    assert b"<generator>feedbridge</generator>" in body


def test_entries_keep_their_order():
    """Entries stand as in the document: feedgen puts each new one first unless told otherwise."""
    assert find(render_atom(document(VIDEO, HARBOUR)), "//atom:entry/atom:id/text()") == [
        VIDEO.guid,
        HARBOUR.guid,
    ]


def test_feedgen_still_drops_what_links_of_entries_say():
    """The reason why render/atom.py writes links itself stands: upstream has not mended it."""
    feed = FeedGenerator()
    feed.id("urn:x")
    feed.title("x")
    entry = feed.add_entry()
    entry.id("urn:y")
    entry.title("y")
    entry.link(href="https://example.org/")
    entry.link(href="https://example.org/a.png", rel="enclosure", type="image/png", length="1")
    assert attributes(feed.atom_str(), "//atom:entry/atom:link") == [
        {"href": "https://example.org/"},
        {"href": "https://example.org/a.png"},
    ], "feedgen writes rel, type and length again: our workaround in render/atom.py can go"


@settings(max_examples=60, deadline=None)
@given(ENTRIES)
def test_texts_read_back_as_they_were(entry):
    """Whatever XML can say comes back from a feed letter by letter."""
    body = render_atom(document(entry))
    [element] = find(body, "//atom:entry")
    read = {name: element.findtext(f"atom:{name}", None, NAMES) for name in ("id", "title", "content")}
    assert read == {"id": entry.guid, "title": entry.title, "content": entry.content}
    assert (element.findtext("atom:summary", None, NAMES) or "") == entry.summary
    assert (element.findtext("atom:author/atom:name", None, NAMES) or "") == entry.author
    assert find(body, "//atom:entry/atom:link[@rel='alternate']/@href") == [entry.link]
    assert find(body, "//atom:entry/atom:published/text()") == [rfc3339(entry.published)]
    assert find(body, "//atom:entry/atom:updated/text()") == [rfc3339(entry.updated)]
    captions = [image.caption for image in entry.images if image.caption]
    assert find(body, "//atom:link[@rel='enclosure']/@title") == captions
    assert find(body, "//media:title/text()") == captions
    assert not feedparser.parse(body).bozo


def test_rule_19_categories_have_term_and_label():
    """Some readers show the label, others the term: both can be read (RFC 4287 §4.2.2)."""
    entry = find(render_atom(DOCUMENTS["main"]), "atom:entry")[0]
    names = ["港口", "Trade & more", "ports"]
    found = [dict(element.attrib) for element in entry.iter("{*}category")]
    assert found == [{"term": name, "label": name} for name in names]
