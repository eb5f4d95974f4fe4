"""An entry that is too long for readers: cut at a block's end, with a link to the rest (emission rule 11)."""

import unicodedata
from bisect import bisect_right
from functools import partial
from typing import Literal

import msgspec
from lxml import etree
from lxml.html import HtmlElement, builder

from feedbridge.model import Decision
from feedbridge.standards import markup
from feedbridge.standards.tame import BLOCKS

# Percent of what fits, tried one by one: sizes are estimates until all is written.
_SHARES = (100, 99, 90, 70, 40, 0)
_WHOLE = ("figure", "tr")  # their parts belong together: no cut between them
_JOINER = "\u200d"

_Part = Literal["end", "text", "tail"]


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tree is cut: after an element, or within its text or its tail."""

    element: HtmlElement
    part: _Part
    length: int = 0  # characters of that part that stay
    size: int = 0  # bytes before it


def write(
    root: HtmlElement, *, limit_bytes: int, link: str, language: str, direction: Literal["ltr", "rtl"]
) -> tuple[str, tuple[Decision, ...]]:
    """Return what `markup.sanitise` makes of a tree; where that is more bytes, of a tree cut in place.

    It is cut at a block's end; at a character where that would leave less than half of what fits. A last
    line then links to the article.
    """
    sanitise = partial(markup.sanitise, language=language, direction=direction)
    content = sanitise(root)
    before = _size(content)
    if before <= limit_bytes:
        return content, ()
    last_line = builder.P("… ", builder.A(link, href=link))
    fitting = limit_bytes - _size(sanitise(builder.DIV(last_line)))
    for share in _SHARES:
        _cut(root, fitting * share // 100)
        root.append(last_line)
        content = sanitise(root)
        if _size(content) <= limit_bytes:
            break
        root.remove(last_line)
    else:
        content = sanitise(root)  # no limit that anyone would set is too small for the link
    reason = f"it has {before} bytes; more than {limit_bytes} are too much for readers"
    return content, (Decision(rule="content", outcome="cut", reason=reason),)


def _size(content: str) -> int:
    return len(content.encode())


def _cut(root: HtmlElement, fitting: int) -> None:
    """Leave of a tree at most so many bytes within its root, as far as they can be told."""
    place = _find(root, fitting)
    if place is not None:
        _drop_after(place, root)


def _find(root: HtmlElement, fitting: int) -> _Place | None:
    """Return where to cut, None where all fits."""
    block_end: _Place | None = None
    part: _Part
    size = -markup.tags_size(root)  # they are no part of what is to fit
    depth = 0  # of what stays whole
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            part, text = "text", node.text or ""
            size += markup.tags_size(node)
            depth += node.tag in _WHOLE
        else:
            part, text = "tail", "" if node is root else node.tail or ""
            depth -= node.tag in _WHOLE
            if node.tag in BLOCKS and not depth:
                block_end = _Place(element=node, part="end", size=size)
        if size + markup.text_size(text) > fitting:
            if block_end is not None and block_end.size * 2 >= fitting:
                return block_end
            return _Place(element=node, part=part, length=_length(text, fitting - size))
        size += markup.text_size(text)
    return None


def _length(text: str, fitting: int) -> int:
    """Return how many characters of a text fit; a letter keeps its marks."""
    head = text[: max(0, fitting) + 1]  # none has less than one byte
    length = bisect_right(range(1, len(head) + 1), fitting, key=lambda end: markup.text_size(head[:end]))
    while length and _is_joined(text[length : length + 1]):
        length -= 1
    return length


def _is_joined(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character).startswith("M")


def _drop_after(place: _Place, root: HtmlElement) -> None:
    """Drop all that follows a place in reading order, and the elements that are left empty before it."""
    element = place.element
    if place.part == "text":
        element.text = (element.text or "")[: place.length]
        del element[:]
    element.tail = (element.tail or "")[: place.length] if place.part == "tail" else None
    one = element
    while (parent := one.getparent()) is not None and one is not root:
        for sibling in list(one.itersiblings()):
            parent.remove(sibling)
        if one is not element:
            one.tail = None
        if place.part != "tail" and not len(one) and not one.text:
            parent.remove(one)
        one = parent
