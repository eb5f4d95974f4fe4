"""The site rules: TOML files that say what is true of one site, checked, as `model.Sites`.

    general.toml      what holds for a site without a rule, and for whatever a rule leaves open;
                      beside it the lists of `Sites` that belong to no site
    proxies.toml      [[proxy]] tables
    rules/SLUG.toml   one site

Their keys are the names of the fields in `model`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from feedbridge.config.kinds import known, nearest, shown, shown_name
from feedbridge.errors import ConfigError
from feedbridge.model import ImageProxy, LinkMend, SiteRule, Sites, Value
from feedbridge.standards import dates, urls
from feedbridge.standards.text import show

_SHIPPED = Path(__file__).parents[1] / "sites"
_LISTS = {"tracking_keys", "not_pictures"}  # of general.toml: they are fields of Sites
_SLUG = re.compile(r"[a-z0-9-]+")
_TRACKING_KEY = re.compile(r"[^*&=]+\*?")

Table = dict[str, object]
AnyValue = TypeVar("AnyValue", bound=Value)


class _Proxies(Value, frozen=True):
    """The whole of proxies.toml."""

    proxy: tuple[Table, ...]


@cache
def load_sites() -> Sites:
    """Return the site rules that are shipped.

    Raises: ConfigError if one of their files is damaged.
    """
    return read_sites(_SHIPPED)


def read_sites(directory: Path) -> Sites:
    """Return the site rules that stand in a directory.

    Raises: ConfigError with a line for each mistake of the first file that has one.
    """
    file = directory / "general.toml"
    shared = _table(file)
    lists = {name: shared.pop(name) for name in _LISTS & shared.keys()}
    general = _general(file, shared)
    rules = [_site(path, shared) for path in sorted((directory / "rules").glob("*.toml"))]
    proxies = _proxies(directory / "proxies.toml")
    sites = _value(file, {**lists, "general": general, "rules": rules, "proxies": proxies}, Sites)
    _refuse(file, _in_lists(sites))
    _refuse(directory / "rules", _in_doubles(rules))
    return sites


def _general(file: Path, shared: Table) -> SiteRule:
    own = sorted({"slug", "name", "hosts", "key"} & shared.keys())
    _refuse(file, [f"{name} = {shown(shared[name])}: it belongs to the rule of one site" for name in own])
    rule = _rule(file, shared | {"slug": "", "name": "", "hosts": []})
    _refuse(file, _in_expressions(rule))
    _refuse(file, _in_groups(rule))
    return rule


def _site(file: Path, shared: Table) -> SiteRule:
    rule = _rule(file, shared | {"slug": file.stem} | _table(file))
    _refuse(file, [*_in_names(rule, stem=file.stem), *_in_expressions(rule)])
    _refuse(file, _in_groups(rule))
    return rule


def _rule(file: Path, table: Table) -> SiteRule:
    rule = _value(file, table, SiteRule)
    for mend in msgspec.convert(table.get("dead_links", []), list[Table]):
        _value(file, mend, LinkMend)  # once more, alone: here its unknown keys are seen
    return rule


def _proxies(file: Path) -> Sequence[ImageProxy]:
    proxies = [_value(file, table, ImageProxy) for table in _value(file, _table(file), _Proxies).proxy]
    _refuse(file, [mistake for proxy in proxies for mistake in _in_proxy(proxy)])
    return proxies


# --- files -----------------------------------------------------------------------------


def _table(file: Path) -> Table:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:  # ValueError: no TOML, or no UTF-8
        raise ConfigError(show(f"{file}: {exc}")) from exc


def _value(file: Path, table: Table, kind: type[AnyValue]) -> AnyValue:
    fields = kind.__struct_fields__
    unknown = sorted(table.keys() - set(fields))
    _refuse(
        file,
        [f"{shown_name(name)}: unknown key; {nearest(name, fields) or known(fields)}" for name in unknown],
    )
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as exc:
        raise ConfigError(show(f"{file}: {exc}")) from exc


def _refuse(file: Path, mistakes: Iterable[str]) -> None:
    lines = [f"{show(str(file))}: {mistake}" for mistake in mistakes]
    if lines:
        raise ConfigError("\n".join(lines))


# --- mistakes that types do not show -----------------------------------------------------


def _in_names(rule: SiteRule, *, stem: str) -> Iterator[str]:
    if not _SLUG.fullmatch(rule.slug) or rule.slug != stem:
        yield f"slug = {shown(rule.slug)}: the file's name is needed, of letters a to z, digits and hyphens"
    if rule.slug == "url":
        yield 'slug = "url": it begins the keys of sites without a rule; another name is needed'
    if not rule.name.strip():
        yield f"name = {shown(rule.name)}: a name for people is needed"
    yield from _in_hosts(rule.hosts)


def _in_hosts(hosts: Sequence[str]) -> Iterator[str]:
    if not hosts:
        yield "hosts = []: at least one host is needed"
    for host in hosts:
        if urls.host(f"http://{host}/") != host:
            yield f'hosts = {shown(host)}: a host in lower case is needed, without "www." and port'


def _in_doubles(rules: Iterable[SiteRule]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for rule in rules:
        for host in rule.hosts:
            if host in owners:
                yield f"hosts = {shown(host)}: it stands in the rules {owners[host]} and {rule.slug}"
            owners[host] = rule.slug


def _in_expressions(rule: SiteRule) -> Iterator[str]:
    if not dates.is_zone(rule.zone):
        yield f'zone = {shown(rule.zone)}: the name of a time zone is needed, such as "Europe/Paris"'
    yield from _in_expression("key", rule.key)
    yield from _in_expression("date_line", rule.date_line)
    for mend in rule.dead_links:
        yield from _in_expression("pattern", mend.pattern, replacement=mend.replacement)


def _in_expression(name: str, expression: str, *, replacement: str = "") -> Iterator[str]:
    try:
        re.sub(expression, replacement, "")
    except (re.error, IndexError) as exc:  # IndexError: the replacement names a group that there is not
        yield f"{name} = {shown(expression)}: it cannot be used: {exc}"


def _in_groups(rule: SiteRule) -> Iterator[str]:
    """Look into expressions that can be compiled; an empty one is none."""
    if rule.key and re.compile(rule.key).groups != 1:
        yield f"key = {shown(rule.key)}: exactly one group is needed, the article's own key"
    if rule.date_line and not {"date"} <= re.compile(rule.date_line).groupindex.keys() <= {"date", "author"}:
        yield f"date_line = {shown(rule.date_line)}: a group named date is needed, perhaps one named author"


def _in_proxy(proxy: ImageProxy) -> Iterator[str]:
    yield from _in_hosts(proxy.hosts)
    if (proxy.form == "parameter") != bool(proxy.parameter):
        yield f'parameter = {shown(proxy.parameter)}: needed is a name for form "parameter", none for "path"'


def _in_lists(sites: Sites) -> Iterator[str]:
    for key in sites.tracking_keys:
        if not _TRACKING_KEY.fullmatch(key):
            yield f"tracking_keys = {shown(key)}: a query key's name is needed, perhaps with a * at its end"
    for expression in sites.not_pictures:
        if not expression:
            yield 'not_pictures = "": it would match every picture'
        yield from _in_expression("not_pictures", expression)
