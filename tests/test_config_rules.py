"""config.rules: what a file of a site rule may say, and what the shipped ones do."""

import shutil
from pathlib import Path

import pytest

from feedbridge.config import load_sites, rules
from feedbridge.errors import ConfigError
from feedbridge.model import ImageProxy, LinkMend, SiteRule

GENERAL = """
date_line = '<i>(?P<date>[^<]+)</i>'
zone = "Europe/Paris"
captions = ["figcaption"]
tracking_keys = ["utm_*", "fbclid"]
not_pictures = ['/pixel[.]gif$']
"""
PROXIES = '[[proxy]]\nhosts = ["proxy.example"]\nform = "parameter"\nparameter = "url"'
RULE = 'name = "Example"\nhosts = ["example.org"]'


def folder(directory: Path, *, general: str = GENERAL, proxies: str = PROXIES, **sites: str) -> Path:
    """Return a folder of rules; each keyword is a site's slug."""
    (directory / "rules").mkdir()
    (directory / "general.toml").write_text(general, encoding="utf-8")
    (directory / "proxies.toml").write_text(proxies, encoding="utf-8")
    for slug, text in sites.items():
        (directory / "rules" / f"{slug}.toml").write_text(text, encoding="utf-8")
    return directory


def refusal(directory: Path) -> str:
    """Return the words that refuse a folder, with its path as "DIR"."""
    with pytest.raises(ConfigError) as caught:
        rules.read_sites(directory)
    return str(caught.value).replace(str(directory), "DIR")


def test_shipped_rules_load():
    """What is installed is whole, and is read once."""
    assert "dw" in [rule.slug for rule in load_sites().rules]
    assert load_sites() is load_sites()


def test_a_rule_inherits_what_it_leaves_open(tmp_path):
    """The general rule holds for whatever a site's own does not say."""
    sites = rules.read_sites(
        folder(tmp_path, b=RULE, a=f'{RULE.replace("example.org", "a.org")}\nzone = "UTC"')
    )
    assert [(rule.slug, rule.zone) for rule in sites.rules] == [("a", "UTC"), ("b", "Europe/Paris")]
    assert sites.rules[1] == SiteRule(
        slug="b",
        name="Example",
        hosts=("example.org",),
        date_line="<i>(?P<date>[^<]+)</i>",
        zone="Europe/Paris",
        captions=("figcaption",),
    )


def test_what_belongs_to_no_site_stands_beside_the_rules(tmp_path):
    """The general rule is nobody's; the lists and the proxies are everybody's."""
    sites = rules.read_sites(folder(tmp_path))
    assert (sites.general.slug, sites.general.name, sites.general.hosts) == ("", "", ())
    assert sites.tracking_keys == ("utm_*", "fbclid")
    assert sites.not_pictures == ("/pixel[.]gif$",)
    assert sites.proxies == (ImageProxy(hosts=("proxy.example",), form="parameter", parameter="url"),)


def test_dead_links_are_read(tmp_path):
    """A table for each kind of dead link."""
    text = f"{RULE}\n[[dead_links]]\npattern = 'https://(a|b)/x'\nreplacement = 'https://example.org/\\1'"
    [rule] = rules.read_sites(folder(tmp_path, example=text)).rules
    assert rule.dead_links == (LinkMend(pattern="https://(a|b)/x", replacement="https://example.org/\\1"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name = ", "Invalid value (at end of document)", id="no-toml"),
        pytest.param("hosts = ['a.org']", "Object missing required field `name`", id="no-name"),
        pytest.param(f"{RULE}\nzones = 'UTC'", 'zones: unknown key; did you mean "zone"?', id="unknown-near"),
        pytest.param(f"{RULE}\nx = 1", 'x: unknown key; known are "slug", "name", "hosts", ', id="unknown"),
        pytest.param(f"{RULE}\nkey = 3", "Expected `str`, got `int` - at `$.key`", id="type"),
        pytest.param(
            f"{RULE}\ncaptions = ['below']", "Invalid enum value 'below' - at `$.captions[0]`", id="caption"
        ),
        pytest.param(
            f"slug = 'other'\n{RULE}", 'slug = "other": the file\'s name is needed', id="slug-is-not-the-file"
        ),
        pytest.param(
            "name = ' '\nhosts = ['a.org']", 'name = " ": a name for people is needed', id="name-blank"
        ),
        pytest.param("name = 'A'\nhosts = []", "hosts = []: at least one host is needed", id="no-host"),
        pytest.param(
            "name = 'A'\nhosts = ['A.org']", 'hosts = "A.org": a host in lower case', id="host-case"
        ),
        pytest.param("name = 'A'\nhosts = ['www.a.org']", 'hosts = "www.a.org": a host in', id="host-www"),
        pytest.param("name = 'A'\nhosts = ['a.org:80']", 'hosts = "a.org:80": a host in', id="host-port"),
        pytest.param(
            "name = 'A'\nhosts = ['a.org', 'a.org']",
            'a.org": it stands in the rules site and site',
            id="host-twice",
        ),
        pytest.param(
            f"{RULE}\nzone = 'Paris'", 'zone = "Paris": the name of a time zone is needed', id="zone"
        ),
        pytest.param(f"{RULE}\nkey = '('", 'key = "(": it cannot be used: missing )', id="key-broken"),
        pytest.param(f"{RULE}\nkey = 'a'", 'key = "a": exactly one group is needed', id="key-no-group"),
        pytest.param(
            f"{RULE}\nkey = '(a)(b)'", 'key = "(a)(b)": exactly one group is needed', id="key-two-groups"
        ),
        pytest.param(
            f"{RULE}\ndate_line = '('", 'date_line = "(": it cannot be used: missing )', id="date-broken"
        ),
        pytest.param(
            f"{RULE}\ndate_line = '(a)'", 'date_line = "(a)": a group named date is needed', id="date-unnamed"
        ),
        pytest.param(
            f"{RULE}\ndate_line = '(?P<date>a)(?P<writer>b)'",
            "a group named date is needed",
            id="date-other-group",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = '['\nreplacement = 'a'",
            'pattern = "[": it cannot be used',
            id="link-broken",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = 'a'\nreplacement = '\\1'",
            'pattern = "a": it cannot be used: invalid group reference 1',
            id="link-no-such-group",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = 'a'\nreplacement = '\\g<b>'",
            "pattern = \"a\": it cannot be used: unknown group name 'b'",
            id="link-no-such-name",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npatern = 'a'\npattern = 'a'\nreplacement = 'b'",
            'patern: unknown key; did you mean "pattern"?',
            id="link-unknown",
        ),
    ],
)
def test_impossible_rules_are_refused(text, message, tmp_path):
    """The file is named, and what is needed."""
    refused = refusal(folder(tmp_path, site=text))
    assert refused.startswith("DIR/")
    assert message in refused


def test_a_slug_is_a_files_plain_name(tmp_path):
    """It stands in paths and in ids."""
    refused = refusal(folder(tmp_path, Site=RULE))
    assert refused.startswith(
        'DIR/rules/Site.toml: slug = "Site": the file\'s name is needed, of letters a to z'
    )


def test_a_slug_is_not_the_mark_of_hashed_addresses(tmp_path):
    """An article's own key could else be that of an article at a site without a rule."""
    refused = refusal(folder(tmp_path, url=RULE))
    assert refused.startswith('DIR/rules/url.toml: slug = "url": it begins the keys of sites without a rule')


def test_a_host_belongs_to_one_site(tmp_path):
    """Else the order of the files would decide whose article it is."""
    refused = refusal(folder(tmp_path, a=RULE, b=RULE))
    assert refused == 'DIR/rules: hosts = "example.org": it stands in the rules a and b'


def test_all_mistakes_of_a_rule_are_reported_at_once(tmp_path):
    """As with the configuration, a line each."""
    refused = refusal(folder(tmp_path, site="name = ''\nhosts = []\nzone = 'x'\nkey = '('"))
    assert [line.partition(" = ")[0].rpartition(" ")[2] for line in refused.splitlines()] == [
        "name",
        "hosts",
        "zone",
        "key",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("slug = 'a'", 'slug = "a": it belongs to the rule of one site', id="slug"),
        pytest.param("zone = 'x'", 'zone = "x": the name of a time zone is needed', id="zone"),
        pytest.param("key = 'x'", 'key = "x": it belongs to the rule of one site', id="key"),
        pytest.param("date_line = 'x'", "a group named date is needed", id="date-line"),
        pytest.param("tracking_keys = ['']", 'tracking_keys = "": a query key\'s name', id="tracking-empty"),
        pytest.param(
            "tracking_keys = ['a*b']", 'tracking_keys = "a*b": a query key\'s name', id="tracking-star"
        ),
        pytest.param("tracking_keys = ['*']", 'tracking_keys = "*": a query key\'s name', id="tracking-all"),
        pytest.param(
            "tracking_keys = []\nnot_pictures = ['(']",
            'not_pictures = "(": it cannot be used',
            id="not-pictures",
        ),
        pytest.param(
            "tracking_keys = []\nnot_pictures = ['']",
            'not_pictures = "": it would match every picture',
            id="not-pictures-empty",
        ),
        pytest.param("tracking_keys = 'a'", "Expected `array`, got `str` - at `$.tracking_keys`", id="type"),
    ],
)
def test_impossible_general_rules_are_refused(text, message, tmp_path):
    """What holds for all sites is checked as strictly."""
    refused = refusal(folder(tmp_path, general=text))
    assert refused.startswith("DIR/general.toml: ")
    assert message in refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[[proxies]]\nform = 'path'", 'proxies: unknown key; known are "proxy"', id="table"),
        pytest.param(
            "[[proxy]]\nhosts = ['A']\nform = 'path'", 'hosts = "A": a host in lower case', id="host"
        ),
        pytest.param("[[proxy]]\nhosts = []\nform = 'path'", "hosts = []: at least one host", id="no-host"),
        pytest.param("[[proxy]]\nhosts = ['a']\nform = 'query'", "Invalid enum value 'query'", id="form"),
        pytest.param(
            "[[proxy]]\nhosts = ['a']\nform = 'parameter'", 'parameter = "": needed is', id="no-parameter"
        ),
        pytest.param(
            "[[proxy]]\nhosts = ['a']\nform = 'path'\nparameter = 'u'",
            'parameter = "u": needed is',
            id="parameter",
        ),
    ],
)
def test_impossible_proxies_are_refused(text, message, tmp_path):
    """An address is found in a proxy's in one of two ways."""
    refused = refusal(folder(tmp_path, proxies=text))
    assert refused.startswith("DIR/proxies.toml: ")
    assert message in refused


@pytest.mark.parametrize("name", ["general.toml", "proxies.toml"])
def test_a_missing_file_is_refused(name, tmp_path):
    """A damaged installation says which file is gone."""
    (folder(tmp_path) / name).unlink()
    assert f"DIR/{name}" in refusal(tmp_path)


def test_shipped_files_are_where_they_are_looked_for(tmp_path):
    """A copy of the shipped folder gives the same rules."""
    shutil.copytree(Path(rules.__file__).parents[1] / "sites", tmp_path / "sites")
    assert rules.read_sites(tmp_path / "sites") == load_sites()
