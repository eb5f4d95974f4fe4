"""`feedbridge run` as a user runs it: from a directory of articles to feeds."""

import json
import os
import random
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from tests.samples import CHECKOUT, EPOCH, USERS_ARTICLE, archive, contents, raw, snapshot

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SEEDS = CHECKOUT / "seeds"
PICTURES = [
    f"https://images.weserv.nl/?url=static.dw.com/image/{number}_303.jpg" for number in (68136725, 68136705)
]


@pytest.fixture
def inputs(tmp_path):
    """Give an archive of five articles of two sources, and a place for the feeds."""
    archive(tmp_path / "in", count=3)
    (tmp_path / "in" / "dw.txt").write_bytes(raw(url="https://www.dw.com/zh/t/a-7", title="dw"))
    (tmp_path / "in" / "no-link.txt").write_bytes(raw(url=""))
    (tmp_path / "in" / "README.md").write_text("no article")
    return tmp_path / "in", tmp_path / "out"


def report(feedbridge, source, target, *more, **options):
    """Run once and return the report; the run must succeed."""
    done = feedbridge("run", "--input", source, "--output", target, "--json", "-q", *more, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def xml(path):
    """Parse a feed strictly."""
    return etree.fromstring(path.read_bytes())


# --- the user's own article -----------------------------------------------------------


# The features of the user's article in words of our own, for checkouts that have not got it.
TWIN = raw(
    title="两国官员：会谈有意义，但还需要更多时间",
    url="https://www.dw.com/zh/%E7%AF%84%E4%BE%8B/a-68136197",
    body=(
        '<div><i><br>2024-01-31T15:35:24.226Z</i></div><img src="' + PICTURES[0] + '" width="100%">'
        '<div><small style="color: #999;">两国官员在会议厅里</small></div><p>这个国家的官员说，'
        '<a href="https://api.dw.com/api/detail/article/68123985" rel="ArticleRef">会谈</a>很有意义。</p>'
        '<img src="' + PICTURES[1] + '" width="100%"><div><small>会谈之后的记者会</small></div>'
        "<p><em>© 2024 示例文库：此文仅供测试。</em></p>"
    ),
)


@pytest.fixture(params=["the user's", "its twin"])
def users_article(request):
    """Give the user's own article, where it is at hand, and always its twin."""
    if request.param == "its twin":
        return TWIN
    if not USERS_ARTICLE.exists():
        pytest.skip("no ../shared beside the checkout: the user's article is not part of the project")
    return USERS_ARTICLE.read_bytes()


@pytest.fixture
def users_feeds(feedbridge, tmp_path, users_article):
    """Give the feeds of the user's article alone."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "000_18f163f2d70655d2.txt").write_bytes(users_article)
    report(feedbridge, tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def test_users_article_in_atom(users_feeds, users_article):
    """All that the user is promised of their own article, in Atom."""
    feed = xml(users_feeds / "atom.xml")
    (entry,) = feed.findall("a:entry", NS)
    text = {
        name: entry.findtext(f"a:{name}", namespaces=NS) for name in ("title", "id", "published", "updated")
    }
    assert f"\n[{text['title']}](" in users_article.decode()
    assert text["id"] == "urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49"
    assert (text["published"], text["updated"]) == ("2024-01-31T15:35:24Z", "2024-01-31T15:47:03Z")
    assert feed.findtext("a:updated", namespaces=NS) == text["updated"]
    link = entry.find("a:link[@rel='alternate']", NS)
    assert f"]({link.get('href')})\n" in users_article.decode()
    enclosures = [dict(one.attrib) for one in entry.findall("a:link[@rel='enclosure']", NS)]
    assert [(one["href"], one["type"], one["length"]) for one in enclosures] == [
        (url, "image/jpeg", "0") for url in PICTURES
    ]
    assert all(one["title"] for one in enclosures)
    content = entry.find("a:content", NS)
    assert (entry.get(LANG), content.get(LANG), content.get("type")) == ("zh-Hans", "zh-Hans", "html")
    assert [one.get("url") for one in entry.findall("media:content", NS)] == PICTURES


def test_users_article_has_the_right_content(users_feeds, users_article):
    """Figures with captions, no date line, absolute links, dead ones mended, the notice kept."""
    html = xml(users_feeds / "atom.xml").findtext("a:entry/a:content", namespaces=NS)
    assert html.count("<figure><img ") == html.count("</figcaption></figure>") == 2
    captions = re.findall(r"<small[^>]*>([^<]+)</small>", users_article.decode())
    assert re.findall("<figcaption>([^<]+)</figcaption>", html) == captions
    assert "2024-01-31T15:35" not in html
    assert "api.dw.com" not in html
    assert 'href="https://www.dw.com/zh/a-68123985"' in html
    (notice,) = re.findall("<em>(©[^<]+)</em>", users_article.decode())
    assert notice in html


def test_users_article_in_rss(users_feeds, users_article):
    """RSS says the same in its own words, with exactly one enclosure."""
    (item,) = xml(users_feeds / "rss.xml").findall("channel/item")
    assert f"\n[{item.findtext('title')}](" in users_article.decode()
    guid = item.find("guid")
    assert (guid.text, guid.get("isPermaLink")) == ("urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49", "false")
    assert item.findtext("pubDate") == "Wed, 31 Jan 2024 15:35:24 GMT"
    (enclosure,) = item.findall("enclosure")
    assert dict(enclosure.attrib) == {"url": PICTURES[0], "length": "0", "type": "image/jpeg"}
    assert item.findtext("content:encoded", namespaces=NS) == xml(users_feeds / "atom.xml").findtext(
        "a:entry/a:content", namespaces=NS
    )
    assert sorted(path.name for path in (users_feeds / "source" / "dw").iterdir()) == [
        "atom.xml",
        "index.html",
        "rss.xml",
    ]


# --- the law: same articles, same bytes -----------------------------------------------


def test_second_run_touches_nothing(feedbridge, inputs):
    """A run that finds nothing new writes no byte and moves no mtime."""
    first = report(feedbridge, *inputs)
    before = snapshot(inputs[1])
    second = report(feedbridge, *inputs)
    assert first["feeds"] == {"written": 6, "unchanged": 0, "removed": 0}
    assert second["feeds"] == {"written": 0, "unchanged": 6, "removed": 0}
    assert snapshot(inputs[1]) == before


def test_report_counts_files(feedbridge, inputs):
    """seen, added, ignored and rejected are counts of files; the rejected ones are named."""
    found = report(feedbridge, *inputs)
    assert found["articles"] == {
        "seen": 6, "added": 4, "changed": 0, "removed": 0, "ignored": 1, "rejected": 1, "held": 0,
    }  # fmt: skip
    assert found["entries"] == 4
    assert [(one["path"], one["code"]) for one in found["rejected"]] == [("no-link.txt", "no-link")]


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"TZ": "Asia/Shanghai"}, id="time zone"),
        pytest.param({"LC_ALL": "C"}, id="locale C"),
        pytest.param({"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}, id="other locale"),
        pytest.param({"PYTHONHASHSEED": "1"}, id="hash seed 1"),
        pytest.param({"PYTHONHASHSEED": "2"}, id="hash seed 2"),
        pytest.param({"PYTHONUTF8": "0", "LC_ALL": "POSIX"}, id="no UTF-8 mode"),
    ],
)
def test_rule_21_the_environment_changes_nothing(feedbridge, inputs, tmp_path, environment):
    """Time zone, locale and hash seed do not reach the feeds."""
    name = environment.get("LC_ALL", "C")
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    if name not in ("C", "POSIX") and name.replace("UTF-8", "utf8") not in known:
        pytest.skip(f"this host has no locale {name}")
    shutil.copytree(SEEDS, inputs[0] / "seeds")
    report(feedbridge, *inputs)
    report(feedbridge, inputs[0], tmp_path / "other", environment=environment)
    assert contents(tmp_path / "other") == contents(inputs[1])


def test_rule_21_place_and_order_of_files_change_nothing(feedbridge, inputs, tmp_path):
    """Another parent folder, files made in another order: the same bytes."""
    shutil.copytree(SEEDS, inputs[0] / "seeds")
    report(feedbridge, *inputs)
    moved = tmp_path / "elsewhere" / "deep" / "in"
    files = [path for path in inputs[0].rglob("*") if path.is_file()]
    random.Random(1).shuffle(files)  # noqa: S311  # any order will do
    for path in files:
        copy = moved / path.relative_to(inputs[0])
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    report(feedbridge, moved, tmp_path / "other")
    assert contents(tmp_path / "other") == contents(inputs[1])


def test_one_new_article_changes_only_the_documents_that_hold_it(feedbridge, tmp_path):
    """Among 1,000 articles of two sources, one more touches its source's documents and the main ones."""
    archive(tmp_path / "in" / "one", count=500, host="one.example")
    archive(tmp_path / "in" / "two", count=500, host="two.example")
    report(feedbridge, tmp_path / "in", tmp_path / "out")
    before = snapshot(tmp_path / "out")
    new = raw(url="https://one.example/new", epoch=EPOCH + timedelta(days=30), title="new")
    (tmp_path / "in" / "new.txt").write_bytes(new)
    found = report(feedbridge, tmp_path / "in", tmp_path / "out")
    after = snapshot(tmp_path / "out")
    changed = {path for path in after if after[path] != before.get(path)}
    (one,) = {path.split("/")[1] for path in after if path.startswith("source/one-example")}
    assert changed == {
        f"{place}{name}" for place in ("", f"source/{one}/") for name in ("atom.xml", "rss.xml", "index.html")
    }
    assert found["feeds"] == {"written": 4, "unchanged": 2, "removed": 0}


# --- other readers --------------------------------------------------------------------


def test_every_feed_is_read_by_feedparser(feedbridge, tmp_path):
    """feedparser finds titles, links, dates, content and enclosures, and nothing to complain of."""
    report(feedbridge, SEEDS, tmp_path / "out")
    feeds = sorted((tmp_path / "out").rglob("*.xml"))
    assert len(feeds) >= 6
    for path in feeds:
        parsed = feedparser.parse(path.read_bytes())
        assert parsed.bozo is False, (path, parsed.get("bozo_exception"))
        for entry in parsed.entries:
            assert entry.title
            assert entry.link.startswith("https://")
            assert entry.published_parsed
            assert entry.content[0].value.startswith("<div ")
    atom, rss = (
        feedparser.parse((tmp_path / "out" / f"{name}.xml").read_bytes()) for name in ("atom", "rss")
    )
    pictures = {entry.id: [one.href for one in entry.enclosures] for entry in atom.entries}
    assert sum(map(bool, pictures.values())) == 10  # one sample has none, one is a video
    assert {entry.id: [one.href for one in entry.enclosures] for entry in rss.entries} == {
        guid: addresses[:1] for guid, addresses in pictures.items()
    }


# --- bad input and bad surroundings ---------------------------------------------------


def test_a_zoo_of_bad_files_is_named_and_the_rest_is_published(feedbridge, inputs):
    """Every bad file is ignored or rejected by name; the good ones have their feed; no traceback."""
    source, target = inputs
    (source / "empty.txt").write_bytes(b"")
    (source / "binary.bin").write_bytes(bytes(range(256)) * 100)
    (source / "no-title.txt").write_bytes(b"<!--1706716023000-->\n<p>x</p>")
    (source / "bad-epoch.txt").write_bytes(raw(epoch="soon"))
    (source / "large.txt").write_bytes(raw(body="x" * 50_000_000))
    (source / "large.film").write_bytes(b"\0" * 50_000_000)
    (source / "control\u0007\u202e.txt").write_bytes(raw(url=""))
    Path(os.fsdecode(os.fsencode(source) + b"/\xff.txt")).write_bytes(raw(url=""))
    (source / "out-link").symlink_to("/etc/passwd")
    (source / "loop").symlink_to(source)
    os.mkfifo(source / "fifo")
    done = feedbridge("run", "--input", source, "--output", target, "--json")
    found = json.loads(done.stdout)
    assert {one["path"]: one["code"] for one in found["rejected"]} == {
        "no-link.txt": "no-link",
        "empty.txt": "empty",
        "no-title.txt": "no-link",
        "bad-epoch.txt": "no-date",
        "large.txt": "too-large",
        "control\\x07\\u202e.txt": "no-link",
        "\\xff.txt": "no-link",
    }
    assert found["entries"] == 4
    assert "Traceback" not in done.stderr
    assert "\u202e" not in done.stdout + done.stderr
    assert feedbridge("run", "--input", source, "--output", target, "--strict", "-q").returncode == 3


def test_a_missing_input_directory_is_exit_1_and_nothing_is_written(feedbridge, tmp_path):
    """The message says what to do."""
    done = feedbridge("run", "--input", tmp_path / "nowhere", "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "does not exist; make it" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_empty_input_directory_leaves_standing_feeds_alone(feedbridge, inputs):
    """An archive whose disk is not mounted empties no feed."""
    source, target = inputs
    report(feedbridge, source, target)
    before = snapshot(target)
    shutil.rmtree(source)
    source.mkdir()
    done = feedbridge("run", "--input", source, "--output", target)
    assert done.returncode == 0
    assert "left alone" in done.stderr
    assert snapshot(target) == before


def test_an_empty_input_directory_gives_an_empty_feed_and_a_hint(feedbridge, tmp_path):
    """Whoever begins with an empty archive can subscribe already."""
    (tmp_path / "in").mkdir()
    done = feedbridge("run", "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert done.returncode == 0
    assert "right directory" in done.stderr
    assert feedparser.parse((tmp_path / "out" / "atom.xml").read_bytes()).bozo is False


def test_a_foreign_file_in_the_way_is_named_and_nothing_is_replaced(feedbridge, inputs):
    """What feedbridge did not write it does not replace."""
    source, target = inputs
    target.mkdir()
    (target / "index.html").write_text("my own page")
    done = feedbridge("run", "--input", source, "--output", target)
    assert done.returncode == 1
    assert "index.html" in done.stderr
    assert (target / "index.html").read_text() == "my own page"
    assert not (target / "atom.xml").exists()


def test_a_source_that_is_gone_takes_its_feed_away(feedbridge, inputs):
    """What became superfluous is removed."""
    source, target = inputs
    report(feedbridge, source, target)
    (source / "dw.txt").unlink()
    assert report(feedbridge, source, target)["feeds"]["removed"] == 2
    assert not (target / "source" / "dw").exists()


def test_the_archives_own_folder_may_hold_the_output(feedbridge, inputs):
    """Our own output is no input, neither below the archive nor in it."""
    source, _ = inputs
    for target in (source / "public", source):
        report(feedbridge, source, target)
        again = report(feedbridge, source, target)
        assert again["entries"] == 4
        assert again["feeds"]["written"] == 0


def test_dry_run_says_what_would_change_and_writes_nothing(feedbridge, inputs):
    """The same counts as the run that follows."""
    source, target = inputs
    done = feedbridge("run", "--input", source, "--output", target, "--dry-run")
    assert done.returncode == 0
    assert "would write atom.xml" in done.stdout
    assert not target.exists()
    planned = report(feedbridge, source, target, "--dry-run")
    done = report(feedbridge, source, target)
    assert planned["feeds"] == done["feeds"]


def test_gzip_files_stand_beside(feedbridge, inputs, tmp_path):
    """With gzip = true each file has its .gz, which unpacks to it."""
    import gzip  # noqa: PLC0415  # only here

    (tmp_path / "config.toml").write_text(
        '[input]\ndirectory = "in"\n[output]\ndirectory = "out"\ngzip = true\n'
    )
    assert feedbridge("run", "-q").returncode == 0
    packed = sorted(inputs[1].rglob("*.gz"))
    assert len(packed) == len(list(inputs[1].rglob("*.xml"))) + len(list(inputs[1].rglob("*.html")))
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


def test_two_runs_at_once_are_one(feedbridge, inputs):
    """The second one exits with 75 and says why."""
    import fcntl  # noqa: PLC0415  # only here

    source, target = inputs
    report(feedbridge, source, target)
    with (target / ".feedbridge.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = feedbridge("run", "--input", source, "--output", target)
    assert done.returncode == 75
    assert "another run" in done.stderr
