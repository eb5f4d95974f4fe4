"""Apply what is known of sites: a pure engine that knows no site by name.

The expressions of the rules are taken as they stand; `config` has checked them.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from feedbridge.model import Mark, SiteRule, Sites, Value
from feedbridge.standards import text, urls
from feedbridge.standards.expressions import any_of, compiled

HEAD = 4096  # characters of a body in which its date line stands, and far more than one needs
MAX_KEYED = 8192  # characters of path and query in which a key is looked for; servers take no more
MAX_MARK_TEXT = 1000  # characters of an element that is known by its text: a longer one is no boilerplate
KEY_DIGITS = 20  # hexadecimal: with 80 bits a million articles share one by a chance of 1 in 10^12

_SHORT = 200  # characters of an attribute's value that may come again

_TAG = re.compile(r"<[^<>]{0,999}>")
_COMMA = re.compile("[,，]")
_PATH_AND_QUERY = re.compile(r"[/?].*", re.DOTALL)


class DateLine(Value, frozen=True, kw_only=True):
    """What a body says at its beginning of when, and perhaps by whom, the article was written."""

    date: str  # as written
    author: str  # plain text, perhaps empty
    start: int  # where it stands in the body, in characters
    end: int


class Embed(Value, frozen=True, kw_only=True):
    """What stands for a player where none can play."""

    name: str  # of its service, for people
    page: str  # address for people
    thumbnail: str  # address of a picture, perhaps empty


def rule_for(url: str, sites: Sites) -> SiteRule:
    """Return the rule of the longest host that is the address's own or lies above it, else the general rule.

    Of two rules for the same host the first one holds.
    """
    return _rule_at(urls.host(url), _Same(sites))


def key_of(url: str, sites: Sites, *, title: str = "") -> str:
    """Return what makes an article's id: the slug of its site and its own key there, else "url/" and a hash.

    Both come from the canonical address, so its notation does not count. The article's own key is the
    group of the last match in path and query: before it may stand a title that looks like a key.
    Where many articles share an address, `title` tells them apart.

    With the shipped rules this is the set of key rules `id_rules = 1`. A released set is frozen, and
    tests/id_rules_1.tsv holds it to that: other keys would be other ids.
    """
    rule = rule_for(url, sites)
    address = _canonical(url, rule, sites)
    own = _own_key(address, rule) if rule.key else ""
    if own:
        return f"{rule.slug}/{own}"
    if title:
        address += f"\n{title}"
    return "url/" + hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:KEY_DIGITS]


def canonical_of(url: str, sites: Sites) -> str:
    """Return the canonical form of an address, with the host names that its site's rule makes one."""
    return _canonical(url, rule_for(url, sites), sites)


def source_of(url: str, category: str, sites: Sites) -> tuple[str, str]:
    """Return an article's source and the source's name.

    They are those of the site's rule; for one with many sources those of the category, unless there is none
    or it is the site's own name; without a rule the host, named by the category or by itself.
    """
    rule = rule_for(url, sites)
    if not rule.slug:
        name = urls.host(url)
        return name, category or name
    if rule.has_many_sources and category and category.casefold() not in (rule.slug, rule.name.casefold()):
        return urls.slug(category), category
    return rule.slug, rule.name


def date_line(body: str, rule: SiteRule) -> DateLine | None:
    """Return what the beginning of a body says of the article's date, None if it says nothing."""
    expression = compiled(rule.date_line)
    line = expression.search(body[:HEAD]) if rule.date_line else None
    if line is None:
        return None
    author = (line["author"] or "") if "author" in expression.groupindex else ""
    return DateLine(
        date=text.fold(line["date"] or ""), author=plain(author), start=line.start(), end=line.end()
    )


def author_of(body: str, rule: SiteRule) -> str:
    """Return the author whom a body names where the site's rule says so, "" if it names none."""
    found = compiled(rule.author).search(body) if rule.author else None
    return plain(found[1] or "") if found else ""


def mend_link(url: str, rule: SiteRule) -> str:
    """Return the page behind an address that is known to be dead, every other address as it is."""
    for mend in rule.dead_links:
        dead = compiled(mend.pattern).fullmatch(url)
        if dead is not None:
            return dead.expand(mend.replacement)
    return url


def is_no_picture(url: str, sites: Sites) -> bool:
    """Tell whether an address is known to be that of a tracker, a button or a spacer."""
    return _has_any(url, sites.not_pictures)


def player_of(url: str, sites: Sites) -> Embed | None:
    """Return what a frame with this address plays, None if no known player has it."""
    for player in sites.players:
        found = compiled(player.address).fullmatch(url)
        if found is not None:
            return Embed(
                name=player.name,
                page=found.expand(player.page),
                thumbnail=found.expand(player.thumbnail) if player.thumbnail else "",
            )
    return None


def is_no_player(url: str, sites: Sites) -> bool:
    """Tell whether an address is known to be that of a frame that belongs to no article."""
    return _has_any(url, sites.not_players)


def is_marked(
    mark: Mark, *, name: str, attributes: Mapping[str, str], text_of: Callable[[], str | None]
) -> bool:
    """Tell whether an element bears a mark; its text is asked for only when all else fits.

    One that is not known, None, fits no expression.
    """
    if mark.elements and name not in mark.elements:
        return False
    return has_attribute(mark, attributes) and has_text(mark, text_of)


def has_attribute(mark: Mark, attributes: Mapping[str, str]) -> bool:
    """Tell whether an element with these attributes may bear a mark."""
    if not mark.attribute:
        return True
    value = attributes.get(mark.attribute)
    if value is None:
        return False
    return _knows(mark.value, value) if len(value) <= _SHORT else _finds(mark.value, value)


def has_text(mark: Mark, text_of: Callable[[], str | None]) -> bool:
    """Tell whether an element with this text may bear a mark; it is asked for only if the mark has one."""
    if not mark.text:
        return True
    words = text_of()
    return words is not None and compiled(mark.text).fullmatch(words) is not None


def plain(written: str) -> str:
    """Return markup of a line as plain text; of a list of names each once."""
    if not written:
        return ""
    name = text.fold(text.decode_entities(_TAG.sub(" ", written)))
    names = [part.strip() for part in _COMMA.split(name)]
    return name if len(set(names)) == len(names) else ", ".join(filter(None, dict.fromkeys(names)))


def _has_any(url: str, expressions: tuple[str, ...]) -> bool:
    return bool(expressions) and any_of(expressions).search(url) is not None


def _finds(expression: str, value: str) -> bool:
    return compiled(expression).search(value) is not None


# The articles of a site have the same few classes, and to know one takes a tenth of the time of a search.
_knows = lru_cache(maxsize=4096)(_finds)


def _canonical(url: str, rule: SiteRule, sites: Sites) -> str:
    aliases = dict.fromkeys(rule.hosts[1:], rule.hosts[0]) if rule.hosts else {}
    return urls.canonical(url, aliases=aliases, tracking_keys=sites.tracking_keys)


class _Same:
    """Sites as the key of a cache: known by being the same, since to hash all that they hold takes 20 µs."""

    __slots__ = ("sites",)

    def __init__(self, sites: Sites) -> None:
        self.sites = sites

    def __hash__(self) -> int:
        return id(self.sites)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.sites is other.sites


@lru_cache(maxsize=1024)  # an archive has some hundred hosts, those of pictures included
def _rule_at(name: str, same: _Same) -> SiteRule:
    covering = [(len(site), rule) for rule in same.sites.rules for site in rule.hosts if _covers(site, name)]
    return max(covering, key=lambda found: found[0], default=(0, same.sites.general))[1]


def _covers(site: str, name: str) -> bool:
    return name == site or name.endswith(f".{site}")


def _own_key(address: str, rule: SiteRule) -> str:
    path_and_query = "".join(_PATH_AND_QUERY.findall(address))
    expressions = rule.key if len(path_and_query) <= MAX_KEYED else ()
    return next(filter(None, (_last_key(expression, path_and_query) for expression in expressions)), "")


def _last_key(expression: str, path_and_query: str) -> str:
    """Return the group of the last match in which it is not empty, "" without one.

    Each search begins where the last group ended, not where the last match did, so that in `/1/2`
    the expression `/([0-9]+)(?:/|$)` matches twice.
    """
    own, start = "", 0
    while expression and start <= len(path_and_query):
        found = compiled(expression).search(path_and_query, start)
        if found is None:
            break
        own, start = found[1] or own, max(found.end(1), found.start() + 1)
    return own
