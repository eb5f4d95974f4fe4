"""An entry that is too long for readers: cut at a block's end, with a link to the rest (emission rule 11)."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
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

_Part = Literal["text", "tail"]


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tree is cut: within an element's text or its tail."""

    element: HtmlElement
    part: _Part
    length: int  # characters of that part that stay


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between two tags; sizes are in bytes of what is written, as far as they can be told."""

    element: HtmlElement
    part: _Part
    text: str
    begins_block: bool  # the tag before it ends or begins a block, perhaps one without an element of its own
    is_within_whole: bool
    begin: int  # all before it, with the tags of what is open
    around: int  # the tags of what is open
    size: int  # of its text


def write(
    root: HtmlElement, *, limit_bytes: int, link: str, language: str, direction: Literal["ltr", "rtl"]
) -> tuple[str, tuple[Decision, ...]]:
    """Return what `markup.sanitise` makes of a tree; where that is more bytes, of a tree cut in place.

    It is cut at a block's end, or at a character of a block that alone is more than fits. A last line then
    links to the article.
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
    within: _Place | None = None  # where a block would be cut at a character
    ends = _Ends()
    last: _Place | None = None  # the end of the last piece
    begin = 0  # of the block, less what stands around it
    for piece in _pieces(root):
        if piece.begins_block:
            if within is not None:
                return ends.best()
            ends.add(last, piece)
            begin = piece.begin - piece.around
        room = fitting - piece.begin
        if within is None and piece.size > room:
            within = _place(piece, _length(piece.text, room))
        if piece.begin + piece.size - begin > fitting:
            return within
        last = _place(piece, len(piece.text))
    return within and ends.best()


class _Ends:
    """The ends of blocks that fit."""

    def __init__(self) -> None:
        self._last: _Place | None = None
        self._last_outside: _Place | None = None  # of what stays whole
        self._size = self._size_outside = 0

    def add(self, place: _Place | None, after: _Piece) -> None:
        """Come to the end of a block, which stands before a piece."""
        self._last, self._size = place, after.begin
        if not after.is_within_whole:
            self._last_outside, self._size_outside = place, after.begin

    def best(self) -> _Place | None:
        """Return the last one; rather one that leaves rows and figures whole, where that leaves enough."""
        return self._last_outside if self._size_outside * 2 >= self._size else self._last


def _place(piece: _Piece, length: int) -> _Place:
    return _Place(element=piece.element, part=piece.part, length=length)


def _pieces(root: HtmlElement) -> Iterator[_Piece]:
    """Give all that stands in a tree, in reading order."""
    begin = around = wholes = 0
    tags: list[int] = []  # what those of each open element cost; the root's are no part of what is to fit
    for event, node in etree.iterwalk(root, events=("start", "end")):
        is_start = event == "start"
        if is_start:
            tags.append(0 if node is root else markup.tags_size(node))
            begin += tags[-1]
            around += tags[-1]
        else:
            around -= tags.pop()
            wholes -= node.tag in _WHOLE
        if not tags:
            continue  # what stands behind the root is none of it
        text = (node.text if is_start else node.tail) or ""
        piece = _Piece(
            element=node,
            part="text" if is_start else "tail",
            text=text,
            begins_block=node.tag in BLOCKS,
            is_within_whole=wholes > 0,
            begin=begin,
            around=around,
            size=markup.text_size(text),
        )
        yield piece
        begin += piece.size
        wholes += is_start and node.tag in _WHOLE


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
        element.tail = None
        del element[:]
    else:
        element.tail = (element.tail or "")[: place.length]
    one = element
    while (parent := one.getparent()) is not None and one is not root:
        for sibling in list(one.itersiblings()):
            parent.remove(sibling)
        if one is not element:
            one.tail = None
        if _is_left_empty(one, place):
            parent.remove(one)
        one = parent


def _is_left_empty(element: HtmlElement, place: _Place) -> bool:
    stands = place.part == "tail" and (element.tag not in BLOCKS or bool(element.tail))  # as a picture does
    return not (stands or len(element) or element.text)
