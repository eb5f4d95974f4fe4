"""Copyright notices: they stay in the content, and say nothing of what an article tells."""

import re

from lxml.html import HtmlElement

from feedbridge.standards import elements
from feedbridge.standards.tame import BLOCKS

MAX_LENGTH = 1000  # characters: a longer block is more than a notice …
MAX_LENGTH_OF_SIGN = 120  # … and so is one that has only the sign, and no year or rights

_NOTICE = re.compile(
    rf"(?:©|\(c\)|copyright\b).{{0,40}}(?:[12][0-9]{{3}}|all rights)|©.{{0,{MAX_LENGTH_OF_SIGN}}}\Z",
    re.IGNORECASE,
)
_BLOCKS = ("p", "div", "small", "footer", "li")


def find(root: HtmlElement) -> tuple[HtmlElement, ...]:
    """Find the blocks that are copyright notices and nothing else, in order."""
    texts = elements.short_texts(root, limit=MAX_LENGTH)
    return tuple(
        block
        for block in root.iterdescendants(*_BLOCKS)
        if _NOTICE.match(texts.get(block, ""))
        and next(block.iterdescendants("br", "small", *BLOCKS), None) is None  # else it may hold more
    )
