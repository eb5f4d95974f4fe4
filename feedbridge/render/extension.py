"""What feedgen cannot write, for Atom and RSS alike: Media RSS 1.5.1, and dates without a locale."""

from typing import Final

from lxml.etree import SubElement, _Element

from feedbridge.model import Entry, FeedSpec, Image

NAME: Final = "feedbridge"  # under which feedgen knows our extensions
MEDIA: Final = "http://search.yahoo.com/mrss/"
_CONTENT, _TITLE, _THUMBNAIL = (f"{{{MEDIA}}}{name}" for name in ("content", "title", "thumbnail"))


def add_text(parent: _Element, name: str, text: str) -> None:
    """Append an element that holds nothing but `text`."""
    SubElement(parent, name).text = text


def rewrite(parent: _Element, name: str, text: str) -> None:
    """Put `text` in place of what feedgen wrote into `name`: a date by the clock, or by the locale."""
    for element in parent.iter(name):
        element.text = text


def pictures(entry: Entry, spec: FeedSpec) -> tuple[Image, ...]:
    """Choose the pictures that a feed tells of outside the content, in reading order."""
    lead = () if entry.lead is None else (entry.lead,)
    return {"all": entry.images, "lead": lead, "none": ()}[spec.enclosures]


def add_media(parent: _Element, entry: Entry, spec: FeedSpec) -> None:
    """Append a <media:content> for each picture, and a <media:thumbnail> for the lead.

    They stand directly in the item or entry: readers lose what is in a <media:group>.
    """
    shown = pictures(entry, spec)
    for image in shown:
        _add_content(parent, image, is_lead=image == entry.lead)
    if entry.lead in shown:
        SubElement(parent, _THUMBNAIL, url=entry.lead.url)


def _add_content(parent: _Element, image: Image, *, is_lead: bool) -> None:
    content = SubElement(parent, _CONTENT, url=image.url, medium="image")
    if image.type:
        content.set("type", image.type)
    if is_lead:
        content.set("isDefault", "true")
    if image.width:
        content.set("width", str(image.width))
    if image.height:
        content.set("height", str(image.height))
    if image.caption:
        SubElement(content, _TITLE, type="plain").text = image.caption
