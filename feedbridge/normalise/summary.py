"""The plain summary of an entry (emission rule 7)."""

from collections.abc import Collection

from lxml.html import HtmlElement

from feedbridge.standards import elements, text

LIMIT = 300  # characters, the "…" included


def of(root: HtmlElement, *, without: Collection[HtmlElement] = ()) -> str:
    """Return the text without figures, captions and what else is named; empty if there is none."""
    left_out = {*without, *root.iterdescendants("figure", "figcaption")}
    return text.shorten(elements.beginning_of(root, limit=LIMIT, without=left_out), LIMIT)
