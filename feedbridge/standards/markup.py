"""HTML from anywhere: read as a tree, written as what readers may show."""

import copy
from collections.abc import Iterable
from typing import Literal, cast

import nh3
from lxml import etree, html
from lxml.html import HtmlElement

from feedbridge.standards import elements, wellformed
from feedbridge.standards.attributes import mend_srcset, pixels
from feedbridge.standards.tame import BLOCKS, tame
from feedbridge.standards.text import xml_text
from feedbridge.standards.tokens import UNSEEN, End, Start
from feedbridge.standards.urls import absolute, scheme

LIBXML2 = ".".join(map(str, etree.LIBXML_VERSION))

# What Miniflux and FreshRSS both keep (emission rule 9), and <div> and <span>, which carry languages.
SHOWN = (
    {"a", "abbr", "acronym", "b", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "q", "s"}
    | {"samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "rp", "rt", "ruby"}
    | {"aside", "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre"}
    | {"dd", "dl", "dt", "li", "ol", "ul"}
    | {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
    | {"audio", "figcaption", "figure", "img", "picture", "source", "video"}
)
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "audio": {"controls", "src"},
    "blockquote": {"cite"},
    "del": {"cite", "datetime"},
    "img": {"alt", "height", "sizes", "src", "srcset", "width"},
    "ins": {"cite", "datetime"},
    "q": {"cite"},
    "source": {"sizes", "src", "srcset", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
    "video": {"controls", "height", "poster", "src", "width"},
}
_CLEANER = nh3.Cleaner(
    tags=SHOWN,
    clean_content_tags=set(UNSEEN),
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)
_NOT_ALLOWED = "not-allowed"  # an element without a meaning: nh3 drops it, its content stays
_MAX_TEXT = 16_384  # characters between two tags
_IMPLIED = {"table": len("<tbody></tbody>")}  # bytes of tags that nh3 puts into an element
_GROWTH = {"&": len("amp;"), "<": len("lt;"), ">": len("gt;"), "\xa0": len("&nbsp;") - 2}  # bytes, escaped


# It makes every element an `HtmlElement`; lxml's own asks Python which class each is, at every look at it.
_PARSER = etree.HTMLParser()
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))


def parse(source: str) -> HtmlElement:
    """Return a <div> that holds a fragment of HTML.

    It takes linear time, whatever the source is. The tree has a bounded depth, no comments, and only
    characters that XML can hold (emission rule 8). Elements whose content nobody sees are empty.
    """
    text = xml_text(source)
    made = wellformed.read(text)
    if made is None:
        return _built(text)
    root = cast("HtmlElement", _PARSER.makeelement("div"))  # in a document for HTML, as below
    root.text = made.text
    root[:] = made
    return root


def _built(source: str) -> HtmlElement:
    builder = etree.TreeBuilder(parser=_PARSER)
    builder.start("div", {})
    for token in tame(source):
        if isinstance(token, Start):
            builder.start(token.name, token.attributes)
        elif isinstance(token, End):
            builder.end(token.name)
        else:
            builder.data(token.characters)
    builder.end("div")
    return cast("HtmlElement", builder.close())  # as the parser given above makes them


def sanitise(root: HtmlElement, *, language: str, direction: Literal["ltr", "rtl"]) -> str:
    """Return what `parse` read as HTML that is safe to show, in one <div lang dir>; the tree stays as it is.

    It holds what is on the allow-list (emission rule 9) and the text, as far as people see it, of the rest.
    Addresses are absolute: http or https, of links also mailto; what has another one loses it.
    """
    body = copy.deepcopy(root)
    _strip_elements(body)
    standing = tuple(body.iter())
    for element in standing:
        _mend_attributes(element)
        if element.text is None:
            element.text = ""  # else libxml2 writes no end tag for an empty <li>
    _part_long_texts(standing)
    body.set("lang", language)
    body.set("dir", direction)
    # This comes last: what it returns is read by browsers as it was meant, and an edit could undo that.
    return _CLEANER.clean(html.tostring(body, encoding="unicode"))


def tags_size(element: HtmlElement) -> int:
    """Return about how many bytes `sanitise` writes of an element's own tags, with their attributes."""
    name = element.tag if element.tag in SHOWN else "div" if element.tag in BLOCKS else ""
    if not name:
        return 0
    kept = _ATTRIBUTES["*"] | _ATTRIBUTES.get(name, set())
    attributes = sum(_attribute_size(key, value) for key, value in element.items() if key in kept)
    return len("<></>") + 2 * len(name) + attributes + _IMPLIED.get(name, 0)


def text_size(text: str) -> int:
    """Return how many bytes `sanitise` writes of a text."""
    return len(text.encode()) + sum(text.count(character) * more for character, more in _GROWTH.items())


def _attribute_size(name: str, value: str) -> int:
    return len(f' {name}=""') + text_size(value) + value.count('"') * (len("&quot;") - 1)


def _strip_elements(body: HtmlElement) -> None:
    """Leave only elements of the allow-list: nh3's parser has rules of their own for many of the others.

    Of the others that people see the text stays, and what was a block is one.
    """
    elements.remove_all(body, tuple(body.iter(*UNSEEN)))
    others = [element for element in body.iterdescendants() if element.tag not in SHOWN]
    for element in others:
        if element.tag in BLOCKS:
            element.tag = "div"
    elements.unwrap_all(body, [element for element in others if element.tag != "div"])


def _mend_attributes(element: HtmlElement) -> None:
    for name, value in element.items():
        mended = _MENDS[name](value) if name in _MENDS else value
        if not mended and name in _MENDS:
            del element.attrib[name]
        elif mended != value:
            element.set(name, mended)


def _part_long_texts(standing: Iterable[HtmlElement]) -> None:
    """Keep the time linear: nh3 needs quadratic time to write a long text with many "&" in it.

    An element that is not allowed parts the text for nh3, and leaves no trace.
    """
    for element in standing:
        text, tail = element.text or "", element.tail or ""
        if len(text) > _MAX_TEXT:
            element.text = text[:_MAX_TEXT]
            _insert_text(element, 0, text[_MAX_TEXT:])
        if len(tail) > _MAX_TEXT and (parent := element.getparent()) is not None:
            element.tail = tail[:_MAX_TEXT]
            _insert_text(parent, parent.index(element) + 1, tail[_MAX_TEXT:])


def _insert_text(parent: HtmlElement, place: int, text: str) -> None:
    for start in reversed(range(0, len(text), _MAX_TEXT)):
        part = parent.makeelement(_NOT_ALLOWED)
        part.tail = text[start : start + _MAX_TEXT]
        parent.insert(place, part)


def _link(value: str) -> str:
    return absolute(value, "")


def _web(value: str) -> str:
    address = absolute(value, "")
    return address if scheme(address) in ("http", "https") else ""


def _srcset(value: str) -> str:
    """Return what `_web` leaves of each candidate: nh3 does not look into it."""
    return mend_srcset(value, _web)


_MENDS = {
    "cite": _web,
    "height": pixels,
    "href": _link,
    "poster": _web,
    "src": _web,
    "srcset": _srcset,
    "width": pixels,
}
