"""The title, where a body repeats it at its head (emission rule 9)."""

import re
import unicodedata
from itertools import takewhile

from lxml import etree
from lxml.html import HtmlElement

from feedbridge.model import Decision
from feedbridge.standards import elements
from feedbridge.standards.tame import BLOCKS

MAX_TITLE = 1000  # characters: a longer one is a text, and compared once for each element around its copy
SUFFIX = 30  # characters: the site's name at the end of a title has no more
_MORE = 20  # characters of quotation marks and the like that a heading may have and the title not

_SITE = re.compile(rf"\s[-–—|｜·]\s[^-–—|｜·]{{1,{SUFFIX}}}$")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_HEADS = frozenset({*_HEADINGS, "p", "div", "header", "hgroup", "section", "center"})
_LINES = frozenset({"strong", "b", "em", "i", "a", "span", "font", "u", "big"})  # where they fill a line
_MEDIA = ("img", "picture", "video", "audio", "iframe", "object", "embed")


def drop(root: HtmlElement, *, title: str) -> tuple[Decision, ...]:
    """Drop the first element with text where all its text is the title, and the article has more."""
    if len(title) > MAX_TITLE:
        return ()
    names = {_name(one) for one in {title, _SITE.sub("", title)}} - {""}
    first, beginning = _first_text(root)
    if not any(name.startswith(_name(beginning.strip()[: len(title) + _MORE])) for name in names):
        return ()  # so it is with most articles
    texts = elements.short_texts(root, limit=len(title) + _MORE)
    with_media = elements.around(root.iter(*_MEDIA))
    around = takewhile(
        lambda one: one is not root and one in texts and one not in with_media,
        (first, *first.iterancestors()),
    )
    headings = [one for one in around if _name(texts[one]) in names and _is_head(one)]
    if not headings or texts.get(root) == texts[headings[-1]]:
        return ()
    heading = headings[-1]
    elements.remove(heading)
    return (Decision(rule="title repeated", outcome="dropped", reason=f"in <{heading.tag!s}>"),)


def _first_text(root: HtmlElement) -> tuple[HtmlElement, str]:
    """Return the first text that is not blank, and before it the element in which it stands."""
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "start" and not elements.is_blank(node.text):
            return node, node.text or ""
        parent = node.getparent()
        if event == "end" and parent is not None and not elements.is_blank(node.tail):
            return parent, node.tail or ""
    return root, ""


def _name(title: str) -> str:
    """Return what is the same of two writings of a title: no case, white space, outer punctuation."""
    characters = "".join(title.casefold().split())
    start = next((place for place, one in enumerate(characters) if _is_of_words(one)), len(characters))
    end = next((place for place, one in enumerate(reversed(characters)) if _is_of_words(one)), 0)
    return characters[start : len(characters) - end]


def _is_of_words(character: str) -> bool:
    return unicodedata.category(character)[0] not in "PSC"


def _is_head(element: HtmlElement) -> bool:
    if element.tag in _HEADS:
        return True
    parent, following = element.getparent(), element.getnext()
    if element.tag not in _LINES or not elements.is_blank(element.tail) or parent is None:
        return False
    return parent.tag in BLOCKS if following is None else following.tag in BLOCKS or following.tag == "br"
