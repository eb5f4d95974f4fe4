"""fingerprint: what is an update of an article, and what is none (emission rule 3)."""

import pytest

from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.model import Article
from feedbridge.normalise import Wishes, normalise
from tests.samples import raw

SITES = load_sites()
PICTURE = "https://images.weserv.nl/?url=static.dw.com/image/1_303.jpg"
PLAYER = '<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>'
BODY = (
    "<div><i><br>2024-01-31T15:35:24.226Z</i></div>"
    f'<img src="{PICTURE}" width="100%"><div><small style="color: #999;">A ship</small></div>'
    '<p>The <a href="https://www.dw.com/zh/x/a-2">harbour</a> was opened.</p>'
    '<p>Many ships came.</p><p><img src="https://e.org/map.png"></p>'
)


def fingerprint(body: str, *, title: str = "A harbour", path: bytes = b"a.md", **parts: object) -> str:
    """Return the fingerprint of an article."""
    found = parse.parse(path, raw(title=title, body=body, **parts), sites=SITES)
    assert isinstance(found, Article)
    return normalise(found, sites=SITES, wishes=Wishes(language="")).measure.fingerprint


SAME = fingerprint(BODY)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY + '<script type="0b532a4-text/javascript"></script>', id="a nonce"),
        pytest.param(
            BODY
            + '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a> <br></div>',
            id="the footer of the feed service",
        ),
        pytest.param(
            BODY.replace("images.weserv.nl/?", "images.weserv.nl?"), id="the proxy's other spelling"
        ),
        pytest.param(BODY.replace("images.weserv.nl/?", "wsrv.nl/?"), id="the proxy's host"),
        pytest.param(
            BODY.replace(PICTURE, "https://i0.wp.com/static.dw.com/image/1_303.jpg?ssl=1"), id="the proxy"
        ),
        pytest.param(BODY.replace(PICTURE, "http://static.dw.com/image/1_303.jpg"), id="no proxy"),
        pytest.param(
            BODY.replace('src="https://e.org', 'src="" data-src="https://e.org'), id="a lazy attribute"
        ),
        pytest.param(BODY.replace("map.png", "map.png?utm_source=rss"), id="a tracking query"),
        pytest.param(BODY.replace("/x/a-2", "/y/a-3"), id="the target of a link"),
        pytest.param(
            BODY
            + '<div class="addtoany_share_save_container"><a href="https://www.addtoany.com/x">Share</a></div>',
            id="a share bar",
        ),
        pytest.param(
            BODY.replace("<p>Many", '<p class="x" style="y"> Many').replace("came.", "came.\n"), id="markup"
        ),
        pytest.param(BODY.replace("15:35", "15:36"), id="the date line"),
        pytest.param(BODY + "<p>© 2024 Deutsche Welle</p>", id="a copyright notice"),
        pytest.param(
            BODY + "<hr><p><small>© A. B. for <a>The Times</a>. |</small></p>", id="one without a year"
        ),
        pytest.param(BODY.replace("><", ">\n  <").replace("The <a", "The\n  <a"), id="pretty print"),
        pytest.param(BODY.replace("</a> was", "</a>was"), id="a space"),
    ],
)
def test_what_is_no_update(body):
    """Readers do not see it, or it says nothing else."""
    assert fingerprint(body) == SAME


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"path": b"archived/2024-02-01/b.md"}, id="a moved file"),
        pytest.param({"epoch": "1706719623000"}, id="a later epoch"),
        pytest.param({"url": "https://www.dw.com/zh/other/a-1?maca=zh-rss"}, id="the article's address"),
        pytest.param({"title": "A\u00a0 harbour"}, id="white space in the title"),
    ],
)
def test_what_around_the_body_is_no_update(parts):
    """Neither place nor time of a file, nor another spelling of its address."""
    assert fingerprint(BODY, **parts) == SAME


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"body": BODY.replace("Many", "Some")}, id="one word"),
        pytest.param({"body": BODY.replace("A ship", "A boat")}, id="a caption"),
        pytest.param({"body": BODY.replace("map.png", "map2.png")}, id="one picture"),
        pytest.param(
            {"body": BODY.replace('<p><img src="https://e.org/map.png"></p>', "")}, id="a picture less"
        ),
        pytest.param({"body": BODY, "title": "The harbour"}, id="the title"),
        pytest.param({"body": BODY + PLAYER}, id="a player"),
        pytest.param({"body": BODY + '<video src="https://e.org/v.mp4"></video>'}, id="a video"),
    ],
)
def test_what_is_an_update(parts):
    """What readers should look at again."""
    assert fingerprint(**parts) != SAME


def test_another_player_is_an_update():
    """Players count by what they play, not by how their addresses are written."""
    one = fingerprint(BODY + PLAYER)
    assert fingerprint(BODY + PLAYER.replace("abcdefghijk", "abcdefghijK")) != one
    assert fingerprint(BODY + PLAYER.replace("youtube.com", "youtube-nocookie.com")) == one
    assert fingerprint(BODY + PLAYER.replace('ijk"', 'ijk?&&&enablejsapi=1"')) == one


def test_the_name_of_a_player_is_no_text_of_the_article():
    """A service that is called otherwise in a later version changes neither fingerprint nor summary."""
    found = parse.parse(b"a.md", raw(title="T", body=f"<p>Words {PLAYER} go on.</p>{PLAYER}"), sites=SITES)
    assert isinstance(found, Article)
    content = normalise(found, sites=SITES, wishes=Wishes(language=""))
    assert content.summary == "Words go on."
    assert content.measure.length == len("Words go on.")
    assert "YouTube" in content.content
