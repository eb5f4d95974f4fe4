"""Apply what is known of sites: a pure engine that knows no site by name.

The expressions of the rules are taken as they stand; `config` has checked them.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from feedbridge.model import ImageProxy, SiteRule, Sites, Value
from feedbridge.standards import text, urls

MAX_NESTED_PROXIES = 5  # of one address; real ones have two
KEY_DIGITS = 20  # hexadecimal: with 80 bits a million articles share one by a chance of 1 in 10^12

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_ENCODED = re.compile(r"https?%3A%2F%2F|[a-z0-9.-]+%2F", re.IGNORECASE)  # a scheme, or a host with its slash
_ASCII_ESCAPE = re.compile(r"%([2-7][0-9A-Fa-f])")
_PATH_AND_QUERY = re.compile(r"[/?].*", re.DOTALL)


class DateLine(Value, frozen=True, kw_only=True):
    """The line at the start of a body that says when, and perhaps by whom, the article was written."""

    date: str  # as written
    author: str  # plain text, perhaps empty
    length: int  # characters of the body that it takes, with the white space before it


def rule_for(url: str, sites: Sites) -> SiteRule:
    """Return the rule of the longest host that is the address's own or lies above it, else the general rule.

    Of two rules for the same host the first one holds.
    """
    name = urls.host(url)
    covering = [(len(site), rule) for rule in sites.rules for site in rule.hosts if _covers(site, name)]
    return max(covering, key=lambda found: found[0], default=(0, sites.general))[1]


def key_of(url: str, sites: Sites) -> str:
    """Return what makes an article's id: the slug of its site and its own key there, else "url/" and a hash.

    Both come from the canonical address, so its notation does not count. The article's own key is the
    group of the last match in path and query: before it may stand a title that looks like a key.
    """
    rule = rule_for(url, sites)
    canonical_host, *others = rule.hosts or ("",)
    aliases = dict.fromkeys(others, canonical_host)
    address = urls.canonical(url, aliases=aliases, tracking_keys=sites.tracking_keys)
    own = _last_key(rule.key, "".join(_PATH_AND_QUERY.findall(address)))
    if own:
        return f"{rule.slug}/{own}"
    return "url/" + hashlib.sha256(address.encode()).hexdigest()[:KEY_DIGITS]


def source_of(url: str, sites: Sites) -> tuple[str, str]:
    """Return an article's source and the source's name: those of the site's rule, else the host twice."""
    rule = rule_for(url, sites)
    name = urls.host(url)
    return (rule.slug, rule.name) if rule.slug else (name, name)


def date_line(body: str, rule: SiteRule) -> DateLine | None:
    """Return the date line with which a body begins, None if it begins with something else."""
    start = len(body) - len(body.lstrip())
    line = _compiled(rule.date_line).match(body, start) if rule.date_line else None
    if line is None:
        return None
    author = line.groupdict().get("author") or ""
    return DateLine(
        date=text.fold(line["date"]), author=text.fold(text.decode_entities(author)), length=line.end()
    )


def mend_link(url: str, rule: SiteRule) -> str:
    """Return the page behind an address that is known to be dead, every other address as it is."""
    for mend in rule.dead_links:
        dead = _compiled(mend.pattern).fullmatch(url)
        if dead is not None:
            return dead.expand(mend.replacement)
    return url


def inner_address(url: str, proxies: Sequence[ImageProxy]) -> str:
    """Return the address from which proxies fetch a picture, every other address as it is.

    Proxies within proxies are unwrapped too. A proxy's address without a usable one in it stays.
    """
    for _ in range(MAX_NESTED_PROXIES):
        inner = _unwrap(url, proxies)
        if not inner:
            break
        url = inner
    return url


def is_no_picture(url: str, sites: Sites) -> bool:
    """Tell whether an address is known to be that of a tracker, a button or a spacer."""
    return any(_compiled(expression).search(url) for expression in sites.not_pictures)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def _covers(site: str, name: str) -> bool:
    return name == site or name.endswith(f".{site}")


def _last_key(expression: str, path_and_query: str) -> str:
    """Return the group of the last match in which it is not empty, "" without one.

    Each search begins where the last group ended, not where the last match did, so that in `/1/2`
    the expression `/([0-9]+)(?:/|$)` matches twice.
    """
    own, start = "", 0
    while expression and start <= len(path_and_query):
        found = _compiled(expression).search(path_and_query, start)
        if found is None:
            break
        own, start = found[1] or own, max(found.end(1), found.start() + 1)
    return own


def _unwrap(url: str, proxies: Sequence[ImageProxy]) -> str:
    name = urls.host(url)
    proxy = next((proxy for proxy in proxies if name in proxy.hosts), None)
    if proxy is None:
        return ""
    inner = _from_path(url) if proxy.form == "path" else _from_parameter(url, proxy.parameter)
    return urls.absolute(inner, "")


def _from_parameter(url: str, parameter: str) -> str:
    """Return all that stands after the parameter: an inner query is written raw, so nothing ends it."""
    query = url.partition("?")[2]
    inner = f"&{query}".partition(f"&{parameter}=")[2]
    if _ENCODED.match(inner):
        # Now a "&" does. Escapes of more than ASCII may stay: in the inner address they mean the same.
        inner = _ASCII_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), inner.partition("&")[0])
    return inner if _SCHEME.match(inner) else f"https://{inner.removeprefix('//')}"


def _from_path(url: str) -> str:
    """Return host and path that stand in the path; the query is the proxy's and tells the scheme."""
    address, _, query = url.partition("#")[0].partition("?")
    host, _, path = _SCHEME.sub("", address, count=1).partition("/")[2].partition("/")
    scheme = "https" if "ssl=1" in query.split("&") else "http"
    return f"{scheme}://{host}/{path}" if path else ""
