"""Addresses in a body: the dead ones mended, every one absolute, the unusable ones gone."""

from collections import Counter
from functools import partial

from lxml.html import HtmlElement

from feedbridge.model import Decision, SiteRule
from feedbridge.sites import apply
from feedbridge.standards import attributes, elements, urls

LAZY = ("data-src", "data-lazy-src", "data-original", "data-cfsrc")  # where scripts find what src will be
SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")

_SHOWN = ("src", "poster", "data", *LAZY)  # addresses of what is shown in its place, which no page is
_ADDRESSES = ("href", "cite", *_SHOWN)


def resolve(root: HtmlElement, *, base: str, rule: SiteRule) -> tuple[Decision, ...]:
    """Make every address absolute (emission rule 10), by the article's own; say how many changed how.

    A link without a usable address becomes the text that it is. What shows the article itself shows nothing.
    """
    counts: Counter[str] = Counter()
    absolute = partial(urls.absolute, base=base)
    page = _without_fragment(base)
    for element in root.iter():
        for name, written in element.items():
            if name in _ADDRESSES:
                address = absolute(written)
                is_page = name in _SHOWN and _without_fragment(address) == page
                counts[_resolve_one(element, name, "" if is_page else address, rule)] += 1
            elif name in SRCSETS:
                element.set(name, attributes.mend_srcset(written, absolute))
    elements.unwrap_all(root, [link for link in root.iter("a") if "href" not in link.attrib])
    return tuple(
        Decision(rule=f"addresses {outcome}", outcome=str(counts[outcome]))
        for outcome in ("mended", "made absolute", "dropped")
        if counts[outcome]
    )


def is_web(resolved: str) -> bool:
    """Tell whether an address that `resolve` left is one of the web, not of a mailbox, and not empty."""
    return resolved.lower().startswith(("http:", "https:"))


def _without_fragment(address: str) -> str:
    return address.partition("#")[0]


def _resolve_one(element: HtmlElement, name: str, absolute: str, rule: SiteRule) -> str:
    written = element.get(name)
    mended = apply.mend_link(absolute, rule)
    if not mended:
        del element.attrib[name]
        return "dropped"
    element.set(name, mended)
    if mended != absolute:
        return "mended"
    return "kept" if absolute == written else "made absolute"
