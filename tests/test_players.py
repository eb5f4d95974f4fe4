"""Players: links in their place, and video and audio that can be fetched (emission rule 9)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from feedbridge.model import Player, SiteRule, Sites
from feedbridge.normalise import links, players
from feedbridge.standards import elements, markup

SITE = SiteRule(slug="e", name="E", hosts=("e.org",))
SITES = Sites(
    rules=(SITE,),
    general=SITE,
    proxies=(),
    tracking_keys=("utm_*",),
    players=(
        Player(
            name="YouTube",
            address="https?://www[.]youtube[.]com/(?:embed/|watch[?]v=)([a-z0-9]+).*",
            page=r"https://www.youtube.com/watch?v=\1",
            thumbnail=r"https://i.ytimg.com/vi/\1/0.jpg",
        ),
        Player(
            name="Vimeo", address="https?://player[.]vimeo[.]com/video/([0-9]+)", page=r"https://vimeo.com/\1"
        ),
    ),
    not_players=("^https://ads[.]org/",),
)
FRAME = '<iframe src="https://www.youtube.com/embed/abc?rel=0"></iframe>'
PAGE = "https://www.youtube.com/watch?v=abc"
STILL = '<img src="https://i.ytimg.com/vi/abc/0.jpg" alt="">'
SHOWN = f'<a href="{PAGE}">{STILL}</a><br><a href="{PAGE}">▶ YouTube</a>'
VIMEO = '<iframe src="https://player.vimeo.com/video/1"></iframe>'
SHOWN_VIMEO = '<a href="https://vimeo.com/1">▶ Vimeo</a>'
VIDEO = '<video src="https://e.org/1.mp4" controls="controls"></video>'


def replace(body: str) -> tuple[players.Played, str]:
    """Replace the players of a body; return them and the body."""
    root = markup.parse(body)
    links.resolve(root, base="https://e.org/a", rule=SITE)
    played = players.replace(root, sites=SITES)
    content = markup.sanitise(root, language="en", direction="ltr")
    return played, content.removeprefix('<div lang="en" dir="ltr">').removesuffix("</div>")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(f"{FRAME}<p>x</p>", f"<figure>{SHOWN}</figure><p>x</p>", id="with a still picture"),
        pytest.param(VIMEO, f"<figure>{SHOWN_VIMEO}</figure>", id="without one"),
        pytest.param(
            f"<div><p>{VIMEO}</p></div>", f"<figure>{SHOWN_VIMEO}</figure><div><p></p></div>", id="wrapped"
        ),
        pytest.param(f"<p>x {VIMEO} y</p>", f"<p>x <span>{SHOWN_VIMEO}</span> y</p>", id="in a line"),
        pytest.param(
            f"<figure>{VIMEO}<figcaption>c</figcaption></figure>",
            f"<figure><div>{SHOWN_VIMEO}</div><figcaption>c</figcaption></figure>",
            id="in a figure",
        ),
        pytest.param(
            '<iframe src="about:blank" data-src="https://player.vimeo.com/video/1"></iframe>',
            f"<figure>{SHOWN_VIMEO}</figure>",
            id="lazy",
        ),
        pytest.param(
            '<embed src="//player.vimeo.com/video/1">',
            f"<figure>{SHOWN_VIMEO}</figure>",
            id="embed",
        ),
        pytest.param(
            '<iframe src="https://www.other.org/x?y=1"></iframe>',
            '<figure><a href="https://www.other.org/x?y=1">▶ other.org</a></figure>',
            id="unknown",
        ),
        pytest.param(
            '<lite-youtube videoid="abc"></lite-youtube>', f"<figure>{SHOWN}</figure>", id="lite-youtube"
        ),
        pytest.param(
            '<amp-youtube data-videoid="abc">x</amp-youtube>', f"<figure>{SHOWN}</figure>", id="amp-youtube"
        ),
        pytest.param(
            f'<object data="https://player.vimeo.com/video/1">get a player {FRAME}</object>',
            f"<figure>{SHOWN_VIMEO}</figure>",
            id="object with a fallback",
        ),
        pytest.param(
            '<object><param name="movie"><embed src="https://player.vimeo.com/video/1"></object>',
            f"<figure>{SHOWN_VIMEO}</figure>",
            id="object around an embed",
        ),
        pytest.param(
            '<object data="https://player.vimeo.com/video/1"><p>' + "x" * 301,
            f"<figure>{SHOWN_VIMEO}</figure><p>{'x' * 301}</p>",
            id="object that was never closed",
        ),
    ],
)
def test_rule_9_a_player_is_a_link(body, expected):
    """The link leads to the page for people, a known still picture with it, at the frame's place."""
    assert replace(body)[1] == expected


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        pytest.param("<iframe></iframe>", "it has no usable address", id="no address"),
        pytest.param('<iframe src="javascript:x"></iframe>', "it has no usable address", id="another scheme"),
        pytest.param(
            '<iframe src="https://e.org/" height="1"></iframe>',
            "a pixel or a line: nobody sees it",
            id="line",
        ),
        pytest.param(
            '<iframe src="https://ads.org/1"></iframe>',
            "its address is that of an advertisement or a button",
            id="advertisement",
        ),
    ],
)
def test_frames_of_no_article_go(frame, reason):
    """Nothing stands in their place, and explain can say why."""
    played, content = replace(f"<p>x{frame}</p>")
    assert content == "<p>x</p>"
    assert played.marks == ()
    assert [(decision.rule, decision.reason) for decision in played.decisions] == [("player dropped", reason)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(f"{VIMEO}<p>x</p>{VIMEO}", f"<figure>{SHOWN_VIMEO}</figure><p>x</p>", id="twice"),
        pytest.param(
            f'<p><a href="{PAGE}">y</a></p>{FRAME}', f'<p><a href="{PAGE}">y</a></p>', id="a link before"
        ),
        pytest.param(f'{FRAME}<a href="{PAGE}">y</a>', f'<a href="{PAGE}">y</a>', id="a link after"),
    ],
)
def test_the_same_player_is_shown_once(body, expected):
    """A second one goes, and so does one right beside a link to its page."""
    played, content = replace(body)
    assert content == expected
    assert len(played.marks) == 1


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param('<p><a href="https://vimeo.com/2">y</a></p>', id="to another page"),
        pytest.param('<p>x <a href="https://vimeo.com/1">y</a></p>', id="within a sentence"),
        pytest.param("<hr>", id="no link"),
        pytest.param("words", id="words"),
    ],
)
def test_another_link_leaves_a_player_alone(beside):
    """Only what is nothing but a link to the same page stands for the player."""
    assert SHOWN_VIMEO in replace(beside + VIMEO + beside)[1]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('<video src="/1.mp4" autoplay onplay="x"></video>', VIDEO, id="src"),
        pytest.param('<video data-src="/1.mp4"></video>', VIDEO, id="lazy"),
        pytest.param('<video src="/1.mp4">no <b>video</b> here</video>y', f"{VIDEO}y", id="fallback"),
        pytest.param(
            '<audio><source src="blob:x"><source src="/1.mp3" type="audio/mpeg">no</audio>',
            '<audio controls="controls"><source src="https://e.org/1.mp3" type="audio/mpeg"></audio>',
            id="sources",
        ),
        pytest.param(
            '<video poster="/1.jpg" src="/1.mp4"></video>',
            VIDEO.replace("<video", '<video poster="https://e.org/1.jpg"', 1),
            id="poster",
        ),
        pytest.param(
            '<video poster="/1.jpg">Get <a href="/x">it</a></video>',
            'Get <a href="https://e.org/x">it</a>',
            id="none",
        ),
        pytest.param('<video src="/1.mp4"></video><video src="/1.mp4">x</video>', VIDEO, id="twice"),
        pytest.param(f'<video src="/1.mp4"><p>{"x" * 301}', f"{VIDEO}<p>{'x' * 301}</p>", id="never closed"),
        pytest.param(
            f'<video>a<source src="/1.mp4">b<source src="/2.mp4"><b>{"x" * 301}</b></video>c',
            '<video controls="controls"><source src="https://e.org/1.mp4"><source src="https://e.org/2.mp4"></video>'
            f"ab<b>{'x' * 301}</b>c",
            id="words among sources",
        ),
    ],
)
def test_rule_9_video_and_audio_stay_where_they_can_be_fetched(body, expected):
    """With controls, without what starts them; what stands in for them goes, an article's text stays."""
    assert replace(body)[1] == expected


def test_what_plays_is_known_whatever_its_address_looks_like():
    """Scheme, tracking keys, lazy attributes and the form of the frame make no other player."""
    first = replace(f'{FRAME}<video src="/1.mp4?utm_source=x"></video>')[0]
    again = replace(
        '<embed src="http://www.youtube.com/embed/abc"><video data-src="http://www.e.org/1.mp4"></video>'
    )[0]
    assert first.marks == again.marks == ("youtube.com/watch?v=abc", "e.org/1.mp4")
    assert [decision.rule for decision in first.decisions] == ["player", "video"]


@pytest.mark.parametrize(
    ("player", "kind"),
    [
        pytest.param('<iframe src="https://player.vimeo.com/video/{}"></iframe>', "player", id="frames"),
        pytest.param('<iframe src="https://e.org/{}"></iframe>', "player", id="unknown frames"),
        pytest.param('<video src="https://e.org/{}.mp4">no video</video>', "video", id="videos"),
    ],
)
def test_an_article_has_a_hundred_players_at_most(player, kind):
    """The first ones are shown, those after them leave a word for explain; the text goes on."""
    many = "".join(player.format(number) for number in range(10_000))
    played, content = replace(f"{many}<p>After.</p>")
    assert len(played.marks) == content.count("<figure>") + content.count("<video") == 100
    assert content.endswith("<p>After.</p>")
    rules = [decision.rule for decision in played.decisions]
    assert rules == [kind] * 100 + [f"{kind} dropped"] * 9900
    assert played.decisions[-1].reason == "more than 100 players: the text goes on behind them"


def test_players_that_are_not_shown_take_no_place():
    """Neither those shown already nor those beside a link to their page count."""
    linked = "".join(
        f'<p><a href="https://e.org/{number}">y</a></p><iframe src="https://e.org/{number}"></iframe><p>x</p>'
        for number in range(200)
    )
    assert SHOWN_VIMEO in replace(linked + FRAME * 200 + VIMEO)[1]


def test_a_frame_in_an_attribute_is_unfolded():
    """A script of its page would make it of that; the words around it stay where they are."""
    folded = FRAME.replace('"', "&quot;").replace("<", "&lt;")
    root = markup.parse(f'a<div data-iframe="x{folded}y"><p>b</p></div>c')
    players.unfold(root)
    assert html.tostring(root, encoding="unicode") == f"<div>a<div><p>b</p></div>{FRAME}c</div>"


def test_a_body_without_players_stays():
    """Nothing is looked for, nothing is told."""
    assert replace("<p>x</p>") == (players.Played(decisions=(), marks=(), placed=()), "<p>x</p>")


pieces = (
    st.sampled_from([FRAME, VIMEO, "x", "<p>", "</p>", "<figure>", "</figure>", f'<a href="{PAGE}">', "</a>"])
    | st.sampled_from(
        ["<object data='/1'>", "</object>", "<video src='/2.mp4'>", "<audio>", "</audio>", "<embed>"]
    )
    | st.sampled_from(["<source src='/3.mp3'>", "</video>", "<amp-youtube data-videoid='abc'>", "y" * 301])
)


@given(st.lists(pieces, max_size=20).map("".join))
@settings(max_examples=150, deadline=None)
def test_whatever_stands_around_players(body):
    """No long text goes, no frame stays, and a second pass finds the same video and audio."""
    root = markup.parse(body)
    played, content = replace(body)
    assert content.count("y" * 301) == elements.text_of(root).count("y" * 301)
    assert "<iframe" not in content
    assert len(set(played.marks)) == len(played.marks)
    assert set(replace(content)[0].marks) <= set(played.marks)
