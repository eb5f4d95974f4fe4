"""Addresses in a body: the dead ones mended, every one absolute, the unusable ones gone."""

from collections import Counter

from lxml.html import HtmlElement

from feedbridge.model import Decision, SiteRule
from feedbridge.sites import apply
from feedbridge.standards import markup, urls

_ATTRIBUTES = ("href", "src", "poster", "cite")


def resolve(root: HtmlElement, *, base: str, rule: SiteRule) -> tuple[Decision, ...]:
    """Make every address absolute (emission rule 10), by the article's own; say how many changed how."""
    counts: Counter[str] = Counter()
    for element in root.iter():
        for name in _ATTRIBUTES:
            written = element.get(name)
            if written is not None:
                counts[_resolve_one(element, name, written, base=base, rule=rule)] += 1
        if "srcset" in element.attrib:
            element.set("srcset", _resolve_srcset(element.attrib["srcset"], base))
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
