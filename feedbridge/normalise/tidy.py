"""What holds nothing that people see, taken out of a tree; the words stay, and stay apart."""

from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from feedbridge.model import Decision
from feedbridge.standards import markup
from feedbridge.standards.tame import BLOCKS

MAX_BREAKS = 2  # line breaks in a row

_MEDIA = ("img", "video", "audio")
_CELLS = ("td", "th")
_WHOLE = (*_MEDIA, "picture")  # what is in there belongs to them


def tidy(root: HtmlElement) -> tuple[Decision, ...]:
    """Drop elements without text and pictures, and line breaks where they part nothing.

    The cells of a table stay, they have their places, and so does what parts words: an empty block
    between two words becomes a line break.
    """
    walk = _Walk(root)
    walk.walk()
    walk.change()
    count = len(walk.dropped)
    if not count:
        return ()
    return (Decision(rule="empty elements dropped", outcome=str(count), reason="nothing in them is seen"),)


def _full(root: HtmlElement) -> set[HtmlElement]:
    """Return the elements with something to see in them, and the cells of such tables."""
    full = markup.around(_seen(root))
    cells = [cell for cell in root.iter(*_CELLS) if next(cell.iterancestors("table"), None) in full]
    return full | markup.around(cells)


def _seen(root: HtmlElement) -> Iterator[HtmlElement]:
    yield root
    yield from root.iter(*_MEDIA)
    for element in root.iter():
        if _has_words(element.text):
            yield element
        parent = element.getparent()
        if parent is not None and _has_words(element.tail):
            yield parent


class _Walk:
    """A walk in reading order, and what it finds to change."""

    def __init__(self, root: HtmlElement) -> None:
        self.root = root
        self.full = _full(root)
        self.dropped: list[HtmlElement] = []
        self.changed: list[tuple[HtmlElement, str]] = []  # elements, and what they become
        self.kept_apart: list[tuple[HtmlElement, str]] = []  # elements, and the white space left of them
        self.has_begun = False  # there was something to see
        self.is_in_line = False  # the last thing seen stands in the line that goes on
        self.breaks = 0  # line breaks since
        self.partings: list[HtmlElement] = []  # line breaks and rules since: the last ones go
        self.parting: HtmlElement | None = None  # an empty block in the line, which may have to part words

    def walk(self) -> None:
        """Look at everything once."""
        walk = etree.iterwalk(self.root, events=("start", "end"))
        for event, node in walk:
            if event == "end":
                self._end(node)
            elif self._is_left(node):
                self._begin(node)
                if node.tag in _WHOLE:
                    walk.skip_subtree()
            else:
                self._leave_out(node)
                walk.skip_subtree()
        self.dropped += self.partings

    def change(self) -> None:
        """Change the tree."""
        for element, white_space in self.kept_apart:
            element.tail = white_space + (element.tail or "")
        for element, name in self.changed:
            element.clear(keep_tail=True)
            element.tag = name
        markup.remove_all(self.root, self.dropped)

    def _is_left(self, node: HtmlElement) -> bool:
        return node in self.full or node.tag in ("br", "hr", "wbr")

    def _begin(self, node: HtmlElement) -> None:
        if node.tag == "br":
            self._break(node)
        elif node.tag == "hr":
            self._rule(node)
        elif node.tag in BLOCKS:
            self._end_line()
            if node.tag in _CELLS:
                self._see()
        if node.tag in _WHOLE or _has_words(node.text):
            self._see_in_line()

    def _end(self, node: HtmlElement) -> None:
        if node.tag in BLOCKS and node in self.full:
            self._end_line()
            if node.tag in _CELLS:
                self._see()
        if node is not self.root and _has_words(node.tail):
            self._see_in_line()

    def _leave_out(self, node: HtmlElement) -> None:
        """Drop an element that is empty, or leave of it what parts the words around it."""
        if next(node.iter("hr"), None) is not None:
            self.changed.append((node, "hr"))
            self._rule(node)
            return
        parts_words = next(node.iter("br", *BLOCKS), None) is not None
        if parts_words and self.is_in_line and self.parting is None:
            self.parting = node
            return
        self.dropped.append(node)
        white_space = "".join(node.itertext())
        if white_space:
            self.kept_apart.append((node, white_space))

    def _break(self, node: HtmlElement) -> None:
        self._end_line()
        self.breaks += 1
        if self.has_begun and self.breaks <= MAX_BREAKS:
            self.partings.append(node)
        else:
            self.dropped.append(node)

    def _rule(self, node: HtmlElement) -> None:
        self._end_line()
        if self.has_begun:
            self.partings.append(node)
        else:
            self.dropped.append(node)

    def _see(self) -> None:
        self.has_begun = True
        self.breaks = 0
        self.partings = []

    def _see_in_line(self) -> None:
        if self.parting is not None:
            self.changed.append((self.parting, "br"))
            self.parting = None
        self._see()
        self.is_in_line = True

    def _end_line(self) -> None:
        self.is_in_line = False
        if self.parting is not None:
            self.dropped.append(self.parting)
            self.parting = None


def _has_words(text: str | None) -> bool:
    return bool(text and text.strip())
