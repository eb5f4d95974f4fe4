"""Site rules: the engine, by rules made for these tests, and the address behind an image proxy."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge.config import load_sites
from feedbridge.model import ImageProxy, LinkMend, Mark, Player, SiteRule, Sites
from feedbridge.sites import apply, proxies

NUMBER = r"/([0-9]+)(?:/|$)"
SHIPPED = load_sites().proxies


def rule(slug: str, *hosts: str, **more: Any) -> SiteRule:
    """Make a rule."""
    return SiteRule(slug=slug, name=slug.upper(), hosts=hosts, **more)


def sites(*rules: SiteRule, **more: Any) -> Sites:
    """Make all that is known of sites."""
    return Sites(rules=rules, general=rule(""), proxies=(), tracking_keys=("utm_*",), **more)


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


def test_rules_of_other_sites_are_not_mixed_up():
    """What is remembered of a host belongs to these rules: a configuration may be read anew."""
    for slug in ("a", "b", "a"):
        assert apply.rule_for("https://example.org/", sites(rule(slug, "example.org"))).slug == slug


def test_first_of_two_rules_for_a_host_holds():
    """Rules have an order."""
    assert (
        apply.rule_for("https://example.org/", sites(rule("a", "example.org"), rule("b", "example.org"))).slug
        == "a"
    )


# --- sources -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "category", "source"),
    [
        pytest.param("https://m.example.org/1", "", ("site", "SITE"), id="the rule's"),
        pytest.param("https://example.org/1", "Politics", ("site", "SITE"), id="whatever the category"),
        pytest.param("https://tube.example/1", "channel", ("channel", "channel"), id="many sources"),
        pytest.param("https://tube.example/1", "Ma Chaîne", ("ma-chaine-fba217", "Ma Chaîne"), id="slugged"),
        pytest.param("https://tube.example/1", "", ("tube", "TUBE"), id="many sources, no category"),
        pytest.param("https://www.other.example/1", "", ("other.example", "other.example"), id="no rule"),
        pytest.param(
            "https://other.example/1", "A blog", ("other.example", "A blog"), id="no rule, category"
        ),
    ],
)
def test_source(url, category, source):
    """It is the rule's slug, of sites with many sources the category, without a rule the host."""
    known = sites(rule("site", "example.org"), rule("tube", "tube.example", has_many_sources=True))
    assert apply.source_of(url, category, known) == source


# --- keys ----------------------------------------------------------------------------------


def test_hash_is_that_of_the_canonical_address():
    """The first 20 digits of the SHA-256 of `example.org/a?b=1`: this never changes."""
    assert apply.key_of("http://www.example.org//a/?utm_x=1&b=1#c", sites()) == "url/d4fd67c18db2b10611fc"


@pytest.mark.parametrize(
    ("expression", "path", "key"),
    [
        pytest.param(NUMBER, "1/2", "site/2", id="matches that touch"),
        pytest.param(NUMBER, "1/x/2/y", "site/2", id="the last match"),
        pytest.param("([0-9]*)", "", None, id="empty group"),
        pytest.param("([0-9]*)x", "12x34x", "site/34", id="group that may be empty"),
        pytest.param("(?:([0-9]+)|z)", "7/z", "site/7", id="group that takes no part in the last match"),
        pytest.param("[?&]v=([^&]+)", "watch?v=a_B-1&t=2", "site/a_B-1", id="query"),
        pytest.param("^/([0-9])", "1/2", "site/1", id="held to the beginning"),
    ],
)
def test_key_is_the_group_of_the_last_match(expression, path, key):
    """Searched in path and query; an empty group is none."""
    known = sites(rule("site", "example.org", key=(expression,)))
    found = apply.key_of(f"https://example.org/{path}", known)
    assert found == key if key else found.startswith("url/")


@pytest.mark.parametrize(
    ("path", "key"), [("a-1/b-2", "site/1"), ("b-2", "site/2"), ("c-3", None)], ids=["both", "second", "none"]
)
def test_first_expression_that_fits_gives_the_key(path, key):
    """Later ones are not asked; where none fits, the key is a hash."""
    known = sites(rule("site", "example.org", key=("a-([0-9])", "b-([0-9])")))
    found = apply.key_of(f"https://example.org/{path}", known)
    assert found == key if key else re.fullmatch("url/[0-9a-f]{20}", found)


def test_site_without_expressions_has_hashes():
    """No key is as good as the canonical address."""
    assert apply.key_of("https://example.org/1", sites(rule("site", "example.org"))).startswith("url/")


def test_title_tells_articles_of_one_address_apart():
    """It counts in the hash only: a key of the site's own needs no help."""
    known = sites(rule("site", "example.org", key=(NUMBER,)))
    titles = ("", "A", "B")
    assert len({apply.key_of("https://example.org/x", known, title=title) for title in titles}) == 3
    assert {apply.key_of("https://example.org/1", known, title=title) for title in titles} == {"site/1"}


def test_alias_is_the_same_site_and_a_host_below_is_not():
    """Without a key of the site's own, an address under an alias has the key of the canonical one."""
    known = sites(rule("site", "example.org", "example.com"))
    keys = [
        apply.key_of(f"https://{host}/a", known)
        for host in ("example.org", "www.example.com", "m.example.org")
    ]
    assert keys[0] == keys[1] != keys[2]


def test_canonical_address_has_the_canonical_host():
    """It is what the hash is made of."""
    known = sites(rule("site", "example.org", "example.com"))
    assert apply.canonical_of("http://www.example.com//a/?utm_x=1#b", known) == "example.org/a"


# --- date lines and authors -------------------------------------------------------------------


def test_date_line_is_searched_at_the_beginning_of_a_body():
    """Its place is known, so that it can be taken off; what stands further back is part of the text."""
    site = rule("site", "example.org", date_line="<i>(?P<date>[0-9]+)</i>")
    assert apply.date_line("<p>A</p><i>12</i><p>", site) == apply.DateLine(
        date="12", author="", start=8, end=17
    )
    assert apply.date_line(" " * (apply.HEAD - 9) + "<i>12</i>", site)
    assert apply.date_line(" " * (apply.HEAD - 8) + "<i>12</i>", site) is None


def test_date_line_may_name_an_author():
    """The group `author` is plain text; the date is as written, white space folded."""
    site = rule("site", "example.org", date_line="^By (?P<author>.{0,99}) on (?P<date>[0-9 ]{0,99}):")
    line = apply.date_line("By <b>A</b>&amp;B on 1  2 : text", site)
    assert line == apply.DateLine(date="1 2", author="A &B", start=0, end=27)


def test_group_that_takes_no_part_names_nobody():
    """An author need not stand in every line."""
    site = rule("site", "example.org", date_line="^(?:(?P<author>[a-z]+) )?(?P<date>[0-9]+)")
    line = apply.date_line("12 text", site)
    assert line
    assert line.author == ""


def test_site_without_date_lines():
    """An empty expression finds nothing, though it would match everywhere."""
    assert apply.date_line("<i>12</i>", rule("site", "example.org")) is None


@pytest.mark.parametrize(
    ("expression", "author"),
    [
        pytest.param("By: (.{1,99}?)<br", "A & B", id="named"),
        pytest.param("Author: (.{1,99}?)<br", "", id="not named"),
        pytest.param("(Author)?By", "", id="group that takes no part"),
        pytest.param("", "", id="no expression"),
    ],
)
def test_author_of(expression, author):
    """Where a body names its author, plain text comes out."""
    site = rule("site", "example.org", author=expression)
    assert apply.author_of('<p>x</p>By: <a href="/a">A</a> &amp; B<br>text', site) == author


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        pytest.param("  Jane\u00a0 Doe ", "Jane Doe", id="white space"),
        pytest.param("A &amp; B （x）", "A & B （x）", id="entities"),
        pytest.param("<a href='/a,b'>A</a><b>B</b>", "A B", id="tags"),
        pytest.param("A,A", "A", id="the same name twice"),
        pytest.param("A，B,，A", "A, B", id="three names, two persons"),
        pytest.param("A，B", "A，B", id="two names stay as written"),
        pytest.param("a < b > c", "a c", id="what may be a tag"),
        pytest.param("", "", id="empty"),
    ],
)
def test_plain(written, plain):
    """Markup of a line becomes plain text; of a list of names each stands there once."""
    assert apply.plain(written) == plain


# --- links, pictures, frames --------------------------------------------------------------------


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


def test_pattern_of_a_dead_link_matches_the_whole_address():
    """An address that only holds such a one stays."""
    mends = (LinkMend(pattern="https://a/[0-9]", replacement="https://b/"),)
    site = rule("site", "example.org", dead_links=mends)
    assert apply.mend_link("https://a/12", site) == "https://a/12"


def test_address_of_no_picture_is_searched_for():
    """Each expression may match anywhere in the address."""
    known = sites(not_pictures=("^https://a/", "/icon-"))
    addresses = ("https://a/1.png", "https://b/icon-1.png", "https://b/https://a/1.png")
    assert [apply.is_no_picture(url, known) for url in addresses] == [True, True, False]


def test_without_expressions_every_address_may_be_a_picture_or_a_player():
    """An empty list fits nothing."""
    assert not apply.is_no_picture("https://a/", sites())
    assert not apply.is_no_player("https://a/", sites())


def test_player_is_the_first_whose_address_matches():
    """The whole address must match; page and picture are filled with its groups."""
    known = sites(
        players=(
            Player(
                name="A",
                address="https://a/([0-9])",
                page=r"https://a/page/\1",
                thumbnail=r"https://a/\1.jpg",
            ),
            Player(name="B", address="https://a/(.*)", page="https://b/"),
        )
    )
    assert apply.player_of("https://a/1", known) == apply.Embed(
        name="A", page="https://a/page/1", thumbnail="https://a/1.jpg"
    )
    assert apply.player_of("https://a/12", known) == apply.Embed(name="B", page="https://b/", thumbnail="")
    assert apply.player_of("https://c/", known) is None


def test_frame_that_belongs_to_no_article():
    """Each expression may match anywhere in the address."""
    known = sites(not_players=("^https://ads/", "/like-button"))
    addresses = ("https://ads/1", "https://b/like-button", "https://b/https://ads/1")
    assert [apply.is_no_player(url, known) for url in addresses] == [True, True, False]


# --- marks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "is_borne"),
    [
        pytest.param({"elements": ("div", "p")}, True, id="one of its elements"),
        pytest.param({"elements": ("div",)}, False, id="another element"),
        pytest.param({"attribute": "class"}, True, id="an attribute, with any value"),
        pytest.param({"attribute": "id"}, False, id="an attribute that is not there"),
        pytest.param({"attribute": "class", "value": r"\bshare\b"}, True, id="a word of a value"),
        pytest.param({"attribute": "class", "value": "^share$"}, False, id="another value"),
        pytest.param({"text": "Share: .{0,9}"}, True, id="the whole text"),
        pytest.param({"text": "Share:"}, False, id="a part of the text"),
        pytest.param({"elements": ("p",), "attribute": "class", "text": "Share: it"}, True, id="all of it"),
        pytest.param({"elements": ("p",), "attribute": "id", "text": "Share: it"}, False, id="not all of it"),
    ],
)
def test_mark(mark, is_borne):
    """An element bears a mark when all that the mark gives holds."""
    attributes = {"class": "a share b"}
    found = apply.is_marked(Mark(**mark), name="p", attributes=attributes, text_of=lambda: "Share: it")
    assert found is is_borne


def test_text_of_an_element_is_asked_for_last():
    """To collect it is dear: where element or attribute do not fit, nobody asks."""

    def text_of() -> str:
        raise AssertionError

    marks = (Mark(elements=("div",), text="x"), Mark(attribute="id", text="x"), Mark(attribute="class"))
    found = [apply.is_marked(mark, name="p", attributes={"class": ""}, text_of=text_of) for mark in marks]
    assert found == [False, False, True]


# --- image proxies ------------------------------------------------------------------------------


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
            "https://i0.wp.com/i1.wp.com/a.example/b.jpg?ssl=1", "https://a.example/b.jpg", id="nested wp"
        ),
        pytest.param(
            "https://i0.wp.com/images.weserv.nl/?url=a.example/b.jpg?c=d&ssl=1",
            "https://a.example/b.jpg?c=d",
            id="weserv within wp",
        ),
        pytest.param(
            "https://i0.wp.com/a.example/b.jpg?w=696&is-pending-load=1#038;ssl=1",
            "https://a.example/b.jpg",
            id="wp, TLS in what became a fragment",
        ),
        pytest.param(
            "https://cdn.substack.com/image/fetch/w_1456,c_limit,f_auto,q_auto:good,fl_progressive:steep/"
            "https%3A%2F%2Fbucketeer-1.s3.amazonaws.com%2Fpublic%2Fimages%2Fx_1067x712.jpeg",
            "https://bucketeer-1.s3.amazonaws.com/public/images/x_1067x712.jpeg",
            id="substack",
        ),
        pytest.param(
            "https://substackcdn.com/image/fetch/$s_!AB!,w_1/http%3a%2f%2fa.example%2fb.jpg#c",
            "http://a.example/b.jpg",
            id="substack's other host",
        ),
        pytest.param(
            "https://substackcdn.com/image/fetch/https%3A%2F%2Fa.example%2Fb%2520c%252Fd.jpg%3Fe%3D%2526",
            "https://a.example/b%20c%2Fd.jpg?e=%26",
            id="substack, decoded once",
        ),
        pytest.param(
            "https://i1.wp.com/cdn.substack.com/image/fetch/w_1100,c_limit/https%3A%2F%2Fa.example%2Fb.png"
            "?resize=728%2C712&is-pending-load=1#038;ssl=1",
            "https://a.example/b.png",
            id="substack within wp",
        ),
        pytest.param(
            "https://substackcdn.com/image/fetch/w_1/https%3A%2F%2Fi0.wp.com%2Fa.example%2Fb.jpg%3Fssl%3D1",
            "https://a.example/b.jpg",
            id="wp within substack",
        ),
    ],
)
def test_inner_address(url, inner):
    """Proxies are understood in every measured form."""
    assert proxies.inner_address(url, SHIPPED) == inner


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
        "https://substackcdn.com/image/fetch/w_1/https://a.example/b.jpg",
        "https://substackcdn.com/image/fetch/w_1/public%2Fimages%2Fb.jpg",
        "https://substackcdn.com/image/fetch/w_1/mailto%3Aa@a.example",
        "https://substackcdn.com/image/fetch/w_1/https%3A%2F%2F",
        "https://cdn.substack.com",
        "nonsense",
        "",
    ],
)
def test_other_addresses_are_their_own_inner_ones(url):
    """What is no proxy's address, or holds no usable one, is returned as it is."""
    assert proxies.inner_address(url, SHIPPED) == url


def test_nested_proxies_are_unwrapped_a_few_times_only():
    """No address costs more than that, and the answer is still an address."""
    proxy = ImageProxy(hosts=("p.example",), form="parameter", parameter="u")
    address = "https://" + "p.example/?u=" * 9 + "a.example/b.jpg"
    found = proxies.inner_address(address, [proxy])
    assert found == "https://" + "p.example/?u=" * (9 - proxies.MAX_NESTED) + "a.example/b.jpg"


@given(
    st.lists(
        st.sampled_from(
            [
                "images.weserv.nl",
                "/?url=",
                "i0.wp.com/",
                "substackcdn.com/",
                "#038;",
                "%2F",
                "%3A",
                "https:",
                "//",
                "a.b",
                "&",
            ]
        )
    )
)
@settings(max_examples=200, deadline=None)
def test_any_address_has_an_inner_one(pieces):
    """No address is an error, and none is lost."""
    assert proxies.inner_address(f"https://{''.join(pieces)}", SHIPPED)
