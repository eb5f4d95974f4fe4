"""What stands in a body and belongs to no article: what a site sets beside it, and what nobody sees."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial

from lxml.html import HtmlElement

from feedbridge.model import Boilerplate, Decision, SiteRule
from feedbridge.sites import apply
from feedbridge.standards import elements
from feedbridge.standards.text import fold

_NOT_DISPLAYED = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
_FINDABLE = "until-found"  # of the attribute `hidden`: it opens for whoever searches the page
_HIDING = frozenset({"hidden", "style"})
_LAZY = ("audio", "iframe", "img", "picture", "video")  # a script of their page would show them in time

# Of expressions: where a group, a class or a kind of characters begins; how often something stands there; and
# characters that stand for themselves, less one that need not stand there.
_UNSURE = re.compile(r"[(\[]|\\(?!b)[A-Za-z0-9]")
_COUNT = re.compile(r"\{[0-9,]*\}")
_PLAIN = re.compile(r"[^\\.^$*+?{}()\[\]|]+(?![*?{])")

# What takes a walk over the tree, and is asked for only where it is needed.
_Texts = Callable[[], Mapping[HtmlElement, str]]
_Around = Callable[[], set[HtmlElement]]


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
    may_be = (element for element in root.iterdescendants() if not _HIDING.isdisjoint(element.keys()))
    hidden = {element for element in may_be if _is_hidden(element)}
    if not hidden or not elements.text_of(root, without=hidden):
        return 0
    elements.remove_all(root, hidden)
    return len(hidden)


def _is_hidden(element: HtmlElement) -> bool:
    if element.tag in _LAZY:
        return False
    hidden = element.get("hidden", _FINDABLE).lower()
    return hidden != _FINDABLE or _NOT_DISPLAYED.search(element.get("style", "")) is not None


def _drop_marked(root: HtmlElement, marks: Sequence[Boilerplate]) -> Counter[str]:
    """Drop what bears a mark, but nothing with more than half of a long article: its tag was never closed."""
    texts: _Texts = cache(partial(elements.short_texts, root, limit=apply.MAX_MARK_TEXT))
    marked = tuple(_marked(root, marks, texts))
    if not marked:
        return Counter()
    never_closed = _never_closed(root, [element for element, _ in marked], texts)
    with_pictures: _Around = cache(partial(elements.around, root.iter("img")))
    counts: Counter[str] = Counter()
    gone: set[HtmlElement] = set()
    last: list[HtmlElement] = []  # what stands behind them goes, too
    for element, mark in marked:
        if element in gone or (element in never_closed and mark.takes in ("element", "pictures")):
            continue
        counts[mark.what] += 1
        if mark.takes == "beginning":
            element.text = None
            continue
        taken = (element, *_taken_along(element, mark, with_pictures))
        gone.update(one for part in taken for one in part.iter())
        last += taken if mark.takes == "rest" else ()
    for element in last:
        element.tail = None
    elements.remove_all(root, gone)
    return counts


def _never_closed(root: HtmlElement, marked: Iterable[HtmlElement], texts: _Texts) -> set[HtmlElement]:
    lengths = elements.lengths(root)
    large = [element for element in marked if lengths[element] * 2 > lengths[root]]
    return {element for element in large if element not in texts()}


def _marked(
    root: HtmlElement, marks: Sequence[Boilerplate], texts: _Texts
) -> Iterator[tuple[HtmlElement, Boilerplate]]:
    """Find each element that bears a mark, with the first one; a longer text than a mark's fits none."""
    # What nobody sees is empty, so each word of a text stands in all characters.
    characters = elements.characters(root) if marks else ""
    sought = [mark for mark in marks if all(word in characters for word in needed(mark.text).split())]
    possible = _Possible(sought)
    for element in root.iterdescendants() if sought else ():
        fitting = possible[str(element.tag)]
        marks = fitting[tuple(map(element.get, fitting.names))]
        mark = next((one for one in marks if _has_text(element, one, texts)), None) if marks else None
        if mark is not None:
            yield element, mark


class _Fitting(dict[tuple[str | None, ...], Sequence[Boilerplate]]):
    """The marks that an element of some name bears if its text is theirs, by the values of its attributes."""

    def __init__(self, marks: Sequence[Boilerplate]) -> None:
        self.marks = marks
        self.names = tuple({mark.attribute: None for mark in marks if mark.attribute})  # in order

    def __missing__(self, values: tuple[str | None, ...]) -> Sequence[Boilerplate]:
        attributes = {
            name: value for name, value in zip(self.names, values, strict=True) if value is not None
        }
        self[values] = [mark for mark in self.marks if apply.has_attribute(mark, attributes)]
        return self[values]


class _Possible(dict[str, _Fitting]):
    """What of some marks an element may bear, by its name."""

    def __init__(self, marks: Sequence[Boilerplate]) -> None:
        self.marks = marks

    def __missing__(self, name: str) -> _Fitting:
        self[name] = _Fitting([mark for mark in self.marks if not mark.elements or name in mark.elements])
        return self[name]


def _has_text(element: HtmlElement, mark: Boilerplate, texts: _Texts) -> bool:
    words = partial(_words, element, mark, texts)
    return apply.has_text(mark, words) and (mark.takes != "beginning" or bool(words()))


def _words(element: HtmlElement, mark: Boilerplate, texts: _Texts) -> str | None:
    """Return what a mark's text is about, None if that is too long to be boilerplate."""
    if mark.takes != "beginning":
        return texts().get(element)
    beginning = element.text or ""
    return fold(beginning) if len(beginning) <= apply.MAX_MARK_TEXT else None


def _taken_along(element: HtmlElement, mark: Boilerplate, with_pictures: _Around) -> Iterator[HtmlElement]:
    """Find the following siblings that a mark takes, too."""
    if mark.takes == "rest":
        yield from element.itersiblings()
    elif mark.takes == "pictures":
        before = element
        for sibling in element.itersiblings():
            if not elements.is_blank(before.tail) or sibling not in with_pictures():
                return
            yield sibling
            before = sibling
