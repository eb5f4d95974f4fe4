"""Atom 1.0 (RFC 4287), by feedgen and an extension that mends what it drops."""

from functools import partial
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from feedgen.feed import FeedEntry
from lxml.etree import SubElement, _Element

from feedbridge.model import Document, Entry, FeedSpec, Image, Value
from feedbridge.render.extension import MEDIA, NAME, add_media, add_text, pictures, rewrite
from feedbridge.render.formats import ATOM, add_categories, address, new_feed
from feedbridge.render.writing import Writer
from feedbridge.standards.dates import rfc3339

_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def render_atom(document: Document) -> bytes:
    """Write a document as Atom; the feed's id is a UUIDv5 (RFC 9562) of its own address."""
    spec = document.spec
    feed = new_feed(document, ATOM)
    feed.id(uuid5(NAMESPACE_URL, address(spec, ATOM)).urn)
    feed.author(name=spec.author)
    feed.icon(spec.icon)
    feed.register_extension(NAME, partial(_FeedExtension, document=document))
    _WRITER.add(feed, document)
    body: bytes = feed.atom_str()
    return body


def _write(entry: Entry, spec: FeedSpec) -> _Element:
    written = FeedEntry()
    written.id(entry.guid)
    written.title(entry.title)
    written.link(href=entry.link)
    if entry.author:
        written.author(name=entry.author)
    if spec.content == "full":
        written.content(entry.content, type="html")
    if summary := _summary(entry, spec):
        written.summary(summary, type="text")
    add_categories(written, entry)
    element: _Element = written.atom_entry()
    _complete(element, entry, spec)
    return element


_WRITER: Final = Writer(_write)


def _summary(entry: Entry, spec: FeedSpec) -> str:
    """Without content an entry should have a summary (RFC 4287 §4.1.2): then it repeats the title."""
    fallback = entry.title if spec.content == "summary" else ""
    return entry.summary or fallback


class _FeedExtension(Value, frozen=True):
    document: Document

    def extend_ns(self) -> dict[str, str]:
        return {"media": MEDIA}

    def extend_atom(self, feed: _Element) -> None:
        rewrite(feed, "updated", rfc3339(self.document.updated))


def _complete(element: _Element, entry: Entry, spec: FeedSpec) -> None:
    _mark_language(element, entry.language)
    rewrite(element, "updated", rfc3339(entry.updated))
    add_text(element, "published", rfc3339(entry.published))
    for image in pictures(entry, spec):
        _add_enclosure(element, image)
    add_media(element, entry, spec)


def _mark_language(element: _Element, language: str) -> None:
    element.set(_XML_LANG, language)
    for content in element.iter("content"):
        content.set(_XML_LANG, language)
    for link in element.iter("link"):  # feedgen 1.0.0 drops all but the address
        link.set("rel", "alternate")
        link.set("hreflang", language)


def _add_enclosure(element: _Element, image: Image) -> None:
    """Write RFC 4287 §4.2.7.2: feedgen 1.0.0 would drop rel, type, length and title."""
    link = SubElement(element, "link", rel="enclosure", href=image.url)
    if image.type:
        link.set("type", image.type)
    link.set("length", "0")  # unknown
    if image.caption:
        link.set("title", image.caption)
