"""What stands in a body and belongs to no article: what a site sets beside it, and what nobody sees."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from lxml.html import HtmlElement

from feedbridge.model import Boilerplate, Decision, SiteRule
from feedbridge.sites import apply
from feedbridge.standards import elements
from feedbridge.standards.text import fold

_NOT_DISPLAYED = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
_FINDABLE = "until-found"  # of the attribute `hidden`: it opens for whoever searches the page
_LAZY = ("audio", "iframe", "img", "picture", "video")  # a script of their page would show them in time

# Of expressions: where a group, a class or a kind of characters begins; how often something stands there; and
# characters that stand for themselves, less one that need not stand there.
_UNSURE = re.compile(r"[(\[]|\\(?!b)[A-Za-z0-9]")
_COUNT = re.compile(r"\{[0-9,]*\}")
_PLAIN = re.compile(r"[^\\.^$*+?{}()\[\]|]+(?![*?{])")


def drop(root: HtmlElement, *, rule: SiteRule) -> tuple[Decision, ...]:
    """Drop what is hidden and what a site's rule marks as boilerplate; say how much of each kind."""
    counts = Counter({"hidden": _drop_hidden(root)})
    counts.update(_drop_marked(root, rule.boilerplate))
    return tuple(
        Decision(rule="boilerplate dropped", outcome=str(count), reason=what)
        for what, count in counts.items()
        if count
    )


@lru_cache(maxsize=1024)
def needed(expression: str) -> str:
    """Return characters without which an expression matches nothing, "" where none are plain to see."""
    sure = "" if "|" in expression else _UNSURE.split(expression, maxsplit=1)[0]
    return max(_PLAIN.findall(_COUNT.sub("*", sure.replace(r"\b", "^"))), key=len, default="")


def _drop_hidden(root: HtmlElement) -> int:
    """Drop what the page hides from everyone, but not where all text is hidden: a script would show it.

    `aria-hidden` does not count: it hides from screen readers only, and is set on dates and pictures, too.
    """
    hidden = {element for element in root.iterdescendants() if _is_hidden(element)}
    if not hidden or not elements.text_of(root, without=hidden):
        return 0
    elements.remove_all(root, hidden)
    return len(hidden)


def _is_hidden(element: HtmlElement) -> bool:
    if not element.keys() or element.tag in _LAZY:
        return False
    hidden = element.get("hidden", _FINDABLE).lower()
    return hidden != _FINDABLE or _NOT_DISPLAYED.search(element.get("style", "")) is not None


def _drop_marked(root: HtmlElement, marks: Sequence[Boilerplate]) -> Counter[str]:
    """Drop what bears a mark, but nothing with more than half of a long article: its tag was never closed."""
    texts = elements.short_texts(root, limit=apply.MAX_MARK_TEXT) if marks else {}
    marked = tuple(_marked(root, marks, texts))
    if not marked:
        return Counter()
    lengths = elements.lengths(root)
    counts: Counter[str] = Counter()
    gone: dict[HtmlElement, None] = {}  # in order
    last: list[HtmlElement] = []  # what stands behind them goes, too
    with_pictures = elements.around(root.iter("img"))
    for element, mark in marked:
        was_never_closed = element not in texts and lengths[element] * 2 > lengths[root]
        if element in gone or (was_never_closed and mark.takes in ("element", "pictures")):
            continue
        counts[mark.what] += 1
        if mark.takes == "beginning":
            element.text = None
            continue
        taken = (element, *_taken_along(element, mark, with_pictures))
        gone.update(dict.fromkeys(one for part in taken for one in part.iter()))
        last += taken if mark.takes == "rest" else ()
    for element in last:
        element.tail = None
    elements.remove_all(root, gone)
    return counts


def _marked(
    root: HtmlElement, marks: Sequence[Boilerplate], texts: Mapping[HtmlElement, str]
) -> Iterator[tuple[HtmlElement, Boilerplate]]:
    """Find each element that bears a mark, with the first one; a longer text than a mark's fits none."""
    possible = {name: _possible(marks, name) for name in {str(one.tag) for one in root.iterdescendants()}}
    for element in root.iterdescendants():
        mark = _first_mark(element, possible[str(element.tag)], texts)
        if mark is not None:
            yield element, mark


def _possible(marks: Sequence[Boilerplate], name: str) -> Sequence[Boilerplate]:
    return [mark for mark in marks if not mark.elements or name in mark.elements]


def _first_mark(
    element: HtmlElement, marks: Sequence[Boilerplate], texts: Mapping[HtmlElement, str]
) -> Boilerplate | None:
    name, attributes = str(element.tag), dict(element.items()) if marks else {}
    for mark in marks:
        words = _words(element, mark, texts) or ""
        if not _may_bear(mark, attributes.get(mark.attribute, ""), words):
            continue
        text_of = partial(_words, element, mark, texts)
        if apply.is_marked(mark, name=name, attributes=attributes, text_of=text_of):
            return mark
    return None


def _may_bear(mark: Boilerplate, value: str, words: str) -> bool:
    """Take a first look, in a tenth of the time of a match: most elements bear no mark."""
    if mark.takes == "beginning" and not words:
        return False
    has_value = not mark.attribute or needed(mark.value) in value
    return has_value and needed(mark.text) in words


def _words(element: HtmlElement, mark: Boilerplate, texts: Mapping[HtmlElement, str]) -> str | None:
    """Return what a mark's text is about, None if that is too long to be boilerplate."""
    if mark.takes != "beginning":
        return texts.get(element)
    beginning = element.text or ""
    return fold(beginning) if len(beginning) <= apply.MAX_MARK_TEXT else None


def _taken_along(
    element: HtmlElement, mark: Boilerplate, with_pictures: set[HtmlElement]
) -> Iterator[HtmlElement]:
    """Find the following siblings that a mark takes, too."""
    if mark.takes == "rest":
        yield from element.itersiblings()
    elif mark.takes == "pictures":
        before = element
        for sibling in element.itersiblings():
            if not elements.is_blank(before.tail) or sibling not in with_pictures:
                return
            yield sibling
            before = sibling
