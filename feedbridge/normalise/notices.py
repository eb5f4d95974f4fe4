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
_SIGNS = ("©", "(c)", "copyr")  # one of them stands in each; a dotless i is one in "copyright", too
_BLOCKS = ("p", "div", "small", "footer", "li")


def find(root: HtmlElement) -> tuple[HtmlElement, ...]:
    """Find the blocks that are copyright notices and nothing else, in order."""
    text = elements.characters(root).lower()
    if not any(sign in text for sign in _SIGNS):
        return ()  # so it is with most articles, and a tenth of the time
    return tuple(block for block in root.iterdescendants(*_BLOCKS) if _is_notice(block))


def _is_notice(block: HtmlElement) -> bool:
    if next(block.iterdescendants("br", "small", *BLOCKS), None) is not None:
        return False  # it may hold more; and so no text is read twice
    words = elements.text_of(block)
    return len(words) <= MAX_LENGTH and _NOTICE.match(words) is not None
