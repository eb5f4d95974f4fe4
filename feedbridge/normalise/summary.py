"""The plain summary of an entry (emission rule 7)."""

import copy
import re

from lxml.html import HtmlElement

from feedbridge.standards import markup, text

LIMIT = 300  # characters, the "…" included

_NOTICE = re.compile(r"(?:©|\(c\)|copyright\b).{0,40}(?:[12][0-9]{3}|all rights)", re.IGNORECASE)
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
    if next(element.iterchildren(*_NOTICE_BLOCKS), None) is not None:
        return False  # it holds more than a notice
    return _NOTICE.match(markup.text_of(element)) is not None
