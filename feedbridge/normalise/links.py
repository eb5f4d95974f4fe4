"""Addresses in a body: the dead ones mended, every one absolute, the unusable ones gone."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from lxml.html import HtmlElement

from feedbridge.model import Decision, SiteRule
from feedbridge.sites import apply
from feedbridge.standards import attributes, elements, urls

MAX_BASE = 2048  # characters: each relative address repeats them, and servers take no more
LAZY = ("data-src", "data-lazy-src", "data-original", "data-cfsrc")  # where scripts find what src will be
SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")

_ADDRESSES = frozenset({"href", "src", "poster", "cite", "data", *LAZY})
_SRCSETS = frozenset(SRCSETS)  # as with addresses: a quarter of the time of a look into a tuple


def resolve(root: HtmlElement, *, base: str, rule: SiteRule) -> tuple[Decision, ...]:
    """Make every address absolute (emission rule 10), by the article's own; say how many changed how.

    A link without a usable address becomes the text that it is. The article's own is none of a picture's.
    """
    counts: Counter[str] = Counter()
    absolute = partial(urls.absolute, base=base if len(base) <= MAX_BASE else urls.absolute("/", base))
    of_picture = partial(_of_picture, absolute=absolute, page=_page(base))
    for element in root.iter():
        resolved = of_picture if element.tag == "img" else absolute
        for name, written in element.items():
            if name in _ADDRESSES:
                counts[_resolve_one(element, name, written, absolute=resolved(written), rule=rule)] += 1
            elif name in _SRCSETS:
                element.set(name, attributes.mend_srcset(written, resolved))
    elements.unwrap_all(root, [link for link in root.iter("a") if "href" not in link.attrib])
    return tuple(
        Decision(rule=f"addresses {outcome}", outcome=str(counts[outcome]))
        for outcome in ("mended", "made absolute", "dropped")
        if counts[outcome]
    )


def is_web(resolved: str) -> bool:
    """Tell whether an address that `resolve` left is one of the web, not of a mailbox, and not empty."""
    return resolved.lower().startswith(("http:", "https:"))


def _of_picture(written: str, *, absolute: Callable[[str], str], page: str) -> str:
    address = absolute(written)
    return "" if _page(address) == page else address


def _page(address: str) -> str:
    return address.partition("#")[0].removesuffix("?")


def _resolve_one(element: HtmlElement, name: str, written: str, *, absolute: str, rule: SiteRule) -> str:
    mended = apply.mend_link(absolute, rule)
    if not mended:
        del element.attrib[name]
        return "dropped"
    if mended != written:
        element.set(name, mended)
    if mended != absolute:
        return "mended"
    return "kept" if absolute == written else "made absolute"
