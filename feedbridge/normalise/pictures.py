"""The pictures of a body: which are real, at what address, with what caption, and which leads.

Emission rules 13 and 18: the address is the archive's own string, and the very same string
stands in the content and in every enclosure; what a picture is, is judged by the address
inside its proxies.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

import msgspec
from lxml import etree
from lxml.html import HtmlElement

from feedbridge.model import Decision, Image, SiteRule, Sites
from feedbridge.normalise import captions, links
from feedbridge.sites import apply, proxies
from feedbridge.standards import markup, media, text
from feedbridge.standards.tokens import UNSEEN

MAX_PICTURES = 1000  # of one article; real ones have up to 138, and each stands in a feed several times
LEAD_WIDTH = 200  # pixels, where the width is known
ICON_SIZE = 50  # pixels: smaller ones are buttons and the like
PIXEL_SIZE = 2  # pixels: these count visits

_MAX_SOURCES = 10  # of one <picture>; they stand before its <img>
_MAX_EMOJI = 16  # characters: one emoji may be a family of eleven
_COPIES = tuple(UNSEEN - {"iframe"})  # a <noscript> holds the picture before it once more
_SPOKEN = "spoken"  # an element of which only the text stays
_SIZE = re.compile(r"\s*([0-9]{1,5})\s*(?:px)?\s*", re.IGNORECASE)
_EMOJI_CLASS = re.compile(r"\b(?:emoji|wp-smiley)\b")
_EMOTICON = re.compile(r"\[[^\s\[\]]{1,8}\]")  # as networks write their own: [good]
_EMOJI_PARTS = ("S", "M", "Cf")  # symbols, and what joins and varies them (Unicode categories)


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


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    element: HtmlElement
    written: str  # the address that it has in the archive
    inner: str


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    element: HtmlElement
    image: Image


def arrange(root: HtmlElement, *, rules: Rules) -> Arranged:
    """Settle every picture in place: drop what is none, mend the rest, make figures.

    Addresses are absolute before: `links.resolve`.
    """
    markup.remove_all(root, tuple(root.iter(*_COPIES)))
    _mend_amp(root)
    _unwrap_posters(root, rules)
    found, decisions = _find(root, rules)
    below = captions.Captions(root, site=rules.site)
    kept: dict[str, _Kept] = {}
    for one in found:
        picture = _settle(one, below, rules)
        mark = apply.canonical_of(one.inner, rules.sites)
        first = kept.get(mark)
        if first is not None:
            picture = _joined(first, picture)
            reason = f"the same as {first.image.url}"
            decisions.append(Decision(rule="picture repeated", outcome=one.written, reason=reason))
        kept[mark] = picture
    lead = next((picture for picture in kept.values() if _may_lead(picture.image)), None)
    if lead is not None:
        below.make_figure(lead.element)
    below.finish()
    markup.remove_all(root, [one for one in root.iterfind(".//picture/source") if not one.get("srcset")])
    return Arranged(
        images=tuple(picture.image for picture in kept.values()),
        lead=lead.image if lead else None,
        decisions=(*(_kept_decision(picture, lead) for picture in kept.values()), *decisions),
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


def pixels(element: HtmlElement, name: str) -> int | None:
    """Return a size that an attribute states as a whole number, None if it states none (emission rule 18)."""
    size = _SIZE.fullmatch(element.get(name, ""))
    return int(size[1]) if size else None


# --- finding ---------------------------------------------------------------------------


def _mend_amp(root: HtmlElement) -> None:
    """Give each <amp-img> an <img> of its own, as its script does."""
    for element in tuple(root.iter("amp-img")):
        if "fallback" not in element.attrib:
            picture = element.makeelement("img", dict(element.attrib))
            picture.tail, element.text = element.text, None
            element.insert(0, picture)


def _find(root: HtmlElement, rules: Rules) -> tuple[list[_Found], list[Decision]]:
    """Find the real pictures and take out the others."""
    found: list[_Found] = []
    gone: list[HtmlElement] = []
    decisions: list[Decision] = []
    for element in tuple(root.iter("img")):
        written, inner = _address(element, rules.sites)
        reason = _why_no_picture(element, inner, rules.sites) or _why_too_many(len(found))
        if _is_emoji(element, reason):
            reason = "an emoji: it stays as text"
            _speak(element)
        elif reason:
            gone += captions.around(element)
        else:
            found.append(_Found(element=element, written=written, inner=inner))
            continue
        decisions.append(Decision(rule="picture dropped", outcome=written or "no address", reason=reason))
    markup.remove_all(root, gone)
    etree.strip_tags(root, _SPOKEN)
    return found, decisions


def _why_too_many(found: int) -> str:
    return "" if found < MAX_PICTURES else f"more than {MAX_PICTURES} pictures: the text goes on behind them"


def _address(element: HtmlElement, sites: Sites) -> tuple[str, str]:
    """Return the address of a picture, and the one inside its proxies: of the first that shows one.

    Where none does, it is the first web address, "" twice without one.
    """
    first = ("", "")
    for written in _written(element):
        if written.lower().startswith(("http://", "https://")):
            inner = proxies.inner_address(written, sites.proxies)
            if not apply.is_no_picture(inner, sites):
                return written, inner
            first = first if first[0] else (written, inner)
    return first


def _written(element: HtmlElement) -> Iterator[str]:
    yield from (element.get(name, "") for name in ("src", *links.LAZY))
    for one in (element, *_sources(element)):
        yield from (_best(one.get(name, "")) for name in links.SRCSETS)


def _sources(element: HtmlElement) -> Sequence[HtmlElement]:
    """Return the sources of a picture, in order."""
    parent = element.getparent()
    if parent is None or parent.tag != "picture":
        return ()
    before = islice(element.itersiblings(preceding=True), _MAX_SOURCES)
    return tuple(one for one in before if one.tag == "source")[::-1]


def _best(srcset: str) -> str:
    """Return the address of the largest candidate (HTML §4.8.4.2.1), "" if there is none."""
    candidates = markup.srcset_candidates(srcset)
    return max(candidates, key=lambda candidate: candidate.size, default=markup.Candidate(url="", size=0)).url


def _why_no_picture(element: HtmlElement, inner: str, sites: Sites) -> str:
    """Emission rule 18; "" for a real picture."""
    if not inner:
        return "it has no usable address"
    sizes = [size for size in (pixels(element, "width"), pixels(element, "height")) if size is not None]
    if sizes and min(sizes) <= PIXEL_SIZE:
        return "a pixel or a line: it counts visits or makes space"
    if sizes and max(sizes) < ICON_SIZE:
        return f"an icon: it is under {ICON_SIZE} pixels"
    if apply.is_no_picture(inner, sites):
        return "its address is that of a tracker, a button or a spacer"
    return ""


def _is_emoji(element: HtmlElement, reason: str) -> bool:
    """Tell whether a picture stands for the characters of its alternative text."""
    alt = text.fold(element.get("alt", ""))
    if not 0 < len(alt) <= _MAX_EMOJI or not (reason or _EMOJI_CLASS.search(element.get("class", ""))):
        return False
    return _EMOTICON.fullmatch(alt) is not None or all(
        character == " " or unicodedata.category(character).startswith(_EMOJI_PARTS) for character in alt
    )


def _speak(element: HtmlElement) -> None:
    alt = text.fold(element.get("alt", ""))
    element.clear(keep_tail=True)
    element.tag, element.text = _SPOKEN, alt


# --- settling --------------------------------------------------------------------------


def _settle(found: _Found, below: captions.Captions, rules: Rules) -> _Kept:
    element = found.element
    url = found.inner if rules.urls == "unwrap" else found.written
    element.set("src", url)
    for one in (element, *_sources(element)):
        _settle_srcset(one, found, rules)
    alt = text.fold(element.get("alt", ""))
    caption = below.settle(element, alt=alt)
    if alt or caption:
        element.set("alt", "" if caption and caption.startswith(alt) else alt)
    image = Image(
        url=url,
        type=_image_type(found.inner),
        caption=caption or captions.telling(alt, title=rules.title),
        width=pixels(element, "width"),
        height=pixels(element, "height"),
    )
    return _Kept(element=element, image=image)


def _settle_srcset(element: HtmlElement, found: _Found, rules: Rules) -> None:
    if "srcset" in element.attrib:
        candidates = markup.srcset_candidates(element.attrib.pop("srcset"))
        kept = [one for one in candidates if _is_candidate(one.url, found, rules)]
        if kept:
            element.set("srcset", ", ".join(f"{one.url} {one.descriptor}".rstrip() for one in kept))


def _is_candidate(url: str, found: _Found, rules: Rules) -> bool:
    """Tell whether browsers may load this address for a picture, too.

    None may lead around the picture's proxy: it is there because the archive's readers cannot reach the
    origin. Where the origin is wanted, a proxy's own variants have no address there.
    """
    inner = proxies.inner_address(url, rules.sites.proxies)
    is_proxied = inner != url
    if apply.is_no_picture(inner, rules.sites):
        return False
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
    role = "picture, the lead" if picture is lead else "picture"
    known = picture.image.type or "unknown type"
    return Decision(
        rule=role, outcome=picture.image.url, reason=f"{known}; {picture.image.caption or 'no caption'}"
    )
