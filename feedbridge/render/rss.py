"""RSS 2.0, by feedgen and an extension: dates, Dublin Core and Media RSS."""

from functools import lru_cache, partial
from html import escape
from typing import Final

from feedgen.feed import FeedEntry
from lxml.etree import _Element

from feedbridge.model import Document, Entry, FeedSpec, Value
from feedbridge.render.extension import MEDIA, NAME, add_media, add_text, rewrite
from feedbridge.render.formats import RSS, add_categories, new_feed
from feedbridge.render.writing import Writer
from feedbridge.standards.dates import rfc822
from feedbridge.standards.media import media_type
from feedbridge.standards.urls import slug

_DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/"
_TTL_MINUTES: Final = 60
_IMAGE_TYPES: Final = frozenset({"image/gif", "image/jpeg", "image/png"})  # all that RSS 2.0 knows


def render_rss(document: Document) -> bytes:
    """Write a document as RSS.

    feedgen switches the locale of the whole process meanwhile: never in several threads.
    """
    spec = document.spec
    feed = new_feed(document, RSS)
    feed.ttl(_TTL_MINUTES)
    if media_type(spec.icon) in _IMAGE_TYPES:
        feed.image(spec.icon)
    feed.register_extension(NAME, partial(_ChannelExtension, document=document))
    _WRITER.add(feed, document)
    body: bytes = feed.rss_str()
    return body


def _write(entry: Entry, spec: FeedSpec) -> _Element:
    item = FeedEntry()
    item.guid(entry.guid, permalink=False)
    item.title(entry.title)
    item.link(href=entry.link)
    # Readers take a description for HTML, so plain text is escaped here and once more by XML.
    item.description(escape(entry.summary or entry.title, quote=False), isSummary=True)
    if spec.content == "full":
        item.content(entry.content, type="html")
    _add_enclosure(item, entry, spec)
    if spec.source_feeds_url:
        item.source(_source_address(spec.source_feeds_url, entry.source), entry.source_name)
    add_categories(item, entry)
    element: _Element = item.rss_entry()
    _complete(element, entry, spec)
    return element


_WRITER: Final = Writer(_write)


def _add_enclosure(item: FeedEntry, entry: Entry, spec: FeedSpec) -> None:
    """One at most, and only with its type: RSS 2.0 requires it, and readers disagree which of two counts."""
    if entry.lead and entry.lead.type and spec.enclosures != "none":
        item.enclosure(entry.lead.url, 0, entry.lead.type)  # 0: its length is unknown


@lru_cache(maxsize=256)
def _source_address(feeds_url: str, source: str) -> str:
    return f"{feeds_url}{slug(source)}/{RSS.file}"


class _ChannelExtension(Value, frozen=True):
    document: Document

    def extend_ns(self) -> dict[str, str]:
        return {"dc": _DUBLIN_CORE, "media": MEDIA}

    def extend_rss(self, rss: _Element) -> None:
        rewrite(rss, "lastBuildDate", rfc822(self.document.updated))


def _complete(item: _Element, entry: Entry, spec: FeedSpec) -> None:
    add_text(item, "pubDate", rfc822(entry.published))
    if entry.author:  # RSS's own <author> is for addresses of electronic mail
        add_text(item, f"{{{_DUBLIN_CORE}}}creator", entry.author)
    add_text(item, f"{{{_DUBLIN_CORE}}}language", entry.language)
    add_media(item, entry, spec)
