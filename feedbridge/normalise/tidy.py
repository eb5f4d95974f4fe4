"""What holds nothing that people see, taken out of a tree; the words stay, and stay apart."""

from collections.abc import Sequence

import msgspec
from lxml import etree
from lxml.html import HtmlElement

from feedbridge.model import Decision
from feedbridge.standards.elements import around, is_blank, remove_all
from feedbridge.standards.tame import BLOCKS

MAX_BREAKS = 2  # line breaks in a row

_MEDIA = ("img", "video", "audio")
_CELLS = ("td", "th")
_PARTINGS = ("br", "hr", "wbr")  # they hold nothing, and mean something
_WHOLE = (*_MEDIA, "picture")  # what is in there belongs to them


def tidy(root: HtmlElement) -> tuple[Decision, ...]:
    """Drop elements without text and pictures, and line breaks where they part nothing.

    The cells of a table stay, they have their places, and so does what parts words: an empty block
    between two words becomes a line break.
    """
    standing = tuple(root.iter())
    seen = _look_at(standing)
    if len(seen.full) == len(standing):
        return ()  # so it is with a third of all articles, and more than half of the time; no <br> is full
    dropped = _Walk(root, seen).dropped()
    remove_all(root, dropped)
    if not dropped:
        return ()
    return (
        Decision(rule="empty elements dropped", outcome=str(len(dropped)), reason="nothing in them is seen"),
    )


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What people see in a tree. Each text is read once: to read one again takes as long as all else here."""

    texts: set[HtmlElement]  # elements that begin with words
    tails: set[HtmlElement]  # elements with words after them
    full: set[HtmlElement]  # elements with something to see in them, the root, and the cells of such tables


def _look_at(standing: Sequence[HtmlElement]) -> _Seen:
    """Return what is seen in a tree, given in reading order."""
    root = standing[0]
    texts = {element for element in standing if not is_blank(element.text)}
    tails = {element for element in standing if not is_blank(element.tail)}
    full = {root, *texts}
    for element in reversed(standing):  # what stands in an element comes before it
        if element.tag in _MEDIA:
            full.add(element)
        if (element in full or element in tails) and (parent := element.getparent()) is not None:
            full.add(parent)
    cells = [cell for cell in root.iter(*_CELLS) if next(cell.iterancestors("table"), None) in full]
    return _Seen(texts=texts, tails=tails, full=full | around(cells) if cells else full)


class _Walk:
    """A walk in reading order, which changes what it leaves behind, and finds what is to be dropped."""

    def __init__(self, root: HtmlElement, seen: _Seen) -> None:
        self._root = root
        self._seen = seen
        self._dropped: list[HtmlElement] = []
        self._has_begun = False  # there was something to see
        self._is_in_line = False  # the last thing seen stands in the line that goes on
        self._breaks = 0  # line breaks since
        self._partings: list[HtmlElement] = []  # line breaks and rules since: the last ones go
        self._parting: HtmlElement | None = None  # an empty block in the line, which may have to part words

    def dropped(self) -> list[HtmlElement]:
        """Look at everything once; return what holds and parts nothing."""
        walk = etree.iterwalk(self._root, events=("start", "end"))
        for event, node in walk:
            if event == "end":
                self._end(node)
            elif node not in self._seen.full and node.tag not in _PARTINGS:
                self._leave_out(node)
                walk.skip_subtree()
            else:
                self._begin(node)
                if node.tag in _WHOLE:
                    walk.skip_subtree()
        return self._dropped + self._partings

    def _begin(self, node: HtmlElement) -> None:
        if node.tag == "br":
            self._break(node)
        elif node.tag == "hr":
            self._part(node)
        elif node.tag in BLOCKS:
            self._bound(node)
        if node.tag in _WHOLE or node in self._seen.texts:
            self._see_in_line()

    def _end(self, node: HtmlElement) -> None:
        if node.tag in BLOCKS and node in self._seen.full:
            self._bound(node)
        if node is not self._root and node in self._seen.tails:
            self._see_in_line()

    def _leave_out(self, node: HtmlElement) -> None:
        """Drop an element that is empty, or leave of it what parts the words around it."""
        if next(node.iter("hr"), None) is not None:
            _turn_into("hr", node)
            self._part(node)
        elif self._is_in_line and self._parting is None and next(node.iter("br", *BLOCKS), None) is not None:
            self._parting = node
        else:
            # A plain space: another one, alone between two blocks, would be a line of its own.
            node.tail = " " * any(map(bool, node.itertext())) + (node.tail or "")
            self._dropped.append(node)

    def _break(self, node: HtmlElement) -> None:
        self._breaks += 1
        if self._breaks > MAX_BREAKS:
            self._dropped.append(node)
        else:
            self._part(node)

    def _part(self, node: HtmlElement) -> None:
        """Come to a line break or a rule: none stands where nothing is before it."""
        self._end_line()
        (self._partings if self._has_begun else self._dropped).append(node)

    def _bound(self, block: HtmlElement) -> None:
        """Come to where a block begins or ends. A cell is there even when it is empty."""
        self._end_line()
        if block.tag in _CELLS:
            self._see()

    def _see(self) -> None:
        self._has_begun = True
        self._breaks = 0
        self._partings = []

    def _see_in_line(self) -> None:
        if self._parting is not None:
            _turn_into("br", self._parting)
            self._parting = None
        self._see()
        self._is_in_line = True

    def _end_line(self) -> None:
        self._is_in_line = False
        if self._parting is not None:
            self._dropped.append(self._parting)
            self._parting = None


def _turn_into(name: str, element: HtmlElement) -> None:
    element.clear(keep_tail=True)
    element.tag = name
