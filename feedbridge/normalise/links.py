"""Addresses in a body: the dead ones mended, every one absolute, the unusable ones gone."""

from collections import Counter

from lxml import etree
from lxml.html import HtmlElement

from feedbridge.model import Decision, SiteRule
from feedbridge.sites import apply
from feedbridge.standards import markup, urls

LAZY = ("data-src", "data-lazy-src", "data-original", "data-cfsrc")  # where scripts find what src will be
SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")

_ATTRIBUTES = ("href", "src", "poster", "cite", "data", *LAZY)
_NO_LINK = "no-link"


def resolve(root: HtmlElement, *, base: str, rule: SiteRule) -> tuple[Decision, ...]:
    """Make every address absolute (emission rule 10), by the article's own; say how many changed how.

    A link without a usable address becomes the text that it is.
    """
    counts: Counter[str] = Counter()
    for element in root.iter():
        for name in _ATTRIBUTES:
            written = element.get(name)
            if written is not None:
                counts[_resolve_one(element, name, written, base=base, rule=rule)] += 1
        for name in SRCSETS:
            if name in element.attrib:
                element.set(name, _resolve_srcset(element.attrib[name], base))
        if element.tag == "a" and "href" not in element.attrib:
            element.tag = _NO_LINK
    etree.strip_tags(root, _NO_LINK)
    return tuple(
        Decision(rule=f"addresses {outcome}", outcome=str(counts[outcome]))
        for outcome in ("mended", "made absolute", "dropped")
        if counts[outcome]
    )


def _resolve_one(element: HtmlElement, name: str, written: str, *, base: str, rule: SiteRule) -> str:
    absolute = urls.absolute(written, base)
    mended = apply.mend_link(absolute, rule)
    if not mended:
        del element.attrib[name]
        return "dropped"
    element.set(name, mended)
    if mended != absolute:
        return "mended"
    return "kept" if absolute == written else "made absolute"


def _resolve_srcset(srcset: str, base: str) -> str:
    candidates = ((urls.absolute(one.url, base), one.descriptor) for one in markup.srcset_candidates(srcset))
    return ", ".join(f"{url} {descriptor}".rstrip() for url, descriptor in candidates if url)
