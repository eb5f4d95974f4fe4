"""The plain summary of an entry (emission rule 7)."""

import copy
import re

from lxml.html import HtmlElement

from feedbridge.standards import markup, text

LIMIT = 300  # characters, the "…" included

_NOTICE = re.compile(r"(?:©|\(c\)\s|copyright\b)", re.IGNORECASE)
_NOTICE_BLOCKS = ("p", "div", "small", "footer", "li")


def of(root: HtmlElement) -> str:
    """Return the text without figures, captions and copyright notices; empty if there is none."""
    rest = copy.deepcopy(root)
    for element in list(rest.iter("figure", "figcaption", *_NOTICE_BLOCKS)):
        if element is not rest and _is_left_out(element):
            markup.remove(element)
    return text.shorten(markup.text_of(rest), LIMIT)


def _is_left_out(element: HtmlElement) -> bool:
    if element.tag in ("figure", "figcaption"):
        return True
    # A notice is a block of its own: its first words say so.
    first = next((words for words in element.itertext() if words.strip()), "")
    return _NOTICE.match(first.lstrip()) is not None
