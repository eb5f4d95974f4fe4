"""The pictures of a body: which are real, at what address, with what caption, and which leads.

Emission rules 13 and 18: the address is the archive's own string, and the very same string
stands in the content and in every enclosure; what a picture is, is judged by the address
inside its proxies.
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec
from lxml.html import HtmlElement

from feedbridge.model import Decision, Image, SiteRule, Sites
from feedbridge.normalise import captions
from feedbridge.sites import apply
from feedbridge.standards import markup, media, text, urls

LEAD_WIDTH = 200  # pixels, where the width is known
ICON_SIZE = 50  # pixels: smaller ones are buttons and the like
PIXEL_SIZE = 2  # pixels: these count visits

_LAZY = ("data-src", "data-lazy-src", "data-original")
_SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")
_SIZE = re.compile(r"\s*([0-9]{1,5})\s*(?:px)?\s*", re.IGNORECASE)


class Arranged(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures that an entry shows, in reading order."""

    images: tuple[Image, ...]
    lead: Image | None
    decisions: tuple[Decision, ...]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides about the pictures of one article."""

    base: str  # the article's own address
    site: SiteRule
    sites: Sites
    urls: Literal["keep", "unwrap"]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    element: HtmlElement
    image: Image
    inner: str


def arrange(root: HtmlElement, *, rules: Rules) -> Arranged:
    """Settle every picture in place: drop what is none, mend the rest, make figures."""
    kept: dict[str, _Kept] = {}
    decisions: list[Decision] = []
    for element in list(root.iter("img")):
        written = _address(element, rules.base)
        inner = apply.inner_address(written, rules.sites.proxies)
        reason = _why_no_picture(element, written, inner, rules.sites)
        if reason:
            captions.drop(element)
            decisions.append(Decision(rule="picture dropped", outcome=written or "no address", reason=reason))
            continue
        picture = _settle(element, written, inner, rules)
        first = kept.get(inner)
        if first is not None:
            picture = _joined(first, picture)
            decisions.append(
                Decision(rule="picture repeated", outcome=written, reason=f"the same as {inner}")
            )
        kept[inner] = picture
    lead = next((picture for picture in kept.values() if _may_lead(picture.image)), None)
    if lead is not None:
        captions.make_figure(lead.element)
    return Arranged(
        images=tuple(picture.image for picture in kept.values()),
        lead=lead.image if lead else None,
        decisions=(*(_kept_decision(picture, lead) for picture in kept.values()), *decisions),
    )


def _address(element: HtmlElement, base: str) -> str:
    """Return the first usable address of a picture, "" if it has none."""
    return next(filter(None, (urls.absolute(written, base) for written in _written(element) if written)), "")


def _written(element: HtmlElement) -> Iterator[str]:
    yield element.get("src", "")
    yield from (element.get(name, "") for name in _LAZY)
    yield from (_best(element.get(name, "")) for name in _SRCSETS)
    picture = element.getparent()
    if picture is not None and picture.tag == "picture":
        for source in picture.iterchildren("source"):
            yield from (_best(source.get(name, "")) for name in _SRCSETS)


def _best(srcset: str) -> str:
    """Return the address of the largest candidate (HTML §4.8.4.2.1), "" if there is none."""
    candidates = markup.srcset_candidates(srcset)
    return max(candidates, key=lambda candidate: candidate.size, default=markup.Candidate(url="", size=0)).url


def _why_no_picture(element: HtmlElement, written: str, inner: str, sites: Sites) -> str:
    """Emission rule 18; "" for a real picture."""
    if not written.lower().startswith(("http://", "https://")):
        return "it has no usable address"
    sizes = [size for size in (_pixels(element, "width"), _pixels(element, "height")) if size is not None]
    if sizes and min(sizes) <= PIXEL_SIZE:
        return "a pixel or a line: it counts visits or makes space"
    if sizes and max(sizes) < ICON_SIZE:
        return f"an icon: it is under {ICON_SIZE} pixels"
    if apply.is_no_picture(inner, sites):
        return "its address is that of a tracker, a button or a spacer"
    return ""


def _settle(element: HtmlElement, written: str, inner: str, rules: Rules) -> _Kept:
    url = inner if rules.urls == "unwrap" else written
    element.set("src", url)
    if written != inner:
        _drop_unproxied(element)
    caption = captions.settle(element, rules.site.captions)
    alt = text.fold(element.get("alt", ""))
    if alt or caption:
        element.set("alt", alt)
    image = Image(
        url=url,
        type=_image_type(inner),
        caption=caption,
        width=_pixels(element, "width"),
        height=_pixels(element, "height"),
    )
    return _Kept(element=element, image=image, inner=inner)


def _joined(first: _Kept, again: _Kept) -> _Kept:
    """Make one of two copies: the first one's address, the size of the one that may lead, a caption."""
    again.element.set("src", first.image.url)
    better = again if _may_lead(again.image) and not _may_lead(first.image) else first
    caption = first.image.caption or again.image.caption
    image = msgspec.structs.replace(better.image, url=first.image.url, caption=caption)
    return msgspec.structs.replace(better, image=image)


def _drop_unproxied(element: HtmlElement) -> None:
    """Leave no way around the proxy: it is there because the archive's readers cannot reach the origin."""
    element.attrib.pop("srcset", None)
    picture = element.getparent()
    if picture is not None and picture.tag == "picture":
        for source in list(picture.iterchildren("source")):
            markup.remove(source)


def _image_type(inner: str) -> str:
    found = media.media_type(inner)
    return found if found.startswith("image/") else ""


def _pixels(element: HtmlElement, name: str) -> int | None:
    size = _SIZE.fullmatch(element.get(name, ""))
    return int(size[1]) if size else None


def _may_lead(image: Image) -> bool:
    return image.width is None or image.width >= LEAD_WIDTH


def _kept_decision(picture: _Kept, lead: _Kept | None) -> Decision:
    role = "picture, the lead" if picture is lead else "picture"
    known = picture.image.type or "unknown type"
    return Decision(
        rule=role, outcome=picture.image.url, reason=f"{known}; {picture.image.caption or 'no caption'}"
    )
