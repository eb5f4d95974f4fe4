"""The pictures of a body: at what address, with what caption, each once, and which leads.

Emission rules 13 and 18: the address is the archive's own string, and the very same string
stands in the content and in every enclosure; what a picture is, is judged by the address
inside its proxies.
"""

from typing import Literal

import msgspec
from lxml.html import HtmlElement

from feedbridge.model import Decision, Image, SiteRule, Sites
from feedbridge.normalise import alternatives, captions, finding
from feedbridge.sites import apply, proxies
from feedbridge.standards import attributes, elements, media, text

LEAD_WIDTH = 200  # pixels, where the width is known


class Arranged(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures that an entry shows, in reading order."""

    images: tuple[Image, ...]
    lead: Image | None
    decisions: tuple[Decision, ...]
    marks: tuple[str, ...]  # what each picture is, whatever proxy, scheme or tracking key its address has


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides about the pictures of one article."""

    title: str  # of the article: no caption repeats it
    site: SiteRule
    sites: Sites
    urls: Literal["keep", "unwrap"]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    element: HtmlElement
    image: Image


def arrange(root: HtmlElement, *, rules: Rules) -> Arranged:
    """Settle every picture in place: drop what is none (`finding`), mend the rest, make figures.

    Addresses are absolute before: `links.resolve`.
    """
    found, dropped = finding.find(root, sites=rules.sites)
    repeated: list[Decision] = []
    below = captions.Captions(root, site=rules.site)
    kept: dict[str, _Kept] = {}
    for one in found:
        picture = _settle(one, below, rules)
        mark = apply.canonical_of(one.inner, rules.sites)
        first = kept.get(mark)
        if first is not None:
            picture = _joined(first, picture)
            reason = f"the same as {first.image.url}"
            repeated.append(Decision(rule="picture repeated", outcome=one.written, reason=reason))
        kept[mark] = picture
    lead = next((picture for picture in kept.values() if _may_lead(picture.image)), None)
    if lead is not None:
        below.make_figure(lead.element)
    below.finish()
    _unwrap_posters(root, rules)
    elements.remove_all(root, [one for one in root.iterfind(".//picture/source") if not one.get("srcset")])
    return Arranged(
        images=tuple(picture.image for picture in kept.values()),
        lead=lead.image if lead else None,
        decisions=(*(_kept_decision(picture, lead) for picture in kept.values()), *dropped, *repeated),
        marks=tuple(kept),
    )


def standing(arranged: Arranged, root: HtmlElement) -> Arranged:
    """Return the pictures that still stand in a tree from which some were cut.

    The marks stay: what is cut is still a part of the article.
    """
    left = {element.get("src") for element in root.iter("img")}
    images = tuple(image for image in arranged.images if image.url in left)
    lead = arranged.lead if arranged.lead in images else None
    return msgspec.structs.replace(arranged, images=images, lead=lead)


def _settle(found: finding.Found, below: captions.Captions, rules: Rules) -> _Kept:
    element = found.element
    url = found.inner if rules.urls == "unwrap" else found.written
    element.set("src", url)
    for one in (element, *finding.sources(element)):
        _settle_srcset(one, found, rules)
    alt = text.fold(element.get("alt", ""))
    caption = below.settle(element, alt=alt)
    if alt or caption:
        element.set("alt", "" if caption and caption.startswith(alt) else alt)
    image = Image(
        url=url,
        type=_image_type(found.inner),
        caption=caption or alternatives.telling(alt, title=rules.title),
        width=finding.pixels(element, "width"),
        height=finding.pixels(element, "height"),
    )
    return _Kept(element=element, image=image)


def _settle_srcset(element: HtmlElement, found: finding.Found, rules: Rules) -> None:
    srcset = attributes.mend_srcset(
        element.attrib.pop("srcset", ""), lambda url: url if _is_candidate(url, found, rules) else ""
    )
    if srcset:
        element.set("srcset", srcset)


def _is_candidate(url: str, found: finding.Found, rules: Rules) -> bool:
    """Tell whether browsers may load this address for a picture, too.

    None may lead around the picture's proxy: it is there because the archive's readers cannot reach the
    origin. Where the origin is wanted, a proxy's own variants have no address there.
    """
    inner = proxies.inner_address(url, rules.sites.proxies)
    if apply.is_no_picture(inner, rules.sites):
        return False
    is_proxied = inner != url
    if rules.urls == "unwrap":
        return not is_proxied
    return is_proxied or found.written == found.inner


def _unwrap_posters(root: HtmlElement, rules: Rules) -> None:
    if rules.urls == "unwrap":
        for video in root.iter("video"):
            if video.get("poster"):
                video.set("poster", proxies.inner_address(video.get("poster", ""), rules.sites.proxies))


def _joined(first: _Kept, again: _Kept) -> _Kept:
    """Make one of two copies: the first one's address, the size of the one that may lead, a caption."""
    again.element.set("src", first.image.url)
    again.element.attrib.pop("srcset", None)
    better = again if _may_lead(again.image) and not _may_lead(first.image) else first
    caption = first.image.caption or again.image.caption
    image = msgspec.structs.replace(better.image, url=first.image.url, caption=caption)
    return msgspec.structs.replace(better, image=image)


def _image_type(inner: str) -> str:
    found = media.media_type(inner)
    return found if found.startswith("image/") else ""


def _may_lead(image: Image) -> bool:
    return image.width is None or image.width >= LEAD_WIDTH


def _kept_decision(picture: _Kept, lead: _Kept | None) -> Decision:
    reason = f"{picture.image.type or 'unknown type'}; {picture.image.caption or 'no caption'}"
    if picture is not lead:
        return Decision(rule="picture", outcome=picture.image.url, reason=reason)
    reason += f"; the first not known to be under {LEAD_WIDTH} pixels wide"
    return Decision(rule="picture, the lead", outcome=picture.image.url, reason=reason)
