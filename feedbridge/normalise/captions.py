"""Where a picture's caption stands, and the figure that joins the two (emission rule 18)."""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Literal

from lxml.html import HtmlElement, builder

from feedbridge.standards import markup

Form = Literal["figcaption", "small-print", "bold-lead"]

_HOLDERS = ("picture", "a")  # they belong to the picture
_WRAPPERS = (*_HOLDERS, "p", "div", "span", "strong", "b", "em", "i", "center", "font", "figure")
_BLOCK_PLACES = ("div", "section", "article", "main", "td", "th", "li", "dd", "blockquote", "figure")
_NEAR = 4  # levels: img, picture, a, div, figure
_COLONS = ("：", ":")


def settle(picture: HtmlElement, forms: Iterable[Form]) -> str:
    """Find a picture's caption, join both in a figure, and return the caption as plain text.

    Without a caption nothing moves; an empty line of small print goes.
    """
    standing = _figcaption(picture) if "figcaption" in forms else None
    if standing is not None:
        return markup.text_of(standing)
    unit = _outermost(picture)
    for form in forms:
        caption = _take(unit, form)
        if caption is not None:
            make_figure(picture).append(caption)
            return markup.text_of(caption)
    return ""


def drop(picture: HtmlElement) -> None:
    """Take out a picture with all that holds only it, and the empty caption below it."""
    unit = _outermost(picture)
    print_line = _small_print(unit)
    if print_line is not None and not markup.text_of(print_line):
        markup.remove(print_line)
    markup.remove(unit)


def make_figure(picture: HtmlElement) -> HtmlElement:
    """Put a picture into a figure of its own, at its place among the blocks; return the figure."""
    standing = _figure_of(picture)
    if standing is not None:
        return standing
    core, unit = _outermost(picture, _HOLDERS), _outermost(picture)
    figure = builder.E.figure()
    _block_place(unit).addprevious(figure)
    markup.remove(unit)
    core.tail = None
    figure.append(core)
    return figure


def _figure_of(picture: HtmlElement) -> HtmlElement | None:
    """Return the figure around a picture, a near one: an unclosed tag may hold half an article."""
    return next((one for one in islice(picture.iterancestors(), _NEAR) if one.tag == "figure"), None)


def _figcaption(picture: HtmlElement) -> HtmlElement | None:
    figure = _figure_of(picture)
    return None if figure is None else next(figure.iterchildren("figcaption", reversed=True), None)


def _outermost(picture: HtmlElement, holders: Collection[str] = _WRAPPERS) -> HtmlElement:
    """Return the outermost element that holds nothing but the picture; never the root."""
    unit = picture
    parent = unit.getparent()
    while parent is not None and parent.tag in holders and _is_alone(unit) and not _is_root(parent):
        unit, parent = parent, parent.getparent()
    return unit


def _is_alone(child: HtmlElement) -> bool:
    """Tell whether nothing else that people see stands in the element around it."""
    parent = child.getparent()
    if parent is None or parent.tag == "picture":
        return True
    has_siblings = child.getprevious() is not None or child.getnext() is not None
    return not has_siblings and _is_blank(parent.text) and _is_blank(child.tail)


def _is_root(element: HtmlElement) -> bool:
    return element.getparent() is None


def _block_place(unit: HtmlElement) -> HtmlElement:
    """Return the unit or its nearest ancestor that stands among blocks, where a figure may stand."""
    place = unit
    parent = place.getparent()
    while parent is not None and parent.tag not in _BLOCK_PLACES and not _is_root(parent):
        place, parent = parent, parent.getparent()
    return place


def _take(unit: HtmlElement, form: Form) -> HtmlElement | None:
    """Take the caption of this form out of the tree, as a figcaption; None if there is none."""
    if form == "small-print":
        return _take_small_print(unit)
    if form == "bold-lead":
        return _take_bold_lead(unit)
    return None


def _take_small_print(unit: HtmlElement) -> HtmlElement | None:
    line = _small_print(unit)
    if line is None:
        return None
    small = line[0]
    caption = builder.E.figcaption()
    caption.text = small.text
    caption.extend(list(small))
    markup.remove(line)
    return caption if markup.text_of(caption) else None


def _small_print(unit: HtmlElement) -> HtmlElement | None:
    """Return the block after the picture that holds nothing but small print."""
    line = _next(unit)
    small = line[0] if line is not None and line.tag in ("div", "p") and len(line) else None
    if small is None or small.tag != "small" or not _is_alone(small):
        return None
    return line


def _take_bold_lead(unit: HtmlElement) -> HtmlElement | None:
    """Take a gallery's caption: bold words right after the picture, with a colon after them."""
    bold = _next(unit)
    if bold is None or bold.tag not in ("b", "strong") or not (bold.tail or "").lstrip().startswith(_COLONS):
        return None
    rest = (bold.tail or "").lstrip()[1:].lstrip()
    bold.tail = rest
    caption = builder.E.figcaption()
    caption.text = bold.text
    caption.extend(list(bold))
    before = bold.getprevious()
    if before is not None and before.tag == "br":
        markup.remove(before)
    markup.remove(bold)
    return caption


def _next(unit: HtmlElement) -> HtmlElement | None:
    """Return what follows with no words between; one line break does not count."""
    following = unit.getnext() if _is_blank(unit.tail) else None
    if following is not None and following.tag == "br":
        following = following.getnext() if _is_blank(following.tail) else None
    return following


def _is_blank(words: str | None) -> bool:
    return not (words or "").strip()
