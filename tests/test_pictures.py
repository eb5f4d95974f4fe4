"""Pictures: which are real, at what address, and which leads (emission rules 13 and 18)."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from feedbridge.model import ImageProxy, LinkMend, Mark, SiteRule, Sites
from feedbridge.normalise import links, pictures
from feedbridge.standards import elements, markup

SITE = SiteRule(
    slug="e",
    name="E",
    hosts=("e.org",),
    captions=("figcaption", "small-print"),
    caption=(Mark(attribute="class", value="^cap$"),),
)
SITES = Sites(
    rules=(SITE,),
    general=SITE,
    proxies=(
        ImageProxy(hosts=("proxy.org",), form="parameter", parameter="url"),
        ImageProxy(hosts=("i0.wp.com",), form="path"),
    ),
    tracking_keys=("utm_*",),
    not_pictures=("/spacer[.]gif", "/emoji/"),
)
PROXIED = "https://proxy.org/?url=e.org/1.jpg"
ORIGIN = "https://e.org/1.jpg"


def arrange(
    body: str, *, urls: Literal["keep", "unwrap"] = "keep", title: str = ""
) -> tuple[pictures.Arranged, str]:
    """Arrange the pictures of a body; return them and the body."""
    root = markup.parse(body)
    links.resolve(root, base="https://e.org/a", rule=SITE)
    found = pictures.arrange(root, rules=pictures.Rules(title=title, site=SITE, sites=SITES, urls=urls))
    content = markup.sanitise(root, language="en", direction="ltr")
    return found, content.removeprefix('<div lang="en" dir="ltr">').removesuffix("</div>")


def addresses(body: str, *, urls: Literal["keep", "unwrap"] = "keep") -> list[str]:
    """Return the addresses of the pictures of a body."""
    return [image.url for image in arrange(body, urls=urls)[0].images]


@pytest.mark.parametrize(
    ("body", "address"),
    [
        pytest.param('<img src="/a.png" data-src="/b.png">', "https://e.org/a.png", id="src first"),
        pytest.param('<img src="" data-src="/a.png">', "https://e.org/a.png", id="empty"),
        pytest.param('<img src="a#b" data-src="/a.png">', "https://e.org/a.png", id="the article's own"),
        pytest.param(
            '<img src="data:image/gif;base64,R0" data-lazy-src="/a.png">', "https://e.org/a.png", id="data"
        ),
        pytest.param(
            '<img src="/spacer.gif" data-original="/a.png">', "https://e.org/a.png", id="placeholder"
        ),
        pytest.param('<img src="/spacer.gif" data-cfsrc="/a.png">', "https://e.org/a.png", id="data-cfsrc"),
        pytest.param('<img data-srcset="/s.png 300w, /l.png 900w">', "https://e.org/l.png", id="data-srcset"),
        pytest.param(
            '<img src="/spacer.gif" srcset="/s.png, /l.png 2x">', "https://e.org/l.png", id="srcset"
        ),
        pytest.param(
            '<picture><source srcset="/a.webp"><source srcset="/b.jpg"><img src="/spacer.gif"></picture>',
            "https://e.org/a.webp",
            id="source",
        ),
        pytest.param('<amp-img src="/a.png"></amp-img>', "https://e.org/a.png", id="amp"),
        pytest.param(
            '<amp-img src="/a.png"><amp-img fallback src="/b.png"></amp-img></amp-img>',
            "https://e.org/a.png",
            id="amp with a fallback",
        ),
    ],
)
def test_a_picture_that_loads_late_is_found(body, address):
    """src first; where it is missing or a placeholder, the places that scripts and browsers would read."""
    found, content = arrange(body)
    assert [image.url for image in found.images] == [address]
    assert f'src="{address}"' in content
    assert "spacer" not in content


def test_no_copies_of_noscript():
    """A <noscript> holds the lazy picture before it once more, and parts it from its caption."""
    body = f'<img src="{ORIGIN}"><noscript><img src="{ORIGIN}"></noscript><p class="cap">A</p>'
    found, content = arrange(body)
    assert [image.caption for image in found.images] == ["A"]
    assert content == f'<figure><img src="{ORIGIN}" alt=""><figcaption>A</figcaption></figure>'


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param('<img src="" width="100%">', id="no address"),
        pytest.param('<img src="#" srcset="? 2x">', id="the article's own address"),
        pytest.param('<img src="ftp://e.org/a.png">', id="another scheme"),
        pytest.param('<img src="/a.png" width="1" height="1">', id="pixel"),
        pytest.param('<img src="/a.png" height="2px">', id="line"),
        pytest.param('<img src="/a.png" width="24" height="24">', id="icon"),
        pytest.param('<img src="/spacer.gif">', id="known address"),
        pytest.param(
            '<img src="https://proxy.org/?url=e.org/spacer.gif" data-src="/spacer.gif">', id="proxied"
        ),
        pytest.param('<a href="/x"><img src=""></a>', id="with its link"),
    ],
)
def test_rule_18_not_a_picture(tag):
    """Pixels, trackers, icons, spacers and placeholders go, with the empty caption below them."""
    found, content = arrange(f"{tag}<div><small></small></div><p>x</p>")
    assert (found.images, found.lead, found.marks, content) == ((), None, (), "<p>x</p>")
    assert [decision.rule for decision in found.decisions] == ["picture dropped"]


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        pytest.param('<img src="/emoji/1.png" alt="🙏">', "a🙏b", id="known address"),
        pytest.param('<img class="x emoji" src="/1.png" alt="👨‍👩‍👧 ❤️">', "a👨‍👩‍👧 ❤️b", id="class"),
        pytest.param('<img src="/1.png" width="16" alt="[good]">', "a[good]b", id="a network's own"),
        pytest.param('<img src="/emoji/1.png" alt="a smile">', "ab", id="words"),
        pytest.param('<img src="/emoji/1.png" alt="">', "ab", id="nothing"),
    ],
)
def test_an_emoji_is_text(tag, content):
    """The picture of a character becomes the character; one that cannot goes."""
    found, arranged = arrange(f"<p>a{tag}b</p>")
    assert (found.images, arranged) == ((), f"<p>{content}</p>")


def test_an_alternative_text_of_symbols_alone_makes_no_emoji():
    """A real picture may be described by an emoji."""
    assert addresses('<img src="/1.png" alt="🙏">') == ["https://e.org/1.png"]


# --- addresses -------------------------------------------------------------------------


def test_rule_13_the_same_string_everywhere():
    """The archive's own address stands in the content and in the enclosures; the type is the inner one's."""
    found, content = arrange(f'<img src="{PROXIED}" width="100%"><p>x</p>')
    (image,) = found.images
    assert (image.url, image.type, image.width) == (PROXIED, "image/jpeg", None)
    assert found.lead == image
    assert content == f'<figure><img src="{PROXIED}"></figure><p>x</p>'


def test_rule_13_unwrapped():
    """With urls = "unwrap" the origin's address stands in all places, the poster of a video too."""
    found, content = arrange(
        f'<img src="{PROXIED}"><video poster="{PROXIED}"></video><video></video>', urls="unwrap"
    )
    assert found.images[0].url == ORIGIN
    assert f'src="{ORIGIN}"' in content
    assert f'poster="{ORIGIN}"' in content
    assert "proxy.org" not in content


@pytest.mark.parametrize(
    ("src", "candidate", "urls", "is_kept"),
    [
        pytest.param(PROXIED, "https://e.org/2.jpg", "keep", False, id="around the proxy"),
        pytest.param(PROXIED, "https://proxy.org/?url=e.org/2.jpg", "keep", True, id="through it"),
        pytest.param(ORIGIN, "https://e.org/2.jpg", "keep", True, id="no proxy"),
        pytest.param(ORIGIN, "https://e.org/spacer.gif", "keep", False, id="placeholder"),
        pytest.param(PROXIED, "https://proxy.org/?url=e.org/2.jpg", "unwrap", False, id="unwanted proxy"),
        pytest.param(PROXIED, "https://e.org/2.jpg", "unwrap", True, id="wanted origin"),
    ],
)
def test_rule_13_candidates_keep_to_the_picture_s_way(src, candidate, urls, is_kept):
    """What browsers may choose instead goes the same way as the picture, in its own srcset and in sources."""
    own = arrange(f'<img src="{src}" srcset="{candidate} 2x">', urls=urls)[1]
    source = arrange(f'<picture><source srcset="{candidate}"><img src="{src}"></picture>', urls=urls)[1]
    assert ("srcset" in own, "<source" in source) == (is_kept, is_kept)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param("https://proxy.org?url=e.org/1.jpg", id="proxy"),
        pytest.param("https://i0.wp.com/e.org/1.jpg?resize=300%2C200&ssl=1", id="another proxy, resized"),
        pytest.param("http://www.e.org/1.jpg?utm_source=x", id="scheme, www, tracking key"),
    ],
)
def test_the_same_picture_twice_is_one(again):
    """Identity is judged by the canonical inner address; nothing else counts for the fingerprint, either."""
    found, content = arrange(f'<img src="{PROXIED}"><p>x</p><img data-src="{again}" srcset="/2.jpg 2x">')
    assert [image.url for image in found.images] == [PROXIED]
    assert content.count(f'src="{PROXIED}"') == 2
    assert found.marks == ("e.org/1.jpg",) == arrange(f'<img src="{again}">')[0].marks


def test_the_same_picture_later_with_caption_and_size_is_the_better_copy():
    """A thumbnail first, the picture later: one address everywhere, with the caption, and it leads."""
    found, content = arrange(
        f'<img src="{PROXIED}" width="100"><p>x</p><img src="{ORIGIN}"><p class="cap">A</p>'
    )
    (image,) = found.images
    assert (image.url, image.caption, image.width) == (PROXIED, "A", None)
    assert found.lead == image
    assert ORIGIN not in content


# --- captions, sizes, the lead -----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "caption", "alt"),
    [
        pytest.param('<img src="/1.png" alt="A  view"><p class="cap">B</p>', "B", "A view", id="both"),
        pytest.param('<img src="/1.png" alt="A view"><p class="cap">A view</p>', "A view", "", id="the same"),
        pytest.param('<img src="/1.png"><p class="cap">B</p>', "B", "", id="caption alone"),
        pytest.param('<img src="/1.png" alt="A view">', "A view", "A view", id="alternative text alone"),
        pytest.param('<img src="/1.png" alt="1.png">', "", "1.png", id="a file's name"),
        pytest.param('<img src="/1.png" alt="The title">', "", "The title", id="the title"),
    ],
)
def test_rule_18_caption_and_alternative_text(body, caption, alt):
    """A caption is seen or, without one, what the alternative text tells; readers hear nothing twice."""
    found, content = arrange(body, title="The title")
    assert found.images[0].caption == caption
    assert f'alt="{alt}"' in content
    assert ("<figcaption>" in content) == ("cap" in body)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        ("640", 640),
        ("640px", 640),
        (" 640 PX ", 640),
        ("100%", None),
        ("640.5", None),
        ("auto", None),
        ("", None),
    ],
)
def test_rule_18_a_size_is_a_whole_number(width, expected):
    """Perhaps with px; anything else is no size."""
    assert arrange(f'<img src="/1.png" width="{width}">')[0].images[0].width == expected


def test_rule_18_the_lead_is_at_least_200_pixels_wide_where_known():
    """A small picture at the top does not stand for the article."""
    found, content = arrange('<img src="/1.png" width="120"><p>x</p><img src="/2.png" width="640px">')
    assert found.lead == found.images[1]
    assert content.endswith('<figure><img src="https://e.org/2.png" width="640"></figure>')


def test_no_picture_leads_where_all_are_small():
    """Then no picture gets a figure."""
    found, content = arrange('<img src="/1.png" width="120">')
    assert found.lead is None
    assert "figure" not in content


def test_the_lead_leaves_a_paragraph_for_a_figure_of_its_own():
    """A figure cannot stand in a paragraph: it stands before it."""
    found, content = arrange(f'<p>before <b><img src="{ORIGIN}"></b> after</p>')
    assert content == f'<figure><img src="{ORIGIN}"></figure><p>before  after</p>'
    assert len(found.images) == 1


def test_pictures_have_their_decisions():
    """explain can say of each picture why it was kept or dropped."""
    found, _ = arrange('<img src="/1.png"><img src="/1.png"><img src="/2"><img src="/p.gif" width="1">')
    assert [(decision.rule, decision.outcome) for decision in found.decisions] == [
        ("picture, the lead", "https://e.org/1.png"),
        ("picture", "https://e.org/2"),
        ("picture dropped", "https://e.org/p.gif"),
        ("picture repeated", "https://e.org/1.png"),
    ]


def test_only_pictures_that_stand_are_listed():
    """What is cut off an over-long entry is no enclosure, but still a part of the article."""
    root = markup.parse('<p><img src="/1.png"></p><p><img src="/2.png"></p>')
    links.resolve(root, base="https://e.org/a", rule=SITE)
    found = pictures.arrange(root, rules=pictures.Rules(title="", site=SITE, sites=SITES, urls="keep"))
    assert pictures.standing(found, root) == found
    elements.remove(root[1])
    left = pictures.standing(found, root)
    assert (left.images, left.lead, left.marks) == (found.images[:1], found.lead, found.marks)
    elements.remove(root[0])
    assert pictures.standing(found, root).lead is None


@pytest.mark.parametrize(
    ("body", "content"),
    [
        pytest.param('<picture><img src="">x', "<picture>x</picture>", id="words"),
        pytest.param(
            '<picture><source>x<img src=""></picture>',
            "<picture>x</picture>",
            id="words after a source",
        ),
        pytest.param(
            f'<picture><img src="{ORIGIN}"><img src=""></picture>',
            f'<figure><picture><img src="{ORIGIN}"></picture></figure>',
            id="another picture",
        ),
    ],
)
def test_what_stands_in_an_open_picture_stays(body, content):
    """A picture that is none goes with its sources, but not with what stands there by mistake."""
    assert arrange(body)[1] == content


pieces = (
    st.sampled_from([f'<img src="{PROXIED}">', "<img src=''>", '<img src="/2.png" alt="A view">', "x"])
    | st.sampled_from(
        ["<p>", "</p>", "<a href='/'>", "</a>", "<figure>", "</figure>", '<p class="cap">c</p>']
    )
    | st.sampled_from(
        ["<picture>", "<source srcset='/3.png'>", "</picture>", "<noscript>", "<amp-img src='/4'>"]
    )
)


@given(st.lists(pieces, max_size=20).map("".join))
@settings(max_examples=150, deadline=None)
def test_whatever_stands_around_pictures(body):
    """No words go, each listed picture stands in the content, and a second pass finds the same."""
    root = markup.parse(body)
    words = elements.text_of(root).count("x")
    found, content = arrange(body)
    assert elements.text_of(markup.parse(content)).count("x") == words
    assert all(f'src="{image.url}"' in content for image in found.images)
    assert addresses(content) == [image.url for image in found.images]


# --- addresses in a body -----------------------------------------------------------------


def test_links_are_absolute_mended_or_text():
    """Each address is resolved, a dead one mended; a link that leads nowhere is its text."""
    dead = LinkMend(pattern="https://e[.]org/api/([0-9]+)", replacement=r"https://e.org/\1")
    root = markup.parse('<a href="/b">b</a><a href="/api/1">c</a><a href="javascript:x">d</a><a>e</a>')
    decisions = links.resolve(root, base="https://e.org/a", rule=replace(SITE, dead_links=(dead,)))
    content = markup.sanitise(root, language="en", direction="ltr")
    assert '<a href="https://e.org/b">b</a><a href="https://e.org/1">c</a>de' in content
    assert [(decision.rule, decision.outcome) for decision in decisions] == [
        ("addresses mended", "1"),
        ("addresses made absolute", "1"),
        ("addresses dropped", "1"),
    ]


def test_an_article_has_a_thousand_pictures_at_most():
    """Each stands in a feed several times; what follows them is still there."""
    many = "".join(f'<img src="/{number}.png">' for number in range(1100))
    found, content = arrange(f"{many}<p>After.</p>")
    assert len(found.images) == content.count("<img") == 1000
    assert content.endswith("<p>After.</p>")
    assert sum("1000 pictures" in decision.reason for decision in found.decisions) == 100
