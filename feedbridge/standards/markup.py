"""HTML from anywhere: read as a tree, written as what readers may show, and as plain text."""

import copy
import re
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Literal, NamedTuple, cast

import nh3
from lxml import etree, html
from lxml.html import HtmlElement

from feedbridge.standards.tame import BLOCKS, tame
from feedbridge.standards.text import fold
from feedbridge.standards.tokens import UNSEEN, End, Start
from feedbridge.standards.urls import absolute, is_web

# What Miniflux and FreshRSS both keep (emission rule 9), and <div> and <span>, which carry languages.
_TAGS = (
    {
        "a",
        "abbr",
        "acronym",
        "b",
        "br",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "i",
        "ins",
        "kbd",
        "q",
        "s",
        "samp",
    }
    | {"small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "rp", "rt", "ruby"}
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
_NOT_ALLOWED = "not-allowed"  # an element without a meaning: it goes, its content stays
_REMOVED = "removed"  # one that goes with its content
_MAX_TEXT = 16_384  # characters between two tags

_GROWTH = {
    "&": len("amp;"),
    "<": len("lt;"),
    ">": len("gt;"),
    "\xa0": len("&nbsp;") - 2,
}  # bytes, when escaped

_WHITE_SPACE = re.compile(r"\s+")
_SIZE = re.compile(r"\s*([0-9]{1,5})\s*(?:px)?\s*", re.IGNORECASE)
_CANDIDATE = re.compile(r"([^\s,]\S*+)(?:(?<!,)\s++([^,]++))?")
_DESCRIPTOR = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,5})?)[wx]")


class Candidate(NamedTuple):
    """One of the pictures that a `srcset` offers."""

    url: str  # as written
    size: float  # by its descriptor: pixels of width, or how many there are for one of CSS
    descriptor: str = ""  # as written


def parse(source: str) -> HtmlElement:
    """Return a <div> that holds a fragment of HTML.

    It takes linear time, whatever the source is. The tree has a bounded depth, no comments, and only
    characters that XML can hold (emission rule 8). Elements whose content nobody sees are empty.
    """
    builder = etree.TreeBuilder(parser=html.html_parser)
    builder.start("div", {})
    for token in tame(source):
        match token:
            case Start(name, attributes):
                builder.start(name, attributes)
            case End(name):
                builder.end(name)
            case _:
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
    for element in body.iter():
        _mend_attributes(element)
        element.text = element.text or ""  # else libxml2 writes no end tag for an empty <li>
    _part_long_texts(body)
    body.set("lang", language)
    body.set("dir", direction)
    # This comes last: what it returns is read by browsers as it was meant, and an edit could undo that.
    return nh3.clean(
        html.tostring(body, encoding="unicode"),
        tags=_TAGS,
        clean_content_tags=set(UNSEEN),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def text_of(element: HtmlElement, *, without: Container[HtmlElement] = ()) -> str:
    """Return the text of an element that people see, without its tail; blocks and line breaks part words.

    That of some elements in it can be left out.
    """
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, node in walk:
        if _parts_words(node):
            pieces.append(" ")
        if event == "end":
            pieces.append("" if node is element else node.tail or "")
        elif node.tag in UNSEEN or node in without:
            walk.skip_subtree()
        else:
            pieces.append(node.text or "")
    return fold("".join(pieces))


def short_texts(root: HtmlElement, *, limit: int) -> dict[HtmlElement, str]:
    """Return `text_of` each element whose text has at most so many characters.

    One walk for all of them, so that it takes linear time however deep they are nested.
    """
    found: dict[HtmlElement, str] = {}
    open_: list[list[str]] = [[]]
    too_long = "x" * (limit + 1)  # stands for any such text
    for event, node in etree.iterwalk(root, events=("start", "end")):
        parting = " " if _parts_words(node) else ""
        if event == "start":
            open_.append([node.text or ""])
            continue
        pieces = open_.pop()
        inner = "" if node.tag in UNSEEN else _WHITE_SPACE.sub(" ", "".join(pieces))
        words = inner.strip()
        if len(words) <= limit:
            found[node] = words
        open_[-1] += (parting, inner if node in found else too_long, parting, node.tail or "")
    return found


def around(elements: Iterable[HtmlElement]) -> set[HtmlElement]:
    """Return elements with all those in which they stand."""
    found: set[HtmlElement] = set()
    for element in elements:
        one: HtmlElement | None = element
        while one is not None and one not in found:
            found.add(one)
            one = one.getparent()
    return found


def tags_size(element: HtmlElement) -> int:
    """Return about how many bytes `sanitise` writes of an element's own tags, with their attributes."""
    name = element.tag if element.tag in _TAGS else "div" if element.tag in BLOCKS else ""
    if not name:
        return 0
    kept = _ATTRIBUTES["*"] | _ATTRIBUTES.get(name, set())
    attributes = sum(len(f' {key}=""') + text_size(value) for key, value in element.items() if key in kept)
    return len("<></>") + 2 * len(name) + attributes


def text_size(text: str) -> int:
    """Return how many bytes `sanitise` writes of a text."""
    return len(text.encode()) + sum(text.count(character) * more for character, more in _GROWTH.items())


def remove(element: HtmlElement) -> None:
    """Take an element out of its tree; its tail stays."""
    element.drop_tree()


def remove_all(root: HtmlElement, elements: Iterable[HtmlElement]) -> None:
    """Take elements below a root out of their tree; their tails stay.

    In linear time, where `remove` one by one would join the same tails over and over.
    """
    for element in elements:
        element.tag = _REMOVED
    etree.strip_elements(root, _REMOVED, with_tail=False)


def srcset_candidates(srcset: str) -> tuple[Candidate, ...]:
    """Return the pictures that a `srcset` offers, in order (WHATWG HTML §4.8.4.3.9).

    An address may hold commas but not end in one. What has an invalid descriptor is left out, as browsers do.
    """
    return tuple(_candidates(srcset))


def _parts_words(node: HtmlElement) -> bool:
    return node.tag in BLOCKS or node.tag == "br"


def _candidates(srcset: str) -> Iterator[Candidate]:
    for url, written in _CANDIDATE.findall(srcset):
        descriptor = written.strip()
        size = _DESCRIPTOR.fullmatch(descriptor or "1x")
        if size:
            yield Candidate(url=url.rstrip(","), size=float(size[1]), descriptor=descriptor)


def _strip_elements(body: HtmlElement) -> None:
    """Leave only elements of the allow-list: nh3's parser has rules of their own for many of the others.

    Of the others that people see the text stays, and what was a block is one.
    """
    etree.strip_elements(body, *UNSEEN, with_tail=False)
    for element in body.iter():
        if element.tag not in _TAGS:
            element.tag = "div" if element.tag in BLOCKS else _NOT_ALLOWED
    etree.strip_tags(body, _NOT_ALLOWED)


def _mend_attributes(element: HtmlElement) -> None:
    for name, mend in _MENDS.items():
        value = element.get(name)
        if value is not None:
            element.set(name, mend(value))
            if not element.get(name):
                del element.attrib[name]


def _part_long_texts(body: HtmlElement) -> None:
    """Keep the time linear: nh3 needs quadratic time to write a long text with many "&" in it.

    An element that is not allowed parts the text for nh3, and leaves no trace.
    """
    for element in [found for found in body.iter() if len(found.text or "") > _MAX_TEXT]:
        text = element.text or ""
        element.text = text[:_MAX_TEXT]
        _insert_text(element, 0, text[_MAX_TEXT:])
    pairs = ((parent, child) for parent in body.iter() for child in parent)
    for parent, child in [pair for pair in pairs if len(pair[1].tail or "") > _MAX_TEXT]:
        tail = child.tail or ""
        child.tail = tail[:_MAX_TEXT]
        _insert_text(parent, parent.index(child) + 1, tail[_MAX_TEXT:])


def _insert_text(parent: HtmlElement, place: int, text: str) -> None:
    for start in reversed(range(0, len(text), _MAX_TEXT)):
        part = parent.makeelement(_NOT_ALLOWED)
        part.tail = text[start : start + _MAX_TEXT]
        parent.insert(place, part)


def _link(value: str) -> str:
    return absolute(value, "")


def _web(value: str) -> str:
    return absolute(value, "") if is_web(value) else ""


def _srcset(value: str) -> str:
    """Return what `_web` leaves of each candidate: nh3 does not look into it."""
    candidates = ((_web(candidate.url), candidate.descriptor) for candidate in srcset_candidates(value))
    return ", ".join(f"{url} {descriptor}".rstrip() for url, descriptor in candidates if url)


def _size(value: str) -> str:
    found = _SIZE.fullmatch(value)
    return found[1] if found else ""


_MENDS: dict[str, Callable[[str], str]] = {
    "cite": _web,
    "height": _size,
    "href": _link,
    "poster": _web,
    "src": _web,
    "srcset": _srcset,
    "width": _size,
}
