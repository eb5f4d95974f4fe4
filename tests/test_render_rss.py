"""RSS says the same as Atom, in RSS's words."""

import locale
import re
from html import escape

import feedparser
import pytest
from hypothesis import given, settings
from lxml import etree
from msgspec.structs import replace

from feedbridge.render.rss import render_rss
from feedbridge.standards.dates import rfc822
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

# The schema wants at least one item.
WITH_ITEMS = [name for name, document_ in DOCUMENTS.items() if document_.entries]


@pytest.mark.parametrize("name", ["main", "empty"])
def test_rss_as_a_whole(golden, name):
    """A whole document, byte by byte."""
    golden(f"{name}.rss.xml", render_rss(DOCUMENTS[name]))


@pytest.mark.parametrize("name", WITH_ITEMS)
def test_rss_follows_its_schema(shared, name):
    """Every document is valid by the XML Schema of RSS 2.0."""
    etree.XMLSchema(file=shared / "schemas" / "rss-2.0.xsd").assertValid(
        etree.fromstring(render_rss(DOCUMENTS[name]))
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_rss_is_read_by_feedparser(name):
    """The parser finds nothing wrong, and every item with its id, title, link and date."""
    read = feedparser.parse(render_rss(DOCUMENTS[name]))
    assert not read.bozo
    assert read.version == "rss20"
    assert [(e.id, e.title, e.link, e.published) for e in read.entries] == [
        (e.guid, e.title, e.link, rfc822(e.published)) for e in DOCUMENTS[name].entries
    ]


def test_item_in_a_readers_eyes():
    """A reader finds content, summary, author, source and enclosure where it looks for them."""
    read = feedparser.parse(render_rss(document(HARBOUR))).entries[0]
    assert (read.author, read.language) == ("王小明", "zh-Hans")
    assert read.summary == "港口今天重开。价格 &lt; 5 &amp; 稳定。"
    assert "<figcaption>The harbour at dawn &amp; its “lights”</figcaption>" in read.content[0].value
    assert [(e.href, e.type, e.length) for e in read.enclosures] == [(LEAD.url, "image/jpeg", "0")]
    assert read.source.title == "示例新闻"


# --- identity and time ------------------------------------------------------------------


def test_rule_1_guid_is_no_permalink():
    """An item's guid is the entry's id, and no address."""
    [guid] = find(render_rss(document(HARBOUR)), "//item/guid")
    assert (guid.text, dict(guid.attrib)) == (HARBOUR.guid, {"isPermaLink": "false"})


@pytest.mark.parametrize(
    ("entries", "date"),
    [
        pytest.param([VIDEO, HARBOUR], "Wed, 31 Jan 2024 15:47:03 GMT", id="newest updated"),
        pytest.param([], "Thu, 01 Jan 1970 00:00:00 GMT", id="empty"),
    ],
)
def test_rule_4_last_build_date_is_the_documents(entries, date):
    """The channel's lastBuildDate never takes the clock's time."""
    assert find(render_rss(document(*entries)), "//lastBuildDate/text()") == [date]


def test_pub_date_is_published():
    """An item's date is when the article was published, in GMT."""
    assert find(render_rss(document(HARBOUR)), "//pubDate/text()") == ["Wed, 31 Jan 2024 15:35:24 GMT"]


def test_locale_is_left_as_it_was():
    """The locale that feedgen switches is the process's: afterwards it is as before."""
    before = locale.setlocale(locale.LC_ALL)
    render_rss(document(HARBOUR))
    assert locale.setlocale(locale.LC_ALL) == before


# --- text -------------------------------------------------------------------------------


def test_rule_6_title_is_plain_text():
    """Markup in a title is text: escaped once, never CDATA."""
    body = render_rss(document(replace(HARBOUR, title="<b>AT&T</b>")))
    assert b"<title>&lt;b&gt;AT&amp;T&lt;/b&gt;</title>" in body


@pytest.mark.parametrize(
    ("summary", "written"),
    [
        pytest.param("AT&T", b"AT&amp;amp;T", id="ampersand"),
        pytest.param("<img onerror=x>", b"&amp;lt;img onerror=x&amp;gt;", id="markup that would come alive"),
        pytest.param("", b"A &amp;lt; B", id="without text: the title"),
    ],
)
def test_rule_7_description_is_escaped_as_html_and_as_xml(summary, written):
    """Readers take a description for HTML, so plain text is escaped twice."""
    body = render_rss(document(replace(HARBOUR, title="A < B", summary=summary)))
    assert b"<description>" + written + b"</description>" in body


def test_rule_7_content_is_escaped_html():
    """The whole content is the entry's HTML as text."""
    assert find(render_rss(document(HARBOUR)), "//item/content:encoded/text()") == [HARBOUR.content]


def test_rule_7_feed_of_summaries_has_no_content():
    """A feed of summaries has the description only."""
    body = render_rss(document(HARBOUR, content="summary"))
    assert not find(body, "//content:encoded")
    assert find(body, "//item/description/text()") == [escape(HARBOUR.summary)]


def test_rule_7_title_and_description_come_before_media():
    """A picture's title comes later: newsboat takes the first one that it meets."""
    names = [etree.QName(child).localname for child in find(render_rss(document(HARBOUR)), "//item/*")]
    assert names[:3] == ["title", "link", "description"]
    assert names[-4:] == ["content", "content", "content", "thumbnail"]


def test_rule_12_languages():
    """The channel and each item say their language."""
    body = render_rss(document(HARBOUR, VIDEO))
    assert find(body, "//channel/language/text()") == ["zh"]
    assert find(body, "//item/dc:language/text()") == ["zh-Hans", "ar"]


# --- pictures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("enclosures", "entry", "expected"),
    [
        pytest.param("all", HARBOUR, [LEAD], id="all: still one"),
        pytest.param("lead", HARBOUR, [LEAD], id="lead"),
        pytest.param("none", HARBOUR, [], id="none"),
        pytest.param("all", replace(HARBOUR, lead=CHART), [CHART], id="the lead need not come first"),
        pytest.param("all", replace(HARBOUR, lead=UNTYPED), [], id="no type known"),
        pytest.param("all", replace(HARBOUR, lead=None), [], id="no lead"),
    ],
)
def test_rule_14_one_enclosure_at_most(enclosures, entry, expected):
    """The enclosure is the lead picture, if its type is known; its length is 0."""
    body = render_rss(document(entry, enclosures=enclosures))
    assert attributes(body, "//item/enclosure") == [
        {"url": image.url, "length": "0", "type": image.type} for image in expected
    ]


def test_rule_16_pictures_are_media_content_of_the_item():
    """Each picture is named once directly in the item, with the lead as thumbnail."""
    body = render_rss(document(HARBOUR))
    assert find(body, "//item/media:content/@url") == [image.url for image in HARBOUR.images]
    assert find(body, "//item/media:content[@isDefault='true']/@url") == [LEAD.url]
    assert find(body, "//item/media:thumbnail/@url") == [LEAD.url]
    assert not find(body, "//media:group")


# --- the feed itself --------------------------------------------------------------------


def test_rule_19_channel():
    """The channel names its page, itself and how long readers may keep it."""
    body = render_rss(document(**OF_ONE_SOURCE))
    assert find(body, "//channel/title/text()") == ["示例新闻 – 港口档案"]
    assert find(body, "//channel/link/text()") == ["https://feeds.example.org/source/example/"]
    assert find(body, "//channel/description/text()") == ["Everything that the archive gathers"]
    assert attributes(body, "//channel/atom:link") == [
        {
            "rel": "self",
            "href": "https://feeds.example.org/source/example/rss.xml",
            "type": "application/rss+xml",
        }
    ]
    assert find(body, "//channel/ttl/text()") == ["60"]
    assert not find(body, "//skipHours | //skipDays")


@pytest.mark.parametrize(
    ("icon", "images"),
    [
        pytest.param("https://feeds.example.org/icon.png", ["https://feeds.example.org/icon.png"], id="png"),
        pytest.param("https://feeds.example.org/icon.svg", [], id="RSS knows no svg"),
        pytest.param("", [], id="no icon"),
    ],
)
def test_rule_19_icon_is_the_channels_image(icon, images):
    """The icon is the channel's image where RSS knows its type: GIF, JPEG and PNG."""
    assert find(render_rss(document(icon=icon)), "//channel/image/url/text()") == images


def test_rule_19_names_are_dublin_cores():
    """A name never stands in <author>, which is for addresses; without a name nothing does."""
    body = render_rss(document(HARBOUR, VIDEO))
    assert find(body, "//item/dc:creator/text()") == ["王小明"]
    assert not find(body, "//author")


def test_rule_19_source_leads_to_the_sources_own_feed():
    """An item names its source's feed here."""
    [source] = find(render_rss(document(HARBOUR)), "//item/source")
    assert source.get("url") == "https://feeds.example.org/source/example/rss.xml"
    assert source.text == "示例新闻"


def test_rule_19_no_source_where_sources_have_no_feeds():
    """Without feeds for each source an item names none."""
    assert not find(render_rss(document(HARBOUR, source_feeds_url="")), "//source")


def test_rule_21_bytes():
    """UTF-8 with a declaration and no mark; namespaces on the root; no lines; a generator without version."""
    body = render_rss(document(HARBOUR, VIDEO))
    assert body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<rss ")
    assert body.count(b"\n") == 1
    assert "港口重开".encode() in body
    assert all(b"<rss " in element for element in re.findall(rb"<[^>]*xmlns[^>]*>", body))
    assert b"<generator>feedbridge</generator>" in body


def test_entries_keep_their_order():
    """Entries stand as in the document: feedgen puts each new one first unless told otherwise."""
    assert find(render_rss(document(VIDEO, HARBOUR)), "//item/guid/text()") == [VIDEO.guid, HARBOUR.guid]


@settings(max_examples=60, deadline=None)
@given(ENTRIES)
def test_texts_read_back_as_they_were(entry):
    """Whatever XML can say comes back from a feed letter by letter."""
    body = render_rss(document(entry))
    [item] = find(body, "//item")
    assert {name: item.findtext(name) for name in ("guid", "title", "link", "description", "pubDate")} == {
        "guid": entry.guid,
        "title": entry.title,
        "link": entry.link,
        "description": escape(entry.summary or entry.title, quote=False),
        "pubDate": rfc822(entry.published),
    }
    assert item.findtext("content:encoded", None, NAMES) == entry.content
    assert (item.findtext("dc:creator", None, NAMES) or "") == entry.author
    assert item.findtext("source") == entry.source_name
    assert not feedparser.parse(body).bozo
