"""Which elements of a body are real pictures, and at what address (emission rule 18)."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
from lxml.html import HtmlElement

from feedbridge.model import Decision, Sites
from feedbridge.normalise import alternatives, captions, links
from feedbridge.sites import apply, proxies
from feedbridge.standards import attributes, elements, text
from feedbridge.standards.tokens import UNSEEN

MAX_PICTURES = 1000  # of one article; real ones have up to 138, and each stands in a feed several times
ICON_SIZE = 50  # pixels: smaller ones are buttons and the like
PIXEL_SIZE = 2  # pixels: these count visits

_MAX_SOURCES = 10  # of one <picture>; they stand before its <img>
_COPIES = tuple(UNSEEN - {"iframe"})  # a <noscript> holds the picture before it once more
_EMOJI_CLASS = re.compile(r"\b(?:emoji|wp-smiley)\b")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A real picture."""

    element: HtmlElement
    written: str  # the address that it has in the archive
    inner: str  # the one inside its proxies


class _Address(msgspec.Struct, frozen=True, kw_only=True):
    written: str = ""
    inner: str = ""
    shows_picture: bool = False


def find(root: HtmlElement, *, sites: Sites) -> tuple[tuple[Found, ...], tuple[Decision, ...]]:
    """Find the real pictures of a body, in reading order, and take out the others.

    Addresses are absolute before: `links.resolve`.
    """
    elements.remove_all(root, tuple(root.iter(*_COPIES)))
    _mend_amp(root)
    found: list[Found] = []
    gone: list[HtmlElement] = []
    spoken: list[HtmlElement] = []  # what is text from now on
    decisions: list[Decision] = []
    for element in tuple(root.iter("img")):
        address = _address(element, sites)
        reason = _why_no_picture(element, address) or _why_too_many(len(found))
        if _is_emoji(element, reason):
            reason = "an emoji: it stays as text"
            _speak(element)
            spoken.append(element)
        elif reason:
            gone += captions.around(element)
        else:
            found.append(Found(element=element, written=address.written, inner=address.inner))
            continue
        outcome = address.written or "no address"
        decisions.append(Decision(rule="picture dropped", outcome=outcome, reason=reason))
    elements.remove_all(root, gone)
    elements.unwrap_all(root, spoken)
    return tuple(found), tuple(decisions)


def sources(picture: HtmlElement) -> Sequence[HtmlElement]:
    """Return the <source>s of a picture, in order."""
    parent = picture.getparent()
    if parent is None or parent.tag != "picture":
        return ()
    before = islice(picture.itersiblings(preceding=True), _MAX_SOURCES)
    return tuple(one for one in before if one.tag == "source")[::-1]


def pixels(element: HtmlElement, name: str) -> int | None:
    """Return a size that an attribute states as a whole number, None if it states none."""
    digits = attributes.pixels(element.get(name, ""))
    return int(digits) if digits else None


def _mend_amp(root: HtmlElement) -> None:
    """Give each <amp-img> an <img> of its own, as its script does."""
    for element in tuple(root.iter("amp-img")):
        if "fallback" not in element.attrib:
            picture = element.makeelement("img", dict(element.attrib))
            picture.tail, element.text = element.text, None
            element.insert(0, picture)


def _address(element: HtmlElement, sites: Sites) -> _Address:
    """Return the first address of a picture that shows one; where none does, its first web address."""
    first = _Address()
    for written in _written(element):
        if links.is_web(written):
            inner = proxies.inner_address(written, sites.proxies)
            if not apply.is_no_picture(inner, sites):
                return _Address(written=written, inner=inner, shows_picture=True)
            first = first if first.written else _Address(written=written, inner=inner)
    return first


def _written(element: HtmlElement) -> Iterator[str]:
    yield from (element.get(name, "") for name in ("src", *links.LAZY))
    for one in (element, *sources(element)):
        yield from (_best(one.get(name, "")) for name in links.SRCSETS)


def _best(srcset: str) -> str:
    """Return the address of the largest candidate (HTML §4.8.4.2.1), "" if there is none."""
    candidates = attributes.srcset_candidates(srcset)
    return max(candidates, key=lambda one: one.size, default=attributes.Candidate(url="", size=0)).url


def _why_no_picture(element: HtmlElement, address: _Address) -> str:
    if not address.inner:
        return "it has no usable address"
    sizes = [size for size in (pixels(element, "width"), pixels(element, "height")) if size is not None]
    if sizes and min(sizes) <= PIXEL_SIZE:
        return "a pixel or a line: it counts visits or makes space"
    if sizes and max(sizes) < ICON_SIZE:
        return f"an icon: it is under {ICON_SIZE} pixels"
    return "" if address.shows_picture else "its address is that of a tracker, a button or a spacer"


def _why_too_many(found: int) -> str:
    return "" if found < MAX_PICTURES else f"more than {MAX_PICTURES} pictures: the text goes on behind them"


def _is_emoji(element: HtmlElement, reason: str) -> bool:
    """Tell whether a picture, real or not for this reason, stands for the characters of its text."""
    may_be = reason or _EMOJI_CLASS.search(element.get("class", ""))
    return bool(may_be) and alternatives.is_emoji(text.fold(element.get("alt", "")))


def _speak(element: HtmlElement) -> None:
    alt = text.fold(element.get("alt", ""))
    element.clear(keep_tail=True)
    element.text = alt
