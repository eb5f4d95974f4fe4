"""Site rules: the engine by rules made for these tests, and what the shipped rules say."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feedbridge.sites
from feedbridge.model import ImageProxy, LinkMend, SiteRule, Sites
from feedbridge.sites import apply
from feedbridge.standards import dates

FOLDER = Path(feedbridge.sites.__file__).parent
NUMBER = r"/([0-9]+)(?:/|$)"
DATE = "2024-01-31T15:35:24.226Z"


def table(name: str) -> dict[str, Any]:
    """Read one of the shipped files."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def shipped() -> Sites:
    """Give the shipped rules as `config` does: what a rule leaves open is the general rule's."""
    general = table("general.toml")
    lists = {name: general.pop(name) for name in ("tracking_keys", "not_pictures")}
    rules = [general | table(f"rules/{path.name}") for path in sorted((FOLDER / "rules").glob("*.toml"))]
    general |= {"slug": "", "name": "", "hosts": []}
    proxies = table("proxies.toml")["proxy"]
    return msgspec.convert({"rules": rules, "general": general, "proxies": proxies, **lists}, Sites)


def rule(slug: str, *hosts: str, **more: Any) -> SiteRule:
    """Make a rule."""
    return SiteRule(slug=slug, name=slug.upper(), hosts=hosts, **more)


def sites(*rules: SiteRule) -> Sites:
    """Make all that is known of sites."""
    return Sites(rules=rules, general=rule(""), proxies=(), tracking_keys=("utm_*",))


SHIPPED = shipped()
DW = next(found for found in SHIPPED.rules if found.slug == "dw")
GENERAL = SHIPPED.general


# --- the shipped files -------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((FOLDER / "rules").glob("*.toml")), ids=lambda path: path.stem)
def test_rule_is_named_as_its_file(path):
    """The slug is the file's name; hosts are written as addresses are compared."""
    found = table(f"rules/{path.name}")
    assert found["slug"] == path.stem
    assert found["slug"] != "url"  # what keys of sites without a rule begin with
    assert all(re.fullmatch(r"(?!www\.)[a-z0-9.-]+", host) for host in found["hosts"])


def expressions() -> Iterator[tuple[str, str]]:
    """Give each expression of the shipped files with its place."""
    for found in (*SHIPPED.rules, SHIPPED.general):
        name = found.slug or "general"
        yield from (
            (f"{name}.{key}", getattr(found, key)) for key in ("key", "date_line") if getattr(found, key)
        )
        yield from ((f"{name}.dead_links", mend.pattern) for mend in found.dead_links)
    yield from (("not_pictures", expression) for expression in SHIPPED.not_pictures)


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_expression_is_one_that_every_engine_knows(place, expression):
    """No looking around, no back-references, no verbose mode: a linear engine must be able to take them."""
    assert re.compile(expression), place
    assert not re.search(r"\(\?(?:[=!]|<[=!]|P=|[aLux]|i[aLux])|\\[1-9]", expression), place


# --- which rule ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://example.org/x", "whole"),
        ("HTTP://WWW.Example.org:8080/x", "whole"),
        ("https://m.example.org/x", "whole"),
        ("https://a.b.example.org/x", "whole"),
        ("https://blog.example.org/x", "blog"),
        ("https://de.blog.example.org/x", "blog"),
        ("https://example.com/x", "whole"),
        ("https://notexample.org/x", ""),
        ("https://example.org.evil.example/x", ""),
        ("https://other.example/example.org", ""),
        ("nonsense", ""),
    ],
)
def test_rule_covers_its_hosts_and_those_below(url, slug):
    """The longest host that fits wins, else the general rule holds."""
    known = sites(rule("whole", "example.org", "example.com"), rule("blog", "blog.example.org"))
    assert apply.rule_for(url, known).slug == slug


def test_first_of_two_rules_for_a_host_holds():
    """Rules have an order."""
    assert (
        apply.rule_for("https://example.org/", sites(rule("a", "example.org"), rule("b", "example.org"))).slug
        == "a"
    )


@pytest.mark.parametrize(
    "host", ["dw.com", "www.dw.com", "m.dw.com", "amp.dw.com", "learngerman.dw.com", "www.dw.de"]
)
def test_hosts_of_dw(host):
    """All of them are one source."""
    assert apply.source_of(f"https://{host}/zh/x/a-1", SHIPPED) == ("dw", "Deutsche Welle")


def test_source_without_a_rule_is_the_host():
    """Without "www.", since that is no other site."""
    assert apply.source_of("https://www.notdw.com/zh/x/a-1", SHIPPED) == ("notdw.com", "notdw.com")


# --- keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "key"),
    [
        pytest.param(
            "https://www.dw.com/zh/%E7%BE%8E%EF%BC%9A/a-68136197", "dw/68136197", id="as in the archive"
        ),
        pytest.param("http://dw.com/zh/other-title/a-68136197", "dw/68136197", id="another title"),
        pytest.param("https://www.dw.com/zh/a-68136197", "dw/68136197", id="no title"),
        pytest.param("https://m.dw.com/zh/x/a-68136197/", "dw/68136197", id="alias and last slash"),
        pytest.param(
            "https://www.dw.com:443//zh//x//a-68136197#top", "dw/68136197", id="port, slashes, fragment"
        ),
        pytest.param("https://www.dw.com/zh/x/a-68136197?maca=a&utm_source=b", "dw/68136197", id="tracking"),
        pytest.param("https://www.dw.com/zh/x/a-68136197?page=2", "dw/68136197", id="query"),
        pytest.param("https://www.dw.com/zh/x%20y/%61%2d68136197", "dw/68136197", id="escapes"),
        pytest.param(
            "https://www.dw.com/zh/G20?/a-70816245", "dw/70816245", id="question mark before the number"
        ),
        pytest.param("https://www.dw.com/zh/G20?/a-70816245?maca=a", "dw/70816245", id="two question marks"),
        pytest.param("https://www.dw.com/zh/G20?/a-70816245&utm_x=a", "dw/70816245", id="and a tracking key"),
        pytest.param("https://www.dw.com/zh/a-1/a-70816245", "dw/70816245", id="title like a key"),
        pytest.param(
            "https://www.dw.com/zh/plan-a-1-b-a-2/a-70816245", "dw/70816245", id="title holding keys"
        ),
        pytest.param("https://www.dw.com/zh/铁木(Temu)/a-68113289", "dw/68113289", id="raw characters"),
    ],
)
def test_key_of_dw(url, key):
    """It is the article's number, however the address is written."""
    assert apply.key_of(url, SHIPPED) == key


@pytest.mark.parametrize(
    "url",
    [
        "https://www.dw.com/zh/x/a-68136197x",
        "https://www.dw.com/zh/x/plan-a-68136197",
        "https://www.dw.com/zh/x/a-68136197.html",
        "https://www.dw.com/zh/x/s-68136197",
        "https://www.dw.com/zh/x#/a-68136197",
        "https://www.dw.com",
        "https://www.notdw.com/zh/x/a-68136197",
    ],
)
def test_address_without_a_key_is_hashed(url):
    """Only a whole segment counts, and only at the site."""
    assert re.fullmatch("url/[0-9a-f]{20}", apply.key_of(url, SHIPPED))


def test_hash_is_that_of_the_canonical_address():
    """The first 20 digits of the SHA-256 of `example.org/a?b=1`: this never changes."""
    assert apply.key_of("http://www.example.org//a/?utm_x=1&b=1#c", SHIPPED) == "url/d4fd67c18db2b10611fc"


@pytest.mark.parametrize(
    ("expression", "path", "key"),
    [
        pytest.param(NUMBER, "1/2", "site/2", id="matches that touch"),
        pytest.param(NUMBER, "1/x/2/y", "site/2", id="the last match"),
        pytest.param("([0-9]*)", "", None, id="empty group"),
        pytest.param("([0-9]*)x", "12x34x", "site/34", id="group that may be empty"),
        pytest.param("(?:([0-9]+)|z)", "7/z", "site/7", id="group that takes no part in the last match"),
        pytest.param("[?&]v=([^&]+)", "watch?v=a_B-1&t=2", "site/a_B-1", id="query"),
        pytest.param("", "1", None, id="no expression"),
    ],
)
def test_key_is_the_group_of_the_last_match(expression, path, key):
    """Searched in path and query; an empty group is none."""
    found = apply.key_of(f"https://example.org/{path}", sites(rule("site", "example.org", key=expression)))
    assert found == key if key else found.startswith("url/")


def test_alias_is_the_same_site_and_a_host_below_is_not():
    """Without a key of the site's own, an address under an alias has the key of the canonical one."""
    known = sites(rule("site", "example.org", "example.com"))
    keys = [
        apply.key_of(f"https://{host}/a", known)
        for host in ("example.org", "www.example.com", "m.example.org")
    ]
    assert keys[0] == keys[1] != keys[2]


segments = st.text(
    st.characters(codec="utf-8", exclude_characters="#?/\\&", exclude_categories=["Cc"]), max_size=8
)


@given(
    title=st.lists(segments, max_size=3).map("/".join),
    number=st.integers(1, 10**9),
    host=st.sampled_from(["dw.com", "www.dw.com", "WWW.DW.COM:443", "m.dw.com", "amp.dw.com:80", "dw.de"]),
    scheme=st.sampled_from(["http", "https", "HTTPS"]),
    end=st.sampled_from(["", "/", "?", "?maca=x", "?utm_a=1&page=2", "#a-1", "/?fbclid=1#/a-2/"]),
)
@settings(max_examples=200, deadline=None)
def test_key_of_dw_depends_on_the_number_alone(title, number, host, scheme, end):
    """Scheme, host, title and what follows the number never change an id (emission rule 1)."""
    assert apply.key_of(f"{scheme}://{host}/zh/{title}/a-{number}{end}", SHIPPED) == f"dw/{number}"


# --- date lines ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "author"),
    [
        pytest.param(f"<div><i><br>{DATE}</i></div>", "", id="no author"),
        pytest.param(f"<div><i>{DATE}</i></div>", "", id="no line break"),
        pytest.param(f"<div><i>  Jane\u00a0 Doe<br>{DATE}</i></div>", "Jane Doe", id="author"),
        pytest.param(f"<div><i>A &amp; B （x）<br>{DATE}</i></div>", "A & B （x）", id="entities"),
        pytest.param(
            f"\n <div class='a'>\n<I>\nA<BR />\n{DATE} </I>\n</DIV>", "A", id="white space and attributes"
        ),
    ],
)
@pytest.mark.parametrize("site", [DW, GENERAL], ids=["dw", "general"])
def test_date_line(site, line, author):
    """Author and date come apart, and the line's whole length is known."""
    found = apply.date_line(line + "<p>x</p>", site)
    assert found == apply.DateLine(date=DATE, author=author, length=len(line))


@pytest.mark.parametrize(
    "date",
    [
        *("2022-04-11T08:12:20Z", "2020-07-20T10:20:18", "2020-10-13 09:46:43", "2020-10-13 09:46"),
        *("2020-10-13T09:46:43+08:00", "2020-10-13 09:46:43 +0800", "2020-10-13T09:46:43,5Z"),
        *("Thu, 31 Oct 2024 01:10:52 GMT", "Sat, 10 Oct 2020 04:00:58 +0000", "1 Oct 2020 04:00"),
    ],
)
def test_general_rule_knows_every_measured_date(date):
    """ISO 8601 and RFC 2822, with or without a zone; what it finds is a moment."""
    found = apply.date_line(f"<div><i>{date}</i></div>", GENERAL)
    assert found
    assert found.date == date
    assert dates.parse_moment(found.date, zone=GENERAL.zone)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param(f"<p>x</p><div><i>{DATE}</i></div>", id="not at the start"),
        pytest.param("<div><i>A quotation</i></div>", id="italics"),
        pytest.param(f"<div><i>{DATE} A sentence</i></div>", id="text after the date"),
        pytest.param(f"<div><i>{DATE}</i> A sentence</div>", id="text after the line"),
        pytest.param(f"<div>{DATE}</div>", id="no italics"),
        pytest.param("<div><i><br>2024-01-31</i></div>", id="a day alone"),
    ],
)
@pytest.mark.parametrize("site", [DW, GENERAL], ids=["dw", "general"])
def test_body_without_a_date_line(site, body):
    """What only resembles one stays in the text."""
    assert apply.date_line(body, site) is None


def test_site_without_date_lines():
    """An empty expression finds nothing, though it would match everywhere."""
    assert apply.date_line(f"<div><i>{DATE}</i></div>", rule("site", "example.org")) is None


def test_group_author_need_not_be_in_an_expression():
    """Then nobody is named."""
    found = apply.date_line("Day 1 …", rule("site", "example.org", date_line="Day (?P<date>[0-9])"))
    assert found == apply.DateLine(date="1", author="", length=5)


@pytest.mark.parametrize("site", [DW, GENERAL], ids=["dw", "general"])
@pytest.mark.parametrize(
    ("start", "filler"),
    [
        ("<div", " "),
        ("<div", " x"),
        ("<div>", " "),
        ("<div><i>", " "),
        ("<div><i>", "x"),
        ("<div><i><br>", "\n"),
    ],
)
def test_date_line_does_not_span_a_long_text(site, start, filler):
    """A megabyte of almost a date line is given up after its first characters."""
    end = f"><i>{DATE}</i></div>" if start == "<div" else f"{DATE}</i></div>"
    assert apply.date_line(start + filler * 1_000_000 + end, site) is None


@pytest.mark.parametrize("site", [DW, GENERAL], ids=["dw", "general"])
def test_every_repeat_of_a_date_line_has_an_end(site):
    """So matching costs the same however long a body is."""
    outside_sets = re.sub(r"\[[^]]*\]", "", site.date_line)
    assert not re.search(r"[*+]|\{[0-9]*,\}", outside_sets)


# --- links and pictures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "mended"),
    [
        ("https://api.dw.com/api/detail/article/68123985", "https://www.dw.com/zh/a-68123985"),
        ("http://api.dw.com/api/detail/article/68123985/", "https://www.dw.com/zh/a-68123985"),
        ("https://api.dw.com/api/detail/article/", "https://api.dw.com/api/detail/article/"),
        ("https://api.dw.com/image/55251755_303.jpeg", "https://api.dw.com/image/55251755_303.jpeg"),
        ("https://x.example/?https://api.dw.com/api/detail/article/1", None),
        ("", ""),
    ],
)
def test_dead_links_of_dw(url, mended):
    """The address for the site's app becomes that of the page; the whole address must be such a one."""
    assert apply.mend_link(url, DW) == (url if mended is None else mended)


def test_first_pattern_that_fits_mends_a_link():
    """Later ones are not asked, and a mended link is not mended again."""
    mends = (
        LinkMend(pattern="https://a/(.*)", replacement=r"https://b/\1"),
        LinkMend(pattern="https://[ab]/.*", replacement="https://c/"),
    )
    site = rule("site", "example.org", dead_links=mends)
    assert [apply.mend_link(url, site) for url in ("https://a/x", "https://b/x")] == [
        "https://b/x",
        "https://c/",
    ]


@pytest.mark.parametrize(
    ("url", "inner"),
    [
        pytest.param(
            "https://images.weserv.nl/?url=static.dw.com/image/68136725_303.jpg",
            "https://static.dw.com/image/68136725_303.jpg",
            id="weserv",
        ),
        pytest.param(
            "https://images.weserv.nl?url=a.example/b.jpg", "https://a.example/b.jpg", id="without a slash"
        ),
        pytest.param("https://wsrv.nl/?url=a.example/b.jpg", "https://a.example/b.jpg", id="its other host"),
        pytest.param(
            "https://wsrv.nl/?w=60&url=a.example/b.jpg", "https://a.example/b.jpg", id="after a parameter"
        ),
        pytest.param(
            "https://wsrv.nl/?url=a.example/b.jpg?w=600&url=c&d=e",
            "https://a.example/b.jpg?w=600&url=c&d=e",
            id="query",
        ),
        pytest.param(
            "https://wsrv.nl/?url=http://a.example/b.jpg", "http://a.example/b.jpg", id="with a scheme"
        ),
        pytest.param(
            "https://wsrv.nl/?url=//a.example/b.jpg", "https://a.example/b.jpg", id="with two slashes"
        ),
        pytest.param(
            "https://wsrv.nl/?url=a.example/%E4%BD%A0.jpg", "https://a.example/%E4%BD%A0.jpg", id="escapes"
        ),
        pytest.param(
            "https://wsrv.nl/?url=https%3A%2F%2Fa.example%2Fb%3Fc%25E4%20d%E4&w=60",
            "https://a.example/b?c%E4%20d%E4",
            id="encoded, with parameters of the proxy",
        ),
        pytest.param(
            "https://wsrv.nl/?url=http%3a%2f%2fa.example%2fb", "http://a.example/b", id="in lower case"
        ),
        pytest.param(
            "https://wsrv.nl/?url=a.example%2Fb.jpg", "https://a.example/b.jpg", id="encoded, no scheme"
        ),
        pytest.param(
            "https://i0.wp.com/a.example/b/c.jpg?resize=600%2C400&ssl=1",
            "https://a.example/b/c.jpg",
            id="wp, TLS",
        ),
        pytest.param("https://i2.wp.com/a.example/b.jpg?w=600", "http://a.example/b.jpg", id="wp, no TLS"),
        pytest.param("https://i3.wp.com/a.example/b.jpg#c", "http://a.example/b.jpg", id="wp, no query"),
        pytest.param(
            "https://images.weserv.nl/?url=i1.wp.com/a.example/b.jpg?ssl=1",
            "https://a.example/b.jpg",
            id="nested",
        ),
        pytest.param(
            "https://i0.wp.com/i1.wp.com/a.example/b.jpg?ssl=1", "http://a.example/b.jpg", id="nested wp"
        ),
    ],
)
def test_inner_address(url, inner):
    """Proxies are understood in every measured form."""
    assert apply.inner_address(url, SHIPPED.proxies) == inner


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/?url=b.example/c.jpg",
        "https://x.images.weserv.nl/?url=a.example/b.jpg",
        "https://i4.wp.com/a.example/b.jpg",
        "https://images.weserv.nl/",
        "https://images.weserv.nl/?w=60",
        "https://images.weserv.nl/?url=",
        "https://images.weserv.nl/?url=mailto:a@a.example",
        "https://images.weserv.nl/?url=a b",
        "https://i0.wp.com/",
        "https://i0.wp.com/a.example",
        "https://i0.wp.com/images.weserv.nl/?url=a.example/b.jpg",
        "nonsense",
        "",
    ],
)
def test_other_addresses_are_their_own_inner_ones(url):
    """What is no proxy's address, or holds no usable one, is returned as it is."""
    assert apply.inner_address(url, SHIPPED.proxies) == url


def test_nested_proxies_are_unwrapped_a_few_times_only():
    """No address costs more than that, and the answer is still an address."""
    proxy = ImageProxy(hosts=("p.example",), form="parameter", parameter="u")
    address = "https://" + "p.example/?u=" * 9 + "a.example/b.jpg"
    found = apply.inner_address(address, [proxy])
    assert found == "https://" + "p.example/?u=" * (9 - apply.MAX_NESTED_PROXIES) + "a.example/b.jpg"


@given(
    st.lists(
        st.sampled_from(
            ["images.weserv.nl", "/?url=", "i0.wp.com/", "%2F", "%3A", "https:", "//", "a.b", "&"]
        )
    )
)
@settings(max_examples=200, deadline=None)
def test_any_address_has_an_inner_one(pieces):
    """No address is an error, and none is lost."""
    assert apply.inner_address(f"https://{''.join(pieces)}", SHIPPED.proxies)


@pytest.mark.parametrize(
    ("url", "is_none"),
    [
        ("https://medium.com/_/stat?event=post.clientViewed&referrerSource=full_rss", True),
        ("https://www.facebook.com/tr?id=1&ev=PageView", True),
        ("https://www.google-analytics.com/collect?v=1", True),
        ("https://pixel.wp.com/b.gif?v=noscript", True),
        ("https://s.w.org/images/core/emoji/13.0.0/72x72/1f600.png", True),
        ("https://secure.gravatar.com/avatar/0?s=96", True),
        ("https://www.rfa.org/rfa_resources/graphics/icon-zoom.png", True),
        ("https://a.example/img/spacer.gif?1", True),
        ("https://static.dw.com/image/68136725_303.jpg", False),
        ("https://a.example/2024/pixel-art/spacer-gif.jpg", False),
        ("https://a.example/?ref=https://www.facebook.com/tr?id=1", False),
        ("", False),
    ],
)
def test_addresses_of_no_picture(url, is_none):
    """Trackers, emoji, faces, buttons and spacers; not what only mentions them."""
    assert apply.is_no_picture(url, SHIPPED) is is_none


# --- real articles -------------------------------------------------------------------------------


def test_real_articles_of_dw(shared):
    """Every article has its number as its key, and a date line unless it is a video or a gallery."""
    folder = shared / "corpus" / "articles"
    paths = sorted([*folder.glob("dw/*.md"), *folder.glob("德国之声/*.md")])
    assert paths
    without = []
    for path in paths:
        _, title_line, _, _, body = path.read_text(encoding="utf-8").split("\n", 4)
        url = title_line.rpartition("](")[2].removesuffix(")")
        assert apply.key_of(url, SHIPPED) == "dw/" + url.rpartition("-")[2]
        line = apply.date_line(body, DW)
        without += [path.stem[:7]] * (line is None)
        assert line is None or dates.parse_moment(line.date, zone=DW.zone)
    assert without == ["1026860", "1026866", "1028000", "1046244"]


@pytest.mark.parametrize(
    ("path", "author", "written"),
    [
        ("reuters/1024951.md", "", "2022-04-11T08:12:20Z"),
        ("voa/1011401.md", "", "2024-10-31T01:10:52Z"),
        ("rfa/1037248.md", None, None),
        ("rfi/1000008.md", None, None),
    ],
)
def test_real_articles_by_the_general_rule(shared, path, author, written):
    """Sites without a rule have their date line read where its form says what it is."""
    body = (shared / "corpus" / "articles" / path).read_text(encoding="utf-8").split("\n", 4)[4]
    line = apply.date_line(body, GENERAL)
    assert (line and line.author) == author
    moment = dates.parse_moment(line.date, zone="UTC") if line else None
    assert (moment and dates.rfc3339(moment)) == written
