"""The site rules: TOML files that say what is true of one site, checked, as `model.Sites`.

    general.toml      what holds for a site without a rule, and for whatever a rule leaves open;
                      beside it the lists of `Sites` that belong to no site
    proxies.toml      [[proxy]] tables
    players.toml      [[player]] tables
    rules/SLUG.toml   one site

A directory of one's own holds files SLUG.toml: of a site that is shipped they change what they
name, of another one they are its rule.

What is shipped is taken as it stands: the tests check it, by a copy. To check it at each start would take
25 ms, most of them to compile 160 expressions of which an unchanged run needs none.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from feedbridge.config.files import document, refusal
from feedbridge.config.forms import Form, Table, read_table
from feedbridge.config.rule_forms import CHANGE, GENERAL, OF_NO_SITE, PLAYERS, PROXIES, SITE
from feedbridge.config.words import shown
from feedbridge.model import SiteRule, Sites

_SHIPPED = Path(__file__).parents[1] / "sites"
_ADDED = ("caption", "boilerplate")  # lists that each file adds to; all else replaces


def load_sites(*, own: Path | None = None) -> Sites:
    """Return the site rules that are shipped, with those of a directory of one's own.

    Raises: ConfigError with a line for each mistake of the first file that has one.
    """
    return read_sites(_SHIPPED, own=own) if own else _shipped_sites()


@cache
def _shipped_sites() -> Sites:
    return read_sites(_SHIPPED)


def read_sites(directory: Path, *, own: Path | None = None) -> Sites:
    """Return the site rules of a directory that is laid out as the shipped one, with one's own.

    Raises: ConfigError with a line for each mistake of the first file that has one.
    """
    general = _read(directory / "general.toml", GENERAL)
    shared = {name: value for name, value in general.items() if name not in OF_NO_SITE}
    files = _files_by_site(_rule_files(directory / "rules"), _rule_files(own) if own else ())
    rules = {rule_files[-1]: _rule(rule_files, shared) for rule_files in files}
    _refuse_doubled_hosts(rules)
    sites = {
        **{name: value for name, value in general.items() if name in OF_NO_SITE},
        "rules": tuple(rules.values()),
        "general": {**shared, "slug": "", "name": "", "hosts": ()},
        "proxies": _read(directory / "proxies.toml", PROXIES)["proxy"],
        "players": _read(directory / "players.toml", PLAYERS)["player"],
    }
    return msgspec.convert(sites, Sites)


def _rule_files(directory: Path) -> Sequence[Path]:
    try:
        files = sorted(directory.iterdir())
    except OSError as exc:
        raise refusal(directory, f"cannot be read: {exc.strerror}") from exc
    return [file for file in files if file.suffix == ".toml" and not file.name.startswith(".")]


def _files_by_site(shipped: Iterable[Path], own: Iterable[Path]) -> Iterable[Sequence[Path]]:
    """Put the files of one site together, one's own last: of them and of the sites."""
    below = {file.stem: (file,) for file in shipped}
    above = {file.stem: (*below.pop(file.stem, ()), file) for file in own}
    return (*below.values(), *above.values())


def _rule(files: Sequence[Path], shared: Table) -> SiteRule:
    first, *changes = files
    values = _over(shared, _read_site(first, SITE))
    for file in changes:
        values = _over(values, _read_site(file, CHANGE))
    return msgspec.convert(values, SiteRule)


def _over(below: Table, above: Table) -> Table:
    added = {name: [*_list(below.get(name)), *_list(above.get(name))] for name in _ADDED}
    return {**below, **above, **added}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _read_site(file: Path, form: Form) -> Table:
    values = _read(file, form, slug=file.stem)
    if values["slug"] != file.stem:
        raise refusal(file, f"slug = {shown(values['slug'])}: the file's name is needed, {shown(file.stem)}")
    return values


def _read(file: Path, form: Form, **given: object) -> Table:
    try:
        table = {**given, **document(file)}
    except OSError as exc:
        raise refusal(file, f"cannot be read: {exc.strerror}") from exc
    if file.is_relative_to(_SHIPPED):  # taken as it stands
        return table
    values, mistakes = read_table(table, form)
    if mistakes:
        raise refusal(file, *mistakes)
    return values


def _refuse_doubled_hosts(rules: Mapping[Path, SiteRule]) -> None:
    """Else the order of the files would decide whose article it is."""
    owners: dict[str, str] = {}
    for file, rule in rules.items():
        mistakes = [
            f"hosts = {shown(host)}: a host of no other rule is needed; {shown(owners[host])} has this one"
            for host in rule.hosts
            if host in owners
        ]
        if mistakes:
            raise refusal(file, *mistakes)
        owners |= dict.fromkeys(rule.hosts, rule.slug)
