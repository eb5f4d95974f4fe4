"""Where an element stands: what holds only it, what follows it, and where a block may stand beside it."""

from collections.abc import Collection
from itertools import chain, islice

from lxml.html import HtmlElement

from feedbridge.standards.elements import is_blank

HOLDERS = ("picture", "a")  # they belong to the picture in them
WRAPPERS = (
    *HOLDERS,
    *("p", "div", "span", "strong", "b", "em", "i", "center", "font", "figure", "object", "amp-img"),
)

_AMONG_BLOCKS = ("div", "section", "article", "main", "td", "th", "li", "dd", "blockquote", "figure")
_SHOWN = ("img", "iframe", "embed", "object", "video", "audio")
_NEAR = 4  # levels: img, picture, a, div, figure


def outermost(core: HtmlElement, *, holders: Collection[str] = WRAPPERS) -> HtmlElement:
    """Return the outermost element that holds nothing but this one; never the root."""
    unit = core
    parent = unit.getparent()
    while parent is not None and parent.tag in holders and is_alone(unit) and not _is_root(parent):
        unit, parent = parent, parent.getparent()
    return unit


def block_place(unit: HtmlElement) -> HtmlElement:
    """Return the unit or its nearest ancestor that stands among blocks, where a figure may stand."""
    place = unit
    parent = place.getparent()
    while parent is not None and parent.tag not in _AMONG_BLOCKS and not _is_root(parent):
        place, parent = parent, parent.getparent()
    return place


def near(element: HtmlElement, tag: str) -> HtmlElement | None:
    """Return the element of a name around another, a near one: an unclosed tag may hold half an article."""
    return next((one for one in islice(element.iterancestors(), _NEAR) if one.tag == tag), None)


def following(unit: HtmlElement) -> HtmlElement | None:
    """Return what follows with no words between; one line break does not count."""
    found = unit.getnext() if is_blank(unit.tail) else None
    if found is not None and found.tag == "br":
        found = found.getnext() if is_blank(found.tail) else None
    return found


def is_alone(child: HtmlElement) -> bool:
    """Tell whether nothing else that people see stands in the element around it; a <source> is not seen."""
    parent = child.getparent()
    if parent is None:
        return True
    siblings = chain(child.itersiblings(preceding=True), child.itersiblings())
    return is_blank(parent.text, child.tail) and all(
        one.tag == "source" and is_blank(one.tail) for one in siblings
    )


def holds_only(parent: HtmlElement, unit: HtmlElement, last: HtmlElement) -> bool:
    """Tell whether an element below the root holds a unit, what follows it to the last, and nothing more."""
    if _is_root(parent) or parent.tag not in WRAPPERS:
        return False
    has_more = unit.getprevious() is not None or last.getnext() is not None
    return not has_more and is_blank(parent.text, last.tail)


def shows(element: HtmlElement) -> bool:
    """Tell whether more than words stands in an element."""
    return next(element.iter(*_SHOWN), None) is not None


def _is_root(element: HtmlElement) -> bool:
    return element.getparent() is None
