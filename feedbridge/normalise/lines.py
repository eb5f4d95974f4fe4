"""Line breaks of a page's source between Chinese or Japanese characters: no reader is to see them.

A line break in HTML shows as a space, which these scripts do not write. CSS Text 3, §4.1.3, drops it, but few
programs do; so pages that were printed prettily would have gaps within their sentences.
"""

import re
from collections.abc import Iterator

import msgspec
from lxml import etree
from lxml.html import HtmlElement

from feedbridge.standards import elements
from feedbridge.standards.tame import BLOCKS

# Han and kana, their punctuation, and full-width forms; not Hangul, which has spaces between words.
_WIDE = "\u2e80-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff"
_WITHIN = re.compile(rf"(?<=[{_WIDE}])[ \t]*\n[ \t\n]*(?=[{_WIDE}])")
_IS_WIDE = re.compile(rf"[{_WIDE}]")
_VERBATIM = ("pre", "textarea", "xmp")
_SEEN = ("img", "video", "audio", "iframe", "br", "hr")


class _Piece(msgspec.Struct, frozen=True):
    """A text of the tree that can be set anew."""

    element: HtmlElement
    part: str  # "text" or "tail"

    def read(self) -> str:
        return (self.element.text if self.part == "text" else self.element.tail) or ""

    def write(self, words: str) -> None:
        if self.part == "text":
            self.element.text = words
        else:
            self.element.tail = words


def join(root: HtmlElement) -> None:
    """Drop white space with a line break between two wide characters, in texts and around inline elements."""
    text = elements.characters(root)
    if "\n" not in text or text.isascii():
        return  # in a tenth of the time, where all is written in a line or in ASCII
    for line in _lines(root):
        before = ""  # the last character before the white space
        waiting: list[_Piece] = []  # pieces whose white space at the end may go
        for piece in line:
            words = piece.read()
            if "\n" in words:
                words = _WITHIN.sub("", words)
                piece.write(words)
            if words.strip(" \t\n"):
                _join(waiting, piece, before=before)
                before, waiting = words.rstrip(" \t\n")[-1], []
            waiting.append(piece)


def _join(waiting: list[_Piece], piece: _Piece, *, before: str) -> None:
    """Drop the white space between a character and the first one of a piece, if it is such."""
    words = piece.read()
    start = words.lstrip(" \t\n")
    between = "".join(_space_at_end(one) for one in waiting) + words[: len(words) - len(start)]
    if "\n" in between and _IS_WIDE.match(before) and _IS_WIDE.match(start):
        for one in waiting:
            one.write(one.read().rstrip(" \t\n"))
        piece.write(start)


def _space_at_end(piece: _Piece) -> str:
    words = piece.read()
    return words[len(words.rstrip(" \t\n")) :]


def _lines(root: HtmlElement) -> Iterator[list[_Piece]]:
    """Give the texts that stand in one line: between the bounds of blocks and of what is seen."""
    line: list[_Piece] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        if node.tag in BLOCKS or node.tag in _SEEN:
            yield line
            line = []
        if event == "end":
            line += [_Piece(node, "tail")] if node.tail and node is not root else []
        elif node.tag in _VERBATIM:
            walk.skip_subtree()
        elif node.text:
            line.append(_Piece(node, "text"))
    yield line
