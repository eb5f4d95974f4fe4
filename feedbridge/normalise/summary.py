"""The plain summary of an entry (emission rule 7)."""

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

from feedbridge.standards import elements, text

LIMIT = 300  # characters, the "…" included
MAX_NOTICE = 1000  # characters: a longer block is more than a notice

_NOTICE = re.compile(r"(?:©|\(c\)|copyright\b).{0,40}(?:[12][0-9]{3}|all rights)", re.IGNORECASE)
_NOTICE_BLOCKS = ("p", "div", "small", "footer", "li")


def of(root: HtmlElement, *, without: Iterable[HtmlElement] = ()) -> str:
    """Return the text without figures, captions and copyright notices; empty if there is none."""
    texts = elements.short_texts(root, limit=MAX_NOTICE)
    notices = (
        block
        for block in root.iterdescendants(*_NOTICE_BLOCKS)
        if _NOTICE.match(texts.get(block, ""))
        and next(block.iterdescendants(*_NOTICE_BLOCKS), None) is None  # else it holds more than a notice
    )
    left_out = {*without, *root.iterdescendants("figure", "figcaption"), *notices}
    return text.shorten(elements.text_of(root, without=left_out), LIMIT)
