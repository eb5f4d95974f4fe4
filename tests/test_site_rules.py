"""The shipped files: what they say of real sites, each with small texts in the form that the site writes."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feedbridge.sites
from feedbridge.config import load_sites
from feedbridge.model import Mark, SiteRule
from feedbridge.normalise import boilerplate, links, pictures, summary
from feedbridge.sites import apply
from feedbridge.standards import dates, elements, markup

FOLDER = Path(feedbridge.sites.__file__).parent
SITES = load_sites()
RULES = {rule.slug: rule for rule in SITES.rules}
DW, GENERAL = RULES["dw"], SITES.general
ISO = "2024-01-31T15:35:24.226Z"
CID = "bafybeiafzhbleg3lhg6c6p7xh43dqqyrxkdpijhy3vij5ok36ur2ibjgye"
OTHER_CID = "bafyreibfeuue5kkhflefmgj4murajvmio36uwd6wee2oefdejjxykghbgy"

EMBEDLY = "https://cdn.embedly.com/widgets/media.html?"

Borne = TypeVar("Borne", bound=Mark)


def marked(source: str, marks: Iterable[Borne]) -> Iterator[tuple[str, Borne]]:
    """Find the elements of a fragment that bear one of the marks, by name."""
    for element in markup.parse(source).iterdescendants():
        name, text = str(element.tag), elements.text_of(element)
        for mark in marks if len(text) <= apply.MAX_MARK_TEXT else ():
            if apply.is_marked(mark, name=name, attributes=dict(element.items()), text_of=partial(str, text)):
                yield name, mark
                break


# --- their form --------------------------------------------------------------------------


def test_every_named_site_has_a_rule():
    """A source's feed and the ids of its entries are called so."""
    slugs = {
        "dw",
        "bbc",
        "nyt",
        "voa",
        "rfi",
        "rfa",
        "reuters",
        "cdt",
        "youtube",
        "matters",
        "medium",
        "iyouport",
    }
    assert slugs <= RULES.keys()


def test_many_sources():
    """Sites that carry many authors or channels, and no others."""
    assert {rule.slug for rule in SITES.rules if rule.has_many_sources} == {"matters", "medium", "youtube"}


def test_example_explains_every_key():
    """From dw.toml somebody who has not read the code can write a rule: no key is left out."""
    example = (FOLDER / "rules" / "dw.toml").read_text(encoding="utf-8")
    marks = {"elements", "attribute", "value", "text", "takes", "what"}
    for name in {*SiteRule.__struct_fields__, *marks, "pattern", "replacement"}:
        assert re.search(rf"^(?:#\s+)?(?:{name}\b|\[\[{name}\]\])", example, re.MULTILINE), name


@pytest.mark.parametrize("rule", [*SITES.rules, GENERAL], ids=lambda rule: rule.slug or "general")
def test_every_repeat_of_a_date_line_has_an_end(rule):
    """So it spans no text, and matching costs the same however long a body is."""
    outside_sets = re.sub(r"\[[^]]*\]", "", rule.date_line)
    assert not re.search(r"[*+]|\{[0-9]*,\}", outside_sets)


# --- hosts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "hosts"),
    [
        ("dw", "dw.com www.dw.com m.dw.com amp.dw.com learngerman.dw.com www.dw.de"),
        ("bbc", "bbc.com www.bbc.co.uk m.bbc.com news.bbc.co.uk"),
        ("nyt", "cn.nytimes.com www.nytimes.com m.cn.nytimes.com mobile.nytimes.com"),
        ("voa", "www.voachinese.com m.voachinese.com"),
        ("voacantonese", "www.voacantonese.com"),
        ("rfi", "www.rfi.fr amp.rfi.fr"),
        ("rfa", "www.rfa.org m.rfa.org"),
        ("reuters", "cn.reuters.com www.reuters.com cn.mobile.reuters.com"),
        ("cdt", "chinadigitaltimes.net www.chinadigitaltimes.net"),
        ("youtube", "www.youtube.com m.youtube.com youtu.be www.youtube-nocookie.com"),
        ("matters", "matters.news matters.town"),
        ("medium", "medium.com hulitw.medium.com"),
        ("iyouport", "www.iyouport.org"),
        ("", "www.notdw.com www.voanews.com bbc.com.example.org"),
    ],
    ids=lambda value: value.partition(" ")[0] or "none",
)
def test_hosts(slug, hosts):
    """All of them are one source."""
    assert {apply.rule_for(f"https://{host}/x", SITES).slug for host in hosts.split()} == {slug}


# --- keys (tests/test_id_rules.py has the table) -------------------------------------------


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        pytest.param("www.dw.com/zh/x/a-1", "m.dw.com/zh/y/a-1?maca=z", "www.dw.com/zh/x/a-2", id="dw"),
        pytest.param("www.dw.com/zh/x/av-1", "www.dw.com/zh/x/g-1", "www.dw.com/zh/x/av-2", id="dw kinds"),
        pytest.param(
            "www.bbc.com/zhongwen/simp/world-68266835",
            "www.bbc.com/zhongwen/trad/68266835",
            "www.bbc.com/zhongwen/simp/world-68266836",
            id="bbc",
        ),
        pytest.param(
            "www.bbc.com/zhongwen/articles/c4g3pnz8vdko/simp",
            "www.bbc.com/zhongwen/articles/c4g3pnz8vdko/trad",
            "www.bbc.com/zhongwen/articles/c4g3pnz8vdkx/simp",
            id="bbc opaque",
        ),
        pytest.param(
            "cn.nytimes.com/china/20201013/a/",
            "cn.nytimes.com/china/20201013/a/zh-hant/",
            "cn.nytimes.com/china/20201014/a/",
            id="nyt",
        ),
        pytest.param(
            "www.voachinese.com/a/a-20241030/7845729.html",
            "www.voachinese.com/a/b-7845729.html",
            "www.voachinese.com/a/a-20241030/7845730.html",
            id="voa",
        ),
        pytest.param(
            "www.rfi.fr/cn/a/20230925-b",
            "www.rfi.fr//cn/a/20230925-b/?ref=c",
            "www.rfi.fr/cn/a/20230926-b",
            id="rfi",
        ),
        pytest.param(
            "www.rfa.org/mandarin/a/b-10062020075455.html",
            "www.rfa.org/mandarin/a/b-10062020075455.html/ampRFA",
            "www.rfa.org/mandarin/a/b-10062020075456.html",
            id="rfa",
        ),
        pytest.param(
            "cn.reuters.com/article/a-idCNKCS2M30I2",
            "www.reuters.com/article/b-idCNKCS2M30I2?il=0",
            "cn.reuters.com/article/a-idCNKCS2M30I3",
            id="reuters",
        ),
        pytest.param(
            "chinadigitaltimes.net/chinese/697090.html",
            "www.chinadigitaltimes.net/chinese/697090.html?share=x",
            "chinadigitaltimes.net/chinese/697091.html",
            id="cdt",
        ),
        pytest.param(
            "www.youtube.com/watch?v=GorsYGIeIK4",
            "youtu.be/GorsYGIeIK4?t=1",
            "youtu.be/gorsYGIeIK4",
            id="youtube",
        ),
        pytest.param(
            f"matters.news/@a/%E4%BD%A0-{CID}",
            f"matters.town/@a/%25E4%25BD%25A0-{CID}",
            f"matters.town/@a/%E4%BD%A0-{OTHER_CID}",
            id="matters",
        ),
        pytest.param(
            "medium.com/@a/b-a53a0440af3c",
            "a.medium.com/c-a53a0440af3c?source=d",
            "medium.com/@a/b-a53a0440af3d",
            id="medium",
        ),
        pytest.param(
            "www.iyouport.org/%e4%bd%a0/",
            "iyouport.org/%E4%BD%A0?share=x",
            "www.iyouport.org/%e4%bd%a1/",
            id="iyouport",
        ),
        pytest.param(
            "pao-pao.net/article/1", "pao-pao.net/article/1?page=2", "pao-pao.net/article/2", id="pao-pao"
        ),
        pytest.param(
            "www.allnow.com/post/61441476f4f9725a198eaab4",
            "m.allnow.com/post/61441476f4f9725a198eaab4",
            "m.allnow.com/post/61441476f4f9725a198eaab5",
            id="allnow",
        ),
    ],
)
def test_key(one, same, other):
    """Two addresses of one article have one key of the site's own, two articles have two."""
    keys = [apply.key_of(f"https://{url}", SITES) for url in (one, same, other)]
    assert keys[0] == keys[1] != keys[2]
    assert not any(key.startswith("url/") for key in keys)


@pytest.mark.parametrize("rule", SITES.rules, ids=lambda rule: rule.slug)
def test_front_pages_and_lists_are_hashed(rule):
    """No expression takes them for an article."""
    paths = ("", "/", "/category/x/", "/zhongwen/simp", "/tag/2020", "/author/x", "/?page=2")
    keys = {apply.key_of(f"https://{rule.hosts[0]}{path}", SITES) for path in paths}
    assert all(re.fullmatch("url/[0-9a-f]{20}", key) for key in keys)


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
    assert apply.key_of(f"{scheme}://{host}/zh/{title}/a-{number}{end}", SITES) == f"dw/{number}"


# --- date lines ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "author"),
    [
        pytest.param(f"<div><i><br>{ISO}</i></div>", "", id="no author"),
        pytest.param(f"<div><i>{ISO}</i></div>", "", id="no line break"),
        pytest.param(f"<div><i>  Jane\u00a0 Doe<br>{ISO}</i></div>", "Jane Doe", id="author"),
        pytest.param(f"<div><i>A &amp; B （x）<br>{ISO}</i></div>", "A & B （x）", id="entities"),
        pytest.param(
            f"\n <div class='a'>\n<I>\nA<BR />\n{ISO} </I>\n</DIV>", "A", id="white space, attributes"
        ),
    ],
)
@pytest.mark.parametrize("site", [DW, GENERAL], ids=["dw", "general"])
def test_date_line(site, line, author):
    """Author and date come apart, and the line's whole place is known."""
    found = apply.date_line(line + "<p>x</p>", site)
    assert found == apply.DateLine(date=ISO, author=author, start=0, end=len(line))


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
        pytest.param(f"<p>x</p><div><i>{ISO}</i></div>", id="not at the start"),
        pytest.param("<div><i>A quotation</i></div>", id="italics"),
        pytest.param(f"<div><i>{ISO} A sentence</i></div>", id="text after the date"),
        pytest.param(f"<div><i>{ISO}</i> A sentence</div>", id="text after the line"),
        pytest.param(f"<div>{ISO}</div>", id="no italics"),
        pytest.param("<div><i><br>2024-01-31</i></div>", id="a day alone"),
    ],
)
@pytest.mark.parametrize("site", [DW, GENERAL], ids=["dw", "general"])
def test_body_without_a_date_line(site, body):
    """What only resembles one stays in the text."""
    assert apply.date_line(body, site) is None


@pytest.mark.parametrize(
    ("slug", "before", "line", "date", "zone"),
    [
        pytest.param(
            "bbc",
            '<main role="main"><div></div><div>',
            '<time dateTime="2024-02-11" class="a">30 minutes</time>',
            "2024-02-11",
            "UTC",
            id="bbc",
        ),
        pytest.param(
            "bbc",
            "<main>",
            "<div><i>2020年 7月 20日</i></div>",
            "2020年 7月 20日",
            "UTC",
            id="bbc in italics,, older",
        ),
        pytest.param(
            "bbc",
            "<main>",
            '<div class="date">2020年 7月 20日</div>',
            "2020年 7月 20日",
            "UTC",
            id="bbc, older",
        ),
        pytest.param(
            "bbc",
            "",
            '<time datetime="2020-07-20">2020年 7月 20日</time>',
            "2020-07-20",
            "UTC",
            id="bbc, both",
        ),
        pytest.param(
            "nyt",
            "",
            "<div><i>A,A<br>2020-10-13 09:46:43</i></div>",
            "2020-10-13 09:46:43",
            "Asia/Shanghai",
            id="nyt",
        ),
        pytest.param(
            "voa",
            "",
            "<div><i>Thu, 31 Oct 2024 01:10:52 GMT</i></div>",
            "Thu, 31 Oct 2024 01:10:52 GMT",
            "UTC",
            id="voa",
        ),
        pytest.param(
            "rfi", "", "<div>25/09/2023 - 22:28</div>", "25/09/2023 - 22:28", "Europe/Paris", id="rfi"
        ),
        pytest.param(
            "reuters",
            "",
            "<div><i>2020-07-20T10:20:18</i></div>",
            "2020-07-20T10:20:18",
            "UTC",
            id="reuters",
        ),
        pytest.param(
            "cdt",
            "<div><div>CDT 档案卡</div>",
            "<strong>发表日期：</strong>2023.6.10",
            "2023.6.10",
            "UTC",
            id="cdt",
        ),
        pytest.param(
            "iyouport",
            "<article><header></header>",
            '<time class="entry-date published" datetime="2019-01-03T18:50:09+08:00">\n 3 January\n</time>',
            "2019-01-03T18:50:09+08:00",
            "UTC",
            id="iyouport",
        ),
    ],
)
def test_date_line_of_a_site(slug, before, line, date, zone):
    """Its whole element is found, and nothing before or after it."""
    rule = RULES[slug]
    found = apply.date_line(f"{before}{line}<p>x</p>", rule)
    assert found
    assert (found.date, found.start, found.end) == (date, len(before), len(before) + len(line))
    assert rule.zone == zone


@pytest.mark.parametrize(
    ("slug", "body"),
    [
        ("bbc", "<p>On 2020年 7月 20日 it rained.</p>"),
        ("bbc", '<time dateTime="yesterday">2 hours</time>'),
        ("rfi", "<div>25/09/2023 - 22:28 is the time</div>"),
        ("rfi", "<p>x</p><div>25/09/2023 - 22:28</div>"),
        ("rfa", f"<div><i>A sentence of {ISO}</i></div>"),
        ("cdt", "<p>发表日期：2023.6.10</p>"),
    ],
)
def test_text_is_no_date_line(slug, body):
    """A date within a text says something of the text, not of the article."""
    assert apply.date_line(body, RULES[slug]) is None


@pytest.mark.parametrize(
    ("body", "author"),
    [
        ("<div><strong>作者：</strong>A<br><strong>发表日期：</strong>2023.6.10</div>", "A"),
        ('<div><strong>作者：</strong><a href="/a" target="_blank">A &amp; B</a><br></div>', "A & B"),
        ("<div><strong>作者：</strong> A</div>", "A"),
        ("<div><strong>来源：</strong>A<br></div>", ""),
    ],
    ids=["plain", "link", "last", "none"],
)
def test_author_of_cdt(body, author):
    """The box names it."""
    assert apply.author_of(body, RULES["cdt"]) == author


# --- captions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "caption"),
    [
        ("rfa", '<div class="image-caption"><span style="width:2464px;">x</span></div>'),
        ("bbc", '<p role="text" class="a"><span>图像来源，</span><span>x</span></p>'),
        ("bbc", '<span class="story-image-copyright">x</span>'),
        ("bbc", '<figcaption class="media-caption"><span>x</span></figcaption>'),
        ("cdt", '<span style="font-size: 0.8em;color: #666;display: block;text-align: center;">x</span>'),
        ("cdt", '<p class="wp-caption-text">x</p>'),
        ("iyouport", '<p class="wp-caption-text" id="a">x</p>'),
        ("chinafile", '<div class="photo-caption img-caption">x</div>'),
        ("chinafile", '<div> <div class="photo-credit">x</div> </div>'),
        ("chinafile", '<div class="views-field views-field-field-common-system-credit">x</div>'),
        ("pao-pao", '<div class="field field-name-field-image-source field-type-link-field">x</div>'),
        ("neist", '<div class="aesop-image-component"><figure><figcaption>x</figcaption></figure></div>'),
    ],
)
def test_caption(slug, caption):
    """The element after a picture is known; a paragraph of text is not taken for one."""
    rule = RULES[slug]
    assert [mark for _, mark in marked(caption, rule.caption)]
    assert not list(marked("<p>x</p><p class='a'>x</p>", rule.caption))


# --- boilerplate ---------------------------------------------------------------------------------

FOOTER = (
    '<div>获取更多RSS：<br><a href="https://feedx.net" style="color:orange">https://feedx.net</a> <br>'
    '<a href="https://feedx.run">https://feedx.run</a><br></div>'
)
MEDIUM = (
    "<p>A title was originally published in A blog on Medium, where people are continuing the conversation "
    "by highlighting and responding to this story.</p>"
)
CDT_BOX = (
    '<div style="width:42%;float:right;padding-left:20px"><div>CDT 档案卡</div><strong>作者：</strong>A<br>'
    "<strong>发表日期：</strong>2023.6.10</div>"
)
PODCAST = "<div><span>Skip podcast promotion and continue reading</span><strong>x</strong></div>"
NEIST_ERROR = '<section class="css--lede-fullscreen-wrapper"><h1 class="a">肆零 <div>肆</div></h1></section>'
EMBEDDED = (
    '<blockquote class="wp-embedded-content"><p><a href="https://a.example/">x</a></p></blockquote>'
    '<iframe class="wp-embedded-content" src="https://a.example/embed/"></iframe>'
)
SHARE = '<div class="addtoany_share_save_container addtoany_content"><a href="/x">x</a></div>'


@pytest.mark.parametrize(
    ("slug", "source", "element", "what"),
    [
        pytest.param("", FOOTER, "div", "feed service's footer", id="footer"),
        pytest.param("", SHARE, "div", "share bar", id="addtoany"),
        pytest.param(
            "", '<div class="sharedaddy sd-sharing-enabled">x</div>', "div", "share bar", id="jetpack"
        ),
        pytest.param(
            "",
            '<a href="https://web.whatsapp.com/send?text=x"><svg></svg></a>',
            "a",
            "share button",
            id="whatsapp",
        ),
        pytest.param(
            "", '<a href="https://twitter.com/intent/tweet?url=x">Tweet</a>', "a", "share button", id="tweet"
        ),
        pytest.param(
            "",
            '<div class="jp-relatedposts" id="jp-relatedposts">x</div>',
            "div",
            "related articles",
            id="related",
        ),
        pytest.param("", '<ins class="adsbygoogle"></ins>', "ins", "advertisement", id="advertisement"),
        pytest.param(
            "",
            '<div id="atatags-1611829871-5f3ddf9965a99"></div>',
            "div",
            "advertisement",
            id="place for one",
        ),
        pytest.param(
            "bbc", '<span class="off-screen">x</span>', "span", "label for screen readers", id="bbc label"
        ),
        pytest.param("bbc", '<p class="embed-youtube-warning">x</p>', "p", "warning", id="bbc warning"),
        pytest.param(
            "reuters",
            '<div class="StandardArticleBody_trustBadgeContainer">x</div>',
            "div",
            "trust badge",
            id="reuters",
        ),
        pytest.param(
            "rfi", '<div class="m-block-ad__label">x</div>', "div", "advertisement", id="rfi advertisement"
        ),
        pytest.param("dw", "<h3>相关图集：x</h3>", "h3", "unrelated gallery", id="dw gallery"),
        pytest.param("dw", FOOTER, "div", "feed service's footer", id="dw footer"),
        pytest.param(
            "bbc",
            '<section aria-label="广告 2" role="region"><div></div></section>',
            "section",
            "advertisement",
            id="bbc aria-label",
        ),
        pytest.param(
            "bbc",
            '<section data-e2e="advertisement"></section>',
            "section",
            "advertisement",
            id="bbc data-e2e",
        ),
        pytest.param("bbc", '<a href="#end-of-podcasts">Skip</a>', "a", "skip link", id="bbc skip link"),
        pytest.param("bbc", '<p id="end-of-podcasts">End</p>', "p", "skip link", id="bbc its end"),
        pytest.param("bbc", PODCAST, "div", "podcast promotion", id="bbc podcast"),
        pytest.param(
            "nyt", '<aside aria-label="companion column"></aside>', "aside", "companion column", id="nyt"
        ),
        pytest.param(
            "nyt",
            '<figure aria-label="media" role="group">Image<picture></picture></figure>',
            "figure",
            "label for screen readers",
            id="nyt label",
        ),
        pytest.param(
            "rfi",
            '<div><div>分享 :</div><div><a href="/x"><span></span></a></div></div>',
            "div",
            "share bar",
            id="rfi share bar",
        ),
        pytest.param(
            "rfi", "<div data-selfpromo-app></div>", "div", "self-promotion", id="rfi self-promotion"
        ),
        pytest.param(
            "rfa",
            '<div id="zoomattribute"><a href="/x"><img src="/icon-zoom.png"/></a></div>',
            "div",
            "zoom button",
            id="rfa",
        ),
        pytest.param("cdt", CDT_BOX, "div", "the site's box", id="cdt box"),
        pytest.param(
            "cdt",
            '<div class="su-spoiler a">CDT 档案卡</div>',
            "div",
            "the site's box",
            id="cdt box, at home",
        ),
        pytest.param("medium", MEDIUM, "p", "feed's notice", id="medium"),
        pytest.param(
            "iyouport", '<div class="entry-meta"><span>x</span></div>', "div", "page header", id="iyouport"
        ),
        pytest.param("pao-pao", '<div class="comment-wrapper">x</div>', "div", "comments", id="pao-pao"),
        pytest.param(
            "neist", '<div class="code-block code-block-1">x</div>', "div", "advertisement", id="neist"
        ),
        pytest.param(
            "neist",
            '<div class="container js-postMetaLockup"><a href="/x">x</a><time>May 1st 2020</time></div>',
            "div",
            "masthead",
            id="neist masthead",
        ),
        pytest.param(
            "neist",
            '<div class="BarrierFailsafe__fullBarrier___2bFWd"><h1>x</h1></div>',
            "div",
            "paywall",
            id="neist paywall",
        ),
        pytest.param("neist", NEIST_ERROR, "section", "error page", id="neist error page"),
        pytest.param(
            "neist",
            '<div class="streamItem streamItem--heading"><span>Related</span></div>',
            "div",
            "related articles",
            id="neist related",
        ),
        pytest.param(
            "neist",
            '<section class="nopqrstu"><a href="/x">x</a></section>',
            "section",
            "related articles",
            id="neist their list",
        ),
        pytest.param("cdt", EMBEDDED, "iframe", "repeated link", id="cdt embedded article"),
        pytest.param("allnow", '<div class="author-wrap">x</div>', "div", "page header", id="allnow"),
        pytest.param("chinafile", '<div class="pullquote-share"></div>', "div", "comments", id="chinafile"),
    ],
)
def test_boilerplate(slug, source, element, what):
    """What a site sets beside its articles is known, from its outermost element."""
    rule = RULES.get(slug, GENERAL)
    tag, mark = next(marked(source, rule.boilerplate))
    assert (tag, mark.what) == (element, what)


WORDS = "Words of an article. " * 3


@pytest.mark.parametrize("rule", [*SITES.rules, GENERAL], ids=lambda rule: rule.slug or "general")
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(f"<div><p>{WORDS}</p><h3>{WORDS}</h3><ul><li>{WORDS}</li></ul></div>", id="text"),
        pytest.param("<p>© 2020 AFP</p><p class='t-copyright'>版权所有</p>", id="copyright notices"),
        pytest.param(f"<div><p>{WORDS}</p>{FOOTER[5:-6]}</div>", id="the footer within the text"),
        pytest.param(f"<p>获取更多RSS：{WORDS}</p>", id="text that begins as the footer"),
        pytest.param(f"<p>{WORDS * 20}</p>", id="long text"),
        pytest.param(f"<div><div>CDT 档案卡</div><p>{WORDS}</p></div>", id="all of a short article"),
        pytest.param(
            f'<a href="https://twitter.com/intent/tweet?text=x">{WORDS}</a>', id="a sentence as a button"
        ),
        pytest.param(
            f'<p><a href="https://twitter.com/someone/status/1">{WORDS}</a></p>', id="a link to a tweet"
        ),
        pytest.param(
            '<h2><a href="https://www.facebook.com/share/19pzNn5zG5/">A headline</a></h2>', id="a permalink"
        ),
        pytest.param(f'<div class="share-price ads shared"><p>{WORDS}</p></div>', id="classes like it"),
        pytest.param(f"<p>分享：{WORDS}</p><p>广告：{WORDS}</p>", id="words like it"),
    ],
)
def test_text_is_no_boilerplate(rule, source):
    """A paragraph of an article stays, and so does a copyright notice."""
    assert [tag for tag, _ in marked(source, rule.boilerplate)] == []


def test_opening_of_neist_is_no_error_page():
    """Large headings of translations look alike: only the words of the error tell."""
    opening = NEIST_ERROR.replace("肆零 <div>肆</div>", "A headline")
    assert not list(marked(opening, RULES["neist"].boilerplate))


def test_footer_of_cdt():
    """Of what the feed plugin puts below an article only the copyright notice stays, and no counter."""
    root = markup.parse(
        '<p>x</p><hr><p><small>© A for <a href="https://chinadigitaltimes.net/chinese">B</a>, 2020. |'
        '<a href="https://chinadigitaltimes.net/chinese/2020/06/x/">Permalink</a> |'
        '<a href="https://chinadigitaltimes.net/chinese/2020/06/x/#comments">No comment</a> |Add to'
        '<a href="http://del.icio.us/">del.icio.us</a><br>Post tags: <a rel="tag" href="/y">y</a><br>'
        "</small></p><p><small>Feed enhanced by <a>C</a> from <a>D</a></small></p>"
    )
    boilerplate.drop(root, rule=RULES["cdt"])
    assert elements.text_of(root) == "x © A for B, 2020. |"


@pytest.mark.parametrize(
    ("address", "source", "caption"),
    [
        pytest.param(
            "https://www.chinafile.com/x",
            '<div><div class="views-field"><div><a href="/a.jpg"><img src="/b.jpg"></a></div>'
            '</div> <div> <div class="photo-credit">Credit</div> </div> </div>',
            "Credit",
            id="chinafile",
        ),
        pytest.param(
            "https://www.chinafile.com/x",
            '<div><div class="views-field"><div><img src="/b.jpg"></div></div>'
            '<div class="views-field views-field-field-common-system-credit"><div>Credit</div></div>'
            '<div><div class="photo-caption img-caption">Caption</div></div></div>',
            "Credit Caption",
            id="chinafile gallery",
        ),
        pytest.param(
            "https://www.bbc.com/zhongwen/simp/world-68266835",
            '<div class="media-landscape"><span class="image-and-copyright"><img src="/a.jpg"><br>'
            '<span class="story-image-copyright">EPA</span></span>'
            '<figcaption class="media-caption"><span>Caption</span></figcaption></div>',
            "EPA Caption",
            id="bbc of 2020",
        ),
        pytest.param(
            "https://pao-pao.net/article/1",
            '<div class="content"><img src="/b.jpg"><div class="field-name-field-image-source"><div><div>'
            '<a href="https://pao-pao.net/">Credit</a></div></div></div></div>',
            "Credit",
            id="pao-pao",
        ),
    ],
)
def test_caption_in_its_place(address, source, caption):
    """Found from the picture, however many elements both stand in; the text begins after it."""
    root = markup.parse(f"{source}<div><p>{WORDS * 4}</p></div>")
    rule = apply.rule_for(address, SITES)
    links.resolve(root, base=address, rule=rule)
    rules = pictures.Rules(title="x", site=rule, sites=SITES, urls="keep")
    arranged = pictures.arrange(root, rules=rules)
    shown = pictures.standing(arranged, root)
    assert [image.caption for image in shown.images] == [caption]
    assert summary.of(root, without=()).startswith("Words of an article.")


# --- links, pictures, frames -----------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("url", "is_none"),
    [
        ("https://medium.com/_/stat?event=post.clientViewed&referrerSource=full_rss", True),
        ("https://www.facebook.com/tr?id=1&ev=PageView", True),
        ("https://www.google-analytics.com/collect?v=1", True),
        ("https://pixel.wp.com/b.gif?v=noscript", True),
        ("https://s.w.org/images/core/emoji/13.0.0/72x72/1f600.png", True),
        ("https://a.example/wp-includes/images/smilies/simple-smile.png", True),
        ("https://img.t.sinajs.cn/t4/appstyle/expression/ext/normal/62/a_org.png", True),
        ("https://secure.gravatar.com/avatar/0?s=96", True),
        ("https://miro.medium.com/fit/c/48/48/1*a.jpeg", True),
        ("https://miro.medium.com/v2/resize:fill:88:88/1*a.jpeg", True),
        ("https://pic.allhistory.com/T1VaZCBsZ51RCvBVdK.jpg?imageView2/2/w/64", True),
        ("https://www.rfa.org/rfa_resources/graphics/icon-zoom.png", True),
        ("https://www.rfa.org/++plone++rfa-resources/img/icon-zoom.png", True),
        ("https://a.example/img/spacer.gif?1", True),
        ("https://static.dw.com/image/68136725_303.jpg", False),
        ("https://cdn-images-1.medium.com/max/1024/1*60HHKEhsu6uKKaYdYXBm9w.jpeg", False),
        ("https://miro.medium.com/fit/c/480/480/1*a.jpeg", False),
        ("https://img.allhistory.com/now/2020-09-28/5f7163efd7f8a70001eefac9.png?imageView2/2/w/750", False),
        ("https://a.example/2024/pixel-art/spacer-gif.jpg", False),
        ("https://a.example/?ref=https://www.facebook.com/tr?id=1", False),
        ("", False),
    ],
)
def test_addresses_of_no_picture(url, is_none):
    """Trackers, emoji, faces, buttons and spacers; not what only mentions them."""
    assert apply.is_no_picture(url, SITES) is is_none


@pytest.mark.parametrize(
    ("url", "name", "page"),
    [
        (
            "https://www.youtube.com/embed/vE_yCOmWgGk?&&&enablejsapi=1",
            "YouTube",
            "https://www.youtube.com/watch?v=vE_yCOmWgGk",
        ),
        (
            "https://www.youtube-nocookie.com/embed/zB53Gf6COV8?rel=0",
            "YouTube",
            "https://www.youtube.com/watch?v=zB53Gf6COV8",
        ),
        (
            "https://www.youtube.com/embed/videoseries?list=PLabcdefghij",
            "YouTube",
            "https://www.youtube.com/playlist?list=PLabcdefghij",
        ),
        (
            "https://www.youtube.com/embed/live_stream?channel=UCabcdefghijklmnopqrstuv",
            "YouTube",
            "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv/live",
        ),
        (
            "https://www.youtube.com/embed/?listType=playlist&list=PLabcdefghij&x=1",
            "YouTube",
            "https://www.youtube.com/playlist?list=PLabcdefghij",
        ),
        (
            "https://www.youtube.com/watch?v=vE_yCOmWgGk&t=1",
            "YouTube",
            "https://www.youtube.com/watch?v=vE_yCOmWgGk",
        ),
        ("https://youtu.be/vE_yCOmWgGk", "YouTube", "https://www.youtube.com/watch?v=vE_yCOmWgGk"),
        ("https://player.vimeo.com/video/345271450?title=0&byline=0", "Vimeo", "https://vimeo.com/345271450"),
        (
            "https://player.vimeo.com/video/345271450?title=0&h=8272103f6e",
            "Vimeo",
            "https://vimeo.com/345271450/8272103f6e",
        ),
        (
            "https://player.bilibili.com/player.html?aid=1&bvid=BV1xx411c7mD&page=1",
            "哔哩哔哩",
            "https://www.bilibili.com/video/BV1xx411c7mD",
        ),
        (
            "https://player.bilibili.com/player.html?aid=170001&cid=2",
            "哔哩哔哩",
            "https://www.bilibili.com/video/av170001",
        ),
        (
            (
                "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2FRFAChinese%2Fvideos"
                "%2F376358450436198%2F&show_text=0&width=622"
            ),
            "Facebook",
            "https://www.facebook.com/watch/?v=376358450436198",
        ),
        (
            (
                "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fwatch"
                "%2F%3Fv%3D376358450436198"
            ),
            "Facebook",
            "https://www.facebook.com/watch/?v=376358450436198",
        ),
        (
            "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fposts%2F1",
            "Facebook",
            None,
        ),
        (
            "https://www.dailymotion.com/embed/video/x8abcde?autoplay=1",
            "Dailymotion",
            "https://www.dailymotion.com/video/x8abcde",
        ),
        (
            "https://geo.dailymotion.com/player/x1.html?video=x8abcde",
            "Dailymotion",
            "https://www.dailymotion.com/video/x8abcde",
        ),
        (
            "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=1347185834438643712",
            "X",
            "https://x.com/i/status/1347185834438643712",
        ),
        (
            "https://w.soundcloud.com/player/?visual=false&url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F1",
            "SoundCloud",
            None,
        ),
        (
            "https://open.spotify.com/embed/episode/0abcdefghijklmnopqrstu?utm_source=generator",
            "Spotify",
            "https://open.spotify.com/episode/0abcdefghijklmnopqrstu",
        ),
        (
            "https://embed.podcasts.apple.com/us/podcast/a/id1?i=2",
            "Apple Podcasts",
            "https://podcasts.apple.com/us/podcast/a/id1?i=2",
        ),
        (
            "https://open.firstory.me/embed/story/clin9z7zy03uw01vmf5t55vij",
            "Firstory",
            "https://open.firstory.me/story/clin9z7zy03uw01vmf5t55vij",
        ),
        (
            "https://www.instagram.com/p/C0il5uiSaup/embed",
            "Instagram",
            "https://www.instagram.com/p/C0il5uiSaup/",
        ),
        (
            "https://www.tiktok.com/embed/v2/7000000000000000000",
            "TikTok",
            "https://m.tiktok.com/v/7000000000000000000.html",
        ),
        ("https://t.me/channel/123?embed=1", "Telegram", "https://t.me/channel/123"),
        ("https://www.google.com/maps/embed?pb=!1m18!1m12", "Google Maps", None),
        (
            "https://www.google.com/maps/d/u/0/embed?mid=1aB-c_d&ehbc=2E312F",
            "Google Maps",
            "https://www.google.com/maps/d/viewer?mid=1aB-c_d",
        ),
        (
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml?widget=true",
            "Google Docs",
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pub",
        ),
        (
            "https://docs.google.com/viewer?url=https%3A%2F%2Fa.example%2Fb.pdf&embedded=true",
            "Google Docs",
            None,
        ),
        (
            "https://drive.google.com/file/d/1aBc/preview",
            "Google Drive",
            "https://drive.google.com/file/d/1aBc/view",
        ),
        (
            "https://embed.documentcloud.org/documents/22062982-xuar/?embed=1",
            "DocumentCloud",
            "https://www.documentcloud.org/documents/22062982-xuar/",
        ),
        ("https://cdn.embedly.com/widgets/media.html?src=https%3A%2F%2Fa.example", "Embedly", None),
        (
            f"{EMBEDLY}src=https%3A%2F%2Fa.example%2F&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Ft%3D1%26v%3Dyo3iQS7Ke9U&x=y",
            "YouTube",
            "https://www.youtube.com/watch?v=yo3iQS7Ke9U",
        ),
        (
            f"{EMBEDLY}url=https%3A%2F%2Fyoutu.be%2Fyo3iQS7Ke9U",
            "YouTube",
            "https://www.youtube.com/watch?v=yo3iQS7Ke9U",
        ),
        (
            f"{EMBEDLY}src=https%3A%2F%2Fwww.youtube.com%2Fembed%2Fyo3iQS7Ke9U&key=z",
            "YouTube",
            "https://www.youtube.com/watch?v=yo3iQS7Ke9U",
        ),
        (f"{EMBEDLY}src=https%3A%2F%2Fwww.youtube.com%2Fembed%2Fvideoseries%3Flist%3DPLx", "Embedly", None),
        (
            f"{EMBEDLY}src=https%3A%2F%2Fa.example%2F&url=https%3A%2F%2Fvimeo.com%2F345271450&x=y",
            "Vimeo",
            "https://vimeo.com/345271450",
        ),
        (f"{EMBEDLY}url=https%3A%2F%2Fvimeo.com%2F345271450%2F8272103f6e", "Embedly", None),
        (
            "https://chinadigitaltimes.net/chinese/2020/06/x/embed/#?secret=LcKpV4dabI",
            "WordPress",
            "https://chinadigitaltimes.net/chinese/2020/06/x/",
        ),
        (
            "https://jsfiddle.net/someone/e76owhm1/146/embedded/result/",
            "JSFiddle",
            "https://jsfiddle.net/someone/e76owhm1/",
        ),
        ("https://archive.org/embed/a-thing_1", "Internet Archive", "https://archive.org/details/a-thing_1"),
    ],
)
def test_player(url, name, page):
    """A frame's address leads to a page for people; where that cannot be told, to the player itself."""
    found = apply.player_of(url, SITES)
    assert found
    assert (found.name, found.page) == (name, url if page is None else page)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/embed/vE_yCOmWgGk",
        f"{EMBEDLY}url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DvE_yCOmWgGk",
        f"{EMBEDLY}src=https%3A%2F%2Fwww.youtube.com%2Fembed%2FvE_yCOmWgGk",
    ],
    ids=["own frame", "Embedly's, its page", "Embedly's, its player"],
)
def test_still_picture_of_a_video(url):
    """Where the service gives each video's picture one address, it is given, too."""
    video = apply.player_of(url, SITES)
    assert video
    assert video.thumbnail == "https://i.ytimg.com/vi/vE_yCOmWgGk/hqdefault.jpg"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/embed/?rel=0",
        "https://evil.example/https://www.youtube.com/embed/vE_yCOmWgGk",
        "https://www.youtube.com.evil.example/embed/vE_yCOmWgGk",
        "https://a.example/player/embed",
        "https://googleXcom.example/maps/embed",
        "",
    ],
)
def test_frame_of_no_known_player(url):
    """The whole address must be a player's."""
    assert apply.player_of(url, SITES) is None


@pytest.mark.parametrize(
    ("url", "is_none"),
    [
        ("https://www.facebook.com/plugins/like.php?href=x", True),
        ("https://www.facebook.com/v2.0/plugins/page.php?href=x", True),
        ("https://googleads.g.doubleclick.net/pagead/ads?x", True),
        ("https://platform.twitter.com/widgets/tweet_button.html?x", True),
        ("https://widgets.wp.com/likes/#blog_id=1", True),
        (f"{EMBEDLY}src=https%3A%2F%2Fbutton.like.co%2Fin%2Fembed%2Fx%2Fbutton&display_name=LikeCoin", True),
        (f"{EMBEDLY}src=https%3A%2F%2Fa.example%2F&url=https%3A%2F%2Fbutton.like.co%2Fx", False),
        ("https://www.facebook.com/plugins/video.php?href=x", False),
        ("https://www.youtube.com/embed/vE_yCOmWgGk", False),
        ("https://a.example/?https://www.facebook.com/plugins/like.php", False),
    ],
)
def test_frames_that_belong_to_no_article(url, is_none):
    """Advertisements and buttons; no player is among them."""
    assert apply.is_no_player(url, SITES) is is_none


# --- real articles -------------------------------------------------------------------------------


def real_articles(shared: Path, *folders: str) -> Iterator[tuple[Path, str, str]]:
    """Give the path, address and body of real articles of shape A."""
    for folder in folders:
        for path in sorted((shared / "corpus" / "articles" / folder).glob("*.md")):
            _, title_line, _, _, body = path.read_text(encoding="utf-8").split("\n", 4)
            yield path, title_line.rpartition("](")[2].removesuffix(")"), body


def test_real_articles_of_dw(shared):
    """Every article has its number as its key, and a date line unless it is a video or a gallery."""
    without = []
    for path, url, body in real_articles(shared, "dw", "德国之声"):
        assert apply.key_of(url, SITES) == "dw/" + url.rpartition("-")[2]
        line = apply.date_line(body, DW)
        without += [path.stem[:7]] * (line is None)
        assert line is None or dates.parse_moment(line.date, zone=DW.zone)
    assert without == ["1026860", "1026866", "1028000", "1046244"]


def test_real_articles_of_other_sites(shared):
    """Each has a key of its site's own, and a date line where the site writes one."""
    folders = (
        "bbc",
        "BBC",
        "nyt",
        "纽约时报",
        "voa",
        "美国之音",
        "rfi",
        "法广",
        "rfa",
        "自由亚洲电台",
        "reuters",
        "cdt",
    )
    found = {}
    for path, url, body in real_articles(shared, *folders):
        rule = apply.rule_for(url, SITES)
        assert apply.key_of(url, SITES).startswith(f"{rule.slug}/")
        line = apply.date_line(body, rule)
        found[path.stem[:7]] = line and line.date
    undated = sorted(stem for stem, date in found.items() if date is None)
    assert undated == ["1037248", "1045121", "1047536", "1047551", "1047552"]  # rfa; nyt's own page
    assert {found["1042134"], found["351485@"], found["1000008"]} == {
        "2024-02-11",
        "2023.6.10",
        "25/09/2023 - 22:28",
    }
