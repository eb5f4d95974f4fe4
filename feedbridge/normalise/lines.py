"""Line breaks of a page's source between Chinese or Japanese characters: no reader is to see them.

A line break in HTML shows as a space, which these scripts do not write. CSS Text 3, §4.1.3, drops it, but few
programs do; so pages that were printed prettily would have gaps within their sentences.
"""

import re
from collections.abc import Iterator, Sequence

from lxml import etree
from lxml.html import HtmlElement

from feedbridge.standards import elements
from feedbridge.standards.tame import BLOCKS

# Han and kana, their punctuation, and full-width forms; not Hangul, which has spaces between words.
_WIDE = "\u2e80-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff"
_WITHIN = re.compile(rf"(?<=[{_WIDE}])[ \t]*\n[ \t\n]*(?=[{_WIDE}])")
_IS_WIDE = re.compile(rf"[{_WIDE}]")
_VERBATIM = ("pre", "textarea", "xmp")
_SPACE = " \t\n"
_BOUNDS = BLOCKS | {"img", "video", "audio", "iframe", "br", "hr"}

_Place = tuple[HtmlElement, str]  # of a text of the tree: its element, and "text" or "tail"


def join(root: HtmlElement) -> None:
    """Drop white space with a line break between two wide characters, in texts and around inline elements."""
    text = elements.characters(root)
    if "\n" not in text or text.isascii():
        return  # in a tenth of the time, where all is written in a line or in ASCII
    waiting: list[_Place] = []  # texts whose white space at the end may go: it follows a wide character
    for place in _places(root):
        words = (getattr(*place) or "").strip(_SPACE) if place else ""
        if not place:
            waiting = []
        elif words:
            if "\n" in words:  # so it is with few, and the expression takes its time
                setattr(*place, _WITHIN.sub("", getattr(*place)))
            if waiting and _IS_WIDE.match(words):
                _join(waiting, place)
            waiting = [place] if _IS_WIDE.match(words[-1]) else []
        elif waiting and getattr(*place):
            waiting.append(place)


def _join(waiting: Sequence[_Place], place: _Place) -> None:
    """Drop the white space before the first word of a text if a line break is in it."""
    words: str = getattr(*place)
    start = words.lstrip(_SPACE)
    between = "".join(_space_at_end(getattr(*one)) for one in waiting) + words[: len(words) - len(start)]
    if "\n" in between:
        for one in waiting:
            setattr(*one, getattr(*one).rstrip(_SPACE))
        setattr(*place, start)


def _space_at_end(words: str) -> str:
    return words[len(words.rstrip(_SPACE)) :]


def _places(root: HtmlElement) -> Iterator[_Place | None]:
    """Give the texts that stand in one line, and None at the bounds of blocks and of what is seen."""
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        name = node.tag
        if name in _BOUNDS:
            yield None
        if event == "end":
            if node is not root:
                yield node, "tail"
        elif name in _VERBATIM:
            walk.skip_subtree()
        else:
            yield node, "text"
