"""config.rules: what a file of a site rule may say, and what the shipped ones do."""

import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.config import load_sites, rule_forms, rules
from feedbridge.config.forms import Form, read_table
from feedbridge.errors import ConfigError
from feedbridge.model import Boilerplate, ImageProxy, LinkMend, Mark, Player, SiteRule, Sites

GENERAL = """
date_line = '<i>(?P<date>[^<]+)</i>'
zone = "Europe/Paris"
captions = ["figcaption"]
tracking_keys = ["utm_*", "fbclid"]
not_pictures = ['/pixel[.]gif$']
not_players = ['/ads/']
[[caption]]
elements = ["small"]
[[boilerplate]]
what = "share bar"
attribute = "role"
value = "^share$"
"""
PROXIES = '[[proxy]]\nhosts = ["proxy.example"]\nform = "parameter"\nparameter = "url"'
PLAYERS = """
[[player]]
name = "Tube"
address = 'https://tube[.]example/embed/([a-z]+)'
page = 'https://tube.example/\\1'
thumbnail = 'https://i.tube.example/\\1.jpg'
"""
RULE = 'name = "Example"\nhosts = ["example.org"]'
SMALL = Mark(elements=("small",))
SHARE_BAR = Boilerplate(what="share bar", attribute="role", value="^share$")


def folder(directory: Path, **texts: str) -> Path:
    """Return a folder of rules; each keyword is a site's slug, or one of the files beside them."""
    beside = {"general": GENERAL, "proxies": PROXIES, "players": PLAYERS}
    (directory / "rules").mkdir(parents=True)
    for name, text in {**beside, **texts}.items():
        place = directory if name in beside else directory / "rules"
        (place / f"{name}.toml").write_text(text, encoding="utf-8")
    return directory


def own(directory: Path, **texts: str) -> Path:
    """Return a folder of rules of one's own."""
    directory.mkdir()
    for slug, text in texts.items():
        (directory / f"{slug}.toml").write_text(text, encoding="utf-8")
    return directory


def refusal(directory: Path, *, own: Path | None = None) -> str:
    """Return the words that refuse a folder, with its path as "DIR"."""
    with pytest.raises(ConfigError) as caught:
        rules.read_sites(directory, own=own)
    return str(caught.value).replace(str(directory), "DIR")


# --- what they say -------------------------------------------------------------------------


def test_shipped_rules_load():
    """What is installed is whole, and is read once."""
    assert "dw" in [rule.slug for rule in load_sites().rules]
    assert load_sites() is load_sites()


def test_shipped_rules_are_without_mistakes(tmp_path):
    """A start takes them as they stand; a copy of them is checked, and says the same."""
    shutil.copytree(Path(rules.__file__).parents[1] / "sites", tmp_path / "sites")
    mine = own(tmp_path / "mine", example=RULE, dw='zone = "Europe/Berlin"')
    assert rules.read_sites(tmp_path / "sites", own=mine) == load_sites(own=mine)


@pytest.mark.parametrize(
    ("text", "mistake"), [("key = ['(']", "missing ): ("), ("zone = 1", "the name of a time")]
)
def test_rules_of_ones_own_are_checked_at_once(text, mistake, tmp_path):
    """Also those that change a rule that is shipped."""
    with pytest.raises(ConfigError, match=re.escape(mistake)):
        load_sites(own=own(tmp_path / "mine", dw=text))


def test_a_rule_inherits_what_it_leaves_open(tmp_path):
    """The general rule holds for whatever a site's own does not say."""
    other = f'{RULE.replace("example.org", "a.org")}\nzone = "UTC"\ncaptions = []\ndate_line = ""'
    site, inheriting = rules.read_sites(folder(tmp_path, b=RULE, a=other)).rules
    assert (site.slug, site.zone, site.captions, site.date_line) == ("a", "UTC", (), "")
    assert inheriting == SiteRule(
        slug="b",
        name="Example",
        hosts=("example.org",),
        date_line="<i>(?P<date>[^<]+)</i>",
        zone="Europe/Paris",
        captions=("figcaption",),
        caption=(SMALL,),
        boilerplate=(SHARE_BAR,),
    )


def test_what_belongs_to_no_site_stands_beside_the_rules(tmp_path):
    """The general rule is nobody's; the lists, the proxies and the players are everybody's."""
    sites = rules.read_sites(folder(tmp_path))
    assert (sites.general.slug, sites.general.name, sites.general.hosts) == ("", "", ())
    assert (sites.general.caption, sites.general.boilerplate) == ((SMALL,), (SHARE_BAR,))
    assert sites.tracking_keys == ("utm_*", "fbclid")
    assert sites.not_pictures == ("/pixel[.]gif$",)
    assert sites.not_players == ("/ads/",)
    assert sites.proxies == (ImageProxy(hosts=("proxy.example",), form="parameter", parameter="url"),)
    assert sites.players == (
        Player(
            name="Tube",
            address="https://tube[.]example/embed/([a-z]+)",
            page="https://tube.example/\\1",
            thumbnail="https://i.tube.example/\\1.jpg",
        ),
    )


def test_every_key_of_a_rule_is_carried_over(tmp_path):
    """What is written arrives in the value; the lists of marks stand after the general ones."""
    text = r"""
    slug = "site"
    name = "A  site"
    hosts = ["a.org", "b.org"]
    has_many_sources = true
    key = ['/([0-9]+)$', 'v=([^&]+)']
    date_line = '(?P<author>x)(?P<date>y)'
    date_order = "day-month-year"
    zone = "Asia/Shanghai"
    author = '<b>(x)'
    language = "zh-Hans"
    captions = ["bold-lead"]
    [[caption]]
    elements = ["p", "x-note"]
    attribute = "data-x"
    value = "y"
    text = "z"
    [[boilerplate]]
    what = "gallery"
    elements = ["h3"]
    takes = "rest"
    [[dead_links]]
    pattern = 'https://(a|b)/x'
    replacement = 'https://example.org/\1'
    """
    [rule] = rules.read_sites(folder(tmp_path, site=text)).rules
    assert rule == SiteRule(
        slug="site",
        name="A site",
        hosts=("a.org", "b.org"),
        has_many_sources=True,
        key=("/([0-9]+)$", "v=([^&]+)"),
        date_line="(?P<author>x)(?P<date>y)",
        date_order="day-month-year",
        zone="Asia/Shanghai",
        author="<b>(x)",
        language="zh-Hans",
        captions=("bold-lead",),
        caption=(SMALL, Mark(elements=("p", "x-note"), attribute="data-x", value="y", text="z")),
        boilerplate=(SHARE_BAR, Boilerplate(what="gallery", elements=("h3",), takes="rest")),
        dead_links=(LinkMend(pattern="https://(a|b)/x", replacement="https://example.org/\\1"),),
    )


@pytest.mark.parametrize(
    ("form", "value"),
    [
        pytest.param(rule_forms.SITE, SiteRule, id="site"),
        pytest.param(rule_forms.SITE.tables["caption"], Mark, id="caption"),
        pytest.param(rule_forms.SITE.tables["boilerplate"], Boilerplate, id="boilerplate"),
        pytest.param(rule_forms.SITE.tables["dead_links"], LinkMend, id="dead-links"),
        pytest.param(rule_forms.PROXIES.tables["proxy"], ImageProxy, id="proxy"),
        pytest.param(rule_forms.PLAYERS.tables["player"], Player, id="player"),
    ],
)
def test_every_field_can_be_written(form, value):
    """A form has the names of its value's fields, all of them."""
    assert {*form.kinds, *form.tables} == set(value.__struct_fields__)


def test_the_general_rule_has_what_is_no_sites_own():
    """And the lists of `Sites`; slug, name, hosts and key make a site."""
    written = {*rule_forms.GENERAL.kinds, *rule_forms.GENERAL.tables}
    elsewhere = {"rules", "general", "proxies", "players"}
    expected = {*SiteRule.__struct_fields__, *Sites.__struct_fields__} - {"slug", "name", "hosts", "key"}
    assert written == expected - elsewhere


# --- one's own -----------------------------------------------------------------------------


def test_ones_own_file_changes_what_it_names(tmp_path):
    """Of a site that is shipped; lists of marks are added to, other lists are replaced."""
    shipped = f"{RULE}\nkey = ['a(b)']\n[[caption]]\nelements = ['p']"
    above = """
    name = "Mine"
    hosts = ["mine.example"]
    [[caption]]
    elements = ["td"]
    [[boilerplate]]
    what = "x"
    text = "x"
    """
    [rule] = rules.read_sites(
        folder(tmp_path / "shipped", site=shipped), own=own(tmp_path / "own", site=above)
    ).rules
    assert (rule.name, rule.hosts, rule.key) == ("Mine", ("mine.example",), ("a(b)",))
    assert rule.caption == (SMALL, Mark(elements=("p",)), Mark(elements=("td",)))
    assert rule.boilerplate == (SHARE_BAR, Boilerplate(what="x", text="x"))


def test_ones_own_file_of_another_slug_is_a_new_site(tmp_path):
    """It inherits from the general rule, as the shipped ones do."""
    mine = own(tmp_path / "own", mine='name = "Mine"\nhosts = ["mine.example"]')
    sites = rules.read_sites(folder(tmp_path / "shipped", site=RULE), own=mine)
    assert [(rule.slug, rule.zone) for rule in sites.rules] == [
        ("site", "Europe/Paris"),
        ("mine", "Europe/Paris"),
    ]


def test_a_new_site_needs_name_and_hosts(tmp_path):
    """A change of a shipped one does not."""
    mine = own(tmp_path / "own", mine="zone = 'UTC'")
    shipped = folder(tmp_path / "shipped", site=RULE)
    assert refusal(shipped, own=mine).replace(str(mine), "OWN").splitlines() == [
        "OWN/mine.toml: name: it is missing",
        "OWN/mine.toml: hosts: it is missing",
    ]


@pytest.mark.parametrize(
    ("slug", "text"),
    [
        pytest.param("mine", 'name = "Mine"\nhosts = ["a.org", "example.org"]', id="new-site"),
        pytest.param("abc", 'hosts = ["example.org"]', id="change-of-another"),
    ],
)
def test_a_host_of_a_shipped_rule_needs_its_slug(slug, text, tmp_path):
    """One's own file is named, whatever the order of the slugs."""
    shipped = folder(tmp_path / "shipped", site=RULE, abc=RULE.replace("example.org", "abc.org"))
    mine = own(tmp_path / "own", **{slug: text})
    assert refusal(shipped, own=mine).replace(str(mine), "OWN") == (
        f'OWN/{slug}.toml: hosts = "example.org": a host of no other rule is needed; "site" has this one'
    )


def test_a_host_that_a_change_gives_up_is_free(tmp_path):
    """What counts are the rules as they come out."""
    mine = own(tmp_path / "own", site='hosts = ["b.org"]', mine='name = "M"\nhosts = ["example.org"]')
    found = rules.read_sites(folder(tmp_path / "shipped", site=RULE), own=mine).rules
    assert {rule.slug: rule.hosts for rule in found} == {"mine": ("example.org",), "site": ("b.org",)}


def test_other_files_of_ones_own_are_passed_over(tmp_path):
    """Notes, and what editors leave behind."""
    mine = own(tmp_path / "own")
    for name in (".#dw.toml", "dw.toml~", "README.md", "dw.toml.orig"):
        (mine / name).write_text("= no TOML")
    shipped = folder(tmp_path / "shipped", site=RULE)
    assert rules.read_sites(shipped, own=mine) == rules.read_sites(shipped)


def test_a_rule_of_ones_own_that_cannot_be_read_is_refused(tmp_path):
    """It is not as if it were not there: ids depend on it."""
    mine = own(tmp_path / "own")
    (mine / "dw.toml").mkdir()
    shipped = folder(tmp_path / "shipped")
    assert refusal(shipped, own=mine).replace(str(mine), "OWN") == (
        "OWN/dw.toml: cannot be read: Is a directory"
    )
    assert refusal(shipped, own=mine / "none").endswith(
        "/own/none: cannot be read: No such file or directory"
    )


# --- what they refuse ----------------------------------------------------------------------

HOSTS = 'a list without doubles of hosts in lower case, without "www." and port is needed'
KEY = "a list without doubles of expressions with exactly one group each is needed"
DATE_LINE = 'an expression with a group named "date", and perhaps one named "author", is needed'
TEMPLATE = r"an address in ASCII, in which \1 stands for the first group, is needed"
DEAD_LINK = "[[dead_links]] number 1: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name = ", "this is no TOML: Invalid value (at line 1, column 8)", id="no-toml"),
        pytest.param("hosts = ['a.org']", "name: it is missing", id="no-name"),
        pytest.param("name = 'A'", "hosts: it is missing", id="no-hosts"),
        pytest.param(f"{RULE}\nzones = 'UTC'", 'zones = "UTC": unknown key; did you mean "zone"?', id="near"),
        pytest.param(
            f"{RULE}\nx = 1", 'x = 1: unknown key; known are "slug", "name", "hosts", ', id="unknown"
        ),
        pytest.param(
            f"{RULE}\nslug = 'a'", 'slug = "a": the file\'s name is needed, "site"', id="slug-other"
        ),
        pytest.param(
            f"{RULE}\nslug = 'A'",
            'slug = "A": the file\'s name, of letters a to z, digits and hyphens, is needed',
            id="slug-case",
        ),
        pytest.param(
            "name = ' '\nhosts = ['a.org']", 'name = " ": a line of text is needed', id="name-blank"
        ),
        pytest.param("name = 'A'\nhosts = []", f"hosts = []: {HOSTS}; it is empty", id="hosts-empty"),
        pytest.param("name = 'A'\nhosts = 'a.org'", f'hosts = "a.org": {HOSTS}', id="hosts-no-list"),
        pytest.param("name = 'A'\nhosts = ['A.org']", f'["A.org"]: {HOSTS}; not "A.org"', id="host-case"),
        pytest.param("name = 'A'\nhosts = ['www.a.org']", f'{HOSTS}; not "www.a.org"', id="host-www"),
        pytest.param("name = 'A'\nhosts = ['a.org:80']", f'{HOSTS}; not "a.org:80"', id="host-port"),
        pytest.param("name = 'A'\nhosts = ['']", f'{HOSTS}; not ""', id="host-empty"),
        pytest.param("name = 'A'\nhosts = [1]", f"{HOSTS}; not 1", id="host-number"),
        pytest.param(
            "name = 'A'\nhosts = ['a.org', 'a.org']", '"a.org" stands there more than once', id="host-twice"
        ),
        pytest.param(f"{RULE}\nhas_many_sources = 1", "= 1: true or false is needed", id="flag"),
        pytest.param(f"{RULE}\nkey = 'a(b)'", f'key = "a(b)": {KEY}', id="key-no-list"),
        pytest.param(f"{RULE}\nkey = ['(']", f'key = ["("]: {KEY}; not "(": missing ): (', id="key-broken"),
        pytest.param(f"{RULE}\nkey = ['a']", f'{KEY}; not "a": it has 0', id="key-no-group"),
        pytest.param(f"{RULE}\nkey = ['(a)(b)']", f'{KEY}; not "(a)(b)": it has 2', id="key-two-groups"),
        pytest.param(f"{RULE}\nkey = [1]", f"{KEY}; not 1", id="key-number"),
        pytest.param(
            f"{RULE}\ndate_line = '(?=a)'",
            f"{DATE_LINE}; invalid perl operator: (?=",
            id="date-line-looks-ahead",
        ),
        pytest.param(f"{RULE}\ndate_line = '(a)'", f'date_line = "(a)": {DATE_LINE}', id="date-line-unnamed"),
        pytest.param(
            f"{RULE}\ndate_line = '(?P<date>a)(?P<writer>b)'", DATE_LINE, id="date-line-other-group"
        ),
        pytest.param(f"{RULE}\ndate_line = 3", f"date_line = 3: {DATE_LINE}", id="date-line-number"),
        pytest.param(
            f"{RULE}\ndate_order = 'year'",
            'date_order = "year": one of "", "day-month-year", "month-day-year" is needed',
            id="date-order",
        ),
        pytest.param(
            f"{RULE}\nzone = 'Paris'",
            'zone = "Paris": the name of a time zone such as "Europe/Paris" is needed',
            id="zone",
        ),
        pytest.param(f"{RULE}\nzone = 1", "zone = 1: the name of a time zone", id="zone-number"),
        pytest.param(
            f"{RULE}\nauthor = 'a'",
            'author = "a": an expression with exactly one group is needed; it has 0',
            id="author",
        ),
        pytest.param(
            f"{RULE}\nlanguage = 'zh_TW'", 'language = "zh_TW": a language tag of BCP 47', id="language"
        ),
        pytest.param(
            f"{RULE}\ncaptions = ['figcation']", 'is needed; did you mean "figcaption"?', id="captions"
        ),
        pytest.param(
            f"{RULE}\ncaption = 1",
            "caption = 1: a list of tables is needed, each of which begins with the line [[caption]]",
            id="caption-number",
        ),
        pytest.param(
            f"{RULE}\n[caption]\ntext = 'x'", 'caption = {"text": "x"}: a list of tables', id="caption-table"
        ),
        pytest.param(
            f"{RULE}\n[[caption]]",
            "[[caption]] number 1: elements, an attribute or a text is needed: else every element bears this",
            id="mark-empty",
        ),
        pytest.param(
            f"{RULE}\n[[caption]]\ntext = 'a'\n[[caption]]\nelements = ['p']\nvalue = 'x'",
            '[[caption]] number 2: value = "x": an attribute is needed whose value this is',
            id="mark-value-alone",
        ),
        pytest.param(
            f"{RULE}\n[[caption]]\nelements = ['P']",
            'a list without doubles of names of elements in lower case is needed; not "P"',
            id="mark-element",
        ),
        pytest.param(
            f"{RULE}\n[[caption]]\nattribute = 'a=b'",
            'attribute = "a=b": the name of an attribute in lower case is needed',
            id="mark-attribute",
        ),
        pytest.param(
            f"{RULE}\n[[caption]]\nattribute = 'a'\nvalue = '['",
            'value = "[": an expression is needed; missing ]: [',
            id="mark-value",
        ),
        pytest.param(
            f"{RULE}\n[[caption]]\ntext = '*'", 'text = "*": an expression is needed; no arg', id="mark-text"
        ),
        pytest.param(
            f"{RULE}\n[[boilerplate]]\ntext = 'x'", "number 1: what: it is missing", id="boilerplate-what"
        ),
        pytest.param(
            f"{RULE}\n[[boilerplate]]\nwhat = 'x'\ntext = 'x'\ntakes = 'all'",
            'takes = "all": one of "element", "beginning", "pictures", "rest" is needed',
            id="boilerplate-takes",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = '['\nreplacement = 'a'",
            f'{DEAD_LINK}pattern = "[": an expression is needed; missing ]: [',
            id="link-broken",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = 'a'\nreplacement = 'b\\1'",
            f'{DEAD_LINK}replacement = "b\\\\1": pattern has no group 1',
            id="link-no-such-group",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = '(a)'\nreplacement = '\\g<b>'",
            TEMPLATE,
            id="link-named-group",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = '(a)'\nreplacement = '\\10'",
            TEMPLATE,
            id="link-group-of-two-digits",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npattern = 'a'\nreplacement = 'https://例.org/'",
            TEMPLATE,
            id="link-no-ascii",
        ),
        pytest.param(
            f"{RULE}\n[[dead_links]]\npatern = 'a'\nreplacement = 'b'",
            f'{DEAD_LINK}patern = "a": unknown key; did you mean "pattern"?',
            id="link-unknown",
        ),
    ],
)
def test_impossible_rules_are_refused(text, message, tmp_path):
    """The file is named, the key, the value, and what is needed."""
    refused = refusal(folder(tmp_path, site=text))
    assert refused.startswith("DIR/rules/site.toml: ")
    assert message in refused


def test_a_slug_is_a_files_plain_name(tmp_path):
    """It stands in paths and in ids."""
    refused = refusal(folder(tmp_path, Site=RULE))
    assert refused.startswith('DIR/rules/Site.toml: slug = "Site": the file\'s name, of letters a to z,')


def test_a_slug_is_not_the_mark_of_hashed_addresses(tmp_path):
    """An article's own key could else be that of an article at a site without a rule."""
    refused = refusal(folder(tmp_path, url=RULE))
    assert refused.startswith('DIR/rules/url.toml: slug = "url": ')
    assert refused.endswith("this one begins the keys of sites without a rule")


def test_a_host_belongs_to_one_site(tmp_path):
    """Else the order of the files would decide whose article it is."""
    assert refusal(folder(tmp_path, a=RULE, b=RULE)) == (
        'DIR/rules/b.toml: hosts = "example.org": a host of no other rule is needed; "a" has this one'
    )


def test_all_mistakes_of_a_file_are_reported_at_once(tmp_path):
    """As with the configuration, a line each, in the file's order."""
    text = "zone = 'x'\nkey = ['(']\nhosts = []\n[[dead_links]]\npattern = '['\n[[dead_links]]\nx = 1"
    starts = [
        'zone = "x": ',
        'key = ["("]: ',
        "hosts = []: ",
        '[[dead_links]] number 1: pattern = "[": ',
        "[[dead_links]] number 1: replacement: it is missing",
        "[[dead_links]] number 2: x = 1: unknown key",
        "[[dead_links]] number 2: pattern: it is missing",
        "[[dead_links]] number 2: replacement: it is missing",
        "name: it is missing",
    ]
    lines = refusal(folder(tmp_path, site=text)).splitlines()
    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(f"DIR/rules/site.toml: {start}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("slug = 'a'", 'slug = "a": unknown key', id="slug"),
        pytest.param("key = ['(x)']", 'key = ["(x)"]: unknown key', id="key"),
        pytest.param("zone = 'x'", 'zone = "x": the name of a time zone', id="zone"),
        pytest.param("date_line = 'x'", 'a group named "date"', id="date-line"),
        pytest.param("zone = 'UTC'", "tracking_keys: it is missing", id="tracking-missing"),
        pytest.param(
            "tracking_keys = ['']", 'perhaps with a * at the end is needed; not ""', id="tracking-empty"
        ),
        pytest.param("tracking_keys = ['a*b']", 'is needed; not "a*b"', id="tracking-star"),
        pytest.param("tracking_keys = ['*']", 'is needed; not "*"', id="tracking-all"),
        pytest.param("tracking_keys = 'a'", 'tracking_keys = "a": a list', id="tracking-no-list"),
        pytest.param("not_pictures = ['(']", 'is needed; not "(": missing ): (', id="not-pictures"),
        pytest.param(
            "not_pictures = ['']", 'is needed; not "": it fits every address', id="not-pictures-empty"
        ),
        pytest.param(
            "not_players = ['a*']", 'is needed; not "a*": it fits every address', id="not-players-any"
        ),
    ],
)
def test_impossible_general_rules_are_refused(text, message, tmp_path):
    """What holds for all sites is checked as strictly."""
    refused = refusal(folder(tmp_path, general=text))
    assert refused.startswith("DIR/general.toml: ")
    assert message in refused


FORM = 'number 1: form = "{}": a parameter is needed with "parameter", and only there'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[[proxies]]\nform = 'path'", 'unknown key; known are "proxy"', id="table"),
        pytest.param("[[proxy]]\nhosts = ['A']\nform = 'path'", f'{HOSTS}; not "A"', id="host"),
        pytest.param("[[proxy]]\nhosts = []\nform = 'path'", f"{HOSTS}; it is empty", id="no-host"),
        pytest.param(
            "[[proxy]]\nhosts = ['a']\nform = 'query'",
            'one of "parameter", "path", "encoded" is needed',
            id="form",
        ),
        pytest.param("[[proxy]]\nhosts = ['a']", "number 1: form: it is missing", id="form-missing"),
        pytest.param(
            "[[proxy]]\nhosts = ['a']\nform = 'parameter'", FORM.format("parameter"), id="no-parameter"
        ),
        pytest.param(
            "[[proxy]]\nhosts = ['a']\nform = 'path'\nparameter = 'u'", FORM.format("path"), id="parameter"
        ),
        pytest.param(
            "[[proxy]]\nhosts = ['a']\nform = 'parameter'\nparameter = 'a='",
            'parameter = "a=": the name of a query\'s key is needed',
            id="parameter-name",
        ),
    ],
)
def test_impossible_proxies_are_refused(text, message, tmp_path):
    """An address is found in a proxy's in one of three ways."""
    refused = refusal(folder(tmp_path, proxies=text))
    assert refused.startswith("DIR/proxies.toml: ")
    assert message in refused


PLAYER = "[[player]]\nname = 'A'\naddress = 'https://a/(b)'\npage = 'https://a/'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(PLAYER.replace("(b)", "("), 'address = "https://a/(": an expression is', id="address"),
        pytest.param(PLAYER.replace("name = 'A'", ""), "number 1: name: it is missing", id="no-name"),
        pytest.param(f"{PLAYER}\nthumbnail = '\\2'", "address has no group 2", id="thumbnail"),
        pytest.param(
            PLAYER.replace("page = 'https://a/'", "page = 'https://a/\\2'"),
            "address has no group 2",
            id="page",
        ),
        pytest.param(f"{PLAYER}\nthumbnail = 'a b'", f'thumbnail = "a b": {TEMPLATE}', id="thumbnail-space"),
    ],
)
def test_impossible_players_are_refused(text, message, tmp_path):
    """A player is known by its frame's address, from which those of its page and picture are made."""
    refused = refusal(folder(tmp_path, players=text))
    assert refused.startswith("DIR/players.toml: [[player]] number 1: ")
    assert message in refused


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


@pytest.mark.parametrize("form", [rule_forms.SITE, rule_forms.GENERAL, *rule_forms.SITE.tables.values()])
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_value_crashes_a_form(form: Form, data):
    """Whatever a key is given, it is read or refused."""
    names = st.sampled_from([*form.kinds, *form.tables, "other"])
    table = data.draw(st.dictionaries(names, values, max_size=4))
    read, mistakes = read_table(table, form)
    assert read.keys() == table.keys()
    assert all(isinstance(mistake, str) for mistake in mistakes)


@pytest.mark.parametrize("name", ["general.toml", "proxies.toml", "players.toml", "rules"])
def test_a_missing_file_is_refused(name, tmp_path):
    """A damaged installation says which file is gone."""
    os.rename(folder(tmp_path) / name, tmp_path / "gone")  # noqa: PTH104  # a file or a directory
    assert refusal(tmp_path) == f"DIR/{name}: cannot be read: No such file or directory"


def test_shipped_files_are_where_they_are_looked_for(tmp_path):
    """A copy of the shipped folder gives the same rules."""
    shutil.copytree(Path(rules.__file__).parents[1] / "sites", tmp_path / "sites")
    assert rules.read_sites(tmp_path / "sites") == load_sites()
