"""normalise: an article becomes an entry, by the emission rules in their order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.identity import join
from feedbridge.model import Article, Entry
from feedbridge.normalise import Wishes, normalise
from feedbridge.selection import entry as joined
from tests.samples import raw, unmeasured

SITES = load_sites()
PICTURE = "https://images.weserv.nl/?url=static.dw.com/image/1_303.jpg"


def normalised(article: bytes, **wishes: object) -> Entry:
    """Return the entry of one file by the shipped site rules."""
    found = parse.parse(b"a.txt", article, sites=SITES)
    assert isinstance(found, Article)
    one = join([found.version], measure=unmeasured)
    asked = Wishes(**{"language": "", **wishes})  # type: ignore[arg-type]  # a test's own
    return joined(normalise(found, sites=SITES, wishes=asked), one)


def entry(
    body: str, *, title: str = "T", url: str = "https://www.dw.com/zh/t/a-1", **wishes: object
) -> Entry:
    """Return the entry of a body."""
    return normalised(raw(title=title, url=url, body=body), **wishes)


def content(body: str, **more: str) -> str:
    """Return what stands inside of the wrapper of a body's entry."""
    found = entry(body, **more).content
    inside = re.fullmatch(r'<div lang="[^"]+" dir="(?:ltr|rtl)">(.*)</div>', found, re.DOTALL)
    assert inside, found
    return inside[1].strip()


def small(caption: str) -> str:
    """Return dw's line of small print."""
    return f'<div><small style="color: #999;">{caption}</small></div>'


# --- rules 1 to 3: identity and time --------------------------------------------------


def test_ids_and_dates_come_from_the_identity():
    """Normalising moves no id and no date."""
    found = normalised(raw(url="https://www.dw.com/zh/t/a-68136197"))
    assert found.guid == "urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49"
    assert found.published == found.updated


# --- rule 6: titles -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        pytest.param("<b>x</b> & y", "<p>b</p>", "<b>x</b> & y", id="plain text"),
        pytest.param("", "<p>Some <b>words</b></p><p>more</p>", "Some words more", id="empty: the text"),
        pytest.param("", f"<p>{'word ' * 40}</p>", None, id="empty: at most 80 characters"),
        pytest.param("", "", "https://www.dw.com/zh/t/a-1", id="no text: the address"),
        pytest.param("\u200b\u200e", "<p>b</p>", "b", id="invisible: the text"),
        pytest.param("a\u202eb", "", "a\u202eb\u202c", id="a bidi override is closed"),
    ],
)
def test_rule_6_title(title, body, expected):
    """The title line, else the beginning of the text, else the address."""
    found = entry(body, title=title).title
    assert found == expected or (expected is None and 60 < len(found) <= 80 and found.endswith("…"))


# --- rule 7: summary and content ------------------------------------------------------


def test_rule_7_summary_is_the_text_without_figures_and_notices():
    """Figures, captions, date line and copyright notice are no summary; blocks join by one space."""
    body = (
        "<div><i><br>2024-01-31T15:35:24Z</i></div>"
        f'<img src="{PICTURE}">{small("caption")}<p>One.</p><ul><li>Two</li></ul>Three<br>four.'
        "<p><em>© 2024 示例文库</em></p>"
    )
    found = entry(body)
    assert found.summary == "One. Two Three four."
    assert "© 2024 示例文库" in found.content


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        pytest.param(
            "<p>Copyright law changes.</p><p>B.</p>", "Copyright law changes. B.", id="an article about it"
        ),
        pytest.param("<div>Copyright 2024 X.<p>B.</p></div>", "Copyright 2024 X. B.", id="a block with more"),
        pytest.param("<p>A.</p><p><em>© 2024 X</em></p>", "A.", id="a notice"),
        pytest.param("<p>A.</p><div>Copyright X, all rights reserved</div>", "A.", id="another one"),
    ],
)
def test_rule_7_only_notices_are_left_out_of_the_summary(body, summary):
    """A notice is a block of its own, with a year or the rights that it reserves."""
    assert entry(body).summary == summary


def test_rule_7_the_sign_alone_makes_a_notice():
    """As in one whose year was never filled in."""
    assert entry("<p>A.</p><hr><p><small>© A. B. for <a>The Times</a>. |</small></p>").summary == "A."


def test_small_print_that_is_no_caption_line_stays_text():
    """The measured form is <div><small>; other small print may be anything."""
    found = entry(f'<p><img src="{PICTURE}"></p><small>The reporter is me.</small>')
    assert found.images[0].caption == ""
    assert "<small>The reporter is me.</small>" in found.content


def test_rule_7_summary_has_at_most_300_characters():
    """A long text is shortened, its … counted."""
    found = entry(f"<p>{'word ' * 100}</p>").summary
    assert len(found) <= 300
    assert found.endswith("…")


def test_rule_7_without_any_text_the_content_links_to_the_article():
    """An empty body is valid: content is the link, and there is no summary."""
    found = entry("")
    assert found.summary == ""
    assert content("") == '<p><a href="https://www.dw.com/zh/t/a-1">T</a></p>'


# --- rule 8: characters ---------------------------------------------------------------


def test_rule_8_no_forbidden_character_survives():
    """Neither raw ones nor those that an entity makes, in text and in attributes."""
    body = '<p title="a&#8;b\u0008\ufffe">x&#8;\u0000y\ud83d\ude00&#xFFFF;\u200d</p>'.encode(
        "utf-8", "surrogatepass"
    )
    found = normalised(raw(title="t\u0008", body="") + body)
    assert not re.search("[\u0000-\u0008\ufffe\uffff]", found.content + found.title + found.summary)
    assert "\u200d" in found.content


# --- rule 9: allow-list ---------------------------------------------------------------


def test_rule_9_noscript_copies_are_no_second_picture():
    """noscript goes with its content."""
    found = entry(f'<img src="{PICTURE}"><noscript><img src="{PICTURE}"><p>no</p></noscript><p>yes</p>')
    assert len(found.images) == 1
    assert found.content.count("<img") == 1
    assert "no</p>" not in found.content


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src="x.jpg" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<iframe src="https://evil.example/"></iframe>',
        "<svg><script>alert(1)</script></svg>",
        '<form action="https://evil.example/"><input name="x"></form>',
        "<style>*{color:red}</style>",
        '<div style="background:url(javascript:alert(1))" onclick="alert(1)" id="x" class="y">x</div>',
        '<base href="https://evil.example/"><meta http-equiv="refresh" content="0">',
        '<img srcset="javascript:alert(1) 1x" src="a.jpg">',
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
    ],
)
def test_rule_9_nothing_becomes_active(attack):
    """Scripts, handlers, frames, forms and styles do not survive."""
    found = entry(f"{attack}<p>after</p>").content
    assert not re.search(
        r"<(?:script|iframe|form|input|style|base|meta|svg|object)|\son\w+=|javascript:|style=|class=|id=",
        found,
    )
    assert "after" in found


# --- rule 10: addresses ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        pytest.param("/zh/x", "https://www.dw.com/zh/x", id="root-relative"),
        pytest.param("x y", "https://www.dw.com/zh/t/x%20y", id="relative, a space"),
        pytest.param("//e.org/ü", "https://e.org/%C3%BC", id="no scheme, an umlaut"),
        pytest.param("#part", "https://www.dw.com/zh/t/a-1#part", id="fragment"),
        pytest.param("https://e.org/%E7%BE%8E?a=1&amp;b", "https://e.org/%E7%BE%8E?a=1&amp;b", id="as it is"),
        pytest.param(
            "https://api.dw.com/api/detail/article/68123985",
            "https://www.dw.com/zh/a-68123985",
            id="dead link",
        ),
        pytest.param("mailto:a@e.org", "mailto:a@e.org", id="mail"),
    ],
)
def test_rule_10_links_are_absolute_and_dead_ones_mended(href, expected):
    """The base is the article's address."""
    assert f'<a href="{expected}">x</a>' in content(f'<p><a href="{href}">x</a></p>')


@pytest.mark.parametrize(
    "href", ["javascript:x", "whatsapp://send?text=x", "data:text/html,x", "http://[::1"]
)
def test_rule_10_unusable_addresses_go_and_the_words_stay(href):
    """A link to nowhere is text."""
    assert "href" not in content(f'<p><a href="{href}">words</a></p>')
    assert "words" in content(f'<p><a href="{href}">words</a></p>')


# --- rule 12: language ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "configured", "tag", "direction"),
    [
        pytest.param("这个国家的经济发展很快，他们说这样对。", "", "zh-Hans", "ltr", id="Simplified"),
        pytest.param("這個國家的經濟發展很快，他們說這樣對。", "zh-Hans", "zh-Hant", "ltr", id="Traditional"),
        pytest.param("هذا نص عربي قصير عن الشاي", "zh", "ar", "rtl", id="Arabic"),
        pytest.param("Plain English words", "de", "de", "ltr", id="Latin: the site's"),
        pytest.param("Plain English words", "", "und", "ltr", id="Latin, nothing configured"),
    ],
)
def test_rule_12_language_by_script(words, configured, tag, direction):
    """The characters tell the language of an entry, and the wrapper says it."""
    found = entry(f"<p>{words}</p>", title=words, language=configured)
    assert (found.language, found.direction) == (tag, direction)
    assert found.content.startswith(f'<div lang="{tag}" dir="{direction}">')


# --- rules 13 and 18: pictures --------------------------------------------------------


def test_rule_13_the_same_string_everywhere():
    """The archive's own address stands in the content and in the enclosures; the type is the inner one's."""
    found = entry(f'<img src="{PICTURE}" width="100%">{small("A <b>caption</b>")}<p>x</p>')
    (image,) = found.images
    assert (image.url, image.type, image.caption) == (PICTURE, "image/jpeg", "A caption")
    assert found.lead == image
    assert (
        f'<figure><img src="{PICTURE}" alt=""><figcaption>A <b>caption</b></figcaption></figure>'
        in found.content
    )
    assert "<small" not in found.content


def test_rule_13_unwrapped():
    """With urls = "unwrap" the origin's address stands in all places."""
    found = entry(f'<img src="{PICTURE}"><p>x</p>', image_urls="unwrap")
    assert found.images[0].url == "https://static.dw.com/image/1_303.jpg"
    assert f'src="{found.images[0].url}"' in found.content


def test_rule_13_a_proxied_picture_keeps_no_way_around_its_proxy():
    """Candidates that a browser would prefer must not lead to the origin."""
    found = entry(f'<img src="{PICTURE}" srcset="https://static.dw.com/x.jpg 2x"><p>x</p>')
    assert "srcset" not in found.content


def test_rule_13_a_proxied_picture_keeps_no_source_around_its_proxy():
    """The same for the sources of a <picture>."""
    picture = f'<picture><source srcset="https://static.dw.com/x.webp"><img src="{PICTURE}"></picture>'
    assert content(f"{picture}<p>x</p>").startswith(
        f'<figure><picture><img src="{PICTURE}"></picture></figure>'
    )


def test_rule_10_candidates_of_a_srcset_are_absolute():
    """Each candidate is resolved, and those that cannot be used go."""
    found = content('<img src="/1.png" srcset="/2.png 2x, data:x 3x, /4.png 4x"><p>x</p>')
    assert 'srcset="https://www.dw.com/2.png 2x, https://www.dw.com/4.png 4x"' in found


@pytest.mark.parametrize(
    ("tag", "address"),
    [
        pytest.param('<img src="" data-src="/a.png">', "https://www.dw.com/a.png", id="data-src"),
        pytest.param(
            '<img src="data:image/gif;base64,R0" data-lazy-src="/a.png">',
            "https://www.dw.com/a.png",
            id="placeholder",
        ),
        pytest.param('<img data-original="/a.png">', "https://www.dw.com/a.png", id="data-original"),
        pytest.param('<img srcset="/s.png 1x, /l.png 2x">', "https://www.dw.com/l.png", id="best candidate"),
        pytest.param(
            '<img srcset="/s.png 300w, /l.png 900w, /m.png 600w">',
            "https://www.dw.com/l.png",
            id="widest candidate",
        ),
        pytest.param(
            '<picture><source srcset="/a.webp"><img></picture>', "https://www.dw.com/a.webp", id="source"
        ),
    ],
)
def test_a_picture_that_loads_late_is_found(tag, address):
    """src first; where it is missing, empty or data:, the places that scripts would read."""
    found = entry(f"{tag}<p>x</p>")
    assert [image.url for image in found.images] == [address]
    assert f'src="{address}"' in found.content


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param('<img src="" width="100%">', id="no address"),
        pytest.param('<img src="data:image/png;base64,AAAA">', id="data"),
        pytest.param('<img src="/a.png" width="1" height="1">', id="pixel"),
        pytest.param('<img src="/a.png" height="2px">', id="line"),
        pytest.param('<img src="/a.png" width="24" height="24">', id="icon"),
        pytest.param('<img src="https://medium.com/_/stat?event=x">', id="tracker"),
        pytest.param('<img src="https://e.org/spacer.gif">', id="spacer"),
        pytest.param('<a href="/x"><img src=""></a>', id="with its link"),
        pytest.param('<picture><source srcset="data:x"><img></picture>', id="with its sources"),
    ],
)
def test_rule_18_not_a_picture(tag):
    """Pixels, trackers, icons, spacers and placeholders go, with the empty caption below them."""
    found = entry(f"{tag}{small('')}<p>x</p>")
    assert found.images == ()
    assert found.lead is None
    assert content(f"{tag}{small('')}<p>x</p>") == "<p>x</p>"


def test_rule_18_an_empty_caption_goes_and_the_picture_stays():
    """The lead is a figure, with or without a caption."""
    assert (
        content(f'<img src="{PICTURE}">{small("")}<p>x</p>')
        == f'<figure><img src="{PICTURE}"></figure><p>x</p>'
    )


def test_rule_18_the_lead_is_at_least_200_pixels_wide_where_known():
    """A small picture at the top does not stand for the article."""
    found = entry('<img src="/small.png" width="120"><p>x</p><img src="/large.png" width="640px">')
    assert [image.width for image in found.images] == [120, 640]
    assert found.lead == found.images[1]


def test_rule_18_a_gallery_has_its_bold_leads_as_captions():
    """dw's galleries: bold words and a colon after the picture; the text after them stays text."""
    found = entry(f'<div><img src="{PICTURE}" width="100%"><br><b>Head</b>：The text.</div>')
    assert found.images[0].caption == "Head"
    assert "<figcaption>Head</figcaption></figure>The text." in found.content
    assert found.summary == "The text."


def test_rule_18_a_bold_lead_may_follow_at_once():
    """The line break between picture and bold words is not always there."""
    found = content(f'<div><img src="{PICTURE}"><b>Head</b>: text</div><p>x</p>')
    assert found == (
        f'<div><figure><img src="{PICTURE}" alt=""><figcaption>Head</figcaption></figure>text</div><p>x</p>'
    )


def test_rule_18_bold_words_without_a_colon_are_no_caption():
    """A paragraph may begin with bold words."""
    assert entry(f'<div><img src="{PICTURE}"><b>Bold</b> words</div>').images[0].caption == ""


def test_rule_18_a_figure_keeps_its_own_caption():
    """What is a figure already is left as it is."""
    picture = f'<a href="https://e.org/"><img src="{PICTURE}" alt="own"></a>'
    figure = f"<figure>{picture}<figcaption>cap</figcaption></figure>"
    assert content(figure + "<p>x</p>") == figure + "<p>x</p>"
    assert entry(figure).images[0].caption == "cap"


def test_the_lead_leaves_a_paragraph_for_a_figure_of_its_own():
    """A figure cannot stand in a paragraph: it stands before it."""
    found = content(f'<p>before <b><img src="{PICTURE}"></b> after</p>')
    assert found.startswith(f'<figure><img src="{PICTURE}"></figure>')
    assert re.search(r"<p>before\s+(?:<b></b>\s*)?after</p>", found)


def test_the_same_picture_twice_is_one_enclosure():
    """Identity is judged by the inner address."""
    again = "https://images.weserv.nl?url=static.dw.com/image/1_303.jpg"
    assert [image.url for image in entry(f'<img src="{PICTURE}"><p>x</p><img src="{again}">').images] == [
        PICTURE
    ]


def test_the_same_picture_later_with_caption_and_size_is_the_better_copy():
    """A thumbnail first, the picture later: one address everywhere, with the caption, and it leads."""
    origin = "https://static.dw.com/image/1_303.jpg"
    found = entry(f'<img src="{PICTURE}" width="100"><p>x</p><img src="{origin}">{small("Caption")}')
    (image,) = found.images
    assert (image.url, image.caption, image.width) == (PICTURE, "Caption", None)
    assert found.lead == image
    assert origin not in found.content
    assert found.content.count(f'src="{PICTURE}"') == 2


def test_pictures_stand_in_reading_order_with_their_decisions():
    """explain can say of each picture why it was kept or dropped."""
    found = entry('<img src="/1.png"><p>x</p><img src="/2"><img src="/p.gif" width="1">')
    assert [image.url for image in found.images] == ["https://www.dw.com/1.png", "https://www.dw.com/2"]
    assert [image.type for image in found.images] == ["image/png", ""]
    assert [d.rule for d in found.decisions if "picture" in d.rule] == [
        "picture, the lead",
        "picture",
        "picture dropped",
    ]


# --- the steps joined -----------------------------------------------------------------


def test_rule_9_the_title_repeated_at_the_head_goes():
    """Readers show the title above the content."""
    assert content("<h1>The harbour</h1><p>x</p>", title="The harbour") == "<p>x</p>"


def test_rule_9_boilerplate_and_what_is_empty_without_it_go():
    """A share bar leaves no empty wrapper behind."""
    bar = '<div class="addtoany_share_save_container"><a href="https://www.addtoany.com/x">Share</a></div>'
    assert content(f"<p>x</p><section><div>{bar}</div></section><p> </p><br>") == "<p>x</p>"


def test_rule_11_bare_text_becomes_paragraphs_with_links():
    """Most bodies of two archives are bare text."""
    assert content("One https://e.org/a全部\n\nTwo") == (
        '<p>One <a href="https://e.org/a">https://e.org/a</a>全部</p><p>Two</p>'
    )


def test_rule_11_pictures_behind_the_cut_are_no_pictures_of_the_entry():
    """An enclosure names only what stands in the content; what is cut still counts for updates."""
    long = f'<img src="/1.png"><p>{"word " * 120_000}</p><img src="/2.png">'
    found = entry(long)
    assert [image.url for image in found.images] == ["https://www.dw.com/1.png"]
    assert len(found.content.encode()) <= 512 * 1024
    assert found.content.endswith(
        '… <a href="https://www.dw.com/zh/t/a-1">https://www.dw.com/zh/t/a-1</a></p></div>'
    )
    assert found.measure != entry(long.replace("/2.png", "/3.png")).measure


DW = "https://www.dw.com/zh/t/a-1"  # a site of many languages
CHINAFILE = "https://www.chinafile.com/reporting-opinion/features/x"  # one of English


@pytest.mark.parametrize(
    ("words", "url", "configured", "reason"),
    [
        pytest.param("今天开门", DW, "en", "by its characters", id="characters"),
        pytest.param(
            "Some words", DW, "en", "as configured; its characters do not say otherwise", id="configured"
        ),
        pytest.param(
            "Some words",
            CHINAFILE,
            "zh",
            "as its site's rule says; its characters do not say otherwise",
            id="the site",
        ),
        pytest.param(
            "Some words",
            DW,
            "",
            "its characters do not tell, nor does its site's rule, and none is configured",
            id="nothing tells",
        ),
    ],
)
def test_explain_says_how_the_language_was_found(words, url, configured, reason):
    """One of four ways."""
    decisions = entry(f"<p>{words}</p>", title=words, url=url, language=configured).decisions
    assert [one.reason for one in decisions if one.rule == "language"] == [reason]


def test_rule_12_the_language_of_the_site_comes_before_the_configured_one():
    """Where characters do not tell, what is known of the site does."""
    assert entry("<p>Some words.</p>", url=CHINAFILE, language="zh").language == "en"


def test_a_player_is_a_link_and_no_picture():
    """No reader shows a frame; its still picture is none of the article's."""
    found = entry('<p>x</p><iframe src="https://www.youtube.com/embed/abcdefghijk?&&&"></iframe>')
    assert found.images == ()
    assert '<a href="https://www.youtube.com/watch?v=abcdefghijk">▶ YouTube</a>' in found.content
    assert "iframe" not in found.content


def test_elements_that_go_are_counted():
    """explain says what the allow-list lets go, but for players, which it names."""
    body = "<script>x</script><form><button>y</button><button>z</button></form><iframe src='/f'></iframe>"
    found = [one.outcome for one in entry(body).decisions if one.rule == "elements removed"]
    assert found == ["button × 2, script × 1"]


# --- parsers under attack -------------------------------------------------------------


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("<font>" * 10_000, id="10,000 levels"),
        pytest.param("<b><i>" * 5_000, id="10,000 mixed levels"),
        pytest.param("<table><tr><td>" * 3_000, id="nested tables"),
        pytest.param("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">", id="100,000 attributes"),
        pytest.param(f'<img src="{PICTURE}">' * 10_000, id="10,000 pictures"),
        pytest.param(f'<img src="{PICTURE}">{small("c")}' * 5_000, id="5,000 figures"),
        pytest.param('<img src="data:image/png;base64,' + "A" * 5_000_000 + '">', id="5 MB of data"),
        pytest.param("</div>" * 10_000, id="closing tags"),
        pytest.param("<" * 100_000, id="opening brackets"),
    ],
)
def test_parsers_under_attack(attack):
    """The text after an attack is still there."""
    assert "MARKER" in entry(f"{attack}<p>MARKER</p>").content


@given(st.text(alphabet=st.sampled_from("<>/=\"' abimgpfdvus&;#x80!-:."), max_size=120))
def test_never_crashes(body):
    """Whatever a body holds, it becomes an entry."""
    found = entry(body)
    assert found.content.startswith("<div lang=")
    assert found.title
